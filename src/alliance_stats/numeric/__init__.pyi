from alliance_stats.numeric.optimise import Optimum as Optimum
from alliance_stats.numeric.optimise import minimise_smooth as minimise_smooth
