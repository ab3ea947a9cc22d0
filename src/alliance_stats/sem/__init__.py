"""Structural equation room: factor and path models of moments. Knows nothing of therapy."""

from alliance_stats._base.lazy import attach

NAMES = {
    "DifferenceTest": "alliance_stats.sem.difference",
    "ModelSpec": "alliance_stats.sem.spec",
    "Parameter": "alliance_stats.sem.spec",
    "SemResult": "alliance_stats.sem.result",
    "difference_test": "alliance_stats.sem.difference",
    "factor_model": "alliance_stats.sem.builders",
    "fit_sem": "alliance_stats.sem.fit",
    "in_groups": "alliance_stats.sem.builders",
    "in_levels": "alliance_stats.sem.builders",
    "over_occasions": "alliance_stats.sem.occasions",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
