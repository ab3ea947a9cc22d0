"""Wide to long: numbered columns side by side become one row a patient and session."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from alliance_stats._base.checks import (
    agree,
    columns_present,
    counted,
    frame_given,
    is_whole,
    row_places,
)
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats.data.session_checks import check_header
from alliance_stats.data.wide.columns import (
    Match,
    by_new_column,
    capital_messages,
    check_kinds,
    check_labels_used,
    check_matches,
    digit_messages,
    matched_columns,
    missed_messages,
    single_messages,
)
from alliance_stats.data.wide.patterns import NamePattern, parse_pattern
from alliance_stats.data.wide.preview import ReshapePreview


def reshape(
    frame: pd.DataFrame,
    *,
    pattern: str | Sequence[str],
    id: str,
    sessions: Mapping[str, int] | None = None,
    session: str = "session",
    keep_empty: bool = False,
) -> tuple[pd.DataFrame, ReshapePreview]:
    """Turn a wide frame, one row a patient, into one row a patient and session.

    Use it before `load_sessions` when the file has columns such as ``wai_s1, wai_s2, …``. Print
    the preview: it shows what was matched, and what was not.

    Parameters
    ----------
    frame : DataFrame
        One row a patient. It is not changed.
    pattern : str or sequence of str
        How the names are written: ``"{column}_s{session}"``, ``"{column}.{session}"``,
        ``"wai_{session}"``. ``{session}`` stands for a whole number, ``{column}`` for the name of
        the new column; everything else is matched as it is written, capitals included. Without
        ``{column}`` the new column is named by the text around the number. Several patterns may be
        given; a name is read by the first that fits.
    id : str
        Column of the patient's identifier; no two rows may share one.
    sessions : mapping of str to int, optional
        Numbers of sessions that are written as labels: ``{"pre": 0, "post": 20}``.
    session : str
        Name of the new column with the number of the session.
    keep_empty : bool
        Keep rows in which every measure is missing. By default they are left out and counted:
        most often the session was not held.

    Returns
    -------
    frame : DataFrame
        `id`, `session`, the new columns, then the columns that were not matched, repeated.
        Patients in the order of the wide frame, sessions in ascending order.
    preview : ReshapePreview
        Which columns became which, what was carried along, what was left out.

    Raises
    ------
    ArgumentError
        If a pattern, `sessions` or a name is not what it must be.
    DataError
        If a pattern matches nothing, or one session only; if identifiers are missing or repeated;
        if two columns give the same session of one new column; if a new column has the name of one
        that is carried along; if the columns of one measure hold different kinds of cells.

    Warns
    -----
    DataWarning
        Once for each of ``preview.messages``: columns that look as if the pattern missed them, new
        columns with one session only or that differ in capitals only, numbers that may belong to
        the name.

    Notes
    -----
    Numbers with leading zeros are the same session: ``wai_01`` is session 1. Cells are copied as
    they are; whole numbers become floats only where a column has no such session.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> wide = pd.DataFrame({
    ...     "id": ["007", "008"], "therapist": ["A", "B"],
    ...     "wai_s1": [40, 44], "wai_s2": [45, None], "phq_s1": [18, 12], "phq_s2": [15, None],
    ... })
    >>> long, preview = al.reshape(wide, pattern="{column}_s{session}", id="id")
    >>> long
        id  session   wai   phq therapist
    0  007        1  40.0  18.0         A
    1  007        2  45.0  15.0         A
    2  008        1  44.0  12.0         B
    >>> preview
    Wide to long: 4 columns matched, 2 new columns, 3 rows, 2 patients
    New column  Sessions  Columns matched  Observed  Missing  First   Last
    wai         1–2                     2         3        1  wai_s1  wai_s2
    phq         1–2                     2         3        1  phq_s1  phq_s2
    Not matched, repeated on every row of the patient: therapist.
    1 patient-session without any measure left out (sessions not held, or nothing filled in).
    """
    frame_given(frame, name="frame")
    numbers = _session_labels(sessions)
    patterns = _patterns(pattern, numbers)
    _check_session_name(session)
    check_header(frame)
    _check_identifiers(frame, id)
    matches, missed = matched_columns(frame, patterns, id, numbers)
    check_matches(frame, matches, missed, _given(patterns))
    check_labels_used(frame, patterns, numbers, id)
    carried = _carried(frame, matches, id)
    _check_names(frame, matches, carried, id, session)
    check_kinds(frame, matches)
    messages = (
        *missed_messages(frame, matches, missed, carried),
        *single_messages(matches),
        *capital_messages(matches),
        *digit_messages(matches, patterns),
    )
    long, empty = _long(frame, matches, carried, id, session, keep_empty)
    for message in messages:
        warnings.warn(message, DataWarning, stacklevel=2)
    return long, ReshapePreview(
        matched=_matched_table(frame, matches),
        carried=tuple(str(frame.columns[i]) for i in carried),
        rows=len(long),
        empty=empty,
        patients=len(frame),
        patients_without=len(frame) - long[id].nunique(),
        keep_empty=keep_empty,
        messages=messages,
    )


def _session_labels(sessions: Mapping[str, int] | None) -> dict[str, int]:
    """The labels of sessions, checked."""
    if sessions is None:
        return {}
    if not isinstance(sessions, Mapping) or not sessions:
        raise ArgumentError(
            f"sessions={sessions!r} is not a mapping of labels to numbers. "
            "Give for example sessions={'pre': 0, 'post': 20}."
        )
    for label, number in sessions.items():
        whole = is_whole(number)
        if not isinstance(label, str) or not label or not whole:
            raise ArgumentError(
                f"sessions maps {label!r} to {number!r}. Map each label, as it stands in the "
                "column names, to a whole number: {'pre': 0, 'post': 20}."
            )
    return {label: int(number) for label, number in sessions.items()}


def _patterns(pattern: str | Sequence[str], labels: dict[str, int]) -> list[NamePattern]:
    texts = [pattern] if isinstance(pattern, str) or not isinstance(pattern, Sequence) else pattern
    if not len(texts):
        raise ArgumentError("pattern is empty. Give one such as '{column}_s{session}'.")
    return [parse_pattern(text, labels) for text in texts]


def _check_session_name(session: str) -> None:
    if not isinstance(session, str) or not session:
        raise ArgumentError(
            f"session={session!r} is not the name of a column. Give a text such as 'session'."
        )


def _check_identifiers(frame: pd.DataFrame, id: str) -> None:
    """Raise unless `id` is a column that names every row, and each row differently."""
    if not isinstance(id, str):
        raise ArgumentError(
            f"id={id!r} is not the name of a column. Give the column of the patient's identifier."
        )
    columns_present(frame, [id])
    missing = frame[id].isna().to_numpy()
    if missing.any():
        n = int(missing.sum())
        raise DataError(
            f"id column '{id}' is missing in {counted(n, 'row')} of {len(frame):,}, first at "
            f"{row_places([int(np.flatnonzero(missing)[0])])}. Fill "
            f"{agree(n, 'it', 'them')} in, or drop {agree(n, 'the row', 'these rows')}."
        )
    repeated = frame[id].duplicated().to_numpy()
    if repeated.any():
        n = int(repeated.sum())
        raise DataError(
            f"id column '{id}' is not unique: {counted(n, 'row')} of {len(frame):,} "
            f"{agree(n, 'repeats', 'repeat')} the identifier of an earlier row, first at "
            f"{row_places([int(np.flatnonzero(repeated)[0])])}. A wide frame has one row a "
            "patient; if this one has a row a session already, give it to load_sessions."
        )


def _carried(frame: pd.DataFrame, matches: list[Match], id: str) -> list[int]:
    """Positions of the columns that no pattern matched."""
    taken = {match.position for match in matches}
    names = list(map(str, frame.columns))
    return [i for i, name in enumerate(names) if i not in taken and name != id]


def _check_names(
    frame: pd.DataFrame, matches: list[Match], carried: list[int], id: str, session: str
) -> None:
    """Raise DataError if two columns of the long frame would have one name."""
    first = {match.column: match.source for match in reversed(matches)}
    kept = [id, *(str(frame.columns[i]) for i in carried)]
    for name in kept:
        if name in first:
            raise DataError(
                f"the new column '{name}' (from '{first[name]}', …) would have the name of a "
                "column that is not matched. Rename or drop that column."
            )
    if session in kept or session in first:
        raise DataError(
            f"the column of session numbers would be named '{session}', as another one is. "
            "Give session= another name, such as session='session_number'."
        )
    twice = [name for name in kept if kept.count(name) > 1]
    if twice:
        raise DataError(f"column '{twice[0]}' occurs {kept.count(twice[0])} times. Rename one.")


def _long(
    frame: pd.DataFrame,
    matches: list[Match],
    carried: list[int],
    id: str,
    session: str,
    keep_empty: bool,
) -> tuple[pd.DataFrame, int]:
    """The long frame, and how many patient-sessions have no measure."""
    numbers = sorted({match.session for match in matches})
    n, k = len(frame), len(numbers)
    by_patient = np.arange(n * k).reshape(k, n).T.ravel()
    measures = {
        column: _stacked(frame, group, numbers).iloc[by_patient].reset_index(drop=True)
        for column, group in by_new_column(matches).items()
    }
    empty = np.logical_and.reduce([column.isna().to_numpy() for column in measures.values()])
    rows = np.repeat(np.arange(n), k)
    long = pd.DataFrame(
        {
            id: frame[id].iloc[rows].reset_index(drop=True),
            session: np.tile(np.array(numbers, dtype=np.int64), n),
            **measures,
            **{frame.columns[i]: frame.iloc[rows, i].reset_index(drop=True) for i in carried},
        }
    )
    if not keep_empty and empty.any():
        long = long.loc[~empty].reset_index(drop=True)
    if not len(long):
        raise DataError(
            f"all matched columns are missing in all {counted(n, 'row')}: no session has a "
            "measure. Give the frame with its values, or keep_empty=True."
        )
    return long, int(empty.sum())


def _stacked(frame: pd.DataFrame, group: list[Match], numbers: list[int]) -> pd.Series:
    """The columns of one measure below each other, one block a session, missing where none is.

    Wholly missing columns are left to the gaps, so that they do not change the type of the others.
    """
    sources = {match.session: frame.iloc[:, match.position] for match in group}
    filled = {number: column for number, column in sources.items() if column.notna().any()}
    blocks = filled or sources
    stacked = pd.concat(list(blocks.values()), ignore_index=True)
    n = len(frame)
    begins = {number: i * n for i, number in enumerate(blocks)}
    rows = [
        np.arange(n) + begins[number] if number in begins else np.full(n, -1) for number in numbers
    ]
    return stacked.reindex(np.concatenate(rows))


def _matched_table(frame: pd.DataFrame, matches: list[Match]) -> pd.DataFrame:
    missing = [int(frame.iloc[:, match.position].isna().sum()) for match in matches]
    return pd.DataFrame(
        {
            "column": [match.column for match in matches],
            "session": [match.session for match in matches],
            "source": [match.source for match in matches],
            "n": [len(frame) - count for count in missing],
            "missing": missing,
        }
    )


def _given(patterns: list[NamePattern]) -> str:
    """``pattern '{column}_{session}'`` as messages name it."""
    shown = ", ".join(f"'{pattern.text}'" for pattern in patterns)
    return f"{agree(len(patterns), 'pattern', 'patterns')} {shown}"
