"""Mixed-model room: design, criterion, minimisation, inference. Knows nothing of therapy."""

from alliance_stats._base.lazy import attach

NAMES = {
    "BootstrapResult": "alliance_stats.lmm.resampling.bootstrap_result",
    "Criterion": "alliance_stats.lmm.criterion",
    "Minimum": "alliance_stats.lmm.minimum",
    "MixedDesign": "alliance_stats.lmm.design.mixed_design",
    "MixedModelResult": "alliance_stats.lmm.result",
    "ModelComparison": "alliance_stats.lmm.comparison.compare",
    "build_design": "alliance_stats.lmm.design.build",
    "compare_models": "alliance_stats.lmm.comparison.compare",
    "fit_lmm": "alliance_stats.lmm.fit",
    "minimise": "alliance_stats.lmm.minimum",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
