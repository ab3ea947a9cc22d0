from alliance_stats.reliability.agreement.aggregation import aggregation_icc as aggregation_icc
from alliance_stats.reliability.agreement.cohen import cohen_kappa as cohen_kappa
from alliance_stats.reliability.agreement.fleiss import fleiss_kappa as fleiss_kappa
from alliance_stats.reliability.agreement.gwet import gwet_ac as gwet_ac
from alliance_stats.reliability.agreement.krippendorff import (
    krippendorff_alpha as krippendorff_alpha,
)
from alliance_stats.reliability.agreement.limits import bland_altman as bland_altman
from alliance_stats.reliability.agreement.lin import concordance as concordance
from alliance_stats.reliability.agreement.percent import percent_agreement as percent_agreement
from alliance_stats.reliability.agreement.within_group import rwg as rwg
from alliance_stats.reliability.consistency.cronbach import cronbach_alpha as cronbach_alpha
from alliance_stats.reliability.consistency.cronbach import item_statistics as item_statistics
from alliance_stats.reliability.consistency.halves import split_half as split_half
from alliance_stats.reliability.consistency.lambdas import guttman_lambdas as guttman_lambdas
from alliance_stats.reliability.consistency.measurement_error import (
    disattenuated_correlation as disattenuated_correlation,
)
from alliance_stats.reliability.consistency.measurement_error import (
    standard_error_of_measurement as standard_error_of_measurement,
)
from alliance_stats.reliability.consistency.retest import test_retest as test_retest
from alliance_stats.reliability.factor.categorical import categorical_omega as categorical_omega
from alliance_stats.reliability.factor.invariance import (
    measurement_invariance as measurement_invariance,
)
from alliance_stats.reliability.factor.invariance_result import InvarianceResult as InvarianceResult
from alliance_stats.reliability.factor.multilevel import multilevel_omega as multilevel_omega
from alliance_stats.reliability.factor.omega import mcdonald_omega as mcdonald_omega
from alliance_stats.reliability.generalizability.decide import d_study as d_study
from alliance_stats.reliability.generalizability.decision import DStudyResult as DStudyResult
from alliance_stats.reliability.generalizability.result import GStudyResult as GStudyResult
from alliance_stats.reliability.generalizability.study import g_study as g_study
from alliance_stats.reliability.intraclass.icc import icc as icc
from alliance_stats.reliability.multilevel.alpha import multilevel_alpha as multilevel_alpha
from alliance_stats.reliability.multilevel.means import reliability_of_means as reliability_of_means
from alliance_stats.reliability.multilevel.session_ratings import (
    multilevel_reliability as multilevel_reliability,
)
from alliance_stats.reliability.report.report import reliability_report as reliability_report
from alliance_stats.reliability.report.result import ReliabilityReport as ReliabilityReport
from alliance_stats.reliability.result import ReliabilityResult as ReliabilityResult
