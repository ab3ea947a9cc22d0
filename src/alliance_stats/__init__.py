"""alliance_stats: does the therapeutic alliance go with outcome?

Session data in, a defensible answer out: multilevel models of alliance and outcome within and
between patients, equal to R's reference packages. Names load on first use.
"""

from alliance_stats._base.lazy import attach
from alliance_stats._version import __version__

NAMES = {
    "ArgumentError": "alliance_stats._base.errors",
    "DataError": "alliance_stats._base.errors",
    "DataWarning": "alliance_stats._base.errors",
    "FitWarning": "alliance_stats._base.errors",
    "FormulaError": "alliance_stats._base.errors",
    "Roles": "alliance_stats.data.roles",
    "SessionData": "alliance_stats.data.sessions",
    "UnsupportedError": "alliance_stats._base.errors",
    "center": "alliance_stats.data.centering",
    "check_statistics": "alliance_stats.report.statcheck.check",
    "cluster_robust": "alliance_stats.lmm.inference.cluster_robust",
    "coef_table": "alliance_stats.report.tables.coefficients",
    "compare_table": "alliance_stats.report.tables.compare",
    "compare_models": "alliance_stats.lmm.comparison.compare",
    "cronbach_alpha": "alliance_stats.reliability.consistency.cronbach",
    "describe_levels": "alliance_stats.data.describe",
    "effect_sizes": "alliance_stats.meta.effects.sizes",
    "fit_cross_lagged": "alliance_stats.models.panel.fit",
    "fit_glmm": "alliance_stats.lmm.glmm.fit",
    "fit_growth": "alliance_stats.models.growth.fit",
    "fit_lagged": "alliance_stats.models.lagged.fit",
    "fit_latent_within_between": "alliance_stats.models.latent.fit",
    "fit_lmm": "alliance_stats.lmm.fit",
    "fit_meta": "alliance_stats.meta.univariate.fit",
    "fit_meta_multilevel": "alliance_stats.meta.multilevel.fit",
    "fit_outcome": "alliance_stats.models.outcome.fit",
    "fit_within_between": "alliance_stats.models.within_between.fit",
    "icc": "alliance_stats.reliability.intraclass.icc",
    "lag_within": "alliance_stats.data.lags",
    "list_instruments": "alliance_stats.measures.instruments.registry",
    "load_effects": "alliance_stats.data.effects",
    "load_example": "alliance_stats.data.examples",
    "load_sessions": "alliance_stats.data.load",
    "mcdonald_omega": "alliance_stats.reliability.factor.omega",
    "multilevel_reliability": "alliance_stats.reliability.multilevel.session_ratings",
    "plot_forest": "alliance_stats.report.plots.forest",
    "plot_funnel": "alliance_stats.report.plots.funnel",
    "plot_trajectories": "alliance_stats.report.plots.trajectories",
    "plot_within_between": "alliance_stats.report.plots.within_between",
    "reliability_report": "alliance_stats.reliability.report.report",
    "reliable_change": "alliance_stats.measures.change.changing",
    "report_text": "alliance_stats.report.text",
    "reshape": "alliance_stats.data.wide.reshaping",
    "save_report": "alliance_stats.report.output.save",
    "score": "alliance_stats.measures.scoring.score",
    "simulate_sessions": "alliance_stats.simulate.sessions",
}
ROOMS = (
    "data",
    "formula",
    "lmm",
    "measures",
    "meta",
    "models",
    "numeric",
    "paper",
    "reliability",
    "report",
    "sem",
    "simulate",
)

__getattr__, __dir__, __all__ = attach(__name__, NAMES, ROOMS)
__all__ = [*__all__, "__version__"]
