"""Data room: reading sessions, their roles, centring, description."""

from alliance_stats._base.lazy import attach

NAMES = {
    "LoadReport": "alliance_stats.data.sessions",
    "Roles": "alliance_stats.data.roles",
    "SessionData": "alliance_stats.data.sessions",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
