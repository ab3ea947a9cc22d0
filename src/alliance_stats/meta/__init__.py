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
    "AttenuationResult": "alliance_stats.meta.artefacts.result",
    "Converted": "alliance_stats.meta.effects.conversions",
    "MultilevelMetaResult": "alliance_stats.meta.multilevel.result",
    "aggregate_effects": "alliance_stats.meta.effects.aggregate",
    "chi2_to_r": "alliance_stats.meta.effects.conversions",
    "correct_attenuation": "alliance_stats.meta.artefacts.attenuation",
    "d_to_log_odds": "alliance_stats.meta.effects.conversions",
    "d_to_r": "alliance_stats.meta.effects.conversions",
    "effect_sizes": "alliance_stats.meta.effects.sizes",
    "f_to_r": "alliance_stats.meta.effects.conversions",
    "fit_meta_multilevel": "alliance_stats.meta.multilevel.fit",
    "RegressionLines": "alliance_stats.meta.fitted_lines",
    "regression_lines": "alliance_stats.meta.fitted_lines",
    "log_odds_to_d": "alliance_stats.meta.effects.conversions",
    "p_to_r": "alliance_stats.meta.effects.conversions",
    "r_to_d": "alliance_stats.meta.effects.conversions",
    "r_to_z": "alliance_stats.meta.effects.conversions",
    "t_to_d": "alliance_stats.meta.effects.conversions",
    "t_to_r": "alliance_stats.meta.effects.conversions",
    "z_to_r": "alliance_stats.meta.effects.conversions",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
