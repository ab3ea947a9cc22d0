"""Reliability room: how far scores, ratings and their changes can be trusted."""

from alliance_stats._base.lazy import attach

NAMES = {
    "ReliabilityResult": "alliance_stats.reliability.result",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
