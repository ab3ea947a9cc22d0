"""Mixed-model room: design, criterion, minimisation, inference. Knows nothing of therapy."""

from alliance_stats._base.lazy import attach

NAMES = {
    "Criterion": "alliance_stats.lmm.criterion",
    "Diagnosis": "alliance_stats.lmm.diagnosis.result",
    "InfluenceResult": "alliance_stats.lmm.influence.result",
    "Minimum": "alliance_stats.lmm.minimum",
    "MixedDesign": "alliance_stats.lmm.design.mixed_design",
    "MixedModelResult": "alliance_stats.lmm.result",
    "RSquared": "alliance_stats.lmm.explained.r_squared",
    "VarianceShares": "alliance_stats.lmm.explained.shares",
    "build_design": "alliance_stats.lmm.design.build",
    "fit_lmm": "alliance_stats.lmm.fit",
    "minimise": "alliance_stats.lmm.minimum",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
