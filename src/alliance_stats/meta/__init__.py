"""Meta-analysis room: effect sizes of studies in, a pooled answer out. Knows nothing of therapy."""

from alliance_stats._base.lazy import attach

NAMES: dict[str, str] = {
    "Reproduction": "alliance_stats.meta.literature.result",
    "published": "alliance_stats.meta.literature.table",
    "reproduce": "alliance_stats.meta.literature.reproduce",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
