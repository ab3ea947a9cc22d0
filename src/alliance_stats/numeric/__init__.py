"""Numeric room: optimisation, least squares, resampling. A closed list; knows no statistics."""

from alliance_stats._base.lazy import attach

NAMES = {
    "LeastSquares": "alliance_stats.numeric.least_squares",
    "Optimum": "alliance_stats.numeric.optimise",
    "bootstrap_sums": "alliance_stats.numeric.resample",
    "solve_least_squares": "alliance_stats.numeric.least_squares",
    "minimise_smooth": "alliance_stats.numeric.optimise",
    "spawn_generators": "alliance_stats.numeric.resample",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
