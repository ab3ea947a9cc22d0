"""MetaResult: a meta-analysis of one effect size a study as a value."""

from __future__ import annotations

from dataclasses import dataclass

from alliance_stats._base.checks import probability
from alliance_stats._base.views import ResultView
from alliance_stats.meta.shown import result_html, result_text
from alliance_stats.meta.univariate.fitted import FittedMeta
from alliance_stats.meta.univariate.predictions import predict, predict_rows, prediction_interval
from alliance_stats.meta.univariate.tables import glance, tidy
from alliance_stats.meta.univariate.views import shown, view_of


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

    def view(self, *, conf_level: float = 0.95) -> ResultView:
        """Return what the report room may see of this result."""
        probability(conf_level, name="conf_level")
        return view_of(self, conf_level)

    def __repr__(self) -> str:
        return result_text(*shown(self))

    def _repr_html_(self) -> str:
        return result_html(*shown(self))
