"""Numeric room: optimisation. A closed list; knows no statistics."""

from alliance_stats._base.lazy import attach

NAMES = {
    "Optimum": "alliance_stats.numeric.optimise",
    "minimise_smooth": "alliance_stats.numeric.optimise",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
