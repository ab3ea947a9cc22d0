"""The profile likelihood of every variance of true effects: curves to look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtri

from alliance_stats._base.checks import is_whole, probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.meta.multilevel.fitted import FittedMultilevel
from alliance_stats.meta.multilevel.profile import Profile, Quantity, confint
from alliance_stats.meta.multilevel.views import levels_of
from alliance_stats.meta.shown import result_html, result_text

TIDY = ["term", "estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high"]


@dataclass(frozen=True, eq=False, repr=False)
class ComponentProfiles:
    """Profile likelihoods of the variances. Made by ``result.profile()``.

    Attributes
    ----------
    of : MultilevelMetaResult
    frame : DataFrame
        See `profile`.
    conf_level : float
    """

    of: FittedMultilevel
    frame: pd.DataFrame
    conf_level: float

    def tidy(self) -> pd.DataFrame:
        """The variances with their intervals, in the columns of every tidy table."""
        each = self.frame.drop_duplicates("parameter")
        return (
            each.rename(columns={"parameter": "term"}).reindex(columns=TIDY).reset_index(drop=True)
        )

    def glance(self) -> pd.DataFrame:
        """One row: effect sizes, method, log-likelihood at the maximum."""
        of = self.of
        return pd.DataFrame({"k": [of.studies.k], "method": [of.method], "loglik": [of.loglik]})

    def view(self) -> ResultView:
        """Return what the report room may see of this result; `plot` is `frame`."""
        return ResultView(
            kind="meta_profile",
            title="Profile likelihood of the variances of true effects",
            terms=self.tidy(),
            fit=self.glance(),
            plot=self.frame,
            levels=levels_of(self.of),
            notes=("All other parameters are estimated anew at every value.",),
            messages=self.of.messages,
            labels={"estimate": "Estimate", "method": self.of.method},
            conf_level=self.conf_level,
        )

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        view = self.view()
        table = view.terms[["term", "estimate", "ci_low", "ci_high"]]
        return view.title, [table], (*view.notes, *view.messages)


def profile(self: FittedMultilevel, *, n: int = 31, conf_level: float = 0.95) -> ComponentProfiles:
    """Look at the likelihood of every variance: one clear maximum, or a flat one.

    Parameters
    ----------
    n : int
        Values of each standard deviation, evenly over its interval and beyond both ends; the
        estimate is added.
    conf_level : float

    Returns
    -------
    ComponentProfiles
        ``frame`` has the columns ``parameter value loglik limit estimate ci_low ci_high``:
        `value` is a variance, `loglik` its distance below the maximum (at most 0), `limit` that
        at the ends of the interval, the same in every row of a parameter as `estimate` and its
        ends.
    """
    probability(conf_level, name="conf_level")
    if not is_whole(n) or n < 3:
        raise ArgumentError(f"n={n!r} is no number of points. Give one such as 31.")
    ends = confint(self, conf_level=conf_level)
    ends = ends[ends["quantity"] == "tau2"].reset_index(drop=True)
    limit = -0.5 * float(chdtri(1, 1.0 - conf_level))
    curves = [
        _curve(self, quantity, row, n).assign(limit=limit)
        for quantity, row in zip(_quantities(self), ends.to_dict("records"), strict=True)
    ]
    columns = ["parameter", "value", "loglik", "limit", "estimate", "ci_low", "ci_high"]
    return ComponentProfiles(self, pd.concat(curves, ignore_index=True)[columns], conf_level)


def _quantities(self: FittedMultilevel) -> list[Quantity]:
    """The standard deviations, in the order of `confint`."""
    return [
        Quantity(place, (level,))
        for place, term in enumerate(self.layout.terms)
        for level in range(1 if term.structure.kind in ("ID", "CS") else term.structure.m)
    ]


def _curve(self: FittedMultilevel, quantity: Quantity, row: dict[Any, Any], n: int) -> pd.DataFrame:
    """Distance of the log-likelihood below its maximum over one variance."""
    estimate, low, high = (float(np.sqrt(row[e])) for e in ("estimate", "ci_low", "ci_high"))
    top = 1.15 * high if np.isfinite(high) else 3.0 * max(estimate, self.typical_variance**0.5)
    first = max(low - 0.25 * (top - low), 0.0)
    sd = np.unique(np.append(np.linspace(first, top, n), estimate))
    curve = Profile(self, quantity)
    rise = np.array([curve.best(float(value)) - self.point.deviance for value in sd])
    name = f"τ² {row['unit']}" + (f", {row['term']}" if row["term"] else "")
    ends = {end: row[end] for end in ("estimate", "ci_low", "ci_high")}
    return pd.DataFrame({"parameter": name, "value": sd**2, "loglik": -0.5 * rise, **ends})
