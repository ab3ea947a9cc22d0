from alliance_stats.numeric.least_squares import LeastSquares as LeastSquares
from alliance_stats.numeric.least_squares import solve_least_squares as solve_least_squares
from alliance_stats.numeric.optimise import Optimum as Optimum
from alliance_stats.numeric.optimise import minimise_smooth as minimise_smooth
from alliance_stats.numeric.resample import bootstrap_sums as bootstrap_sums
from alliance_stats.numeric.resample import spawn_generators as spawn_generators
