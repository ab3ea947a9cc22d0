"""Meta-analysis room: effect sizes of studies in, a pooled answer out. Knows nothing of therapy."""

from alliance_stats._base.lazy import attach

NAMES = {
    "AttenuationResult": "alliance_stats.meta.artefacts.result",
    "BeggResult": "alliance_stats.meta.bias.begg",
    "BiasReport": "alliance_stats.meta.bias.report",
    "Converted": "alliance_stats.meta.effects.conversions",
    "EggerResult": "alliance_stats.meta.bias.egger",
    "FailsafeResult": "alliance_stats.meta.bias.failsafe",
    "FunnelResult": "alliance_stats.meta.bias.funnel",
    "MetaResult": "alliance_stats.meta.univariate.result",
    "PetPeeseResult": "alliance_stats.meta.bias.pet_peese",
    "SelectionResult": "alliance_stats.meta.bias.selection.result",
    "TrimFillResult": "alliance_stats.meta.bias.trim_fill",
    "aggregate_effects": "alliance_stats.meta.effects.aggregate",
    "begg_test": "alliance_stats.meta.bias.begg",
    "bias_report": "alliance_stats.meta.bias.report",
    "chi2_to_r": "alliance_stats.meta.effects.conversions",
    "correct_attenuation": "alliance_stats.meta.artefacts.attenuation",
    "d_to_log_odds": "alliance_stats.meta.effects.conversions",
    "d_to_r": "alliance_stats.meta.effects.conversions",
    "effect_sizes": "alliance_stats.meta.effects.sizes",
    "egger_test": "alliance_stats.meta.bias.egger",
    "f_to_r": "alliance_stats.meta.effects.conversions",
    "failsafe_n": "alliance_stats.meta.bias.failsafe",
    "fit_meta": "alliance_stats.meta.univariate.fit",
    "funnel_frame": "alliance_stats.meta.bias.funnel",
    "log_odds_to_d": "alliance_stats.meta.effects.conversions",
    "p_to_r": "alliance_stats.meta.effects.conversions",
    "pet_peese": "alliance_stats.meta.bias.pet_peese",
    "r_to_d": "alliance_stats.meta.effects.conversions",
    "r_to_z": "alliance_stats.meta.effects.conversions",
    "selection_model": "alliance_stats.meta.bias.selection.fit",
    "t_to_d": "alliance_stats.meta.effects.conversions",
    "t_to_r": "alliance_stats.meta.effects.conversions",
    "trim_fill": "alliance_stats.meta.bias.trim_fill",
    "z_to_r": "alliance_stats.meta.effects.conversions",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
