"""Data room: reading sessions, their roles, centring, description."""

from alliance_stats._base.lazy import attach

NAMES = {
    "LevelsDescription": "alliance_stats.data.describe",
    "LoadReport": "alliance_stats.data.load_report",
    "RedcapReport": "alliance_stats.data.redcap.report",
    "ReshapePreview": "alliance_stats.data.wide.preview",
    "Roles": "alliance_stats.data.roles",
    "SessionData": "alliance_stats.data.sessions",
    "center": "alliance_stats.data.centering",
    "describe_levels": "alliance_stats.data.describe",
    "lag_within": "alliance_stats.data.lags",
    "load_codebook": "alliance_stats.data.examples",
    "load_effects": "alliance_stats.data.effects",
    "load_example": "alliance_stats.data.examples",
    "load_redcap": "alliance_stats.data.redcap.export",
    "load_sessions": "alliance_stats.data.load",
    "reshape": "alliance_stats.data.wide.reshaping",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
