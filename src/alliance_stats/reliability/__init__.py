"""Reliability room: how far scores, ratings and their changes can be trusted."""

from alliance_stats._base.lazy import attach

NAMES = {
    "InvarianceResult": "alliance_stats.reliability.invariance_result",
    "ReliabilityResult": "alliance_stats.reliability.result",
    "categorical_omega": "alliance_stats.reliability.factor_categorical",
    "mcdonald_omega": "alliance_stats.reliability.factor",
    "measurement_invariance": "alliance_stats.reliability.invariance",
    "multilevel_omega": "alliance_stats.reliability.factor_multilevel",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
