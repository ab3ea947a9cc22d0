"""Models room: one folder a question about alliance and outcome."""

from alliance_stats._base.lazy import attach

NAMES = {
    "AllianceResult": "alliance_stats.models.within_between.result",
    "ConfoundingResult": "alliance_stats.models.confounding.result",
    "LaggedResult": "alliance_stats.models.lagged.result",
    "GrowthResult": "alliance_stats.models.growth.result",
    "PerspectivesResult": "alliance_stats.models.perspectives.result",
    "fit_perspectives": "alliance_stats.models.perspectives.fit",
    "MultiverseResult": "alliance_stats.models.multiverses.result",
    "multiverse": "alliance_stats.models.multiverses.fit",
    "OutcomeResult": "alliance_stats.models.outcome.result",
    "LatentResult": "alliance_stats.models.latent.result",
    "EventResult": "alliance_stats.models.event.result",
    "fit_event": "alliance_stats.models.event.fit",
    "fit_growth": "alliance_stats.models.growth.fit",
    "fit_latent_within_between": "alliance_stats.models.latent.fit",
    "ImportanceResult": "alliance_stats.models.importance.result",
    "fit_importance": "alliance_stats.models.importance.fit",
    "ModelChange": "alliance_stats.models.change.result",
    "MediationResult": "alliance_stats.models.mediation.result",
    "fit_mediation": "alliance_stats.models.mediation.fit",
    "fit_lagged": "alliance_stats.models.lagged.fit",
    "CrossLaggedResult": "alliance_stats.models.panel.result",
    "fit_cross_lagged": "alliance_stats.models.panel.fit",
    "ModerationResult": "alliance_stats.models.moderation.result",
    "fit_moderation": "alliance_stats.models.moderation.fit",
    "fit_outcome": "alliance_stats.models.outcome.fit",
    "TherapistResult": "alliance_stats.models.therapist.result",
    "fit_therapist": "alliance_stats.models.therapist.fit",
    "fit_within_between": "alliance_stats.models.within_between.fit",
    "reliable_change_model": "alliance_stats.models.change.fit",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
