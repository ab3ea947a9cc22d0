"""Simulate room: synthetic sessions with a known truth, and their null twins."""

from alliance_stats._base.lazy import attach

NAMES = {"simulate_sessions": "alliance_stats.simulate.sessions"}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
