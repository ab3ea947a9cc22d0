from alliance_stats import data as data
from alliance_stats import formula as formula
from alliance_stats import lmm as lmm
from alliance_stats import measures as measures
from alliance_stats import meta as meta
from alliance_stats import models as models
from alliance_stats import numeric as numeric
from alliance_stats import reliability as reliability
from alliance_stats import report as report
from alliance_stats import sem as sem
from alliance_stats import simulate as simulate
from alliance_stats._base.errors import ArgumentError as ArgumentError
from alliance_stats._base.errors import DataError as DataError
from alliance_stats._base.errors import DataWarning as DataWarning
from alliance_stats._base.errors import FitWarning as FitWarning
from alliance_stats._base.errors import FormulaError as FormulaError
from alliance_stats._base.errors import UnsupportedError as UnsupportedError
from alliance_stats._version import __version__ as __version__
from alliance_stats.data.centering import center as center
from alliance_stats.data.describe import describe_levels as describe_levels
from alliance_stats.data.effects import load_effects as load_effects
from alliance_stats.data.examples import load_example as load_example
from alliance_stats.data.lags import lag_within as lag_within
from alliance_stats.data.load import load_sessions as load_sessions
from alliance_stats.data.roles import Roles as Roles
from alliance_stats.data.sessions import SessionData as SessionData
from alliance_stats.data.wide.reshaping import reshape as reshape
from alliance_stats.lmm.comparison.compare import compare_models as compare_models
from alliance_stats.lmm.fit import fit_lmm as fit_lmm
from alliance_stats.lmm.glmm.fit import fit_glmm as fit_glmm
from alliance_stats.lmm.inference.cluster_robust import cluster_robust as cluster_robust
from alliance_stats.lmm.pooling.pool import pool as pool
from alliance_stats.measures.change.changing import reliable_change as reliable_change
from alliance_stats.measures.instruments.registry import list_instruments as list_instruments
from alliance_stats.measures.scoring.score import score as score
<<<<<<< HEAD
from alliance_stats.meta.multilevel.fit import fit_meta_multilevel as fit_meta_multilevel
=======
from alliance_stats.meta.effects.sizes import effect_sizes as effect_sizes
>>>>>>> main
from alliance_stats.models.growth.fit import fit_growth as fit_growth
from alliance_stats.models.lagged.fit import fit_lagged as fit_lagged
from alliance_stats.models.latent.fit import fit_latent_within_between as fit_latent_within_between
from alliance_stats.models.outcome.fit import fit_outcome as fit_outcome
from alliance_stats.models.panel.fit import fit_cross_lagged as fit_cross_lagged
from alliance_stats.models.within_between.fit import fit_within_between as fit_within_between
from alliance_stats.reliability.consistency.cronbach import cronbach_alpha as cronbach_alpha
from alliance_stats.reliability.factor.omega import mcdonald_omega as mcdonald_omega
from alliance_stats.reliability.intraclass.icc import icc as icc
from alliance_stats.reliability.multilevel.session_ratings import (
    multilevel_reliability as multilevel_reliability,
)
from alliance_stats.reliability.report.report import reliability_report as reliability_report
from alliance_stats.report.plots.trajectories import plot_trajectories as plot_trajectories
from alliance_stats.report.plots.within_between import plot_within_between as plot_within_between
from alliance_stats.report.save import save_report as save_report
from alliance_stats.report.tables import coef_table as coef_table
from alliance_stats.report.text import report_text as report_text
from alliance_stats.simulate.sessions import simulate_sessions as simulate_sessions
