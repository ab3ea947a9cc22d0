from alliance_stats.report.plots.lagged import plot_lagged as plot_lagged
from alliance_stats.report.plots.outcome import plot_outcome as plot_outcome
from alliance_stats.report.plots.trajectories import plot_trajectories as plot_trajectories
from alliance_stats.report.plots.within_between import plot_within_between as plot_within_between
