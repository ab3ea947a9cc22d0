"""Reliability room: how far scores, ratings and their changes can be trusted."""

from alliance_stats._base.lazy import attach

NAMES = {
    "DStudyResult": "alliance_stats.reliability.generalizability.decision",
    "GStudyResult": "alliance_stats.reliability.generalizability.result",
    "InvarianceResult": "alliance_stats.reliability.factor.invariance_result",
    "ReliabilityReport": "alliance_stats.reliability.report.result",
    "ReliabilityResult": "alliance_stats.reliability.result",
    "aggregation_icc": "alliance_stats.reliability.agreement.aggregation",
    "bland_altman": "alliance_stats.reliability.agreement.limits",
    "categorical_omega": "alliance_stats.reliability.factor.categorical",
    "cohen_kappa": "alliance_stats.reliability.agreement.cohen",
    "concordance": "alliance_stats.reliability.agreement.lin",
    "cronbach_alpha": "alliance_stats.reliability.consistency.cronbach",
    "d_study": "alliance_stats.reliability.generalizability.decide",
    "disattenuated_correlation": "alliance_stats.reliability.consistency.measurement_error",
    "fleiss_kappa": "alliance_stats.reliability.agreement.fleiss",
    "g_study": "alliance_stats.reliability.generalizability.study",
    "guttman_lambdas": "alliance_stats.reliability.consistency.lambdas",
    "gwet_ac": "alliance_stats.reliability.agreement.gwet",
    "icc": "alliance_stats.reliability.intraclass.icc",
    "item_statistics": "alliance_stats.reliability.consistency.cronbach",
    "krippendorff_alpha": "alliance_stats.reliability.agreement.krippendorff",
    "mcdonald_omega": "alliance_stats.reliability.factor.omega",
    "measurement_invariance": "alliance_stats.reliability.factor.invariance",
    "multilevel_alpha": "alliance_stats.reliability.multilevel.alpha",
    "multilevel_omega": "alliance_stats.reliability.factor.multilevel",
    "multilevel_reliability": "alliance_stats.reliability.multilevel.session_ratings",
    "percent_agreement": "alliance_stats.reliability.agreement.percent",
    "reliability_of_means": "alliance_stats.reliability.multilevel.means",
    "reliability_report": "alliance_stats.reliability.report.report",
    "rwg": "alliance_stats.reliability.agreement.within_group",
    "split_half": "alliance_stats.reliability.consistency.halves",
    "standard_error_of_measurement": "alliance_stats.reliability.consistency.measurement_error",
    "test_retest": "alliance_stats.reliability.consistency.retest",
}

__getattr__, __dir__, __all__ = attach(__name__, NAMES)
