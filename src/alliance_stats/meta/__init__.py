"""Meta-analysis room: effect sizes of studies in, a pooled answer out. Knows nothing of therapy."""

from alliance_stats._base.lazy import attach

NAMES: dict[str, str] = {
    "MultilevelMetaResult": "alliance_stats.meta.multilevel.result",
    "fit_meta_multilevel": "alliance_stats.meta.multilevel.fit",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
