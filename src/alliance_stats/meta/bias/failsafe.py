"""failsafe_n: how many unpublished studies would take a finding away.

Rosenthal (1979, Psychol. Bull. 86, 638–641); Orwin (1983, J. Educ. Stat. 8, 157–159); Rosenberg
(2005, Evolution 59, 464–468).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Unpack, get_args

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.printing import without_zero
from alliance_stats._base.views import ResultView
from alliance_stats.meta.bias.r_code import call_on_effects
from alliance_stats.meta.bias.source import (
    Columns,
    Given,
    Source,
    common_effect,
    read_source,
    refuse_dependent,
)
from alliance_stats.meta.bias.views import bias_view, call_words, headline, tidy_frame
from alliance_stats.meta.shown import result_html, result_text

Method = Literal["rosenthal", "orwin", "rosenberg"]
METHODS: tuple[Method, ...] = get_args(Method)

_CAUTION = (
    "Fail-safe numbers take missing studies to average no effect and ignore that true effects "
    "differ; a large one does not show that a finding is robust."
)


@dataclass(frozen=True, eq=False, repr=False)
class FailsafeResult:
    """How many studies without effect would take a finding away. Made by `failsafe_n`.

    Attributes
    ----------
    source : Source
        The effect sizes.
    method : str
    n : int
        Studies without effect, rounded up; 0 where there is nothing to take away.
    exact : float
        The same before it was rounded.
    mean : float
        The mean that Orwin and Rosenberg start from; NaN for Rosenthal.
    p_value : float
        Of the combined test as it is; NaN for Orwin.
    alpha : float
        The level that is to be lost; NaN for Orwin.
    target : float
        The mean that Orwin's studies are to bring about; else NaN.
    weighted : bool
        Whether Orwin's mean is weighted by 1/v.
    """

    source: Source
    method: Method
    n: int
    exact: float
    mean: float
    p_value: float
    alpha: float
    target: float
    weighted: bool

    @property
    def messages(self) -> tuple[str, ...]:
        """Dropped rows."""
        return self.source.studies.messages()

    def tidy(self) -> pd.DataFrame:
        """One row, ``failsafe_n``: the number and the p value of the combined test as it is."""
        row = {"effect": "failsafe_n", "term": self.method, "estimate": float(self.n)}
        return tidy_frame([{**row, "p_value": self.p_value}])

    def glance(self) -> pd.DataFrame:
        """One row: method, number, what it starts from and aims at."""
        studies = self.source.studies
        return pd.DataFrame(
            [
                {
                    "k": studies.k,
                    "n_dropped": studies.n_dropped,
                    "method": self.method,
                    "failsafe_n": self.n,
                    "mean": self.mean,
                    "p_value": self.p_value,
                    "alpha": self.alpha,
                    "target": self.target,
                }
            ]
        )

    def to_r(self) -> str:
        """R code that computes the same number with metafor, its data typed out."""
        arguments = {"type": f'"{self.method.capitalize()}"'}
        if self.method == "orwin":
            arguments |= {"target": repr(self.target), "weighted": str(self.weighted).upper()}
        else:
            arguments["alpha"] = repr(self.alpha)
        return call_on_effects(self.source, "fsn", arguments)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        alpha = without_zero(f"{self.alpha:g}")
        aims = {
            "rosenthal": f"the sum of z values would not reach one-sided p = {alpha}",
            "rosenberg": f"the weighted mean would not reach two-sided p = {alpha}",
            "orwin": f"the mean would fall to {self.target:.3g}",
        }
        number = f"{self.n:,} studies without effect beside these"
        return (f"With {number}, {aims[self.method]} ({self.method.capitalize()}).", _CAUTION)

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        arguments: dict[str, object] = {"method": self.method}
        if self.method == "orwin":
            arguments |= {"target": self.target, "weighted": self.weighted}
        else:
            arguments["alpha"] = self.alpha
        return bias_view(
            "meta_failsafe",
            self._title,
            self.source,
            terms=self.tidy(),
            fit=self.glance(),
            notes=self.notes,
            messages=self.messages,
            refit=call_words("failsafe_n", self.source, arguments),
        )

    @property
    def _title(self) -> str:
        return f"Fail-safe N by {self.method.capitalize()}"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        return headline(self._title, self.source), [self.glance()], (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())


def failsafe_n(
    given: Given,
    *,
    method: Method = "rosenthal",
    alpha: float | None = None,
    target: float | None = None,
    weighted: bool | None = None,
    **columns: Unpack[Columns],
) -> FailsafeResult:
    """Count the studies without effect that would take a finding away.

    It is still asked for, and says little: studies that were not published need not average zero,
    and heterogeneity is ignored. `selection_model` asks the better question.

    Parameters
    ----------
    given : DataFrame or fitted meta-analysis
        One effect a study.
    method : {"rosenthal", "orwin", "rosenberg"}
        Until the combined z values (Rosenthal) or the mean weighted by 1/v (Rosenberg) are no
        longer significant; until the mean is as small as `target` (Orwin).
    alpha : float, optional
        Level of Rosenthal (one-sided) and Rosenberg (two-sided); 0.05 by default.
    target : float, optional
        Of Orwin, on the scale of analysis; by default half the mean.
    weighted : bool, optional
        Of Orwin: whether its mean is weighted by 1/v; False by default.
    **columns
        Of a frame: `yi`, `vi`, `study`, `measure`, as in `fit_meta`.

    Returns
    -------
    FailsafeResult

    Raises
    ------
    UnsupportedError
        If a study has several effects.
    ArgumentError
        If an argument does not belong to the method, or `target` is not between 0 and the mean.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({
    ...     "yi": [0.20, 0.35, 0.08, 0.52, 0.31], "vi": [0.010, 0.020, 0.012, 0.030, 0.025]})
    >>> al.meta.failsafe_n(frame).n, al.meta.failsafe_n(frame, method="orwin", target=0.1).n
    (34, 10)
    """
    one_of(method, METHODS, name="method")
    _check_arguments(method, alpha, target, weighted)
    source = read_source(given, columns)
    refuse_dependent(source, "a fail-safe number")
    if method == "orwin":
        return _orwin(source, target, bool(weighted))
    alpha = 0.05 if alpha is None else alpha
    probability(alpha, name="alpha")
    return (_rosenthal if method == "rosenthal" else _rosenberg)(source, alpha)


def _check_arguments(
    method: Method, alpha: float | None, target: float | None, weighted: bool | None
) -> None:
    orwin = {"target": target, "weighted": weighted}
    wrong = {"alpha": alpha} if method == "orwin" else orwin
    if given := [name for name, value in wrong.items() if value is not None]:
        raise ArgumentError(
            f"{given[0]}= does not belong to method={method!r}. Leave it out"
            + (", or use method='orwin'." if method != "orwin" else ": give target=.")
        )


def _rosenthal(source: Source, alpha: float) -> FailsafeResult:
    studies = source.studies
    total = abs(float((studies.yi / np.sqrt(studies.vi)).sum()))
    exact = max(0.0, (total / float(ndtri(alpha))) ** 2 - studies.k)
    p = float(ndtr(-total / np.sqrt(studies.k)))
    nan = float("nan")
    return _result(source, "rosenthal", exact, mean=nan, p_value=p, alpha=alpha)


def _rosenberg(source: Source, alpha: float) -> FailsafeResult:
    studies = source.studies
    mean, variance = common_effect(studies)
    z = abs(mean) / np.sqrt(variance)
    exact = max(0.0, studies.k * ((z / float(ndtri(alpha / 2.0))) ** 2 - 1.0))
    p = float(2.0 * ndtr(-z))
    return _result(source, "rosenberg", exact, mean=mean, p_value=p, alpha=alpha)


def _orwin(source: Source, target: float | None, weighted: bool) -> FailsafeResult:
    studies = source.studies
    mean = common_effect(studies)[0] if weighted else float(studies.yi.mean())
    target = mean / 2.0 if target is None else float(target)
    if not 0 < target / mean <= 1:
        raise ArgumentError(
            f"target={target:g} is not between 0 and the mean, {mean:.4g}. Give the smallest mean "
            "that would still matter, with the sign of the mean."
        )
    exact = studies.k * (mean - target) / target
    found = _result(source, "orwin", exact, mean=mean, target=target, weighted=weighted)
    return found


def _result(
    source: Source,
    method: Method,
    exact: float,
    *,
    mean: float,
    p_value: float = float("nan"),
    alpha: float = float("nan"),
    target: float = float("nan"),
    weighted: bool = False,
) -> FailsafeResult:
    n = int(np.ceil(exact - 1e-9 * max(1.0, exact)))  # 13 studies are not 14 by rounding
    return FailsafeResult(source, method, n, exact, mean, p_value, alpha, target, weighted)
