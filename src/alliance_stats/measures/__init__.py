"""Measures room: scoring keys of questionnaires, scores, reliable change."""

from alliance_stats._base.lazy import attach

NAMES = {
    "Bands": "alliance_stats.measures.instruments.thresholds",
    "ChangeValue": "alliance_stats.measures.instruments.thresholds",
    "CutOffValues": "alliance_stats.measures.change.cutoffs",
    "Cutoff": "alliance_stats.measures.instruments.thresholds",
    "ErrorRule": "alliance_stats.measures.change.rules",
    "Instrument": "alliance_stats.measures.instruments.instrument",
    "MissingRule": "alliance_stats.measures.instruments.thresholds",
    "PointsRule": "alliance_stats.measures.change.rules",
    "ReliableChange": "alliance_stats.measures.change.result",
    "ScoreReport": "alliance_stats.measures.scoring.reporting",
    "cut_offs": "alliance_stats.measures.change.cutoffs",
    "first_and_last": "alliance_stats.measures.change.first_last",
    "get_instrument": "alliance_stats.measures.instruments.registry",
    "instrument_from_dict": "alliance_stats.measures.instruments.parse",
    "list_instruments": "alliance_stats.measures.instruments.registry",
    "load_instrument": "alliance_stats.measures.instruments.registry",
    "reliable_change": "alliance_stats.measures.change.changing",
    "rescale_pomp": "alliance_stats.measures.scoring.rescale",
    "score": "alliance_stats.measures.scoring.score",
    "score_report": "alliance_stats.measures.scoring.reporting",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
