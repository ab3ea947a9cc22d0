"""Meta-analysis room: effect sizes of studies in, a pooled answer out. Knows nothing of therapy."""

from alliance_stats._base.lazy import attach

NAMES = {
    "BeggResult": "alliance_stats.meta.bias.begg",
    "EggerResult": "alliance_stats.meta.bias.egger",
    "FailsafeResult": "alliance_stats.meta.bias.failsafe",
    "PetPeeseResult": "alliance_stats.meta.bias.pet_peese",
    "TrimFillResult": "alliance_stats.meta.bias.trim_fill",
    "begg_test": "alliance_stats.meta.bias.begg",
    "egger_test": "alliance_stats.meta.bias.egger",
    "failsafe_n": "alliance_stats.meta.bias.failsafe",
    "pet_peese": "alliance_stats.meta.bias.pet_peese",
    "trim_fill": "alliance_stats.meta.bias.trim_fill",
    "MetaResult": "alliance_stats.meta.univariate.result",
    "fit_meta": "alliance_stats.meta.univariate.fit",
    "MultilevelMetaResult": "alliance_stats.meta.multilevel.result",
    "fit_meta_multilevel": "alliance_stats.meta.multilevel.fit",
    "RegressionLines": "alliance_stats.meta.regression_lines",
    "regression_lines": "alliance_stats.meta.regression_lines",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
