"""PooledComparison: two models over the same imputed data sets, by likelihood-ratio tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import one_of
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats._base.printing import escape_html, frame_html, frame_text
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.comparison.same_data import check_same_data, ml_call
from alliance_stats.lmm.comparison.structure import AT_ZERO, Extension, extension, shown_model
from alliance_stats.lmm.pooling.joint import JointTest, d2, d3
from alliance_stats.lmm.pooling.likelihood import deviance_at
from alliance_stats.lmm.pooling.pooled import PooledFits
from alliance_stats.lmm.residual.limits import no_structure

Likelihood = Literal["D3", "D2"]

HEADINGS = {
    "method": "Method",
    "statistic": "F",
    "df_numerator": "df 1",
    "df_denominator": "df 2",
    "riv": "RIV",
}


@dataclass(frozen=True, eq=False, repr=False)
class PooledComparison:
    """A likelihood-ratio test of two models over the same imputations.

    Made by `PooledResult.compare`.

    Attributes
    ----------
    larger, smaller : str
        The formulas, with residual structures.
    method : {"D3", "D2"}
    n_imputations : int
    test : JointTest
    messages : tuple of str
        What to know about the test.
    """

    larger: str
    smaller: str
    method: Likelihood
    n_imputations: int
    test: JointTest
    messages: tuple[str, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """One row: ``method statistic df_numerator df_denominator p_value riv``."""
        test = self.test
        return pd.DataFrame(
            {
                "method": [self.method],
                "statistic": [test.statistic],
                "df_numerator": [test.df_numerator],
                "df_denominator": [test.df_denominator],
                "p_value": [test.p_value],
                "riv": [test.riv],
            }
        )

    def glance(self) -> pd.DataFrame:
        """One row: the two formulas and the number of imputations."""
        row = {
            "larger": self.larger,
            "smaller": self.smaller,
            "n_imputations": self.n_imputations,
        }
        return pd.DataFrame([row])

    def view(self) -> ResultView:
        """Return what the report room may see of this comparison."""
        return ResultView(
            kind="pooled_comparison",
            title=f"Comparison of 2 models over {self.n_imputations} imputations",
            terms=pd.DataFrame(),
            fit=self.glance(),
            plot=None,
            levels=pd.DataFrame(columns=["unit", "n"]),
            messages=self.messages,
            tables={"Test": self.tidy().rename(columns={"method": "rule"})},
        )

    def _lines(self) -> list[str]:
        head = f"Comparison of 2 models over {self.n_imputations} imputations (ML)"
        return [head, f"larger: {self.larger}", f"smaller: {self.smaller}"]

    def __repr__(self) -> str:
        numbers = frame_text(self.tidy(), headings=HEADINGS)
        return "\n\n".join(["\n".join(self._lines()), numbers, *self.messages])

    def _repr_html_(self) -> str:
        lines = "<br>".join(escape_html(line) for line in self._lines())
        said = "".join(f"<p>{escape_html(m)}</p>" for m in self.messages)
        return f"<p>{lines}</p>{frame_html(self.tidy(), headings=HEADINGS)}{said}"


def compare(self: PooledFits, other: PooledFits, *, method: Likelihood = "D3") -> PooledComparison:
    """Likelihood-ratio test of two nested models over the same imputed data sets.

    Both are pooled from fits by maximum likelihood to the same data sets, in the same order.
    Which of the two is the larger is found out.

    Parameters
    ----------
    other : PooledResult
        The model that is nested in this one, or in which this one is nested.
    method : {"D3", "D2"}
        D3 (Meng & Rubin, 1992) evaluates the likelihoods of every data set at the pooled
        estimates, too. D2 (Li, Meng, Raghunathan & Rubin, 1991) uses the data sets' own
        likelihood-ratio statistics only and is rough: prefer D3.

    Returns
    -------
    PooledComparison

    Raises
    ------
    ArgumentError
        If the fits are by REML (the message shows the calls by ML), the numbers of imputations
        differ, or no model is nested in the other.
    DataError
        If an imputation of one is of other rows or values than that of the other.
    UnsupportedError
        For D3 with a residual structure.

    Notes
    -----
    For variances that are added the p value is an upper bound: at the limit of zero the law of
    the statistic is a mixture whose weights are not taken into account, and a message says so.

    Examples
    --------
    >>> import alliance_stats as al
    >>> imputed = [al.simulate_sessions(n_patients=30, rng=k).frame for k in (1, 2)]
    >>> frames = [frame.fillna(frame.mean(numeric_only=True)) for frame in imputed]
    >>> def pooled(formula):
    ...     return al.lmm.pool([al.fit_lmm(formula, frame, reml=False) for frame in frames])
    >>> with_it = pooled("phq9 ~ session + wai_total + (1 | patient)")
    >>> with_it.compare(pooled("phq9 ~ session + (1 | patient)")).tidy()["df_numerator"].item()
    1
    """
    one_of(method, ("D3", "D2"), name="method")
    _check_pair(self, other)
    if method == "D3":
        for result in (self, other):
            no_structure(result.fits[0], "D3", "Use method='D2', or joint_tests.")
    larger, smaller, added = _ordered(self, other)
    k = added.df
    own = np.array(
        [2.0 * (a.loglik - b.loglik) for a, b in zip(larger.fits, smaller.fits, strict=True)]
    )
    test = _d3(larger, smaller, own, k) if method == "D3" else d2(own, k)
    said = (*_about_search(own), *_about_boundary(added), *_about_negative(test))
    formulas = [shown_model(result.fits[0].criterion.design) for result in (larger, smaller)]
    return PooledComparison(formulas[0], formulas[1], method, larger.n_imputations, test, said)


def _d3(larger: PooledFits, smaller: PooledFits, own: np.ndarray, k: int) -> JointTest:
    return d3(own, _deviances(smaller) - _deviances(larger), k)


def _deviances(result: PooledFits) -> np.ndarray:
    """Deviance (m,) of every data set at the pooled estimates."""
    covariances = {name: table.to_numpy() for name, table in result.covariances.items()}
    beta = result.beta.to_numpy()
    return np.array(
        [deviance_at(fit.criterion, beta, covariances, result.sigma2) for fit in result.fits]
    )


def _check_pair(one: PooledFits, other: object) -> None:
    if not isinstance(other, PooledFits):
        raise ArgumentError(
            f"compare was given a {type(other).__name__}. Give the pooled result of another model "
            "of the same imputations: pooled.compare(pool(other_fits))."
        )
    if one.reml or other.reml:
        calls = "; ".join(ml_call(result.fits[0], data="frame") for result in (one, other))
        raise ArgumentError(
            "likelihood-ratio tests over imputations need fits by maximum likelihood, and these "
            f"are by REML. Fit every imputed data set by {calls}. Fixed effects of fits by REML "
            "are tested with joint_tests."
        )
    if one.n_imputations != other.n_imputations:
        raise ArgumentError(
            f"the models are pooled over {one.n_imputations} and {other.n_imputations} "
            "imputations. Fit both to the same data sets, in the same order."
        )
    for place, pair in enumerate(zip(one.fits, other.fits, strict=True), start=1):
        try:
            check_same_data(list(pair))
        except DataError as error:
            raise DataError(f"imputation {place} of both: {error}") from None


def _ordered(one: PooledFits, other: PooledFits) -> tuple[PooledFits, PooledFits, Extension]:
    """The larger model, the smaller one, and what it adds."""
    for larger, smaller in ((one, other), (other, one)):
        added = extension(smaller.fits[0].criterion.design, larger.fits[0].criterion.design)
        if added is not None:
            return larger, smaller, added
    models = "; ".join(shown_model(result.fits[0].criterion.design) for result in (one, other))
    raise ArgumentError(
        f"no model is nested in the other, or both are the same ({models}). "
        "Fixed effects are compared by the names of their columns. Give a model and one that "
        "leaves out some of its terms."
    )


def _about_boundary(added: Extension) -> list[str]:
    said = [f"{AT_ZERO}."] if added.continuous else []
    if added.kind in ("fixed", "covariances", "residual"):
        return said
    return [
        *said,
        "A variance cannot be negative, so under the null the statistic is smaller than F takes it "
        "to be: the p value is an upper bound, for one variance about twice too large.",
    ]


def _about_search(own: np.ndarray) -> list[str]:
    lower = np.flatnonzero(own < -1e-6) + 1
    if not len(lower):
        return []
    places = ", ".join(map(str, lower))
    return [
        f"The larger model has a lower likelihood than the smaller one in imputation {places}: its "
        "search ended early. Do not use this test; see the messages of the fits."
    ]


def _about_negative(test: JointTest) -> list[str]:
    if test.statistic >= 0:
        return []
    return [
        "The statistic is negative: the models differ by less than the imputations do. Read it as "
        "no evidence for the larger model."
    ]
