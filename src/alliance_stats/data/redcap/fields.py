"""Fields of a REDCap export: which rows fill them, and what becomes of them in the frame."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted, name_list, row_places
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.redcap.rows import INSTANCE, INSTRUMENT, STRUCTURE, Choice, Layout
from alliance_stats.data.redcap.rows import short_event as short

#: Columns that stand on every row of a record.
_ON_EVERY_ROW = ("redcap_data_access_group", "redcap_survey_identifier")
_NO_MEASURES = ("_complete", "_timestamp")


@dataclass(slots=True)
class FieldUse:
    """What becomes of one column of the export.

    Attributes
    ----------
    source : str
        The column.
    use : str
        ``session``, ``carried``, ``left out`` or ``never filled``.
    block : int
        Which of the chosen instruments holds it; -1 for none.
    events : list of str
        Events, without their arms, from which it is carried.
    columns : list of str
        Its names in the frame.
    """

    source: str
    use: str
    block: int
    events: list[str]
    columns: list[str] = field(default_factory=list)

    @property
    def is_measure(self) -> bool:
        """Whether a session that has it is not empty."""
        return not self.source.endswith(_NO_MEASURES)


def field_uses(frame: pd.DataFrame, layout: Layout, choice: Choice, record: str) -> list[FieldUse]:
    """Decide what becomes of each column, by the rows in which it is filled."""
    used = choice.plain.copy()
    for block in choice.blocks:
        used[block] = True
    events = layout.event.map(short)
    uses = []
    for name in map(str, frame.columns):
        if name == record or name in STRUCTURE:
            continue
        filled = filled_cells(frame[name])
        blocks = [i for i, block in enumerate(choice.blocks) if filled[block].any()]
        on_every_row = name in _ON_EVERY_ROW
        if len(blocks) > 1 and not on_every_row:
            raise DataError(
                f"field '{name}' is filled in rows of {len(blocks)} of the chosen instruments. A "
                "field belongs to one instrument. Export the data again."
            )
        carried = list(pd.unique(events[choice.plain & filled]))
        kind = "left out" if filled[~used].any() else "never filled"
        if on_every_row and filled.any():
            uses.append(FieldUse(name, "carried", -1, []))
            continue
        kind = "session" if blocks else "carried" if carried else kind
        columns = [name] if blocks else []
        uses.append(FieldUse(name, kind, blocks[0] if blocks else -1, carried, columns))
    return uses


def filled_cells(column: pd.Series) -> np.ndarray:
    """Which cells hold an entry; a box that is not ticked is none, unless none is ticked."""
    ticked = _entries(column)
    return ticked if ticked.any() else column.notna().to_numpy()


def session_rows(
    frame: pd.DataFrame, choice: Choice, uses: list[FieldUse], record: str, session: str
) -> pd.DataFrame:
    """One row a record and session, with the fields of every chosen instrument."""
    joined: pd.DataFrame | None = None
    for i, block in enumerate(choice.blocks):
        names = [use.source for use in uses if use.block == i]
        part = frame.iloc[block][[record, *names]].reset_index(drop=True)
        part.insert(1, session, choice.number[block])
        joined = part if joined is None else joined.merge(part, how="outer", on=[record, session])
    if joined is None:
        raise ArgumentError("instrument is empty. Give the name of a repeating instrument.")
    place = pd.Series(range(frame[record].nunique()), index=pd.unique(frame[record]))
    order = np.lexsort((joined[session].to_numpy(), joined[record].map(place).to_numpy()))
    return joined.iloc[order].reset_index(drop=True)


def without_empty(
    sessions: pd.DataFrame, uses: list[FieldUse], keep_empty: bool
) -> tuple[pd.DataFrame, int]:
    """Sessions that have a measure, and the number of those that have none."""
    empty = np.ones(len(sessions), dtype=bool)
    for use in uses:
        if use.use == "session" and use.is_measure:
            empty &= ~_entries(sessions[use.source])
    if empty.all():
        raise DataError(
            f"none of {counted(len(sessions), 'session')} has a measure: all fields of their rows "
            "are empty. Export the forms of the sessions too."
        )
    kept = sessions if keep_empty else sessions.loc[~empty].reset_index(drop=True)
    return kept, int(empty.sum())


def with_carried(
    sessions: pd.DataFrame,
    frame: pd.DataFrame,
    layout: Layout,
    choice: Choice,
    uses: list[FieldUse],
    record: str,
) -> pd.DataFrame:
    """The sessions with what the other rows of their record hold; names are noted in `uses`."""
    events = layout.event.map(short).to_numpy()
    by_event = {
        event: _one_row_a_record(frame, choice.plain & (events == event), record, event)
        for event in pd.unique(events[choice.plain])
    }
    taken = {record, *sessions.columns}
    columns: dict[str, pd.Series] = {}
    for use in uses:
        if use.source in _ON_EVERY_ROW and use.use == "carried":
            first = frame.groupby(record, sort=False)[use.source].first()
            columns[use.source] = first.reindex(sessions[record]).reset_index(drop=True)
            use.columns.append(use.source)
        for event in use.events:
            alone = use.use == "carried" and len(use.events) == 1
            name = use.source if alone else f"{use.source}_{event or 'record'}"
            if name in taken:
                raise DataError(
                    f"field '{use.source}' of event '{event}' would be carried as '{name}', which "
                    "exists. Rename one of the two fields."
                )
            taken.add(name)
            use.columns.append(name)
            values = by_event[event][use.source].reindex(sessions[record])
            columns[name] = values.reset_index(drop=True)
    return pd.concat([sessions, pd.DataFrame(columns, index=sessions.index)], axis=1)


def complete_messages(sessions: pd.DataFrame, uses: list[FieldUse]) -> list[str]:
    """How many sessions have forms that are not marked as complete."""
    counts = {}
    for use in uses:
        if use.use == "session" and use.source.endswith("_complete"):
            states = pd.to_numeric(sessions[use.source], errors="coerce")
            counts[use.source] = int(states.isin([0, 1]).sum())
    shown = name_list(f"{name} ({n:,})" for name, n in counts.items() if n)
    if not shown:
        return []
    return [
        f"Sessions whose form is not marked as complete: {shown} of {len(sessions):,}. They are "
        "kept; 0 is incomplete, 1 unverified, 2 complete."
    ]


def _entries(column: pd.Series) -> np.ndarray:
    """Which cells hold an entry; a box that is not ticked holds none."""
    seen = column.notna().to_numpy()
    if "___" not in str(column.name):
        return seen
    return seen & (pd.to_numeric(column, errors="coerce") != 0).to_numpy()


def _one_row_a_record(
    frame: pd.DataFrame, rows: np.ndarray, record: str, event: str
) -> pd.DataFrame:
    """Rows of one event by record; DataError if a record has two."""
    part = frame.loc[rows]
    repeated = part[record].duplicated().to_numpy()
    if repeated.any():
        n = int(repeated.sum())
        where = row_places([int(np.flatnonzero(rows)[repeated][0])])
        of_event = f" of event '{event}'" if event else ""
        in_arms = " an event, and in one arm only" if event else ""
        raise DataError(
            f"{counted(n, 'row')}{of_event} {agree(n, 'is', 'are')} a second one of the same "
            f"record, first at {where}. Without an instance a record has one row{in_arms}. Export "
            f"the data again, with '{INSTRUMENT}' and '{INSTANCE}'."
        )
    return part.set_index(record)
