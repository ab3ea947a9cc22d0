from alliance_stats.report.plots.cross_lagged import plot_cross_lagged as plot_cross_lagged
from alliance_stats.report.plots.d_study import plot_d_study as plot_d_study
from alliance_stats.report.plots.outcome import plot_outcome as plot_outcome
from alliance_stats.report.plots.reliable_change import plot_reliable_change as plot_reliable_change
from alliance_stats.report.plots.trajectories import plot_trajectories as plot_trajectories
from alliance_stats.report.plots.within_between import plot_within_between as plot_within_between
