"""Reliability room: how far scores, ratings and their changes can be trusted."""

from alliance_stats._base.lazy import attach

NAMES = {
    "ReliabilityResult": "alliance_stats.reliability.result",
    "cronbach_alpha": "alliance_stats.reliability.consistency.cronbach",
    "icc": "alliance_stats.reliability.intraclass.icc",
    "item_statistics": "alliance_stats.reliability.consistency.cronbach",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
