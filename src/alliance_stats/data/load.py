"""Loading sessions: from a file or frame to checked SessionData with a report."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError, DataWarning
from alliance_stats.data import session_checks as checks
from alliance_stats.data import session_messages as messages
from alliance_stats.data.duplicates import duplicate_messages, duplicates_found
from alliance_stats.data.layout_hints import redcap_message
from alliance_stats.data.load_report import LoadReport, with_contents
from alliance_stats.data.missing_by_session import missing_by_session
from alliance_stats.data.privacy import identifying_columns, identifying_message
from alliance_stats.data.reading.contents import FileContents
from alliance_stats.data.reading.files import as_path, read_file
from alliance_stats.data.roles import NUMERIC_ROLES, Roles, roles_from
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.units import Codes, units_seen


def load_sessions(
    x: str | Path | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    sheet: str | int | None = None,
) -> SessionData:
    """Read session data, check them, and report what was read.

    The first step of every analysis. Without `roles` the data are only read and reported; with
    them they are checked, so that later steps can rely on them.

    Parameters
    ----------
    x : str, Path or DataFrame
        A file with one row a session: text (.csv, .tsv), .parquet, Excel (.xlsx, .xlsm, .ods),
        SPSS (.sav, .zsav, .por), Stata (.dta) or SAS (.sas7bdat, .xpt); or a frame, which is
        copied, not changed.
    roles : Roles or dict, optional
        Which column holds what; a dict has the fields of `Roles`.
    sheet : str or int, optional
        For workbooks: the sheet's name, or its position counted from 0. Without it the only sheet
        with cells is read.

    Returns
    -------
    SessionData
        ``frame`` keeps all columns and the order of the rows. Rows without a patient or a
        session number are dropped and counted.

    Raises
    ------
    DataError
        If the file cannot be found or read; if a column is missing; if a rating, session number,
        baseline or time is not numeric or is infinite; if there are fewer than two patients, a
        patient has a session twice, the alliance is constant, the alliance or outcome is never
        observed, the baseline varies within a patient, or an identifier is blank.
    ArgumentError
        If a role is unknown, `x` is neither a path nor a frame, or `sheet` names no sheet or is
        given for data without sheets.

    Warns
    -----
    DataWarning
        Once for each of ``report.messages``: dropped rows, patients with several therapists or
        none, identifiers that differ only in how they are written, a row of totals, session
        numbers below zero or not whole, ratings such as -99 that seem to be missing-value codes,
        columns that look identifying, patients with the ratings of another one; decisions about
        the file that may be wrong, such as its encoding.

    Notes
    -----
    Separators, encodings, decimal commas and header lines are recognised; ``report.notes`` says
    what was decided. Values that SPSS, Stata and SAS files declare as missing are missing here and
    counted by reason in ``report.coded_missing``. Value labels never become scores: columns hold
    the stored numbers, and the labels are in ``report.value_labels``.

    In text files and workbooks, empty cells and ``. NA N/A #N/A NaN nan NULL null <NA>`` are
    missing. A column is numeric if all its observed cells are numbers and none looks like an
    identifier: leading zeros (``007``), more than 15 digits and ``12E4`` stay text. Columns with a
    numeric role are numbers also with leading zeros. Nothing else is recoded: a code such as -99
    that the file does not declare stays a number, and is only warned of where it lies far outside
    the other ratings.

    Examples
    --------
    >>> import pandas as pd
    >>> from alliance_stats.data import load_sessions
    >>> frame = pd.DataFrame({
    ...     "id": ["a", "a", "b", "b"], "session": [1, 2, 1, 2],
    ...     "wai": [4.0, 6.0, 1.0, None], "phq9": [15, 12, 18, 17],
    ... })
    >>> load_sessions(frame, {"patient": "id", "alliance": "wai", "outcome": "phq9"})
    SessionData from DataFrame: 4 sessions, 2 patients
    Column   Role      Missing  Share
    id       patient         0  0.000
    session  session         0  0.000
    wai      alliance        1  0.250
    phq9     outcome         0  0.000
    """
    sessions = _loaded(x, roles, sheet)
    _warn(sessions)
    return sessions


def sessions_from(
    data: SessionData | pd.DataFrame, roles: Roles | dict[str, str] | None = None
) -> SessionData:
    """Accept what every model accepts: SessionData, or a frame and `roles`.

    Parameters
    ----------
    data : SessionData or DataFrame
        Loaded sessions, or a frame with one row a session.
    roles : Roles or dict, optional
        Needed with a frame, and with SessionData loaded without roles.

    Returns
    -------
    SessionData
        Checked as `load_sessions` does; its ``roles`` are not None.

    Raises
    ------
    ArgumentError
        If roles are missing, or given although the SessionData have their own.
    DataError
        What `load_sessions` raises.

    Warns
    -----
    DataWarning
        For a frame, what `load_sessions` warns of.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"patient": [1, 1, 2], "session": [1, 2, 1],
    ...                       "alliance": [4, 5, 3], "outcome": [9, 8, 9]})
    >>> sessions_from(frame, Roles()).roles.alliance
    'alliance'
    """
    if isinstance(data, SessionData):
        return _with_roles(data, roles)
    if not isinstance(data, pd.DataFrame):
        raise ArgumentError(
            f"data is a {type(data).__name__}. Give SessionData from load_sessions, "
            "or a DataFrame and roles=."
        )
    if roles is None:
        raise ArgumentError(
            "data is a DataFrame without roles. Give roles=Roles(patient=…, alliance=…, "
            "outcome=…), or SessionData from load_sessions."
        )
    sessions = _loaded(data, roles, None)
    _warn(sessions)
    return sessions


def _with_roles(data: SessionData, roles: Roles | dict[str, str] | None) -> SessionData:
    if data.roles is not None and roles is not None:
        raise ArgumentError(
            "roles are given twice: the SessionData have their own. Leave roles= out, "
            "or give the frame: data.frame."
        )
    if data.roles is not None:
        return data
    if roles is None:
        raise ArgumentError(
            f"the SessionData from {data.report.source} have no roles: they were only read. "
            "Give roles=, here or to load_sessions."
        )
    sessions = _checked(FileContents(data.frame), roles_from(roles), data.report.source)
    _warn(sessions)
    report = with_contents(sessions.report, data.report)
    return replace(sessions, report=report, codebook=data.codebook)


def _loaded(
    x: str | Path | pd.DataFrame,
    roles: Roles | dict[str, str] | None,
    sheet: str | int | None,
) -> SessionData:
    known = None if roles is None else roles_from(roles)
    if isinstance(x, pd.DataFrame):
        if sheet is not None:
            raise ArgumentError(
                f"sheet={sheet!r} is given, but x is a DataFrame. Leave sheet= out."
            )
        contents, source = FileContents(x), "DataFrame"
    else:
        path = as_path(x)
        contents, source = read_file(path, sheet=sheet, **_column_kinds(known)), path.name
    sessions = _read_only(contents, source) if known is None else _checked(contents, known, source)
    return replace(sessions, report=with_contents(sessions.report, contents))


def _column_kinds(roles: Roles | None) -> dict[str, frozenset[str]]:
    """Columns that a text file's reader must read as numbers, and those it must keep as labels."""
    pairs = [] if roles is None else list(roles.columns())
    return {
        "numbers": frozenset(column for role, column in pairs if role in NUMERIC_ROLES),
        "labels": frozenset(column for role, column in pairs if role in checks.LABEL_ROLES),
    }


def _read_only(contents: FileContents, source: str) -> SessionData:
    """SessionData without roles: read, counted, not checked."""
    frame = contents.frame
    checks.check_header(frame)
    duplicates, identifying = duplicates_found(frame), identifying_columns(frame)
    said = (
        redcap_message(frame),
        *duplicate_messages(duplicates),
        identifying_message(identifying),
    )
    report = LoadReport(
        source=source,
        rows_read=len(frame),
        rows_kept=len(frame),
        dropped=_no_drops(),
        missing=_missing_table(frame, [("", str(name)) for name in frame.columns]),
        levels=pd.DataFrame({"unit": pd.Series(dtype=str), "n": pd.Series(dtype=int)}),
        messages=(*contents.doubts, *(message for message in said if message)),
        identifying=identifying,
        duplicates=duplicates,
    )
    return SessionData(_own(frame), None, report)


def _checked(contents: FileContents, roles: Roles, source: str) -> SessionData:
    """SessionData with roles: every check, then the report."""
    frame, places = contents.frame, contents.places
    checks.check_header(frame)
    checks.check_columns(frame, roles, places)
    checks.check_numeric_roles(frame, roles, places)
    keep, dropped = _rows_to_keep(frame, roles)
    kept, rows = _own(frame.loc[keep]), np.flatnonzero(keep)
    labels = _labels_seen(kept, roles)
    for role, (codes, units) in labels.items():
        what = f"{role} column '{getattr(roles, role)}'"
        checks.check_blank_labels(codes, units, what, rows, places)
    patient = labels["patient"][0]
    checks.check_patients(patient, roles.patient)
    checks.check_one_row_a_session(patient, kept, roles, rows, places)
    checks.check_ratings(kept, roles)
    checks.check_baseline(kept, roles, patient)
    said = [
        *contents.doubts,
        messages.drop_message(len(frame), len(kept), dropped),
        redcap_message(frame) if len(dropped) else None,
        *_label_messages(labels),
        messages.session_number_message(kept, roles, rows, places),
        *messages.rating_messages(kept, roles),
        *duplicate_messages(duplicates := duplicates_found(kept, roles)),
        identifying_message(identifying := identifying_columns(kept, roles), roles),
    ]
    report = LoadReport(
        source=source,
        rows_read=len(frame),
        rows_kept=len(kept),
        dropped=dropped,
        missing=_missing_table(kept, list(roles.columns())),
        levels=_levels_table(len(kept), labels),
        messages=tuple(message for message in said if message),
        missing_by_session=missing_by_session(kept, roles),
        identifying=identifying,
        duplicates=duplicates,
    )
    return SessionData(kept, roles, report)


def _labels_seen(frame: pd.DataFrame, roles: Roles) -> dict[str, tuple[Codes, list[object]]]:
    """Codes and units of patients and therapists, and of the labels that are texts."""
    return {
        role: units_seen(frame, column)
        for role, column in roles.columns()
        if role in ("patient", "therapist")
        or (role in checks.LABEL_ROLES and not pd.api.types.is_numeric_dtype(frame[column]))
    }


def _label_messages(labels: dict[str, tuple[Codes, list[object]]]) -> list[str | None]:
    """What must be known of patients and therapists."""
    patient, patients = labels["patient"]
    therapist, therapists = labels.get("therapist", (None, []))
    return [
        messages.therapist_message(patient, therapist),
        messages.no_therapist_message(patient, therapist),
        messages.alike_message(patients, "patient"),
        messages.alike_message(therapists, "therapist"),
        messages.summary_row_message(patients),
    ]


def _own(frame: pd.DataFrame) -> pd.DataFrame:
    """A copy that shares nothing with the frame given, also no ``attrs``."""
    copy = frame.copy()
    copy.attrs.clear()
    return copy


def _rows_to_keep(frame: pd.DataFrame, roles: Roles) -> tuple[np.ndarray, pd.DataFrame]:
    """Rows with a patient and a session, and the counts of the others by reason."""
    no_patient = frame[roles.patient].isna().to_numpy()
    no_session = frame[roles.session].isna().to_numpy()
    neither = np.flatnonzero(no_patient & no_session)
    n_empty = int(frame.iloc[neither].isna().all(axis=1).sum()) if len(neither) else 0
    counts = {
        "patient missing": int((no_patient & ~no_session).sum()),
        "session missing": int((no_session & ~no_patient).sum()),
        "patient and session missing": len(neither) - n_empty,
        "empty row": n_empty,
    }
    rows = [(reason, n) for reason, n in counts.items() if n]
    dropped = pd.DataFrame(rows, columns=["reason", "rows"]) if rows else _no_drops()
    return ~(no_patient | no_session), dropped


def _no_drops() -> pd.DataFrame:
    return pd.DataFrame({"reason": pd.Series(dtype=str), "rows": pd.Series(dtype=int)})


def _missing_table(frame: pd.DataFrame, pairs: list[tuple[str, str]]) -> pd.DataFrame:
    """Missing cells of each column, by position where a name occurs twice."""
    counts = frame.isna().sum().to_numpy()
    names = list(frame.columns)
    n = [int(counts[i if not role else names.index(c)]) for i, (role, c) in enumerate(pairs)]
    return pd.DataFrame(
        {
            "column": [column for _, column in pairs],
            "role": [role for role, _ in pairs],
            "missing": n,
            "share": [count / len(frame) for count in n],
        }
    )


def _levels_table(n_rows: int, labels: dict[str, tuple[Codes, list[object]]]) -> pd.DataFrame:
    units = {"session": n_rows, "patient": len(labels["patient"][1])}
    if "therapist" in labels:
        units["therapist"] = len(labels["therapist"][1])
    return pd.DataFrame({"unit": list(units), "n": list(units.values())})


def _warn(sessions: SessionData) -> None:
    for message in sessions.report.messages:
        warnings.warn(message, DataWarning, stacklevel=3)
