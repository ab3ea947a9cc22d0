"""Meta-analysis room: effect sizes of studies in, a pooled answer out. Knows nothing of therapy."""

from alliance_stats._base.lazy import attach

NAMES = {
    "MetaBaujat": "alliance_stats.meta.diagnostics.baujat",
    "MetaCumulative": "alliance_stats.meta.diagnostics.cumulative",
    "MetaInfluence": "alliance_stats.meta.diagnostics.influence_result",
    "MetaLeaveOneOut": "alliance_stats.meta.diagnostics.leave_one_out",
    "MetaResult": "alliance_stats.meta.univariate.result",
    "MultilevelMetaResult": "alliance_stats.meta.multilevel.result",
    "baujat": "alliance_stats.meta.diagnostics.baujat",
    "cumulative": "alliance_stats.meta.diagnostics.cumulative",
    "fit_meta": "alliance_stats.meta.univariate.fit",
    "fit_meta_multilevel": "alliance_stats.meta.multilevel.fit",
    "influence": "alliance_stats.meta.diagnostics.influence",
    "leave_one_out": "alliance_stats.meta.diagnostics.leave_one_out",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
