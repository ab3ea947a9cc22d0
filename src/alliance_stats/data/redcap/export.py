"""REDCap exports: records, events and repeating instruments become one row a patient-session."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from alliance_stats._base.checks import (
    agree,
    counted,
    name_list,
    row_places,
)
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats.data.privacy import identifying_message, no_identifying
from alliance_stats.data.reading.files import as_path, read_file
from alliance_stats.data.redcap.codes import code_messages, set_missing
from alliance_stats.data.redcap.dictionary import (
    Dictionary,
    check_choices,
    check_dictionary,
    check_number_fields,
    labels_exported,
    read_dictionary,
)
from alliance_stats.data.redcap.fields import (
    FieldUse,
    complete_messages,
    field_uses,
    session_rows,
    with_carried,
    without_empty,
)
from alliance_stats.data.redcap.report import RedcapReport
from alliance_stats.data.redcap.rows import (
    STRUCTURE,
    Choice,
    Events,
    Layout,
    choose_rows,
    layout_of,
)
from alliance_stats.data.session_checks import check_header
from alliance_stats.data.units import Codes

_FORM_STATES = {"Incomplete", "Unverified", "Complete"}
_BOXES = {"Checked", "Unchecked"}


def load_redcap(
    x: str | Path | pd.DataFrame,
    *,
    dictionary: str | Path | pd.DataFrame | None = None,
    instrument: str | Sequence[str] | None = None,
    events: Events | None = None,
    missing_codes: Sequence[str | float] = (),
    session: str = "session",
    keep_empty: bool = False,
) -> tuple[pd.DataFrame, RedcapReport]:
    """Read a REDCap export into one row a patient and session.

    Use it before `load_sessions`. Sessions are the instances of a repeating instrument or event,
    or events that you number; what the other rows of a record hold (intake, post-treatment) is
    carried to each of its sessions.

    Parameters
    ----------
    x : str, Path or DataFrame
        *CSV / Microsoft Excel (raw data)* of REDCap's Data Exports, or such a frame. Its first
        column is the record's identifier.
    dictionary : str, Path or DataFrame, optional
        The project's data dictionary. With it, choices are checked and kept as value labels,
        fields flagged as identifiers are named, and fields have forms and labels in the report.
    instrument : str or sequence of str, optional
        The repeating instrument that is filled in once a session; several are joined by their
        instance. Needed only if several repeat.
    events : mapping, str, optional
        In longitudinal projects: numbers of the events that are sessions,
        ``{"session_1_arm_1": 1, …}``; or a pattern, ``"session_{session}_arm_1"``; or the name of
        the one event whose instances are sessions.
    missing_codes : sequence of str or float
        The project's missing-data codes, such as ``["UNK", -99]``; these cells become missing and
        are counted. Without it no cell is recoded.
    session : str
        Name of the column of session numbers.
    keep_empty : bool
        Keep sessions without any measure. By default they are left out and counted.

    Returns
    -------
    frame : DataFrame
        The record's identifier, the session's number, the fields of the sessions, then the fields
        carried along. A field that both a session and an event hold is carried as
        ``<field>_<event>``. Records in the order of the export, sessions in ascending order.
    report : RedcapReport
        Rows and fields and what became of them, value labels, identifiers, messages.

    Raises
    ------
    ArgumentError
        If an event, instrument or other argument does not fit the export.
    DataError
        If the file cannot be read or is no raw export; if it is not clear which rows are sessions;
        if a record has a session twice; if the dictionary does not fit.

    Warns
    -----
    DataWarning
        Once for each of ``report.messages``: fields flagged as identifiers, cells that are no
        choice or look like missing-data codes, forms that are not complete.

    Notes
    -----
    Choices are never replaced by their labels and checkboxes stay 0 and 1: a scale is scored from
    codes. ``<form>_complete`` columns are left in as they are. A checkbox that is not ticked, the
    state of a form and its time stamp are no measures: a session that has only these is empty.

    Examples
    --------
    >>> import pandas as pd
    >>> export = pd.DataFrame({
    ...     "record_id": ["1", "1", "1", "2", "2"],
    ...     "redcap_repeat_instrument": [None, "rating", "rating", None, "rating"],
    ...     "redcap_repeat_instance": [None, 1, 2, None, 1],
    ...     "phq_intake": [18, None, None, 12, None],
    ...     "wai": [None, 40, 44, None, 50],
    ... })
    >>> frame, report = load_redcap(export)
    >>> frame
      record_id  session   wai  phq_intake
    0         1        1  40.0        18.0
    1         1        2  44.0        18.0
    2         2        1  50.0        12.0
    >>> report
    REDCap export DataFrame: 5 rows of 2 records, 3 sessions of 2 patients
    Repeating instrument  Rows  Use
    –                        2  carried
    rating                   3  session
    Fields of the sessions: wai.
    Carried to every session of the patient: phq_intake.
    """
    frame, source = _read(x)
    _check_raw(frame)
    record = str(frame.columns[0])
    _check_records(frame, record, session)
    book = None if dictionary is None else read_dictionary(dictionary)
    said = [None if book is None else check_dictionary(book, list(map(str, frame.columns)))]
    frame, recoded = set_missing(frame, missing_codes, keep=(record, *STRUCTURE))
    said += [*_checked_values(book, frame), *code_messages(frame, keep=(record, *STRUCTURE))]
    layout = layout_of(frame)
    choice = choose_rows(layout, instrument, events)
    _check_one_row_a_session(frame[record], layout, choice)
    uses = field_uses(frame, layout, choice, record)
    sessions = session_rows(frame, choice, uses, record, session)
    sessions, empty = without_empty(sessions, uses, keep_empty)
    said += complete_messages(sessions, uses)
    sessions = with_carried(sessions, frame, layout, choice, uses, record)
    identifying = _flagged(book, uses)
    said.append(identifying_message(identifying))
    messages = tuple(message for message in said if message)
    for message in messages:
        warnings.warn(message, DataWarning, stacklevel=2)
    return sessions, RedcapReport(
        source=source,
        rows_read=len(frame),
        records=frame[record].nunique(),
        rows=_rows_table(layout, choice),
        fields=_fields_table(uses, book),
        value_labels=_no_labels() if book is None else book.value_labels(),
        missing_codes=recoded,
        identifying=identifying,
        sessions=len(sessions),
        patients=sessions[record].nunique(),
        empty=empty,
        without_sessions=frame[record].nunique() - sessions[record].nunique(),
        keep_empty=keep_empty,
        messages=messages,
    )


def _read(x: str | Path | pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """The export as a frame of its own, and its name."""
    if isinstance(x, pd.DataFrame):
        check_header(x)
        return x.reset_index(drop=True), "DataFrame"
    path = as_path(x)
    try:
        return read_file(path, labels=frozenset(STRUCTURE[:2])).frame, path.name
    except DataError as error:
        if "Complete?" not in str(error):  # every form of an export of labels has that column
            raise
    raise labels_exported(["the column names"])


def _check_raw(frame: pd.DataFrame) -> None:
    """Raise DataError if names or cells are labels."""
    titles = {"Record ID", "Event Name", "Repeat Instrument", "Repeat Instance", "Complete?"}
    if titles & set(map(str, frame.columns)):
        raise labels_exported(["the column names"])
    labelled = [
        str(name)
        for name in frame.columns
        if (str(name).endswith("_complete") and _all_among(frame[name], _FORM_STATES))
        or ("___" in str(name) and _all_among(frame[name], _BOXES))
        or (name in STRUCTURE[:2] and _any_spaced(frame[name]))
    ]
    if labelled:
        raise labels_exported(labelled)


def _all_among(column: pd.Series, words: set[str]) -> bool:
    cells = set(column.dropna().map(str))
    return bool(cells) and cells <= words


def _any_spaced(column: pd.Series) -> bool:
    return bool(column.dropna().astype(str).str.strip().str.contains(" ").any())


def _check_records(frame: pd.DataFrame, record: str, session: str) -> None:
    """Raise unless every row names its record, and the session's column has a free name."""
    if record in STRUCTURE or record.endswith("_complete"):
        raise DataError(
            f"the first column is '{record}', not the record's identifier. Export the data with "
            "the identifier first, as REDCap does."
        )
    missing = frame[record].isna().to_numpy()
    if missing.any():
        raise DataError(
            f"column '{record}' is missing in {counted(int(missing.sum()), 'row')} of "
            f"{len(frame):,}, first at {row_places([int(np.flatnonzero(missing)[0])])}. The first "
            "column of an export names the record on every row."
        )
    if not isinstance(session, str) or not session:
        raise ArgumentError(
            f"session={session!r} is not the name of a column. Give a text such as 'session'."
        )
    if session in frame.columns:
        raise ArgumentError(
            f"the column of session numbers would be named '{session}', as a field of the export "
            "is. Give session= another name, such as session='instance'."
        )


def _checked_values(book: Dictionary | None, frame: pd.DataFrame) -> list[str]:
    return [] if book is None else [*check_choices(book, frame), *check_number_fields(book, frame)]


def _check_one_row_a_session(record: pd.Series, layout: Layout, choice: Choice) -> None:
    """Raise DataError if a record has a session twice within one instrument."""
    for block in choice.blocks:
        keys = pd.DataFrame({"record": record.iloc[block], "number": choice.number[block]})
        repeated = keys.duplicated().to_numpy()
        if not repeated.any():
            continue
        n = int(repeated.sum())
        events = [event for event in pd.unique(layout.event.iloc[block]) if event]
        advice = "Export the data again."
        if len(events) > 1:
            advice = (
                f"They come from {counted(len(events), 'event')}: {name_list(events)}. Give the "
                "one whose rows are sessions, such as events='…', or number each event apart."
            )
        raise DataError(
            f"{counted(n, 'row')} {agree(n, 'repeats', 'repeat')} the record and session of an "
            f"earlier row, first at {row_places([int(block[repeated][0])])}. {advice}"
        )


def _rows_table(layout: Layout, choice: Choice) -> pd.DataFrame:
    """Rows by event and instrument, and their use."""
    number: Codes = choice.number
    use = np.where(number != 0, "session", np.where(choice.plain, "carried", "left out"))
    if any(len(block) for block in choice.blocks):
        use[np.concatenate(choice.blocks)] = "session"
    table = pd.DataFrame(
        {"event": layout.event, "instrument": layout.instrument, "use": use, "rows": 1}
    )
    keys = ["event", "instrument", "use"]
    counts = table.groupby(keys, sort=False)["rows"].sum().reset_index()
    return counts[["event", "instrument", "rows", "use"]]


def _no_labels() -> pd.DataFrame:
    return pd.DataFrame({name: pd.Series(dtype=object) for name in ("field", "code", "label")})


def _flagged(book: Dictionary | None, uses: list[FieldUse]) -> pd.DataFrame:
    """Columns of the frame that the dictionary flags as identifiers."""
    if book is None:
        return no_identifying()
    flags = set(book.fields.loc[book.fields["identifier"].str.lower() == "y", "field"])
    rows = [
        (name, "flagged as an identifier in the data dictionary")
        for use in uses
        if book.field_of(use.source) in flags
        for name in use.columns
    ]
    return pd.DataFrame(rows, columns=["column", "reason"]) if rows else no_identifying()


def _fields_table(uses: list[FieldUse], book: Dictionary | None) -> pd.DataFrame:
    """One row a column of the export and of the frame, with what the dictionary says of it."""
    known = {} if book is None else book.fields.set_index("field").to_dict("index")
    rows = []
    for use in uses:
        of_field = known.get(None if book is None else book.field_of(use.source), {})
        said = [of_field.get(key, "") for key in ("form", "type", "label")]
        for i, name in enumerate(use.columns or [""]):
            rows.append((use.source, name, "carried" if i else use.use, *said))
    columns = ["source", "column", "use", "form", "type", "label"]
    return pd.DataFrame(rows, columns=columns, dtype=object)
