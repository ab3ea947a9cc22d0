"""Figures, one a file. Each draws the plain frame of a result's view and computes nothing."""

from alliance_stats._base.lazy import attach

NAMES = {
    "plot_baujat": "alliance_stats.report.plots.baujat",
    "plot_bubble": "alliance_stats.report.plots.bubble",
    "plot_cumulative": "alliance_stats.report.plots.refits",
    "plot_forest": "alliance_stats.report.plots.forest",
    "plot_funnel": "alliance_stats.report.plots.funnel",
    "plot_influence": "alliance_stats.report.plots.study_influence",
    "plot_leave_one_out": "alliance_stats.report.plots.refits",
    "plot_orchard": "alliance_stats.report.plots.orchard",
    "plot_profile": "alliance_stats.report.plots.profile",
    "plot_confounding": "alliance_stats.report.plots.confounding",
    "plot_cross_lagged": "alliance_stats.report.plots.cross_lagged",
    "plot_d_study": "alliance_stats.report.plots.d_study",
    "plot_dyads": "alliance_stats.report.plots.dyads",
    "plot_event": "alliance_stats.report.plots.event",
    "plot_growth": "alliance_stats.report.plots.growth",
    "plot_importance": "alliance_stats.report.plots.importance",
    "plot_lagged": "alliance_stats.report.plots.lagged",
    "plot_latent": "alliance_stats.report.plots.latent",
    "plot_mediation": "alliance_stats.report.plots.mediation",
    "plot_moderation": "alliance_stats.report.plots.moderation",
    "plot_outcome": "alliance_stats.report.plots.outcome",
    "plot_perspectives": "alliance_stats.report.plots.perspectives",
    "plot_reliability": "alliance_stats.report.plots.reliability",
    "plot_reliable_change": "alliance_stats.report.plots.reliable_change",
    "plot_ruptures": "alliance_stats.report.plots.ruptures",
    "plot_specification_curve": "alliance_stats.report.plots.specification_curve",
    "plot_surface": "alliance_stats.report.plots.surface",
    "plot_therapists": "alliance_stats.report.plots.therapists",
    "plot_tracking": "alliance_stats.report.plots.congruence",
    "plot_trajectories": "alliance_stats.report.plots.trajectories",
    "plot_within_between": "alliance_stats.report.plots.within_between",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
