"""The (restricted) log-likelihood over τ²: its shape, maximum and interval, to look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtri

from alliance_stats._base.checks import is_whole, probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.meta.shown import result_html, result_text
from alliance_stats.meta.univariate.between import log_likelihoods_at
from alliance_stats.meta.univariate.fitted import FittedMeta
from alliance_stats.meta.univariate.intervals import profile_ends
from alliance_stats.meta.univariate.views import levels_of


@dataclass(frozen=True, eq=False, repr=False)
class TauProfile:
    """The profile likelihood of τ².

    Made by ``result.profile()``.

    Attributes
    ----------
    of : FittedMeta
        The meta-analysis.
    frame : DataFrame
        Columns ``tau2 loglik relative``: `relative` is the distance below the maximum.
    ci_low, ci_high : float
        Ends of the interval.
    conf_level : float
    """

    of: FittedMeta
    frame: pd.DataFrame
    ci_low: float
    ci_high: float
    conf_level: float

    @property
    def cut(self) -> float:
        """How far below its maximum the log-likelihood lies at the ends of the interval."""
        return -0.5 * float(chdtri(1, 1.0 - self.conf_level))

    def tidy(self) -> pd.DataFrame:
        """τ² with its interval, in the columns of every tidy table."""
        nan = float("nan")
        row = ("tau2", self.of.tau2, self.of.se_tau2, nan, nan, nan, self.ci_low, self.ci_high)
        names = ["term", "estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high"]
        return pd.DataFrame([row], columns=names)

    def glance(self) -> pd.DataFrame:
        """One row: effect sizes, method, log-likelihood at the maximum."""
        of = self.of
        return pd.DataFrame({"k": [of.studies.k], "method": [of.method], "loglik": [of.loglik]})

    def view(self) -> ResultView:
        """Return what the report room may see of this result; `plot` is `frame`."""
        return ResultView(
            kind="meta_profile",
            title="Profile likelihood of τ²",
            terms=self.tidy(),
            fit=self.glance(),
            plot=self.frame,
            levels=levels_of(self.of),
            notes=("Coefficients are estimated anew at every τ².",),
            messages=self.of.messages,
            labels={
                "estimate": "Estimate",
                "cut": repr(self.cut),
                "parameter": "τ²",
                "method": self.of.method,
            },
            conf_level=self.conf_level,
        )

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        view = self.view()
        table = view.terms[["term", "estimate", "se", "ci_low", "ci_high"]]
        return view.title, [table], (*view.notes, *view.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())


def profile(self: FittedMeta, *, n: int = 101, conf_level: float = 0.95) -> TauProfile:
    """Look at the likelihood of τ²: one clear maximum, or a flat or double one.

    Parameters
    ----------
    n : int
        Values of τ², from 0 to beyond the interval; the estimate is added.
    conf_level : float

    Raises
    ------
    UnsupportedError
        If the model is fitted by no likelihood.
    """
    probability(conf_level, name="conf_level")
    if not is_whole(n) or n < 3:
        raise ArgumentError(f"n={n!r} is no number of points. Give one such as 101.")
    low, high = profile_ends(self, conf_level)
    tau2 = np.unique(np.append(np.linspace(0.0, 1.25 * high, n), self.tau2))
    data = self.fits.data.take(np.zeros(len(tau2), dtype=int))
    loglik = log_likelihoods_at(data, tau2, self.method == "REML")
    frame = pd.DataFrame({"tau2": tau2, "loglik": loglik, "relative": loglik - self.loglik})
    return TauProfile(self, frame, low, high, conf_level)
