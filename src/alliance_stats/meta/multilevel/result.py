"""MultilevelMetaResult: a meta-analysis of dependent effect sizes as a value."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.views import ResultView
from alliance_stats.meta.multilevel.clusters import cluster_codes
from alliance_stats.meta.multilevel.component_tests import component_tests
from alliance_stats.meta.multilevel.explained import explained
from alliance_stats.meta.multilevel.fitted import FittedMultilevel
from alliance_stats.meta.multilevel.heterogeneity import heterogeneity
from alliance_stats.meta.multilevel.predictions import (
    back_transformed,
    predict,
    predict_rows,
    prediction_interval,
)
from alliance_stats.meta.multilevel.profile import confint
from alliance_stats.meta.multilevel.profile_curve import profile
from alliance_stats.meta.multilevel.r_code import to_r
from alliance_stats.meta.multilevel.random_effects import blup
from alliance_stats.meta.multilevel.sensitivity import rho_table
from alliance_stats.meta.multilevel.tables import glance, moderator_test, tidy
from alliance_stats.meta.multilevel.views import shown, view_of
from alliance_stats.meta.robust import RobustMetaResult, robust_of
from alliance_stats.meta.shown import result_html, result_text
from alliance_stats.numeric.sandwich import KINDS, Kind


@dataclass(frozen=True, eq=False, repr=False)
class MultilevelMetaResult(FittedMultilevel):
    """A mean effect, or a meta-regression, over studies with several effects.

    Made by `fit_meta_multilevel`. Nothing is rounded; nothing here changes after fitting.
    """

    tidy = tidy
    glance = glance
    predict = predict
    predict_rows = predict_rows
    prediction_interval = prediction_interval
    back_transformed = back_transformed
    moderator_test = moderator_test
    heterogeneity = heterogeneity
    blup = blup
    confint = confint
    profile = profile
    component_tests = component_tests
    explained = explained
    to_r = to_r

    @cached_property
    def rho_table(self) -> pd.DataFrame:
        """Coefficients and variances at correlations 0, .2, .4, .6, .8 of the sampling errors."""
        return rho_table(self)

    def residuals(self) -> pd.DataFrame:
        """Effects less fitted means: ``study fitted residual se statistic``.

        ``se`` is that of the residual under the model, √(diagonal of M − X(X'WX)⁻¹X').
        """
        point = self.point
        rows = np.arange(self.studies.k)[:, None]
        marginal = self.covariance_of(rows)[:, 0, 0]
        x = point.problem.x
        taken = np.einsum("np,pq,nq->n", x, point.bread, x)
        se = self.in_order(np.sqrt(np.maximum(marginal - taken, 0.0)))
        left = self.studies.yi - self.fitted
        return pd.DataFrame(
            {
                "study": self.studies.study,
                "fitted": self.fitted,
                "residual": left,
                "se": se,
                "statistic": left / np.where(se > 0, se, np.nan),
            }
        )

    def cluster_robust(self, *, cluster: str, kind: Kind = "CR2") -> RobustMetaResult:
        """The same estimates with tests robust by a unit; see `alliance_stats.cluster_robust`.

        Raises
        ------
        ArgumentError
            If rows of different clusters are not independent under the model.
        """
        one_of(kind, KINDS, name="kind")
        codes = cluster_codes(self.studies, self.layout, cluster)
        return robust_of(self, self.rows(codes), cluster, kind)

    def view(self, *, conf_level: float = 0.95) -> ResultView:
        """Return what the report room may see of this result."""
        probability(conf_level, name="conf_level")
        return view_of(self, conf_level)

    def __repr__(self) -> str:
        return result_text(*shown(self))

    def _repr_html_(self) -> str:
        return result_html(*shown(self))
