"""MetaResult: a meta-analysis of one effect size a study as a value."""

from __future__ import annotations

from dataclasses import dataclass

from alliance_stats._base.checks import probability
from alliance_stats._base.views import ResultView
from alliance_stats.meta.robust import RobustMetaResult, robust_of
from alliance_stats.meta.shown import result_html, result_text
from alliance_stats.meta.univariate.fitted import FittedMeta
from alliance_stats.meta.univariate.intervals import confint, heterogeneity
from alliance_stats.meta.univariate.permutation_result import permutation_test
from alliance_stats.meta.univariate.predictions import predict, predict_rows, prediction_interval
from alliance_stats.meta.univariate.profile import profile
from alliance_stats.meta.univariate.r_code import meta_code
from alliance_stats.meta.univariate.readings import back_transformed
from alliance_stats.meta.univariate.robust import robust_rows
from alliance_stats.meta.univariate.study_effects import blup, residuals
from alliance_stats.meta.univariate.tables import glance, tidy
from alliance_stats.meta.univariate.term_tests import moderator_test, r_squared
from alliance_stats.meta.univariate.views import shown, view_of
from alliance_stats.numeric.sandwich import Kind


@dataclass(frozen=True, eq=False, repr=False)
class MetaResult(FittedMeta):
    """A mean effect, or a meta-regression, over studies.

    Made by `fit_meta`. Nothing is rounded; nothing here changes after fitting.

    Attributes
    ----------
    studies : Studies
        What was analysed: ``yi``, ``vi``, the design matrix, names, rows.
    fits : Fits
        The fit on arrays.
    about_fit : tuple of str
        What the reader must know of the fit, in plain words.
    """

    tidy = tidy
    glance = glance
    predict = predict
    predict_rows = predict_rows
    prediction_interval = prediction_interval
    back_transformed = back_transformed
    heterogeneity = heterogeneity
    confint = confint
    profile = profile
    moderator_test = moderator_test
    r_squared = r_squared
    permutation_test = permutation_test
    blup = blup
    residuals = residuals

    def to_r(self) -> str:
        """R code of metafor, with the data in it, that prints the same digits.

        Examples
        --------
        >>> import pandas as pd
        >>> import alliance_stats as al
        >>> frame = pd.DataFrame({"yi": [0.2, 0.35, 0.1], "vi": [0.01, 0.02, 0.01]})
        >>> print(al.fit_meta(frame).to_r().splitlines()[-5])
        fit <- rma(yi, vi, data = dat, slab = study, method = "REML",
        """
        return meta_code(self)

    def cluster_robust(self, *, cluster: str, kind: Kind = "CR2") -> RobustMetaResult:
        """The same estimates with tests robust by a unit; see `alliance_stats.cluster_robust`."""
        return robust_of(self, robust_rows(self, cluster), cluster, kind)

    def view(self, *, conf_level: float = 0.95) -> ResultView:
        """Return what the report room may see of this result."""
        probability(conf_level, name="conf_level")
        return view_of(self, conf_level)

    def __repr__(self) -> str:
        return result_text(*shown(self))

    def _repr_html_(self) -> str:
        return result_html(*shown(self))
