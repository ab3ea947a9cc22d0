"""Two ratings of the same sessions: their columns, their common scale, and their difference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from alliance_stats._base.checks import columns_present, name_list, numeric_column, one_of
from alliance_stats._base.errors import ArgumentError, DataError, UnsupportedError
from alliance_stats.data.centering import derived_name
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import TherapistChange
from alliance_stats.models.prepare import TIMES, PreparedSessions, Time, TimeColumn, check_clock

Scale = tuple[float, float]
Scales = Scale | Mapping[str, Scale]

#: A part of a rating that varies by less than this share of its SD is constant.
FLAT = 1e-9
WHERE = {"within": "within patients", "therapist_between": "between therapists"}
#: Roles that a rating may have had.
OPTIONAL = ("alliance_therapist", "baseline", "treatment", "site", "ended", "time")
#: Observed ranges that share less than this of what they cover together are no common scale.
LEAST_OVERLAP = 0.4
#: A column that correlates as closely with the difference of two ratings is that difference.
SAME = 0.9999


def rating_column(wanted: str, roles: Roles, *, name: str) -> str:
    """The column of the rater ``"patient"`` or ``"therapist"`` by its role, or a column as it is.

    >>> rating_column("patient", Roles(alliance="wai_total"), name="truth")
    'wai_total'
    """
    if not isinstance(wanted, str) or not wanted:
        raise ArgumentError(
            f"{name}={wanted!r} is no rater and no column. Give 'patient', 'therapist' or the name "
            "of a column such as 'wai_observer'."
        )
    if wanted == "therapist" and roles.alliance_therapist is None:
        raise ArgumentError(
            f"{name}='therapist' needs the role alliance_therapist: which column holds the "
            "therapist's rating? Give roles=Roles(alliance_therapist=…), or the column itself."
        )
    raters = {"patient": roles.alliance, "therapist": roles.alliance_therapist}
    return str(raters.get(wanted, wanted))


def rating_pair(
    data: SessionData,
    roles: Roles,
    wanted: Mapping[str, str],
    scale: Scales | None,
    *,
    outcome: str | None = None,
) -> tuple[tuple[str, str], Scale | None]:
    """The columns of two ratings, by argument, and the scale that both have, if it is given.

    Raises
    ------
    ArgumentError
        For one column twice, an identifier, the `outcome`, a scale that is none.
    DataError
        For columns that are missing or no numbers, values beyond the scale, and ratings that do
        not have one scale.
    """
    first, second = (rating_column(value, roles, name=name) for name, value in wanted.items())
    names = " and ".join(wanted)
    taken = (roles.patient, roles.session, roles.therapist, outcome)
    if first == second or first in taken or second in taken:
        raise ArgumentError(
            f"{names} are '{first}' and '{second}': one column twice, the outcome or an "
            "identifier. Give two ratings."
        )
    columns_present(data.frame, [first, second])
    for column in (first, second):
        numeric_column(data.frame, column)
    return (first, second), common_scale(data.frame, (first, second), scale)


def check_choices(
    time: Time, time_column: TimeColumn, therapist_change: TherapistChange, reml: bool
) -> None:
    """Raise for unknown arguments of models of two ratings, and for those that do not combine."""
    one_of(time, TIMES, name="time")
    one_of(reml, (True, False), name="reml")
    one_of(therapist_change, ("raise", "first", "dyad", "crossed"), name="therapist_change")
    check_clock(time, time_column)
    if therapist_change in ("dyad", "crossed"):
        raise UnsupportedError(
            f"therapist_change={therapist_change!r} is not available here: both ratings need one "
            "centre a patient, and one therapist. Use 'first'."
        )


def common_scale(
    frame: pd.DataFrame, columns: tuple[str, str], scale: Scales | None
) -> Scale | None:
    """Check that both ratings have one scale: the one given, else by what is observed."""
    if scale is None:
        _check_observed(frame, columns)
        return None
    scales = _scales(scale, columns)
    if len(set(scales.values())) > 1:
        raise DataError(_not_common("have the scales", scales))
    for column, (low, high) in scales.items():
        values = frame[column].to_numpy(dtype=float, na_value=np.nan)
        outside = int(((values < low) | (values > high)).sum())
        if outside:
            raise DataError(
                f"column '{column}' has {outside:,} values outside scale=({low:g}, {high:g}): it "
                f"runs from {np.nanmin(values):g} to {np.nanmax(values):g}. Correct the scale or "
                "the data."
            )
    return scales[columns[0]]


def _scales(scale: Scales, columns: tuple[str, str]) -> dict[str, Scale]:
    """The scale of each column, checked."""
    if isinstance(scale, Mapping):
        if set(scale) != set(columns):
            raise ArgumentError(
                f"scale names {', '.join(map(str, scale))}, but the ratings are "
                f"{', '.join(columns)}. Give the lowest and highest possible score of both."
            )
        given = {column: scale[column] for column in columns}
    else:
        given = dict.fromkeys(columns, scale)
    return {column: _ends(ends) for column, ends in given.items()}


def _ends(ends: object) -> Scale:
    found = list(ends) if isinstance(ends, tuple | list) else []
    numbers = [v for v in found if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(found) != 2 or len(numbers) != 2 or not numbers[0] < numbers[1]:
        raise ArgumentError(
            f"scale={ends!r} is not the lowest and the highest possible score. Give two numbers "
            "such as (12, 60)."
        )
    return float(numbers[0]), float(numbers[1])


def _check_observed(frame: pd.DataFrame, columns: tuple[str, str]) -> None:
    """Raise where the observed ranges of two ratings can hardly be those of one scale."""
    ranges = {}
    for column in columns:
        values = frame[column].to_numpy(dtype=float, na_value=np.nan)
        if np.isnan(values).all():
            raise DataError(f"column '{column}' is empty. Give another rating.")
        ranges[column] = (float(np.nanmin(values)), float(np.nanmax(values)))
        if ranges[column][0] == ranges[column][1]:
            raise DataError(f"column '{column}' is constant. Nothing can agree with it.")
    (low, high), (other_low, other_high) = ranges.values()
    shared = min(high, other_high) - max(low, other_low)
    whole = max(high, other_high) - min(low, other_low)
    if shared < LEAST_OVERLAP * whole:
        raise DataError(
            _not_common("run", ranges) + " If they do have one scale, give it: scale=(low, high)."
        )


def _not_common(verb: str, scales: Mapping[str, Scale]) -> str:
    """That two ratings have no common scale, and what to do."""
    words = {"run": "from {0:g} to {1:g}"}.get(verb, "{0:g} to {1:g}")
    seen = " and ".join(f"{words.format(*ends)} ('{name}')" for name, ends in scales.items())
    formulas = "; ".join(
        f"100 * (f['{name}'] - {low:g}) / ({high:g} - {low:g})"
        for name, (low, high) in scales.items()
    )
    advice = formulas if verb != "run" else "100 * (score - lowest) / (highest - lowest)"
    return (
        f"the two ratings {verb} {seen}: agreement of a patient and a therapist has no meaning on "
        "different scales. Rescale both to the percent of the maximum possible (POMP) first: "
        f"{advice} — if equal percentages do mean the same."
    )


def check_parts(prepared: PreparedSessions, column: str, effects: Sequence[str]) -> None:
    """Raise DataError for the first part of a rating that does not vary."""
    frame = prepared.frame
    if not frame[prepared.roles.patient].duplicated().any():
        return  # one session a patient is said elsewhere
    least = FLAT * float(frame[column].astype(float).std())
    for effect in effects:
        if not (frame[derived_name(column, effect)].abs() > least).any():
            where = WHERE.get(effect, "between patients")
            raise DataError(
                f"column '{column}' does not vary {where}, so that nothing can follow it, or agree "
                "with it, there. Give a rating that does."
            )


def checked_columns(wanted: Sequence[str], *, name: str, taken: Sequence[str | None]) -> list[str]:
    """The columns of an argument: a list of texts, each once, none of those `taken`."""
    if isinstance(wanted, str) or not all(isinstance(column, str) for column in wanted):
        raise ArgumentError(f"{name}={wanted!r}: give a list of columns, such as ['treatment'].")
    refused = [c for c in wanted if c in taken or list(wanted).count(c) > 1]
    if refused:
        raise ArgumentError(
            f"{name}: {name_list(dict.fromkeys(refused))} is in the model already (a rating, the "
            "outcome or time), an identifier, or named twice. Give other columns, each once."
        )
    return list(wanted)


def refuse_differences(
    frame: pd.DataFrame, columns: Sequence[str], pair: tuple[str, str], *, name: str
) -> None:
    """Raise DataError where a column is the difference of two ratings, its size or its square."""
    first, second = (frame[c].to_numpy(dtype=float, na_value=np.nan) for c in pair)
    gap = first - second
    for column in columns:
        if not pd.api.types.is_numeric_dtype(frame[column]):
            continue
        values = frame[column].to_numpy(dtype=float, na_value=np.nan)
        for kind in (gap, np.abs(gap), gap**2):
            if _same(values, kind):
                raise DataError(
                    f"{name}: column '{column}' is a difference score of '{pair[0]}' and "
                    f"'{pair[1]}'. As a predictor it forces equal and opposite effects on the two "
                    "ratings, so that an effect of one of them alone looks like one of agreement. "
                    "Leave it out; fit_response_surface has both ratings, their squares and their "
                    "product, and tests those constraints."
                )


def _same(values: np.ndarray, other: np.ndarray) -> bool:
    """Whether two columns are one up to a linear change and rounding."""
    known = np.isfinite(values) & np.isfinite(other)
    if known.sum() < 3:
        return False
    a, b = (v[known] - v[known].mean() for v in (values, other))
    size = np.sqrt((a @ a) * (b @ b))
    return bool(size > 0 and abs(a @ b) >= SAME * size)


def with_ratings(roles: Roles, **ratings: str) -> Roles:
    """Roles with other columns in some of them; roles that had these columns before are left out.

    >>> with_ratings(Roles(alliance_therapist="t"), alliance="t").alliance_therapist is None
    True
    """
    gone = [role for role in OPTIONAL if getattr(roles, role) in ratings.values()]
    return replace(roles, **(dict.fromkeys(gone) | ratings))  # type: ignore[arg-type]
