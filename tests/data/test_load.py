from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from alliance_stats import ArgumentError, DataError, DataWarning, Roles
from alliance_stats.data import SessionData, load_sessions
from alliance_stats.data.load import sessions_from

ROLES = Roles(patient="id", therapist="who", alliance="wai", outcome="phq9", time="week")
SECRET = "Zebulon"


def small_frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "note": [SECRET] * 6,
            "id": ["c", "c", "a", "a", "b", "b"],
            "session": [2, 1, 1, 2, 1, 2],
            "who": ["t1", "t1", "t1", "t1", "t2", "t2"],
            "wai": [4.0, 5.0, np.nan, 3.0, 6.0, 6.5],
            "phq9": [10, 12, 14, 13, 9, 4],
            "week": [1.0, 0.0, 0.0, 2.0, 0.0, 1.5],
            "start": [12, 12, 14, 14, 9, 9],
        }
    )


def with_cell(column: str, row: int, value: object) -> pd.DataFrame:
    frame = small_frame()
    cells = frame[column].astype(object).tolist()
    cells[row] = value
    return frame.assign(**{column: pd.Series(cells)})


def test_frame_is_kept_whole_and_in_order() -> None:
    frame = small_frame()
    before = frame.copy(deep=True)
    sessions = load_sessions(frame, ROLES)
    assert_frame_equal(sessions.frame, before)
    assert_frame_equal(frame, before)
    assert sessions.roles == ROLES
    assert sessions.report.messages == ()
    assert sessions.report.source == "DataFrame"
    sessions.frame.loc[0, "wai"] = 99.0
    assert_frame_equal(frame, before)


def test_nothing_is_stored_in_attrs() -> None:
    frame = small_frame()
    frame.attrs["note"] = SECRET
    assert load_sessions(frame, ROLES).frame.attrs == {}
    assert load_sessions(frame).frame.attrs == {}
    assert frame.attrs == {"note": SECRET}


def test_report_counts_missing_by_role_and_units() -> None:
    report = load_sessions(small_frame(), ROLES).report
    missing = report.missing.set_index("role")
    assert list(missing.index) == ["patient", "session", "therapist", "alliance", "outcome", "time"]
    assert missing.loc["alliance", ["column", "missing"]].tolist() == ["wai", 1]
    assert missing["share"].tolist() == [0, 0, 0, 1 / 6, 0, 0]
    assert report.levels.to_dict("list") == {
        "unit": ["session", "patient", "therapist"],
        "n": [6, 3, 2],
    }
    assert (report.rows_read, report.rows_kept, len(report.dropped)) == (6, 6, 0)


def test_rows_without_patient_or_session_are_dropped_and_counted() -> None:
    frame = pd.concat([small_frame()] * 3, ignore_index=True)
    frame["session"] = np.arange(len(frame), dtype=float)
    frame.loc[[0, 4], "id"] = None
    frame.loc[[7], "session"] = np.nan
    frame.loc[[9], "id"] = None
    frame.loc[[9], "session"] = np.nan
    message = (
        "4 of 18 sessions dropped (patient missing: 2, session missing: 1, "
        "patient and session missing: 1)."
    )
    with pytest.warns(DataWarning) as caught:
        sessions = load_sessions(frame, ROLES)
    assert [str(w.message) for w in caught] == [message]
    assert caught[0].filename == __file__
    assert sessions.report.messages == (message,)
    assert sessions.frame.index.tolist() == [i for i in range(18) if i not in (0, 4, 7, 9)]
    assert sessions.report.dropped.to_dict("list") == {
        "reason": ["patient missing", "session missing", "patient and session missing"],
        "rows": [2, 1, 1],
    }


def test_rows_without_any_cell_are_counted_as_empty() -> None:
    frame = pd.concat([small_frame(), pd.DataFrame(index=range(3))])
    frame.iloc[-1, 0] = SECRET
    with pytest.warns(DataWarning) as caught:
        sessions = load_sessions(frame, ROLES)
    assert [str(w.message) for w in caught] == [
        "3 of 9 sessions dropped (patient and session missing: 1, empty row: 2)."
    ]
    assert sessions.report.dropped["rows"].tolist() == [1, 2]


def test_blank_texts_of_dropped_rows_do_not_matter() -> None:
    frame = with_cell("who", 4, " ")
    frame.loc[4, "id"] = None
    with pytest.warns(DataWarning, match="1 of 6 sessions dropped"):
        assert len(load_sessions(frame, ROLES).frame) == 5


def test_patients_with_several_therapists_are_counted_not_refused() -> None:
    with pytest.warns(DataWarning, match="1 of 3 patients is seen by more than one therapist"):
        sessions = load_sessions(with_cell("who", 1, "t2"), ROLES)
    assert len(sessions.frame) == 6


def test_a_missing_therapist_is_no_change_of_therapist() -> None:
    sessions = load_sessions(with_cell("who", 1, None), ROLES)
    assert sessions.report.messages == ()
    assert sessions.report.missing.set_index("role").loc["therapist", "missing"] == 1


def test_ids_that_differ_only_in_spaces_or_capitals_are_counted() -> None:
    with pytest.warns(DataWarning, match="^1 of 4 patients differs from another one only"):
        load_sessions(with_cell("id", 1, "C "), ROLES)


@pytest.mark.parametrize(
    "ids",
    [
        pd.Categorical(["c", "c", "a", "a", "b", "b"], categories=["a", "b", "c", "unused"]),
        [3, 3, 1, 1, 2, 2],
        pd.array([3, 3, 1, 1, 2, 2], dtype="Int64"),
        np.array(["c", "c", "a", "a", "b", "b"], dtype=object),
        pd.array(["c", "c", "a", "a", "b", "b"], dtype="string"),
    ],
    ids=["categorical", "int", "Int64", "object", "string"],
)
def test_identifiers_of_any_type(ids: object) -> None:
    sessions = load_sessions(small_frame().assign(id=ids), ROLES)
    assert sessions.report.levels["n"].tolist() == [6, 3, 2]


def test_one_session_a_patient_is_loaded() -> None:
    frame = small_frame().drop_duplicates("id")
    assert load_sessions(frame, ROLES).report.levels["n"].tolist() == [3, 3, 2]


def test_read_only_arrays_are_loaded() -> None:
    wai = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    wai.setflags(write=False)
    sessions = load_sessions(small_frame().assign(wai=pd.Series(wai, copy=False)), ROLES)
    sessions.frame.loc[0, "wai"] = 0.0
    assert wai[0] == 1.0


def test_without_roles_data_are_only_read() -> None:
    frame = small_frame()
    frame.loc[0, "id"] = None
    sessions = load_sessions(frame)
    assert sessions.roles is None
    assert_frame_equal(sessions.frame, frame)
    assert sessions.report.missing["column"].tolist() == list(frame.columns)
    assert sessions.report.missing["missing"].tolist() == [0, 1, 0, 0, 1, 0, 0, 0]
    assert repr(sessions).startswith("SessionData from DataFrame: no roles given")


def test_roles_may_be_a_dict() -> None:
    sessions = load_sessions(small_frame(), {"patient": "id", "alliance": "wai", "outcome": "phq9"})
    assert sessions.roles == Roles(patient="id", alliance="wai", outcome="phq9")


BAD_FRAMES = {
    "missing column": (
        small_frame().rename(columns={"wai": "wai_tot"}),
        "column 'wai' (role 'alliance') not found. Did you mean 'wai_tot'? Available: note, id",
    ),
    "column twice": (
        pd.concat([small_frame(), small_frame()[["wai"]]], axis=1),
        "column 'wai' occurs 2 times. Rename or drop all but one of them.",
    ),
    "column in the index": (
        small_frame().set_index("id"),
        "column 'id' (role 'patient') is the index, not a column. Give frame.reset_index().",
    ),
    "two header lines": (
        pd.concat({"x": small_frame()}, axis=1),
        "the columns have 2 levels. Give one name a column",
    ),
    "no rows": (small_frame().iloc[:0], "the data are empty: 8 columns and no rows."),
    "text outcome": (
        with_cell("phq9", 3, SECRET),
        "outcome column 'phq9' is not numeric: 1 cell of 6 cannot be read as a number, first at "
        "row 3 (counted from 0).",
    ),
    "decimal commas": (
        small_frame().assign(wai=["45,5", "3", "1.234,5", ",5", None, "-4,1"]),
        "alliance column 'wai' is not numeric: 4 cells of 6 have a comma in the number (such as "
        "45,5 for 45.5), first at row 0 (counted from 0). Write decimal points",
    ),
    "dates as text": (
        small_frame().assign(
            session=["2020-01-05", "5.1.2020", "05/01/20", "2020-01-05 09:00"] * 1
            + ["1.2.2021", None]
        ),
        "session column 'session' is not numeric: 5 cells of 6 look like dates, first at row 0",
    ),
    "one word for missing": (
        small_frame().assign(wai=[SECRET, "3", "4", SECRET, "1", "2"]),
        "alliance column 'wai' is not numeric: 2 cells of 6 cannot be read as a number (all the "
        "same text), first at row 0 (counted from 0). Correct them, or empty those whose text",
    ),
    "text session": (
        with_cell("session", 0, SECRET),
        "session column 'session' is not numeric: 1 cell of 6",
    ),
    "numbers as text": (
        small_frame().assign(wai=["1", "2", "3", "4", "5", "6"]),
        "alliance column 'wai' is not numeric: its cells are numbers stored as text. Convert it",
    ),
    "dates as time": (
        small_frame().assign(week=pd.Timestamp("2020-01-01")),
        "time column 'week' is not numeric: it holds dates. Give a number instead, such as the",
    ),
    "lists as ratings": (
        small_frame().assign(wai=[[1]] * 6),
        "alliance column 'wai' is not numeric: ",
    ),
    "complex": (
        small_frame().assign(wai=1j),
        "alliance column 'wai' holds complex numbers. Give real numbers.",
    ),
    "infinite": (
        small_frame().assign(phq9=[1, 2, np.inf, 3, -np.inf, 4]),
        "outcome column 'phq9' holds 2 infinite values, first at row 2 (counted from 0).",
    ),
    "one patient": (
        small_frame().assign(id="c", session=range(6)),
        "the data have 1 patient (column 'id') in 6 sessions. Within and between parts need",
    ),
    "all patients missing": (
        small_frame().assign(id=None),
        "the data have 0 patients (column 'id') in 0 sessions.",
    ),
    "duplicates": (
        small_frame().assign(session=[1, 1, 1, 1, 1, 2]),
        "2 rows of 6 repeat the patient and session of an earlier row (2 sessions occur more than "
        "once), first at rows 1, 3 (counted from 0). Keep one row a patient and session.",
    ),
    "constant alliance": (
        small_frame().assign(wai=[4, np.nan, 4, 4, 4, 4]),
        "alliance column 'wai' is constant: all 5 observed ratings are equal.",
    ),
    "alliance never observed": (
        small_frame().assign(wai=np.nan),
        "alliance column 'wai' is missing in all 6 sessions. Give the column that holds the all",
    ),
    "outcome never observed": (
        small_frame().assign(phq9=np.nan),
        "outcome column 'phq9' is missing in all 6 sessions.",
    ),
    "blank identifier": (
        with_cell("who", 4, "  "),
        "therapist column 'who' holds 1 blank text, first at row 4 (counted from 0).",
    ),
    "lists as identifiers": (
        small_frame().assign(id=[[i] for i in range(6)]),
        "column 'id' cannot hold identifiers: its cells are lists or other containers.",
    ),
}


@pytest.mark.parametrize("case", BAD_FRAMES)
def test_bad_frames_are_refused_in_plain_words_without_cells(case: str) -> None:
    frame, message = BAD_FRAMES[case]
    with pytest.raises(DataError) as error:
        load_sessions(frame, ROLES)
    assert str(error.value).startswith(message)
    assert SECRET not in str(error.value)


def test_rows_of_duplicates_count_from_the_frame_given() -> None:
    frame = small_frame().assign(session=[1, 1, 1, 1, 1, 2])
    frame.loc[0, "id"] = None
    with pytest.raises(
        DataError,
        match=r"1 row of 5 repeats the .* \(1 session occurs more than once\), first at row 3 \(",
    ):
        load_sessions(frame, ROLES)


def test_baseline_must_be_constant_within_a_patient() -> None:
    roles = Roles(patient="id", alliance="wai", outcome="phq9", baseline="start")
    frame = small_frame()
    frame["start"] = [12.1, np.nan, 14, 14, 9, 9]
    assert load_sessions(frame, roles).report.messages == ()
    frame.loc[5, "start"] = 8
    with pytest.raises(DataError, match="baseline column 'start' is not constant .* in 1 patient"):
        load_sessions(frame, roles)


@pytest.mark.parametrize(
    ("x", "roles", "message"),
    [
        (small_frame(), {"pateint": "id"}, "role 'pateint' is not known. Did you mean 'patient'?"),
        (small_frame(), ["id"], "roles is a list. Give Roles("),
        (small_frame(), {"alliance": "wai", "outcome": "wai"}, "column 'wai' is given two roles"),
        ([1, 2], None, "x is a list. Give the path of a file"),
        ("", None, "x is a str. Give the path of a file"),
        (load_sessions(small_frame()), ROLES, "x is SessionData: it is loaded already. Use it"),
    ],
)
def test_bad_arguments(x: object, roles: object, message: str) -> None:
    with pytest.raises(ArgumentError) as error:
        load_sessions(x, roles)  # type: ignore[arg-type]
    assert str(error.value).startswith(message)


def test_row_order_does_not_change_the_report() -> None:
    frame = small_frame()
    report = load_sessions(frame, ROLES).report
    shuffled = load_sessions(frame.sample(frac=1, random_state=1), ROLES).report
    assert_frame_equal(report.missing, shuffled.missing)
    assert_frame_equal(report.levels, shuffled.levels)


# sessions_from


def test_sessions_from_accepts_sessions_or_a_frame_with_roles() -> None:
    sessions = load_sessions(small_frame(), ROLES)
    assert sessions_from(sessions) is sessions
    from_frame = sessions_from(small_frame(), ROLES)
    assert isinstance(from_frame, SessionData)
    assert_frame_equal(from_frame.frame, sessions.frame)


def test_sessions_read_without_roles_can_be_given_roles(tmp_path: Path) -> None:
    small_frame().to_csv(tmp_path / "s.csv", index=False)
    sessions = sessions_from(load_sessions(tmp_path / "s.csv"), ROLES)
    assert sessions.roles == ROLES
    assert sessions.report.source == "s.csv"


def test_sessions_from_warns_at_the_callers_line() -> None:
    frame = with_cell("id", 1, None)
    with pytest.warns(DataWarning, match="1 of 6 sessions dropped") as caught:
        sessions_from(frame, ROLES)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sessions = load_sessions(frame, ROLES)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        sessions_from(sessions)


def test_sessions_from_refuses_missing_and_double_roles() -> None:
    with pytest.raises(ArgumentError, match="^data is a DataFrame without roles. Give roles="):
        sessions_from(small_frame())
    with pytest.raises(ArgumentError, match="^the SessionData from DataFrame have no roles"):
        sessions_from(load_sessions(small_frame()))
    with pytest.raises(ArgumentError, match="^roles are given twice"):
        sessions_from(load_sessions(small_frame(), ROLES), ROLES)
    with pytest.raises(ArgumentError, match="^data is a str. Give SessionData"):
        sessions_from("sessions.csv", ROLES)  # type: ignore[arg-type]
