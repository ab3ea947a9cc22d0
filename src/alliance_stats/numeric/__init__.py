"""Numeric room: optimisation, least squares, sandwiches, resampling. A closed list."""

from alliance_stats._base.lazy import attach

NAMES = {
    "LeastSquares": "alliance_stats.numeric.least_squares",
    "Optimum": "alliance_stats.numeric.optimise",
    "ClusterParts": "alliance_stats.numeric.sandwich",
    "Sandwich": "alliance_stats.numeric.sandwich",
    "adjusted_parts": "alliance_stats.numeric.sandwich",
    "bootstrap_sums": "alliance_stats.numeric.resample",
    "plain_parts": "alliance_stats.numeric.sandwich",
    "solve_least_squares": "alliance_stats.numeric.least_squares",
    "minimise_smooth": "alliance_stats.numeric.optimise",
    "spawn_generators": "alliance_stats.numeric.resample",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
