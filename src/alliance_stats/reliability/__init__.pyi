from alliance_stats.reliability.generalizability.decide import d_study as d_study
from alliance_stats.reliability.generalizability.decision import DStudyResult as DStudyResult
from alliance_stats.reliability.generalizability.result import GStudyResult as GStudyResult
from alliance_stats.reliability.generalizability.study import g_study as g_study
from alliance_stats.reliability.multilevel.means import reliability_of_means as reliability_of_means
from alliance_stats.reliability.multilevel.session_ratings import (
    multilevel_reliability as multilevel_reliability,
)
from alliance_stats.reliability.result import ReliabilityResult as ReliabilityResult
