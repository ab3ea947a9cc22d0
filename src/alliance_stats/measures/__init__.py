"""Measures room: scoring keys of questionnaires, scores, reliable change."""

from alliance_stats._base.lazy import attach

NAMES = {
    "Bands": "alliance_stats.measures.thresholds",
    "ChangeValue": "alliance_stats.measures.thresholds",
    "CutOffValues": "alliance_stats.measures.cutoffs",
    "Cutoff": "alliance_stats.measures.thresholds",
    "ErrorRule": "alliance_stats.measures.change_rules",
    "Instrument": "alliance_stats.measures.instrument",
    "MissingRule": "alliance_stats.measures.thresholds",
    "PointsRule": "alliance_stats.measures.change_rules",
    "ReliableChange": "alliance_stats.measures.change_result",
    "ScoreReport": "alliance_stats.measures.reporting",
    "cut_offs": "alliance_stats.measures.cutoffs",
    "first_and_last": "alliance_stats.measures.first_last",
    "get_instrument": "alliance_stats.measures.registry",
    "instrument_from_dict": "alliance_stats.measures.parse",
    "list_instruments": "alliance_stats.measures.registry",
    "load_instrument": "alliance_stats.measures.registry",
    "reliable_change": "alliance_stats.measures.changing",
    "rescale_pomp": "alliance_stats.measures.rescale",
    "score": "alliance_stats.measures.scoring",
    "score_report": "alliance_stats.measures.reporting",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
