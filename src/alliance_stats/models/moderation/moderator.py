"""What moderates the alliance: a column of treatments or of numbers, of patients or of sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, columns_present, counted, name_list, numeric_column
from alliance_stats._base.errors import ArgumentError, DataError, UnsupportedError
from alliance_stats.data.roles import COLUMN_ROLES, Roles
from alliance_stats.models.prepare import TimeColumn, clock_of

Kind = Literal["categorical", "continuous", "session"]

#: Most treatments or groups that are compared pair by pair.
MAX_LEVELS = 12
#: Roles that cannot moderate, and why.
_REFUSED = {
    "patient": "identifies patients",
    "alliance": "is the alliance itself",
    "outcome": "is the outcome",
    "therapist": "identifies therapists, and one slope a therapist is not a moderator: let the "
    "effect differ between them with random_slopes={'therapist': ['within']}",
}


@dataclass(frozen=True, eq=False)
class Moderator:
    """One moderator, read from the sessions.

    Attributes
    ----------
    column : str
    kind : {"categorical", "continuous", "session"}
        Groups of patients; a number for each patient; a number for each session.
    levels : tuple of str
        Groups, the reference first; empty for numbers.
    free : tuple of str
        Groups in which no session has a therapist, where others have.
    values : Series
        The column as the model uses it: labels as text, or numbers.
    """

    column: str
    kind: Kind
    levels: tuple[str, ...]
    free: tuple[str, ...]
    values: pd.Series


def read_moderator(
    frame: pd.DataFrame,
    roles: Roles,
    moderator: object,
    *,
    reference: str | None,
    time_column: TimeColumn,
) -> Moderator:
    """Find the column, say what kind it is, and refuse what cannot moderate.

    Text, categories, truth values, numbers with two values and the role ``treatment`` are groups.
    Other numbers are continuous: of patients where they never vary within one, of sessions where
    they do in at least half of the patients with several.
    """
    column = _column(frame, roles, moderator)
    _refuse(roles, column, time_column)
    given = frame[column]
    if given.isna().all():
        raise DataError(f"moderator '{column}' is empty in all {counted(len(frame), 'session')}.")
    if _n_values(given) < 2:
        raise DataError(
            f"moderator '{column}' does not vary: all sessions have one value. There is nothing "
            "to compare; use fit_within_between."
        )
    if _is_categorical(given) or column == roles.treatment:
        return _groups(frame, roles, column, reference)
    if reference is not None:
        raise ArgumentError(
            f"reference={reference!r} would be ignored: moderator '{column}' is continuous. "
            "Leave it out, or give at=(low, high)."
        )
    numeric_column(frame, column, what="moderator")
    values = given.astype(float)
    kind: Kind = "session" if _varies_within(frame, roles, column) else "continuous"
    return Moderator(column, kind, (), (), values)


def _n_values(column: pd.Series) -> int:
    """How many different values a column has; raises where they cannot be compared."""
    try:
        return int(column.nunique())
    except TypeError:
        raise DataError(
            f"moderator '{column.name}' holds lists or other containers. Give text or numbers."
        ) from None


def _column(frame: pd.DataFrame, roles: Roles, moderator: object) -> str:
    """The column of a role, or a column by its name."""
    if not isinstance(moderator, str) or not moderator:
        raise ArgumentError(
            f"moderator={moderator!r} is no name. Give a role, such as 'treatment', or a column."
        )
    of_role = getattr(roles, moderator) if moderator in COLUMN_ROLES else None
    if of_role is not None:
        return str(of_role)
    if moderator in COLUMN_ROLES and moderator not in frame.columns:
        raise ArgumentError(
            f"moderator={moderator!r} is a role without a column. Give "
            f"roles=Roles({moderator}=…), or moderator= with the name of a column."
        )
    columns_present(frame, [moderator])
    return moderator


def _refuse(roles: Roles, column: str, time_column: TimeColumn) -> None:
    for role, why in _REFUSED.items():
        if getattr(roles, role) == column:
            raise ArgumentError(f"moderator '{column}' {why}. Name another column.")
    if column in (roles.session, clock_of(roles, time_column)):
        raise ArgumentError(
            f"moderator '{column}' counts time, which the model holds already. Name another column."
        )


def _is_categorical(column: pd.Series) -> bool:
    kinds = pd.api.types
    if kinds.is_bool_dtype(column) or isinstance(column.dtype, pd.CategoricalDtype):
        return True
    if kinds.is_numeric_dtype(column):
        return bool(column.nunique() == 2)
    return not kinds.is_datetime64_any_dtype(column)


def _groups(frame: pd.DataFrame, roles: Roles, column: str, reference: str | None) -> Moderator:
    """Groups of patients, the reference first."""
    values = labels_of(frame[column])
    by_patient = values.groupby(frame[roles.patient], observed=True).nunique()
    if (n := int((by_patient > 1).sum())) > 0:
        raise UnsupportedError(
            f"moderator '{column}' changes within {counted(n, 'patient')} of {len(by_patient):,}: "
            "groups must be groups of patients. Give every patient one group, such as the first."
        )
    levels = _ordered(frame[column], values)
    if reference is not None:
        if str(reference) not in levels:
            raise ArgumentError(
                f"reference={reference!r} is no level of '{column}'. Levels: {name_list(levels)}."
            )
        levels = [str(reference), *(level for level in levels if level != str(reference))]
    if len(levels) > MAX_LEVELS:
        raise DataError(
            f"moderator '{column}' has {len(levels):,} levels; at most {MAX_LEVELS} groups can be "
            "compared. Join levels, or convert the column to numbers if it is continuous."
        )
    return Moderator(column, "categorical", tuple(levels), _free(frame, roles, values), values)


def labels_of(column: pd.Series) -> pd.Series:
    """Levels as text, whole numbers without a decimal point; missing ones stay missing.

    >>> labels_of(pd.Series([1.0, None, 2.0])).tolist()
    ['1', nan, '2']
    """
    codes, levels = pd.factorize(column)
    labels = np.array([*map(_label, levels), np.nan], dtype=object)  # code -1 is the last
    return pd.Series(labels[codes], index=column.index, dtype=object)


def _label(value: object) -> str:
    whole = isinstance(value, float | np.floating) and float(value).is_integer()
    return str(int(value)) if whole else str(value)  # type: ignore[call-overload]


def _ordered(column: pd.Series, values: pd.Series) -> list[str]:
    """Levels in the order of the categories, of the numbers or of the alphabet."""
    present = set(values.dropna())
    if isinstance(column.dtype, pd.CategoricalDtype):
        known = labels_of(pd.Series(column.cat.categories))
        return [level for level in known if level in present]
    if pd.api.types.is_numeric_dtype(column):
        return [str(level) for level in labels_of(pd.Series(np.sort(column.dropna().unique())))]
    return sorted(present)


def _free(frame: pd.DataFrame, roles: Roles, values: pd.Series) -> tuple[str, ...]:
    """Groups without any therapist, if others have one."""
    if roles.therapist is None:
        return ()
    seen = frame[roles.therapist].notna().groupby(values).any()
    return tuple(str(level) for level in seen.index[~seen]) if seen.any() else ()


def _varies_within(frame: pd.DataFrame, roles: Roles, column: str) -> bool:
    """Whether a number belongs to sessions; raises where only a few patients have several."""
    found = frame.groupby(roles.patient, observed=True)[column].agg(["nunique", "count"])
    several = found["count"] > 1
    varying = int((found["nunique"] > 1).sum())
    if not varying:
        return False
    if varying >= 0.5 * int(several.sum()):
        return True
    raise DataError(
        f"moderator '{column}' has several values in {counted(varying, 'patient')} of "
        f"{len(found):,}: it is neither one number a patient nor a rating of sessions. Correct "
        f"{agree(varying, 'that patient', 'those patients')}, or give a column with the patient's "
        "first value."
    )
