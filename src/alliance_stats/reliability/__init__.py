"""Reliability room: how far scores, ratings and their changes can be trusted."""

from alliance_stats._base.lazy import attach

NAMES = {
    "DStudyResult": "alliance_stats.reliability.generalizability.decision",
    "GStudyResult": "alliance_stats.reliability.generalizability.result",
    "ReliabilityResult": "alliance_stats.reliability.result",
    "d_study": "alliance_stats.reliability.generalizability.decide",
    "g_study": "alliance_stats.reliability.generalizability.study",
    "multilevel_reliability": "alliance_stats.reliability.multilevel.session_ratings",
    "reliability_of_means": "alliance_stats.reliability.multilevel.means",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
