from alliance_stats.reliability.consistency.cronbach import cronbach_alpha as cronbach_alpha
from alliance_stats.reliability.consistency.cronbach import item_statistics as item_statistics
from alliance_stats.reliability.intraclass.icc import icc as icc
from alliance_stats.reliability.result import ReliabilityResult as ReliabilityResult
