"""Structural equation room: factor and path models of moments. Knows nothing of therapy."""

from alliance_stats._base.lazy import attach

NAMES = {
    "ModelSpec": "alliance_stats.sem.spec",
    "Parameter": "alliance_stats.sem.spec",
    "SemResult": "alliance_stats.sem.result",
    "factor_model": "alliance_stats.sem.builders",
    "fit_sem": "alliance_stats.sem.fit",
    "in_groups": "alliance_stats.sem.builders",
    "in_levels": "alliance_stats.sem.builders",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
