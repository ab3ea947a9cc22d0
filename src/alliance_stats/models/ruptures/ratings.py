"""From sessions to the ratings of patients over their session numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.centering import refuse_centered
from alliance_stats.data.roles import Roles
from alliance_stats.data.units import Codes, Floats, float_values, units_seen
from alliance_stats.models.ruptures.rule import Rule
from alliance_stats.models.ruptures.series import Series
from alliance_stats.models.ruptures.simulate import Scale

Ends = Literal["observed"] | tuple[float, float] | None
#: More different ratings than this are taken for a continuous scale.
_MOST_VALUES = 400


@dataclass(frozen=True, eq=False)
class Ratings:
    """The ratings of the patients in an analysis.

    Attributes
    ----------
    series : Series
    patients : list
        Identifiers.
    first : ndarray
        Session number of each patient's first rating.
    n_patients : int
        Patients in the file.
    dropped : dict of str to int
        Patients left out, by the first reason that applies.
    n_unrated : int
        Sessions in the file without a rating.
    scale : Scale
    ends : str
        Where the ends of the scale come from, in words.
    """

    series: Series
    patients: list[object]
    first: Codes
    n_patients: int
    dropped: dict[str, int]
    n_unrated: int
    scale: Scale
    ends: str

    def counts(self) -> dict[str, int]:
        """Ratings and patients in the analysis."""
        return {"session": int(self.series.seen.sum()), "patient": len(self.patients)}

    def messages(self) -> tuple[str, ...]:
        """Patients left out, by cause."""
        if not self.dropped:
            return ()
        total = sum(self.dropped.values())
        causes = ", ".join(f"{reason}: {n:,}" for reason, n in self.dropped.items())
        return (f"{total:,} of {counted(self.n_patients, 'patient')} left out ({causes}).",)


def ratings_from(
    frame: pd.DataFrame, roles: Roles, rule: Rule, *, ends: Ends, step: float | str | None
) -> Ratings:
    """Ratings over session numbers; patients who cannot be judged are left out and counted."""
    codes, labels = units_seen(frame, roles.patient)
    values, session = float_values(frame, roles.alliance), _whole_sessions(frame, roles)
    refuse_centered(frame, roles.alliance, codes)
    rated = ~np.isnan(values) & (codes >= 0)
    if not rated.any():
        raise DataError(
            f"column '{roles.alliance}' holds no rating in {counted(len(frame), 'session')}. "
            "Give the column of the alliance: roles=Roles(alliance=…)."
        )
    scale, words = _scale(values[rated], ends, step)
    kept, dropped = _judged(values[rated], session[rated], codes[rated], len(labels), rule)
    if not kept.any():
        causes = ", ".join(f"{reason}: {n:,}" for reason, n in dropped.items())
        raise DataError(
            f"none of {counted(len(labels), 'patient')} can be judged ({causes}). Ruptures need "
            f"at least {rule.min_sessions} ratings of '{roles.alliance}' that differ; give more "
            "sessions, or with rule='criterion' a standard deviation that is not the patient's "
            "own (sd='pooled' or a number) and fewer min_sessions."
        )
    rows = rated.copy()
    rows[rated] = kept[codes[rated]]
    series, first = _grid(values[rows], session[rows], (np.cumsum(kept) - 1)[codes[rows]])
    _check_pairs(series)
    return Ratings(
        series, [label for label, keep in zip(labels, kept, strict=True) if keep], first,
        len(labels), dropped, int((~rated).sum()), scale, words,
    )  # fmt: skip


def _whole_sessions(frame: pd.DataFrame, roles: Roles) -> Codes:
    session = float_values(frame, roles.session)
    if not (session == np.rint(session)).all():
        raise DataError(
            f"column '{roles.session}' holds session numbers that are not whole: neighbouring "
            "sessions cannot be told. Give the column that counts sessions."
        )
    return session.astype(np.int64)


def _judged(
    values: Floats, session: Codes, codes: Codes, n: int, rule: Rule
) -> tuple[np.ndarray, dict[str, int]]:
    """Patients with enough ratings that differ, and counts of the others."""
    n_ratings = np.bincount(codes, minlength=n)
    low, high = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(low, codes, values)
    np.maximum.at(high, codes, values)
    order = np.lexsort((session, codes))
    near = (np.diff(session[order]) == 1) & (np.diff(codes[order]) == 0)
    n_pairs = np.bincount(codes[order][1:][near], minlength=n)
    reasons = {
        f"fewer than {rule.min_sessions} ratings": n_ratings < rule.min_sessions,
        "all ratings equal": high <= low,
    }
    if rule.name == "control_chart":
        reasons["no neighbouring sessions rated"] = n_pairs == 0
    keep, dropped = np.ones(n, dtype=bool), {}
    for reason, gone in reasons.items():
        if (count := int((keep & gone).sum())) > 0:
            dropped[reason] = count
        keep &= ~gone
    return keep, dropped


def _grid(values: Floats, session: Codes, patient: Codes) -> tuple[Series, Codes]:
    """Ratings over session numbers counted from the patient's first rated one."""
    n = int(patient.max()) + 1
    first = np.full(n, np.iinfo(np.int64).max)
    np.minimum.at(first, patient, session)
    place = session - first[patient]
    y = np.full((int(place.max()) + 1, n, 1), np.nan)
    y[place, patient, 0] = values
    return Series(y, ~np.isnan(y[:, :, 0])), first


def _check_pairs(series: Series) -> None:
    if not series.pairs.any():
        raise DataError(
            "no two neighbouring sessions of a patient are both rated: ratings that follow each "
            "other are what ruptures are found in. Number the sessions 1, 2, 3 … in the order of "
            "the ratings."
        )


def _scale(values: Floats, ends: Ends, step: float | str | None) -> tuple[Scale, str]:
    """Ends and steps of the scale as given, or as the ratings show them."""
    low, high, words = _ends(values, ends)
    if step == "observed":
        return Scale(low, high, _observed_step(values)), words
    if step is not None and (
        isinstance(step, bool | str) or not isinstance(step, int | float) or not 0 < step < np.inf
    ):
        raise ArgumentError(
            f"step={step!r} is not a step between ratings. Give a number such as 1, 'observed', or "
            "None for a continuous scale."
        )
    return Scale(low, high, step), words


def _ends(values: Floats, ends: Ends) -> tuple[float, float, str]:
    seen = float(values.min()), float(values.max())
    if ends is None:
        return -np.inf, np.inf, "no ends"
    if isinstance(ends, str):
        if ends != "observed":
            raise ArgumentError(
                f"scale={ends!r} is not known. Give (lowest, highest), 'observed', or None for no "
                "ends."
            )
        return (*seen, "the lowest and highest rating of the file")
    pair = list(ends) if isinstance(ends, tuple | list) else []
    numbers = all(isinstance(e, int | float | np.number) and not isinstance(e, bool) for e in pair)
    if len(pair) != 2 or not numbers or not pair[0] < pair[1]:
        raise ArgumentError(
            f"scale={ends!r} is not two rising numbers. Give the lowest and the highest possible "
            "rating, such as (12, 84)."
        )
    if seen[0] < pair[0] or seen[1] > pair[1]:
        raise DataError(
            f"ratings run from {seen[0]:g} to {seen[1]:g}, beyond scale=({pair[0]:g}, "
            f"{pair[1]:g}). Correct the ratings or the ends."
        )
    return float(pair[0]), float(pair[1]), "as given"


def _observed_step(values: Floats) -> float | None:
    """The step of which all differences of ratings are multiples; None for a continuous scale."""
    distinct = np.unique(values)
    if not 2 <= len(distinct) <= _MOST_VALUES:
        return None
    step = float(np.diff(distinct).min())
    multiples = (distinct - distinct[0]) / step
    return step if np.abs(multiples - np.rint(multiples)).max() < 1e-6 else None
