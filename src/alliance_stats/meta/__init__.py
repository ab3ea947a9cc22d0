"""Meta-analysis room: effect sizes of studies in, a pooled answer out. Knows nothing of therapy."""

from alliance_stats._base.lazy import attach

NAMES = {
    "BeggResult": "alliance_stats.meta.bias.begg",
    "BiasReport": "alliance_stats.meta.bias.report",
    "EggerResult": "alliance_stats.meta.bias.egger",
    "FailsafeResult": "alliance_stats.meta.bias.failsafe",
    "PetPeeseResult": "alliance_stats.meta.bias.pet_peese",
    "SelectionResult": "alliance_stats.meta.bias.selection.result",
    "TrimFillResult": "alliance_stats.meta.bias.trim_fill",
    "begg_test": "alliance_stats.meta.bias.begg",
    "bias_report": "alliance_stats.meta.bias.report",
    "egger_test": "alliance_stats.meta.bias.egger",
    "failsafe_n": "alliance_stats.meta.bias.failsafe",
    "funnel_frame": "alliance_stats.meta.bias.funnel",
    "pet_peese": "alliance_stats.meta.bias.pet_peese",
    "selection_model": "alliance_stats.meta.bias.selection.fit",
    "trim_fill": "alliance_stats.meta.bias.trim_fill",
    "FunnelResult": "alliance_stats.meta.bias.funnel",
    "MetaResult": "alliance_stats.meta.univariate.result",
    "fit_meta": "alliance_stats.meta.univariate.fit",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
