"""Intervals of τ², and with it of I² and H².

Q-profile: Viechtbauer (2007, Stat. Med. 26, 37–52), exact if effects are normal. Profile
likelihood: Hardy & Thompson (1996, Stat. Med. 15, 619–629).
"""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import chdtrc, chdtri

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.errors import UnsupportedError
from alliance_stats.meta.univariate.between import (
    iterate,
    likelihood_slopes,
    log_likelihoods_at,
    solve_q,
    upper_bound,
)
from alliance_stats.meta.univariate.fitted import FittedMeta
from alliance_stats.meta.univariate.kernel import DataSets, Floats, fit_at

IntervalMethod = Literal["q_profile", "profile"]


def confint(
    self: FittedMeta, *, conf_level: float = 0.95, method: IntervalMethod = "q_profile"
) -> pd.DataFrame:
    """Intervals of the variance between studies and of what follows from it.

    Parameters
    ----------
    conf_level : float
    method : {"q_profile", "profile"}
        Q-profile, for every estimator; or the profile likelihood, of ML and REML fits.

    Returns
    -------
    DataFrame
        Rows ``tau2 tau i2 h2``, columns ``parameter estimate ci_low ci_high``. I² and H² follow
        from τ² with the typical sampling variance taken as known. Ends are NaN where no τ² ≥ 0
        agrees with the data at that level: effects differ less than sampling error lets them.

    Raises
    ------
    UnsupportedError
        For equal effects, and for a profile likelihood of another estimator.
    """
    probability(conf_level, name="conf_level")
    one_of(method, ("q_profile", "profile"), name="method")
    if self.method == "EE":
        raise UnsupportedError(
            "method='EE' takes τ² as 0, so that there is no interval of it. Fit with method='REML'."
        )
    if method == "q_profile":
        low, high = q_profile_ends(self, conf_level)
    else:
        low, high = profile_ends(self, conf_level)
    return _following(self, low, high)


def _following(self: FittedMeta, low: float, high: float) -> pd.DataFrame:
    """τ², τ, I² and H² with the intervals that those of τ² give."""
    typical = float(self.fits.typical_variance[0])
    ends = np.array([low, high])
    tables = {
        "tau2": (self.tau2, ends),
        "tau": (np.sqrt(self.tau2), np.sqrt(ends)),
        "i2": (self.i2, ends / (ends + typical)),
        "h2": (self.h2, ends / typical + 1.0),
    }
    rows = [(name, value, *both) for name, (value, both) in tables.items()]
    return pd.DataFrame(rows, columns=["parameter", "estimate", "ci_low", "ci_high"])


def heterogeneity(self: FittedMeta, *, conf_level: float = 0.95) -> pd.DataFrame:
    """How much effects differ: Q with its test, τ², τ, I² and H² with Q-profile intervals.

    Equal effects have no intervals, and no τ².

    Returns
    -------
    DataFrame
        Columns ``parameter estimate se ci_low ci_high df p_value``; I² goes from 0 to 1.
    """
    nan = float("nan")
    if self.method == "EE":
        table = _following(self, nan, nan).iloc[2:]
    else:
        table = confint(self, conf_level=conf_level)
    table.insert(2, "se", [*([] if self.method == "EE" else [self.se_tau2, nan]), nan, nan])
    test = pd.DataFrame(
        {
            "parameter": ["q"],
            "estimate": [self.q],
            "df": [float(self.df_residual)],
            "p_value": [float(chdtrc(self.df_residual, self.q))],
        }
    )
    return pd.concat([test, table], ignore_index=True)[
        ["parameter", "estimate", "se", "ci_low", "ci_high", "df", "p_value"]
    ]


def q_profile_ends(self: FittedMeta, conf_level: float) -> tuple[float, float]:
    """The τ² at which y'Py meets the quantiles of χ² with k − p degrees of freedom."""
    alpha = (1.0 - conf_level) / 2.0
    targets = np.array([chdtri(self.df_residual, a) for a in (alpha, 1.0 - alpha)])
    data = self.fits.data.take(np.zeros(2, dtype=int))
    if self.q < targets[1]:
        return float("nan"), float("nan")
    low, high = solve_q(data, targets)[0]
    return float(low), float(high)


def profile_ends(self: FittedMeta, conf_level: float) -> tuple[float, float]:
    """The τ² at which the log-likelihood lies half the quantile of χ² below its maximum."""
    if self.method not in ("ML", "REML"):
        raise UnsupportedError(
            f"a profile likelihood goes with method='ML' or 'REML', and this fit is by "
            f"{self.method}. Use method='q_profile', or fit with method='REML'."
        )
    cut = self.loglik - 0.5 * float(chdtri(1, 1.0 - conf_level))
    data = self.fits.data
    high = _below(self, cut)
    at_zero = log_likelihoods_at(data, np.zeros(1), self.method == "REML")[0]
    two = data.take(np.zeros(2, dtype=int))
    inside = np.array([self.tau2, self.tau2])
    outside = np.array([0.0, high])
    ends = _where_equal(two, cut, inside, outside, self.method == "REML")
    return 0.0 if at_zero >= cut else float(ends[0]), float(ends[1])


def _below(self: FittedMeta, cut: float) -> float:
    """A τ² so large that the log-likelihood is below `cut`."""
    data, reml = self.fits.data, self.method == "REML"
    high = 2.0 * upper_bound(data)
    while log_likelihoods_at(data, high, reml)[0] >= cut:
        high = 4.0 * high
    return float(high[0])


def _where_equal(data: DataSets, cut: float, inside: Floats, outside: Floats, reml: bool) -> Floats:
    """Between `inside`, where the likelihood is above `cut`, and `outside`: where it is equal."""

    def step(some: DataSets, at: Floats, bounds: Floats) -> Floats:
        fit = fit_at(some, at)
        value = fit.log_likelihoods(some.vi + at[:, None])[int(reml)]
        np.copyto(bounds[0], at, where=value >= cut)
        np.copyto(bounds[1], at, where=value < cut)
        slope = likelihood_slopes(fit, reml)[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            new = at - (value - cut) / slope
        low, high = bounds.min(axis=0), bounds.max(axis=0)
        return np.where((new > low) & (new < high), new, 0.5 * (low + high))

    start = 0.5 * (inside + outside)
    return iterate(data, step, start, np.stack([inside, outside]))[0]
