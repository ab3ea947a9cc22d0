"""Which sessions are at risk of which event: from how therapy ended, or from columns of 0 and 1.

A session ends a therapy or is followed by another one. Whether a patient returns after the last
session is known only if it is said how therapy ended: where it was going on when the data closed,
that session is not at risk.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import agree, columns_present, counted, did_you_mean, name_list
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.roles import Roles
from alliance_stats.data.units import Codes, float_values, unit_codes
from alliance_stats.models.event.specification import EventSpecification

Flags = NDArray[np.bool_]

#: Endings that compete, and endings that only close the data, where nothing else is said.
COMPETING, CENSORED = "agreed", "ongoing"
_MOST_ENDINGS = 10


@dataclass(frozen=True, eq=False)
class Endings:
    """What is known to have come after every session.

    Attributes
    ----------
    event, competing : array of bool, one a session
        The event came, or the competing one.
    known : array of bool
        What came after is known; the others are not at risk.
    reasons : dict of str to int
        Sessions not at risk, by reason.
    """

    event: Flags
    competing: Flags
    known: Flags
    reasons: dict[str, int]


def is_ending(frame: pd.DataFrame, roles: Roles, event: object) -> bool:
    """Whether `event` is a way in which therapy ended, not a column of 0 and 1.

    Raises ArgumentError if it is neither.
    """
    ended = roles.ended
    if not isinstance(event, str) or not event:
        raise ArgumentError(f"event={event!r} is not a text. Give one such as 'dropout'.")
    ways = [] if ended is None else _ways(frame, ended)
    if event in ways:
        return True
    if event in frame.columns and event != ended:
        return False
    if ended is None:
        raise ArgumentError(
            f"event={event!r} is not known: no role 'ended' says how therapy ended, and no column "
            f"has this name.{did_you_mean(event, frame.columns)} Give roles=Roles(ended=…), or "
            "the column that is 1 where the event came."
        )
    raise ArgumentError(
        f"event={event!r} is not known: column '{ended}' (role 'ended') does not hold it, and no "
        f"column has this name.{did_you_mean(event, [*ways, *frame.columns])} "
        f"{_held(ended, ways)}"
    )


def ways_of_ending(
    frame: pd.DataFrame, ended: str, event: str, competing: object, censored: object
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The endings that compete with the event and those that close the data, all accounted for."""
    ways = [way for way in _ways(frame, ended) if way != event]
    found = []
    for name, given, usual in (
        ("competing", competing, COMPETING), ("censored", censored, CENSORED)
    ):  # fmt: skip
        named = tuple([usual] if usual in ways else []) if given is None else _texts(given, name)
        unknown = [way for way in named if way not in ways]
        if unknown:
            raise ArgumentError(
                f"{name}={unknown[0]!r} is not known.{did_you_mean(unknown[0], ways)} "
                f"{_held(ended, ways)}"
            )
        found.append(named)
    chosen, closed = found
    _check_all_named(ended, ways, chosen, closed)
    return chosen, closed


def _check_all_named(
    ended: str, ways: list[str], competing: tuple[str, ...], censored: tuple[str, ...]
) -> None:
    twice = set(competing) & set(censored)
    if twice:
        raise ArgumentError(
            f"{sorted(twice)[0]!r} is named in competing and in censored. Name it in one of them."
        )
    left = [way for way in ways if way not in (*competing, *censored)]
    if left:
        n = len(left)
        raise ArgumentError(
            f"column '{ended}' holds {agree(n, 'an ending', 'endings')} that neither competing nor "
            f"censored names: {name_list(left)}. Say what {agree(n, 'it is', 'they are')}: a "
            "competing event (competing=[…]), or the mere end of observation (censored=[…])."
        )


def endings_of_therapy(
    frame: pd.DataFrame, roles: Roles, chosen: EventSpecification, patient: Codes
) -> Endings:
    """Events at the last session of every patient, from the role ``ended``."""
    session = float_values(frame, roles.session)
    last = np.full(int(patient.max()) + 1, -np.inf)
    np.maximum.at(last, patient, session)
    at_end = session == last[patient]
    way = _way_of_patient(frame, str(roles.ended), patient)[patient]
    event = at_end & (way == chosen.event)
    competing = at_end & np.isin(way, chosen.competing)
    closed = at_end & np.isin(way, chosen.censored)
    unknown = at_end & (way == "")
    reasons = {
        f"last session before the data closed ({' or '.join(chosen.censored)})": int(closed.sum()),
        f"last session of a patient without '{roles.ended}'": int(unknown.sum()),
    }
    return Endings(event, competing, ~closed & ~unknown, reasons)


def endings_by_period(
    frame: pd.DataFrame, roles: Roles, chosen: EventSpecification, patient: Codes, allowed: Flags
) -> Endings:
    """Events from columns of 0 and 1, one row a period; only `allowed` rows are looked at."""
    names = (chosen.event, *chosen.competing)
    columns = {name: _zero_one(frame, name) for name in names}
    event, competing = columns[chosen.event], np.zeros(len(frame))
    for name in chosen.competing:
        competing = np.fmax(competing, columns[name])
    known = allowed & ~np.isnan(np.sum(list(columns.values()), axis=0))
    both = int((known & (event == 1) & (competing == 1)).sum())
    if both:
        raise DataError(
            f"the event '{chosen.event}' and the competing one both come in "
            f"{counted(both, 'row')}. Say which of them came first."
        )
    came = known & ((event == 1) | (competing == 1))
    _check_nothing_after(frame, roles, chosen.event, patient, came, allowed)
    reasons = {f"'{chosen.event}' missing": int((allowed & ~known).sum())}
    return Endings(known & (event == 1), known & (competing == 1), known, reasons)


def rows_at_risk(frame: pd.DataFrame, column: str | None) -> Flags:
    """Rows that the user's own column says are at risk."""
    if column is None:
        return np.ones(len(frame), dtype=bool)
    return _zero_one(frame, column) == 1


def _check_nothing_after(
    frame: pd.DataFrame, roles: Roles, event: str, patient: Codes, came: Flags, allowed: Flags
) -> None:
    session = float_values(frame, roles.session)
    first = np.full(int(patient.max()) + 1, np.inf)
    np.minimum.at(first, patient[came], session[came])
    after = allowed & (session > first[patient])
    if after.any():
        n = len(np.unique(patient[after]))
        raise DataError(
            f"{counted(int(after.sum()), 'row')} of {counted(n, 'patient')} "
            f"{agree(int(after.sum()), 'comes', 'come')} after '{event}' or the competing event. "
            "Nobody is at risk after it: leave these rows out, or give at_risk= a column that is "
            "0 there."
        )


def _zero_one(frame: pd.DataFrame, name: str) -> np.ndarray:
    columns_present(frame, [name])
    column = frame[name]
    plain = pd.api.types.is_numeric_dtype(column) or pd.api.types.is_bool_dtype(column)
    values = float_values(frame, name) if plain else np.full(len(frame), 2.0)
    bad = int((~np.isnan(values) & ~np.isin(values, (0.0, 1.0))).sum())
    if bad:
        raise DataError(
            f"column '{name}' is not 0 and 1: {counted(bad, 'other cell')} of {len(frame):,}. "
            f"Make it so: (frame['{name}'] == …).astype(int)."
        )
    return values


def _ways(frame: pd.DataFrame, ended: str) -> list[str]:
    """The ways in which therapies ended, as texts, in order of appearance."""
    return [_as_text(way) for way in frame[ended].dropna().unique()]


def _as_text(way: object) -> str:
    """An ending as text; a whole number as a file writes it."""
    whole = isinstance(way, float) and way.is_integer()
    return str(int(way)) if whole else str(way)  # type: ignore[call-overload]


def _way_of_patient(frame: pd.DataFrame, ended: str, patient: Codes) -> NDArray[np.object_]:
    """The one way in which every patient's therapy ended; empty where none is known."""
    codes, n_ways = unit_codes(frame, ended)
    known = codes >= 0
    pairs = np.unique(np.column_stack([patient[known], codes[known]]), axis=0)
    n = int(patient.max()) + 1
    several = int((np.bincount(pairs[:, 0], minlength=n) > 1).sum())
    if several:
        raise DataError(
            f"column '{ended}' (role 'ended') differs between the sessions of "
            f"{counted(several, 'patient')}. Give how the whole therapy ended on every row, or on "
            "the last one only."
        )
    names = np.array(_ways(frame, ended), dtype=object)
    way = np.full(n, "", dtype=object)
    way[pairs[:, 0]] = names[pairs[:, 1]] if n_ways else ""
    return way


def _texts(given: object, name: str) -> tuple[str, ...]:
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list | tuple) or not all(isinstance(t, str) for t in texts):
        raise ArgumentError(
            f"{name}={given!r} is not a list of texts. Give one such as ['agreed']."
        )
    if len(set(texts)) < len(texts):
        raise ArgumentError(f"{name}={list(texts)!r} names one twice. Give each once.")
    return tuple(texts)


def _held(ended: str, ways: list[str]) -> str:
    """What a column of endings holds; not shown where it seems to hold free text."""
    if len(ways) > _MOST_ENDINGS:
        return f"Column '{ended}' holds {len(ways):,} different endings."
    return f"Column '{ended}' holds: {name_list(ways)}."


def competing_columns(competing: object) -> tuple[str, ...]:
    """Names of the columns of competing events, where events are columns of 0 and 1."""
    return () if competing is None else _texts(competing, "competing")
