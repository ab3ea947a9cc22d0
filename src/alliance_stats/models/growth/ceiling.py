"""Ratings at the top of the scale, and the alliance's slope when they count as cut off there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.units import float_values, units_seen
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.censored.fit import CensoredFit, fit_censored
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.tables import test_table
from alliance_stats.models.growth.prepare import PreparedGrowth


@dataclass(frozen=True, eq=False)
class Ceiling:
    """How much of the alliance lies at its maximum, and what that does to its slope.

    Attributes
    ----------
    limit : float
        The maximum: as given, or the highest rating of the file.
    given : bool
        Whether it was given.
    n_at, n_ratings : int
        Ratings at the maximum, and all.
    n_patients_at, n_patients : int
        Patients with all ratings there, and all with ratings.
    rows : DataFrame
        The linear slope of random-intercept models by ML without and with censoring:
        ``model estimate se statistic df p_value ci_low ci_high sd_patient sd_residual``.
    converged : bool
    """

    limit: float
    given: bool
    n_at: int
    n_ratings: int
    n_patients_at: int
    n_patients: int
    rows: pd.DataFrame
    converged: bool

    @property
    def share(self) -> float:
        """Share of ratings at the maximum."""
        return self.n_at / self.n_ratings

    def words(self, column: str) -> str:
        """The share in a sentence."""
        whose = "the scale's maximum" if self.given else "the highest rating in the file"
        return (
            f"{self.n_at:,} of {self.n_ratings:,} ratings of {column} ({100 * self.share:.0f}%) "
            f"are at {self.limit:g}, {whose}; {self.n_patients_at:,} of {self.n_patients:,} "
            "patients have no other rating."
        )


def fit_ceiling(prepared: PreparedGrowth, limit: float | None) -> Ceiling:
    """Count ratings at the maximum, and fit the linear slope with and without censoring there."""
    roles = prepared.roles
    frame = prepared.frame[prepared.frame[roles.alliance].notna()]
    y = float_values(frame, roles.alliance)
    top = _limit(limit, y, roles.alliance)
    at = y >= top
    patient, labels = units_seen(frame, roles.patient)
    _check_below(y, at, roles.alliance, top)
    all_at = np.bincount(patient, weights=at) == np.bincount(patient)
    x = np.column_stack([np.ones(len(y)), float_values(frame, prepared.time)])
    fit = fit_censored(y, x, patient, limit=top)
    return Ceiling(
        limit=top, given=limit is not None, n_at=int(at.sum()), n_ratings=len(y),
        n_patients_at=int(all_at.sum()), n_patients=len(labels),
        rows=_rows(prepared, frame, fit), converged=fit.converged,
    )  # fmt: skip


def _limit(limit: float | None, y: np.ndarray, column: str) -> float:
    if limit is None:
        return float(y.max())
    if isinstance(limit, bool) or not isinstance(limit, int | float | np.number):
        raise ArgumentError(
            f"alliance_max={limit!r} is not a number. Give the highest possible {column}."
        )
    if y.max() > limit:
        raise ArgumentError(
            f"alliance_max={limit:g} is below the highest rating of '{column}': {y.max():g}. "
            "Give the highest value that the scale can take."
        )
    return float(limit)


def _check_below(y: np.ndarray, at: np.ndarray, column: str, top: float) -> None:
    if (~at).any() and np.ptp(y[~at]) > 0:
        return
    raise DataError(
        f"{int(at.sum()):,} of {len(y):,} ratings of '{column}' are at the maximum {top:g}, and "
        "those below do not vary: the ceiling leaves no course to describe. Check the column, or "
        "alliance_max=."
    )


def _rows(prepared: PreparedGrowth, frame: pd.DataFrame, fit: CensoredFit) -> pd.DataFrame:
    """The slope without and with censoring, both by ML with normal tests."""
    roles, time = prepared.roles, prepared.time
    formula = (
        f"{quote_name(roles.alliance)} ~ {quote_name(time)} + (1 | {quote_name(roles.patient)})"
    )
    plain = fit_quietly(formula, frame, reml=False)
    slope = plain.tidy(ddf="normal").set_index("term").loc[time]
    table = test_table(
        ("without censoring", "with censoring"),
        np.array([slope["estimate"], fit.beta[1]]),
        np.array([slope["se"], np.sqrt(fit.covariance[1, 1])]),
        np.array([np.inf, np.inf]),
        0.95,
    ).rename(columns={"term": "model"})
    between = float(np.sqrt(plain.covariances[roles.patient].to_numpy()[0, 0]))
    return table.assign(sd_patient=[between, fit.tau], sd_residual=[plain.sigma, fit.sigma])
