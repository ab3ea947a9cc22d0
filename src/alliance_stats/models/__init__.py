"""Models room: one file a question about alliance and outcome."""

from alliance_stats._base.lazy import attach

NAMES = {
    "AllianceResult": "alliance_stats.models.result",
    "CrossLaggedResult": "alliance_stats.models.cross_lagged_result",
    "OutcomeResult": "alliance_stats.models.outcome_result",
    "fit_cross_lagged": "alliance_stats.models.cross_lagged",
    "fit_outcome": "alliance_stats.models.outcome",
    "fit_within_between": "alliance_stats.models.within_between",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
