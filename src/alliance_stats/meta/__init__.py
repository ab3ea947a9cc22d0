"""Meta-analysis room: effect sizes of studies in, a pooled answer out. Knows nothing of therapy."""

from alliance_stats._base.lazy import attach

NAMES = {
    "MetaResult": "alliance_stats.meta.univariate.result",
    "fit_meta": "alliance_stats.meta.univariate.fit",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
