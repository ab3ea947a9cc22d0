from alliance_stats.report.plots.d_study import plot_d_study as plot_d_study
from alliance_stats.report.plots.growth import plot_growth as plot_growth
from alliance_stats.report.plots.lagged import plot_lagged as plot_lagged
from alliance_stats.report.plots.outcome import plot_outcome as plot_outcome
from alliance_stats.report.plots.reliability import plot_reliability as plot_reliability
from alliance_stats.report.plots.reliable_change import plot_reliable_change as plot_reliable_change
from alliance_stats.report.plots.trajectories import plot_trajectories as plot_trajectories
from alliance_stats.report.plots.within_between import plot_within_between as plot_within_between
