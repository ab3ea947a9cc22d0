from alliance_stats.report.plots.baujat import plot_baujat as plot_baujat
from alliance_stats.report.plots.bubble import plot_bubble as plot_bubble
from alliance_stats.report.plots.confounding import plot_confounding as plot_confounding
from alliance_stats.report.plots.congruence import plot_tracking as plot_tracking
from alliance_stats.report.plots.cross_lagged import plot_cross_lagged as plot_cross_lagged
from alliance_stats.report.plots.d_study import plot_d_study as plot_d_study
from alliance_stats.report.plots.dyads import plot_dyads as plot_dyads
from alliance_stats.report.plots.event import plot_event as plot_event
from alliance_stats.report.plots.forest import plot_forest as plot_forest
from alliance_stats.report.plots.funnel import plot_funnel as plot_funnel
from alliance_stats.report.plots.growth import plot_growth as plot_growth
from alliance_stats.report.plots.importance import plot_importance as plot_importance
from alliance_stats.report.plots.lagged import plot_lagged as plot_lagged
from alliance_stats.report.plots.latent import plot_latent as plot_latent
from alliance_stats.report.plots.mediation import plot_mediation as plot_mediation
from alliance_stats.report.plots.moderation import plot_moderation as plot_moderation
from alliance_stats.report.plots.orchard import plot_orchard as plot_orchard
from alliance_stats.report.plots.outcome import plot_outcome as plot_outcome
from alliance_stats.report.plots.perspectives import plot_perspectives as plot_perspectives
from alliance_stats.report.plots.profile import plot_profile as plot_profile
from alliance_stats.report.plots.refits import plot_cumulative as plot_cumulative
from alliance_stats.report.plots.refits import plot_leave_one_out as plot_leave_one_out
from alliance_stats.report.plots.reliability import plot_reliability as plot_reliability
from alliance_stats.report.plots.reliable_change import plot_reliable_change as plot_reliable_change
from alliance_stats.report.plots.ruptures import plot_ruptures as plot_ruptures
from alliance_stats.report.plots.specification_curve import (
    plot_specification_curve as plot_specification_curve,
)
from alliance_stats.report.plots.study_influence import plot_influence as plot_influence
from alliance_stats.report.plots.surface import plot_surface as plot_surface
from alliance_stats.report.plots.therapists import plot_therapists as plot_therapists
from alliance_stats.report.plots.trajectories import plot_trajectories as plot_trajectories
from alliance_stats.report.plots.within_between import plot_within_between as plot_within_between
