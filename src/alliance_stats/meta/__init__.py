"""Meta-analysis room: effect sizes of studies in, a pooled answer out. Knows nothing of therapy."""

from alliance_stats._base.lazy import attach

NAMES = {
    "AttenuationResult": "alliance_stats.meta.artefacts.result",
    "Converted": "alliance_stats.meta.effects.conversions",
    "MetaResult": "alliance_stats.meta.univariate.result",
    "MultilevelMetaResult": "alliance_stats.meta.multilevel.result",
    "Reproduction": "alliance_stats.meta.literature.result",
    "RobustMetaResult": "alliance_stats.meta.robust",
    "aggregate_effects": "alliance_stats.meta.effects.aggregate",
    "chi2_to_r": "alliance_stats.meta.effects.conversions",
    "correct_attenuation": "alliance_stats.meta.artefacts.attenuation",
    "d_to_log_odds": "alliance_stats.meta.effects.conversions",
    "d_to_r": "alliance_stats.meta.effects.conversions",
    "effect_sizes": "alliance_stats.meta.effects.sizes",
    "f_to_r": "alliance_stats.meta.effects.conversions",
    "fit_meta": "alliance_stats.meta.univariate.fit",
    "fit_meta_multilevel": "alliance_stats.meta.multilevel.fit",
    "log_odds_to_d": "alliance_stats.meta.effects.conversions",
    "p_to_r": "alliance_stats.meta.effects.conversions",
    "published": "alliance_stats.meta.literature.table",
    "r_to_d": "alliance_stats.meta.effects.conversions",
    "r_to_z": "alliance_stats.meta.effects.conversions",
    "reproduce": "alliance_stats.meta.literature.reproduce",
    "t_to_d": "alliance_stats.meta.effects.conversions",
    "t_to_r": "alliance_stats.meta.effects.conversions",
    "z_to_r": "alliance_stats.meta.effects.conversions",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
