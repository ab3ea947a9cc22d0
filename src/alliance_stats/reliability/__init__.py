"""Reliability room: how far scores, ratings and their changes can be trusted."""

from alliance_stats._base.lazy import attach

NAMES = {
    "GStudyResult": "alliance_stats.reliability.generalizability.result",
    "ReliabilityResult": "alliance_stats.reliability.result",
    "g_study": "alliance_stats.reliability.generalizability.study",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
