"""trim_fill: the pooled effect if a funnel were made symmetric."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal, Unpack

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted, one_of, probability
from alliance_stats._base.views import ResultView
from alliance_stats.meta.bias.asymmetry import few_studies, model_of
from alliance_stats.meta.bias.r_code import trim_fill_code
from alliance_stats.meta.bias.regression import regress
from alliance_stats.meta.bias.source import (
    Columns,
    Given,
    Source,
    read_source,
    refuse_dependent,
    refuse_moderators,
    refuse_raw_correlations,
)
from alliance_stats.meta.bias.trimming import ESTIMATORS, Estimator, Trimmed, trim
from alliance_stats.meta.bias.views import (
    OPEN,
    bias_view,
    call_words,
    headline,
    shown_value,
    tested,
    tidy_frame,
)
from alliance_stats.meta.shown import result_html, result_text
from alliance_stats.meta.univariate.between import Method
from alliance_stats.meta.univariate.fits import Fits, Test, fit_arrays

Side = Literal["left", "right"]
SIDES: tuple[Side, ...] = ("left", "right")


@dataclass(frozen=True, eq=False, repr=False)
class TrimFillResult:
    """The pooled effect with mirror images of trimmed effects added. Made by `trim_fill`.

    Attributes
    ----------
    source : Source
        The effect sizes.
    estimator, side : str
    side_given : bool
        Whether the side was given, or taken from the slope of Egger's regression.
    method, test : str
        Of the model.
    trimmed : Trimmed
        How many effects are missing, with the centre (sign changed where `side` is right).
    observed, filled : Fits
        The model without and with the effects added.
    """

    source: Source
    estimator: Estimator
    side: Side
    side_given: bool
    method: Method
    test: Test
    trimmed: Trimmed
    observed: Fits
    filled: Fits

    @property
    def k0(self) -> int:
        """Effects missing on the side."""
        return self.trimmed.k0

    @cached_property
    def frame(self) -> pd.DataFrame:
        """Effects observed and added: columns ``study yi vi filled``."""
        studies = self.source.studies
        data = self.filled.data
        names = studies.study[self.trimmed.extreme]
        return pd.DataFrame(
            {
                "study": [*studies.study, *(f"{name} (filled)" for name in names)],
                "yi": data.yi[0],
                "vi": data.vi[0],
                "filled": np.arange(len(data.yi[0])) >= studies.k,
            }
        )

    @property
    def messages(self) -> tuple[str, ...]:
        """Dropped rows, few studies."""
        studies = self.source.studies
        return (*studies.messages(), *few_studies(studies))

    def tidy(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """The mean as observed (``observed``) and with effects filled in (``adjusted``).

        Parameters
        ----------
        conf_level : float
        """
        probability(conf_level, name="conf_level")
        both = {"observed": self.observed, "adjusted": self.filled}
        return tidy_frame(
            [
                tested(
                    name, "(Intercept)", float(fit.beta[0, 0]), float(fit.se[0, 0]),
                    float(fit.df[0]), conf_level,
                )
                for name, fit in both.items()
            ]
        )  # fmt: skip

    def glance(self) -> pd.DataFrame:
        """One row: effects missing with SE (and p, of R0 only), τ² and means as they are read."""
        studies = self.source.studies
        observed, adjusted = (
            shown_value(self.source, float(f.beta[0, 0])) for f in (self.observed, self.filled)
        )
        return pd.DataFrame(
            [
                {
                    "k": studies.k,
                    "n_dropped": studies.n_dropped,
                    "estimator": self.estimator,
                    "side": self.side,
                    "k0": self.k0,
                    "se_k0": self.trimmed.se,
                    "p_k0": self.trimmed.p_value,
                    "observed_shown": observed,
                    "adjusted_shown": adjusted,
                    "tau2": float(self.filled.tau2[0]),
                }
            ]
        )

    def to_r(self) -> str:
        """R code that trims and fills with metafor, its data typed out."""
        return trim_fill_code(
            self.source,
            estimator=self.estimator,
            side=self.side,
            method=self.method,
            test=self.test,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        why = "given" if self.side_given else "by the slope of Egger's regression"
        return (
            f"{self.estimator} estimates {counted(self.k0, 'effect')} missing on the {self.side} "
            f"({why}; SE {self.trimmed.se:.2f}).",
            "Trim and fill makes the funnel symmetric: a sensitivity analysis, not a better "
            "estimate. It adds effects also where true effects differ without any bias.",
            OPEN,
        )

    def view(self, *, conf_level: float = 0.95) -> ResultView:
        """Return what the report room may see of this result."""
        arguments = {
            "estimator": self.estimator,
            "side": self.side if self.side_given else None,
            "method": self.method,
            "test": self.test,
        }
        return bias_view(
            "meta_trim_fill",
            self._title,
            self.source,
            terms=self.tidy(conf_level=conf_level),
            fit=self.glance(),
            plot=self.frame,
            notes=self.notes,
            messages=self.messages,
            refit=call_words("trim_fill", self.source, arguments),
            labels={"side": self.side},
            conf_level=conf_level,
        )

    @property
    def _title(self) -> str:
        return f"Trim and fill of {self.source.scale.words}"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        sentences = (*self.notes, *self.messages)
        return headline(self._title, self.source), [self.tidy()], sentences

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())


def trim_fill(
    given: Given,
    *,
    estimator: Estimator = "L0",
    side: Side | None = None,
    method: Method | None = None,
    test: Test | None = None,
    **columns: Unpack[Columns],
) -> TrimFillResult:
    """Estimate how many effects are missing on one side, add them, and pool again.

    Use it to see how far the pooled effect depends on the asymmetry of the funnel.

    Parameters
    ----------
    given : DataFrame or fitted meta-analysis
        One effect a study, no moderators.
    estimator : {"L0", "R0", "Q0"}
        Of the number missing; R0 also tests that none is. L0 and R0 are the ones recommended.
    side : {"left", "right"}, optional
        Where effects are missing; by default on the left if the slope of the mixed-effects Egger
        regression is not below 0, else on the right.
    method, test : str, optional
        Of the model, as in `fit_meta`; by default those of the fit given, else ``REML``, ``knha``.
    **columns
        Of a frame: `yi`, `vi`, `study`, `measure`, as in `fit_meta`.

    Returns
    -------
    TrimFillResult
        With the filled effects in ``frame``.

    Raises
    ------
    UnsupportedError
        If a study has several effects, there are moderators, or effects are correlations that
        were not transformed.
    DataError
        If trimming does not settle, or would leave too few effects.

    References
    ----------
    Duval, S., & Tweedie, R. (2000). Trim and fill: A simple funnel-plot-based method of testing
    and adjusting for publication bias in meta-analysis. Biometrics, 56, 455–463.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({
    ...     "yi": [0.20, 0.22, 0.18, 0.52, 0.61, 0.40, 0.25],
    ...     "vi": [0.010, 0.020, 0.012, 0.050, 0.070, 0.040, 0.010]})
    >>> result = al.meta.trim_fill(frame)
    >>> result.k0, result.side, result.tidy()["estimate"].round(3).tolist()
    (2, 'left', [0.255, 0.226])
    """
    one_of(estimator, ESTIMATORS, name="estimator")
    if side is not None:
        one_of(side, SIDES, name="side")
    source = read_source(given, columns)
    refuse_raw_correlations(source)
    refuse_dependent(source, "trim and fill")
    refuse_moderators(source, "trim and fill")
    method, test = model_of(source, "rma", method, test)
    chosen = side or _lopsided(source, method, test)
    sign = 1.0 if chosen == "left" else -1.0
    studies = source.studies

    def fit(y: np.ndarray, v: np.ndarray) -> Fits:
        return fit_arrays(y, v, np.ones((len(y), 1)), method=method, test=test)

    found = trim(sign * studies.yi, studies.vi, estimator, lambda y, v: float(fit(y, v).beta[0, 0]))
    mirrored = 2.0 * sign * found.centre - studies.yi[found.extreme]
    y = np.concatenate([studies.yi, mirrored])
    v = np.concatenate([studies.vi, studies.vi[found.extreme]])
    observed, filled = fit(studies.yi, studies.vi), fit(y, v)
    return TrimFillResult(
        source, estimator, chosen, side is not None, method, test, found, observed, filled
    )


def _lopsided(source: Source, method: Method, test: Test) -> Side:
    """The side on which small studies are missing, by the slope on the standard error."""
    studies = source.studies
    x = np.column_stack([np.ones(studies.k), np.sqrt(studies.vi)])
    if studies.k <= 2 or np.ptp(studies.vi) == 0:
        return "left"
    return "right" if regress(studies, x, method=method, test=test).beta[1] < 0 else "left"
