"""Rows of a REDCap export: which are sessions, which belong to the record, which are left out."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import (
    agree,
    counted,
    did_you_mean,
    is_whole,
    name_list,
    row_places,
)
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.units import Codes
from alliance_stats.data.wide.patterns import parse_pattern

EVENT = "redcap_event_name"
INSTRUMENT = "redcap_repeat_instrument"
INSTANCE = "redcap_repeat_instance"
STRUCTURE = (EVENT, INSTRUMENT, INSTANCE)
_ARM = re.compile(r"_arm_\d+[a-z]?$")

Events = str | Mapping[str, int]


@dataclass(frozen=True, eq=False)
class Layout:
    """Event, repeating instrument and instance of every row; empty and 0 where there is none."""

    event: pd.Series
    instrument: pd.Series
    instance: Codes

    @property
    def repeats(self) -> np.ndarray:
        """Rows that are an instance of a repeating instrument or event."""
        return self.instance > 0

    def events(self) -> list[str]:
        """Events in the order of the export."""
        return [event for event in pd.unique(self.event) if event]


@dataclass(frozen=True, eq=False)
class Choice:
    """Which rows are sessions, and their numbers.

    Attributes
    ----------
    blocks : list of array
        Positions of the rows of each chosen instrument; they are joined by patient and number.
    number : array
        Number of the session of every row of the export; 0 where it is none.
    plain : array of bool
        Rows of the record that are no sessions: their fields are carried along.
    """

    blocks: list[np.ndarray]
    number: Codes
    plain: np.ndarray


def layout_of(frame: pd.DataFrame) -> Layout:
    """Read the structural columns.

    Raises
    ------
    DataError
        If instances are not whole numbers from 1.
    """
    instance = np.zeros(len(frame), dtype=np.int64)
    if INSTANCE in frame.columns:
        numbers = pd.to_numeric(frame[INSTANCE], errors="coerce").to_numpy(dtype=float)
        given = frame[INSTANCE].notna().to_numpy()
        bad = given & ~((numbers >= 1) & (numbers == np.floor(numbers)))
        if bad.any():
            raise DataError(
                f"column '{INSTANCE}' holds {counted(int(bad.sum()), 'cell')} that "
                f"{agree(int(bad.sum()), 'is', 'are')} no whole number from 1, first at "
                f"{row_places([int(np.flatnonzero(bad)[0])])}. Export the raw data again."
            )
        instance[given] = numbers[given].astype(np.int64)
    layout = Layout(_texts(frame, EVENT), _texts(frame, INSTRUMENT), instance)
    lost = (layout.instrument != "").to_numpy() & ~layout.repeats
    if lost.any():
        raise DataError(
            f"{counted(int(lost.sum()), 'row')} of a repeating instrument without a number in "
            f"'{INSTANCE}', first at {row_places([int(np.flatnonzero(lost)[0])])}. Export the "
            "data again with that column."
        )
    return layout


def choose_rows(
    layout: Layout, instrument: str | Sequence[str] | None, events: Events | None
) -> Choice:
    """Find the rows that are sessions: mapped events, or instances of what repeats.

    Raises
    ------
    ArgumentError
        If both ways are asked for at once, or an event or instrument is not in the export.
    DataError
        If it is not clear which rows are sessions.
    """
    if events is not None and not layout.events():
        raise ArgumentError(
            f"events={events!r} cannot be used: the export has no column '{EVENT}'. Leave it out."
        )
    if isinstance(events, Mapping) or (isinstance(events, str) and "{" in events):
        if instrument is not None:
            raise ArgumentError(
                "events numbers the sessions, and instrument= would be ignored. Give one of them, "
                "or the name of one event."
            )
        return _by_event(layout, _numbers_of_events(layout, events))
    if events is not None and not isinstance(events, str):
        raise ArgumentError(
            f"events={events!r} is not known. Give a mapping of events to numbers, a pattern such "
            "as 'session_{session}_arm_1', or the name of one event."
        )
    if events is not None and events not in layout.events():
        raise ArgumentError(
            f"event '{events}' is not in the export.{did_you_mean(events, layout.events())} "
            f"Events: {name_list(layout.events())}."
        )
    inside = np.ones(len(layout.event), dtype=bool)
    if events is not None:
        inside = (layout.event == events).to_numpy()
    return _by_instance(layout, instrument, inside)


def short_event(event: str) -> str:
    """An event without its arm.

    >>> short_event("intake_arm_1"), short_event("")
    ('intake', '')
    """
    return _ARM.sub("", event)


def _by_instance(
    layout: Layout, instrument: str | Sequence[str] | None, inside: np.ndarray
) -> Choice:
    """Sessions are the instances of the chosen instruments, or of the repeating event."""
    rows = layout.repeats & inside
    counts = layout.instrument[rows].value_counts(sort=False)
    if not len(counts):
        raise _nothing_repeats(layout, inside)
    if instrument is None:
        if len(counts) > 1:
            shown = name_list(
                f"{name or 'a repeating event'} ({counted(int(n), 'row')})"
                for name, n in counts.items()
            )
            raise DataError(
                f"{len(counts)} instruments repeat: {shown}. Say which are filled in once a "
                f"session, such as instrument={[name for name in counts.index if name][:1]!r}; "
                "several are joined by their instance."
            )
        chosen = [str(counts.index[0])]
    else:
        chosen = [instrument] if isinstance(instrument, str) else list(instrument)
        for name in chosen:
            if name not in counts.index or not name:
                raise ArgumentError(
                    f"instrument {name!r} does not repeat in the export."
                    f"{did_you_mean(str(name), counts.index)} Repeating: {name_list(counts.index)}."
                )
    taken = rows & layout.instrument.isin(chosen).to_numpy()
    number = np.where(taken, layout.instance, 0)
    blocks = [np.flatnonzero(taken & (layout.instrument == name).to_numpy()) for name in chosen]
    return Choice(blocks, number, ~layout.repeats)


def _nothing_repeats(layout: Layout, inside: np.ndarray) -> DataError:
    if not inside.all():
        return DataError(
            "nothing repeats in that event. To number several events as sessions, give a mapping "
            "such as events={'session_1_arm_1': 1, 'session_2_arm_1': 2}."
        )
    if layout.events():
        return DataError(
            "no instrument or event repeats, but the export has "
            f"{counted(len(layout.events()), 'event')}: {name_list(layout.events())}. Say which "
            "are sessions: events={'…': 1, '…': 2}, or a pattern such as "
            "events='session_{session}_arm_1'. The others are carried along."
        )
    return DataError(
        "no instrument repeats and there are no events: one row is one record. If its sessions "
        "stand side by side in numbered columns, read the file with load_sessions and use reshape."
    )


def _by_event(layout: Layout, numbers: Mapping[str, int]) -> Choice:
    """Sessions are the mapped events; other events are carried along, what repeats is left out."""
    number = layout.event.map(numbers).fillna(-1).to_numpy().astype(np.int64)
    plain = ~layout.repeats
    sessions = plain & layout.event.isin(list(numbers)).to_numpy()
    return Choice([np.flatnonzero(sessions)], np.where(sessions, number, 0), plain & ~sessions)


def _numbers_of_events(layout: Layout, events: Events) -> dict[str, int]:
    """The number of each event that is a session."""
    if isinstance(events, str):
        pattern = parse_pattern(events)
        parts = {event: pattern.match(event) for event in layout.events()}
        numbers = {event: int(found.session) for event, found in parts.items() if found}
        if not numbers:
            raise ArgumentError(
                f"events={events!r} matches no event. Events: {name_list(layout.events())}."
            )
        return numbers
    for event, number in events.items():
        whole = is_whole(number)
        if not whole:
            raise ArgumentError(
                f"events maps {event!r} to {number!r}. Map each event to a whole number."
            )
        if event not in layout.events():
            raise ArgumentError(
                f"event {event!r} is not in the export.{did_you_mean(str(event), layout.events())} "
                f"Events: {name_list(layout.events())}."
            )
    if not events:
        raise ArgumentError(f"events is empty. Events: {name_list(layout.events())}.")
    return {event: int(number) for event, number in events.items()}


def _texts(frame: pd.DataFrame, column: str) -> pd.Series:
    """A structural column as texts, empty where missing or where there is no such column."""
    if column not in frame.columns:
        return pd.Series([""] * len(frame), dtype=object)
    cells = ["" if pd.isna(cell) else str(cell).strip() for cell in frame[column]]
    return pd.Series(cells, dtype=object)
