"""Models room: one folder a question about alliance and outcome."""

from alliance_stats._base.lazy import attach

NAMES = {
    "AllianceResult": "alliance_stats.models.within_between.result",
    "LaggedResult": "alliance_stats.models.lagged.result",
    "GrowthResult": "alliance_stats.models.growth.result",
    "OutcomeResult": "alliance_stats.models.outcome.result",
    "LatentResult": "alliance_stats.models.latent.result",
    "fit_growth": "alliance_stats.models.growth.fit",
    "fit_latent_within_between": "alliance_stats.models.latent.fit",
    "ModelChange": "alliance_stats.models.change.result",
    "fit_lagged": "alliance_stats.models.lagged.fit",
    "CrossLaggedResult": "alliance_stats.models.panel.result",
    "fit_cross_lagged": "alliance_stats.models.panel.fit",
    "fit_outcome": "alliance_stats.models.outcome.fit",
    "TherapistResult": "alliance_stats.models.therapist.result",
    "RuptureResult": "alliance_stats.models.ruptures.result",
    "RuptureOutcome": "alliance_stats.models.ruptures.outcome_result",
    "fit_ruptures": "alliance_stats.models.ruptures.fit",
    "find_ruptures": "alliance_stats.models.ruptures.find",
    "fit_therapist": "alliance_stats.models.therapist.fit",
    "fit_within_between": "alliance_stats.models.within_between.fit",
    "reliable_change_model": "alliance_stats.models.change.fit",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
