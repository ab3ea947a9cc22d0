"""Mixed-model room: design, criterion, minimisation, inference. Knows nothing of therapy."""

from alliance_stats._base.lazy import attach

NAMES = {
    "BootstrapResult": "alliance_stats.lmm.resampling.bootstrap_result",
    "ClusterRobustResult": "alliance_stats.lmm.inference.cluster_robust",
    "Criterion": "alliance_stats.lmm.criterion",
    "Diagnosis": "alliance_stats.lmm.diagnosis.result",
    "FittedResidual": "alliance_stats.lmm.residual.fitted",
    "GlmmResult": "alliance_stats.lmm.glmm.result",
    "InfluenceResult": "alliance_stats.lmm.influence.result",
    "JohnsonNeyman": "alliance_stats.lmm.marginal.johnson_neyman",
    "Minimum": "alliance_stats.lmm.minimum",
    "MixedDesign": "alliance_stats.lmm.design.mixed_design",
    "MixedModelResult": "alliance_stats.lmm.result",
    "ModelComparison": "alliance_stats.lmm.comparison.compare",
    "PooledComparison": "alliance_stats.lmm.pooling.comparison",
    "PooledResult": "alliance_stats.lmm.pooling.result",
    "RSquared": "alliance_stats.lmm.explained.r_squared",
    "ResidualStructure": "alliance_stats.lmm.residual.structure",
    "VarianceShares": "alliance_stats.lmm.explained.shares",
    "ar1": "alliance_stats.lmm.residual.structure",
    "build_design": "alliance_stats.lmm.design.build",
    "cluster_robust": "alliance_stats.lmm.inference.cluster_robust",
    "compare_models": "alliance_stats.lmm.comparison.compare",
    "continuous_ar1": "alliance_stats.lmm.residual.structure",
    "fit_glmm": "alliance_stats.lmm.glmm.fit",
    "fit_lmm": "alliance_stats.lmm.fit",
    "johnson_neyman": "alliance_stats.lmm.marginal.johnson_neyman",
    "marginal_means": "alliance_stats.lmm.marginal.means",
    "minimise": "alliance_stats.lmm.minimum",
    "pool": "alliance_stats.lmm.pooling.pool",
    "simple_slopes": "alliance_stats.lmm.marginal.slopes",
    "unstructured": "alliance_stats.lmm.residual.structure",
    "variance_by": "alliance_stats.lmm.residual.structure",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
