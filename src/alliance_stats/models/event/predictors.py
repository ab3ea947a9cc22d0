"""Predictors that are known at session t: made of the ratings up to it, never of later ones."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alliance_stats._base.checks import columns_present, counted
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.centering import refuse_centered
from alliance_stats.data.lags import previous_rows
from alliance_stats.data.roles import Roles
from alliance_stats.data.units import Codes, Floats, at_rows, float_values, unit_means, unit_sums

#: Values this close, in SDs, are the same.
_SAME = 1e-8


def carried_forward(rating: Floats, patient: Codes) -> Floats:
    """Ratings with every missing one replaced by the patient's last one before it.

    The rows are sorted by patient and session.

    >>> carried_forward(np.array([np.nan, 4, np.nan, np.nan]), np.array([0, 0, 0, 1])).tolist()
    [nan, 4.0, 4.0, nan]
    """
    return np.asarray(pd.Series(rating).groupby(patient).ffill(), dtype=float)


def running_mean(rating: Floats, patient: Codes) -> Floats:
    """Mean of the patient's ratings up to and including each session.

    >>> running_mean(np.array([4.0, np.nan, 6.0]), np.array([0, 0, 0])).tolist()
    [4.0, 4.0, 5.0]
    """
    known = ~np.isnan(rating)
    sums = pd.Series(np.where(known, rating, 0.0)).groupby(patient).cumsum().to_numpy()
    counts = pd.Series(known.astype(float)).groupby(patient).cumsum().to_numpy()
    return np.asarray(sums / np.where(counts > 0, counts, np.nan))


def change_from_last(rating: Floats, patient: Codes, session: Floats) -> Floats:
    """Rating less that of session t − 1 exactly; NaN at first sessions and after a gap.

    >>> change_from_last(np.array([4.0, 5, 7]), np.zeros(3, int), np.array([1.0, 2, 4])).tolist()
    [nan, 1.0, nan]
    """
    before = previous_rows(patient, np.arange(len(rating)), 1)
    next_to = (before >= 0) & (session - session[before] == 1)
    return np.where(next_to, rating - rating[before], np.nan)


def early_mean(rating: Floats, patient: Codes, session: Floats, window: tuple[int, int]) -> Floats:
    """Mean rating over the window; NaN before its last session, when it is not known yet."""
    inside = (session >= window[0]) & (session <= window[1])
    means = unit_means(np.where(inside, rating, np.nan), patient, int(patient.max()) + 1)
    return np.where(session >= window[1], at_rows(means, patient), np.nan)


def made_predictor(
    name: str, rating: Floats, filled: Floats, patient: Codes, session: Floats,
    window: tuple[int, int],
) -> Floats:  # fmt: skip
    """One predictor of the alliance at every session; rows sorted by patient and session.

    Means are of ratings that were made; `filled` are those with missing ones carried forward.
    """
    if name == "current":
        return filled
    if name == "change":
        return change_from_last(filled, patient, session)
    if name == "running_mean":
        return running_mean(rating, patient)
    return early_mean(rating, patient, session, window)


def check_covariates(
    frame: pd.DataFrame, roles: Roles, covariates: Sequence[str], taken: Sequence[str],
    patient: Codes,
) -> None:  # fmt: skip
    """Raise for covariates that are no columns, have a use already, or hold the future."""
    columns_present(frame, covariates)
    for name in covariates:
        if name in taken:
            raise ArgumentError(
                f"covariate '{name}' is in the model already, or is the name of a column that it "
                "makes. Leave it out, or rename it."
            )
        if not pd.api.types.is_numeric_dtype(frame[name]):
            continue
        refuse_centered(frame, name, patient)
        _refuse_future(frame, roles, name, patient)


def _refuse_future(frame: pd.DataFrame, roles: Roles, name: str, patient: Codes) -> None:
    """Raise for patient means of a rating, and for the length of therapy."""
    n = int(patient.max()) + 1
    values = float_values(frame, name)
    for words, of_patient in _known_afterwards(frame, roles, patient, n).items():
        if _same(values, at_rows(of_patient, patient)):
            raise DataError(
                f"covariate '{name}' holds {words}, which "
                f"{counted(n, 'patient')} have only when therapy is over: it contains the event's "
                "own timing. Give predictors known at the session, such as 'running_mean'."
            )


def _known_afterwards(
    frame: pd.DataFrame, roles: Roles, patient: Codes, n: int
) -> dict[str, Floats]:
    """Values of patients that nobody has before therapy is over, in words."""
    session = float_values(frame, roles.session)
    last = np.full(n, -np.inf)
    np.maximum.at(last, patient, session)
    found = {
        "the number of the last session": last,
        "the number of sessions attended": unit_sums(np.ones(len(patient)), patient, n)[0],
    }
    for column in (roles.alliance, roles.outcome):
        values = float_values(frame, column)
        means = unit_means(values, patient, n)
        if not _same(values, at_rows(means, patient)):  # else it was known from the start
            found[f"the patients' means of '{column}'"] = means
    return found


def _same(a: Floats, b: Floats) -> bool:
    """Whether two columns are equal in all rows in which both are known, and vary."""
    both = ~np.isnan(a) & ~np.isnan(b)
    spread = float(b[both].std()) if both.any() else 0.0
    return spread > 0 and bool(np.abs(a[both] - b[both]).max() <= _SAME * spread)
