from alliance_stats.reliability.generalizability.result import GStudyResult as GStudyResult
from alliance_stats.reliability.generalizability.study import g_study as g_study
from alliance_stats.reliability.result import ReliabilityResult as ReliabilityResult
