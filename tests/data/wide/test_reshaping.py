from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

import alliance_stats as al
from alliance_stats import ArgumentError, DataError, DataWarning
from alliance_stats.data.wide.patterns import parse_pattern, suggest_patterns
from alliance_stats.data.wide.preview import number_ranges


def wide(n: int = 3, sessions: int = 4) -> pd.DataFrame:
    """One row a patient; wai and phq side by side, a therapist and an age."""
    rng = np.random.default_rng(7)
    columns: dict[str, object] = {"id": [f"{i:03d}" for i in range(n, 0, -1)]}
    columns["therapist"] = ["A", "B", "A"][:n]
    for s in range(1, sessions + 1):
        columns[f"wai_s{s}"] = rng.integers(12, 60, n)
        columns[f"phq_s{s}"] = rng.integers(0, 27, n)
    columns["age"] = [30 + i for i in range(n)]
    return pd.DataFrame(columns)


def naive_long(frame: pd.DataFrame) -> list[tuple[object, ...]]:
    """Cell by cell, by reading names with string methods."""
    rows = []
    for _, row in frame.iterrows():
        for s in sorted({int(c.rsplit("_s", 1)[1]) for c in frame.columns if "_s" in c}):
            cells = (row[f"wai_s{s}"], row[f"phq_s{s}"])
            if not all(pd.isna(cell) for cell in cells):
                rows.append((row["id"], s, *cells, row["therapist"], row["age"]))
    return rows


def test_rows_equal_a_naive_loop_over_cells() -> None:
    frame = wide()
    frame["wai_s2"] = frame["wai_s2"].mask([True, False, False])
    frame["phq_s2"] = frame["phq_s2"].mask([True, True, False])
    long, preview = al.reshape(frame, pattern="{column}_s{session}", id="id")
    assert list(long.columns) == ["id", "session", "wai", "phq", "therapist", "age"]
    got = [tuple(row) for row in long.itertuples(index=False)]
    for left, right in zip(got, naive_long(frame), strict=True):
        assert [None if pd.isna(v) else v for v in left] == [
            None if pd.isna(v) else v for v in right
        ]
    assert (preview.rows, preview.empty, preview.patients) == (11, 1, 3)


def test_equals_wide_to_long_of_pandas() -> None:
    frame = wide()
    long, _ = al.reshape(frame, pattern="{column}_s{session}", id="id")
    expected = pd.wide_to_long(frame, ["wai", "phq"], i="id", j="session", sep="_s").reset_index()
    order = ["id", "session"]
    assert_frame_equal(
        long.sort_values(order).reset_index(drop=True),
        expected[list(long.columns)].sort_values(order).reset_index(drop=True),
    )


def test_order_is_that_of_the_patients_then_sessions_and_input_is_untouched() -> None:
    frame = wide()[["wai_s3", "id", "wai_s10"][:2]].assign(wai_s10=[1, 2, 3], wai_s2=[4, 5, 6])
    before = frame.copy(deep=True)
    long, _ = al.reshape(frame, pattern="wai_s{session}", id="id")
    assert long["id"].tolist() == ["003"] * 3 + ["002"] * 3 + ["001"] * 3
    assert long["session"].tolist() == [2, 3, 10] * 3
    assert long.columns[2] == "wai_s"
    assert_frame_equal(frame, before)
    long.loc[0, "wai_s"] = 99
    assert_frame_equal(frame, before)


def test_row_order_of_the_input_only_moves_patients() -> None:
    frame = wide()
    long, _ = al.reshape(frame, pattern="{column}_s{session}", id="id")
    other, _ = al.reshape(frame.iloc[::-1], pattern="{column}_s{session}", id="id")
    assert_frame_equal(
        long.sort_values(["id", "session"], ignore_index=True),
        other.sort_values(["id", "session"], ignore_index=True),
    )


def test_long_data_load_as_sessions_from_a_real_file(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    wide().to_csv(path, index=False)
    sessions = al.load_sessions(path)
    assert sessions.frame["id"].tolist() == ["003", "002", "001"]
    long, _ = al.reshape(sessions.frame, pattern="{column}_s{session}", id="id")
    loaded = al.load_sessions(long, al.Roles(patient="id", alliance="wai", outcome="phq"))
    assert loaded.report.levels["n"].tolist() == [12, 3]
    assert long["id"].tolist()[:4] == ["003"] * 4


@pytest.mark.parametrize(
    ("pattern", "names", "column"),
    [
        ("{column}_{session}", ["wai_total_1", "wai_total_2"], "wai_total"),
        ("{column}_{session}", ["phq_9_1", "phq_9_2"], "phq_9"),
        ("{column}.{session}", ["wai.1", "wai.2"], "wai"),
        ("wai_{session}", ["wai_1", "wai_2"], "wai"),
        ("T{session}_{column}", ["T1_wai", "T2_wai"], "wai"),
        ("{column}{session}", ["wai1", "wai12"], "wai"),
        ("{column} ({session})", ["wai (1)", "wai (2)"], "wai"),
        ("{column}_T{session}_sum", ["wai_T01_sum", "wai_T02_sum"], "wai"),
        ("s{session}_wai", ["s1_wai", "s2_wai"], "s_wai"),
    ],
)
def test_patterns(pattern: str, names: list[str], column: str) -> None:
    frame = pd.DataFrame({"id": [1, 2], names[0]: [1, 2], names[1]: [3, 4]})
    long, preview = al.reshape(frame, pattern=pattern, id="id")
    assert list(long.columns) == ["id", "session", column]
    assert long[column].tolist() == [1, 3, 2, 4]
    assert preview.matched["source"].tolist() == names
    assert preview.carried == ()


def test_literal_text_is_no_regular_expression() -> None:
    frame = pd.DataFrame({"id": [1, 2], "wai.1": [1, 2], "wai.2": [3, 4], "waix1": [5, 6]})
    _, preview = al.reshape(frame, pattern="wai.{session}", id="id")
    assert preview.carried == ("waix1",)
    with pytest.raises(DataError, match="matches no column"):
        al.reshape(frame, pattern="(.*){session}", id="id")


@given(st.text(min_size=1, max_size=8), st.text(max_size=8), st.integers(0, 999))
def test_any_literal_text_matches_itself_only(before: str, after: str, number: int) -> None:
    if set("{}") & {*before, *after}:
        return
    parts = parse_pattern(f"x{before}{{session}}{after}").match(f"x{before}{number}{after}")
    assert parts is not None
    assert int(parts.session) == number
    assert parse_pattern(f"x{before}{{session}}{after}").match(f"y{before}{number}{after}") is None


def test_several_patterns_and_labels_of_sessions() -> None:
    frame = pd.DataFrame(
        {"id": [1, 2], "wai_1": [1, 2], "wai_2": [3, 4], "T1_phq": [5, 6], "phq_pre": [7, 8]}
    )
    long, _ = al.reshape(
        frame, pattern=["{column}_{session}", "T{session}_{column}"], id="id", sessions={"pre": 0}
    )
    assert long.loc[long["id"] == 1, "session"].tolist() == [0, 1, 2]
    assert long.loc[long["id"] == 1, "phq"].tolist()[:2] == [7, 5]
    assert np.isnan(long["wai"].iloc[0])


def test_longer_labels_win() -> None:
    frame = pd.DataFrame({"id": [1, 2], "wai_pre": [1, 2], "wai_prepost": [3, 4]})
    _, preview = al.reshape(
        frame, pattern="{column}_{session}", id="id", sessions={"pre": 0, "prepost": 5}
    )
    assert preview.matched["session"].tolist() == [0, 5]


def test_rows_without_any_measure_are_counted_and_kept_on_request() -> None:
    frame = pd.DataFrame(
        {"id": ["a", "b", "c"], "wai_1": [1, None, None], "wai_2": [2, 3, None], "sex": [1, 2, 1]}
    )
    long, preview = al.reshape(frame, pattern="{column}_{session}", id="id")
    assert long["id"].tolist() == ["a", "a", "b"]
    assert (preview.empty, preview.patients_without) == (3, 1)
    assert "3 patient-sessions without any measure left out" in repr(preview)
    assert "1 of 3 patients has no measure at any session, and so no row." in repr(preview)
    long, preview = al.reshape(frame, pattern="{column}_{session}", id="id", keep_empty=True)
    assert len(long) == 6
    assert (preview.empty, preview.patients_without, preview.rows) == (3, 0, 6)
    assert "without any measure kept" in repr(preview)


def test_types_are_kept() -> None:
    day = pd.Timestamp("2020-01-01")
    frame = pd.DataFrame(
        {
            "id": ["007", "008"],
            "wai_1": [1, 2], "wai_2": [3, 4],
            "day_1": [day, day], "day_2": [day, None],
            "mood_1": pd.Categorical(["a", "b"]), "mood_2": pd.Categorical(["b", "a"]),
            "note_1": ["x", None], "note_2": [None, None],
            "big_1": [2**60 + 1, 2**60 + 3], "big_2": [2**60 + 5, 2**60 + 7],
        }
    )  # fmt: skip
    long, _ = al.reshape(frame, pattern="{column}_{session}", id="id")
    assert long["wai"].dtype == np.int64
    assert pd.api.types.is_datetime64_any_dtype(long["day"])
    assert isinstance(long["mood"].dtype, pd.CategoricalDtype)
    assert pd.api.types.is_string_dtype(long["note"].dropna())
    assert long["big"].tolist() == [2**60 + 1, 2**60 + 5, 2**60 + 3, 2**60 + 7]
    assert long["id"].tolist() == ["007", "007", "008", "008"]


def test_preview_holds_every_matched_column_and_prints_escaped() -> None:
    frame = wide().rename(columns={"therapist": "<b>t</b>"})
    frame["wai_s3"] = frame["wai_s3"].mask([True, False, True])
    _, preview = al.reshape(frame, pattern="{column}_s{session}", id="id")
    assert list(preview.matched.columns) == ["column", "session", "source", "n", "missing"]
    assert preview.matched.set_index("source").loc["wai_s3", "missing"] == 2
    assert len(preview.matched) == 8
    table = preview.by_column()
    assert table["sessions"].tolist() == ["1–4", "1–4"]
    assert table["n"].tolist() == [10, 12]
    assert "&lt;b&gt;t&lt;/b&gt;" in preview._repr_html_()
    assert "<b>t" not in preview._repr_html_()
    assert "Not matched, repeated on every row of the patient: <b>t</b>, age." in repr(preview)


def test_a_frame_with_numbered_names_of_any_type() -> None:
    frame = pd.DataFrame({"id": [1, 2], 1: [1, 2], 2: [3, 4]})
    with pytest.raises(ArgumentError, match="gives the new column no name"):
        al.reshape(frame, pattern="{session}", id="id")


BASE = pd.DataFrame({"id": [1, 2], "wai_1": [1, 2], "wai_2": [3, 4], "phq_1": [1, 2]})
BAD: dict[str, tuple[pd.DataFrame, dict[str, object], str]] = {
    "no match": (
        BASE,
        {"pattern": "{column}_S{session}"},
        "pattern '{column}_S{session}' matches no column. Numbered columns fit "
        "'{column}_{session}' (2 columns).",
    ),
    "nothing numbered": (
        BASE[["id", "wai_1"]].rename(columns={"wai_1": "wai"}),
        {"pattern": "{column}_S{session}"},
        "pattern '{column}_S{session}' matches no column. No columns differ in a number only. "
        "Available: id, wai.",
    ),
    "labels": (
        BASE[["id"]].assign(phq_pre=1, phq_post=2),
        {},
        "pattern '{column}_{session}' matches no column. With anything in the place of {session} "
        "it would match phq_pre, phq_post (labels 'pre', 'post'): sessions must be whole numbers, "
        "or be mapped with sessions={label: number}. No columns differ in a number only. "
        "Available: id, phq_pre, phq_post.",
    ),
    "T labels": (
        BASE[["id"]].assign(phq_T1=1, phq_T2=2),
        {},
        "pattern '{column}_{session}' matches no column. With anything in the place of {session} "
        "it would match phq_T1, phq_T2 (labels 'T1', 'T2'): sessions must be whole numbers, or be "
        "mapped with sessions={label: number}. Numbered columns fit '{column}_T{session}' "
        "(2 columns).",
    ),
    "one session": (
        BASE[["id", "wai_1", "phq_1"]],
        {},
        "pattern '{column}_{session}' matches one session only: session 1, in wai_1, phq_1. A wide "
        "frame has several sessions side by side. No columns differ in a number only. Available: "
        "id, wai_1, phq_1.",
    ),
    "session twice": (
        BASE.assign(wai_01=0),
        {},
        "columns 'wai_1' and 'wai_01' both give session 1 of 'wai'. Rename or drop one of them.",
    ),
    "label and number": (
        BASE.assign(wai_first=0),
        {"sessions": {"first": 1}},
        "columns 'wai_1' and 'wai_first' both give session 1 of 'wai'. Rename or drop one of them.",
    ),
    "name taken": (
        BASE.assign(wai=0),
        {},
        "the new column 'wai' (from 'wai_1', …) would have the name of a column that is not "
        "matched. Rename or drop that column.",
    ),
    "name of the id": (
        BASE.rename(columns={"id": "wai"}),
        {"id": "wai"},
        "the new column 'wai' (from 'wai_1', …) would have the name of a column that is not "
        "matched. Rename or drop that column.",
    ),
    "session taken": (
        BASE.assign(session=0),
        {},
        "the column of session numbers would be named 'session', as another one is. Give session= "
        "another name, such as session='session_number'.",
    ),
    "carried twice": (
        pd.concat([BASE, BASE[["id"]].set_axis(["x"], axis=1)] * 2, axis=1).iloc[
            :, [0, 1, 2, 3, 4, 9]
        ],
        {},
        "column 'x' occurs 2 times. Rename one.",
    ),
    "id repeated": (
        BASE.assign(id=["secret", "secret"]),
        {},
        "id column 'id' is not unique: 1 row of 2 repeats the identifier of an earlier row, first "
        "at row 1 (counted from 0). A wide frame has one row a patient; if this one has a row a "
        "session already, give it to load_sessions.",
    ),
    "id missing": (
        BASE.assign(id=[None, "x"]),
        {},
        "id column 'id' is missing in 1 row of 2, first at row 0 (counted from 0). Fill it in, or "
        "drop the row.",
    ),
    "no id": (
        BASE,
        {"id": "patient_id"},
        "column 'patient_id' not found. Available: id, wai_1, wai_2, phq_1.",
    ),
    "mixed kinds": (
        BASE.assign(wai_2=["secret", "b"]),
        {},
        "the columns of 'wai' hold different kinds of cells: numbers in wai_1; texts in wai_2. "
        "Make them one kind before, so that nothing is converted unseen.",
    ),
    "mixed cells": (
        BASE.assign(wai_2=pd.Series(["secret", 3], dtype=object), wai_1=np.nan),
        {},
        "column wai_2 of 'wai' mixes numbers, texts or other cells. Make them one kind before.",
    ),
    "truth and numbers": (
        BASE.assign(wai_2=[True, False]),
        {},
        "the columns of 'wai' hold different kinds of cells: numbers in wai_1; truth values in "
        "wai_2. Make them one kind before, so that nothing is converted unseen.",
    ),
    "categories differ": (
        BASE.assign(wai_1=pd.Categorical(["a", "b"]), wai_2=pd.Categorical(["a", "c"])),
        {},
        "the columns of 'wai' hold categories that differ or stand in another order: wai_1, wai_2. "
        "Give them the same categories before.",
    ),
    "time zones": (
        BASE.assign(
            wai_1=pd.to_datetime(["2020-01-01", "2020-01-02"]),
            wai_2=pd.to_datetime(["2020-01-01", "2020-01-02"], utc=True),
        ),
        {},
        "the columns of 'wai' hold different kinds of cells: dates in wai_1; dates in the time "
        "zone UTC in wai_2. Make them one kind before, so that nothing is converted unseen.",
    ),
    "all missing": (
        BASE.assign(wai_1=np.nan, wai_2=np.nan, phq_1=np.nan),
        {},
        "all matched columns are missing in all 2 rows: no session has a measure. Give the frame "
        "with its values, or keep_empty=True.",
    ),
    "no rows": (
        BASE.iloc[:0],
        {},
        "the data are empty: 4 columns and no rows. Give at least two patients.",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_frames_are_refused_in_plain_words(case: str) -> None:
    frame, arguments, message = BAD[case]
    with pytest.raises(DataError) as caught:
        al.reshape(frame, **{"pattern": "{column}_{session}", "id": "id", **arguments})  # type: ignore[arg-type]
    assert str(caught.value) == message
    assert "secret" not in message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pattern": "wai"}, "pattern 'wai' has no {session}. Put it where the session's"),
        ({"pattern": 3}, "pattern=3 is not a pattern of column names. Give a text"),
        ({"pattern": ""}, "pattern='' is not a pattern of column names. Give a text"),
        ({"pattern": []}, "pattern is empty. Give one such as '{column}_s{session}'."),
        ({"pattern": "{colum}_{session}"}, "has an unknown field {colum}. Did you mean 'column'?"),
        ({"pattern": "{session}_{session}"}, "has {session} 2 times. Give it once."),
        ({"pattern": "{column_{session}"}, "has a brace without its partner."),
        ({"pattern": "{}_{session}"}, "has an unknown field {}. Known fields: {column}, {sess"),
        ({"pattern": "_{session}"}, "gives the new column no name. Add {column}, or the text"),
        ({"sessions": {}}, "sessions={} is not a mapping of labels to numbers."),
        ({"sessions": {"pre": 1.5}}, "sessions maps 'pre' to 1.5. Map each label, as it stands"),
        ({"sessions": {"pre": True}}, "sessions maps 'pre' to True."),
        ({"sessions": {"pre": 0}}, "sessions has 1 label that no matched column has: 'pre'."),
        ({"session": ""}, "session='' is not the name of a column."),
        ({"id": ["id"]}, "id=['id'] is not the name of a column."),
        ({"frame": "wide.csv"}, "frame is a str, not a DataFrame."),
    ],
)
def test_bad_arguments(arguments: dict[str, object], message: str) -> None:
    given = {"frame": BASE, "pattern": "{column}_{session}", "id": "id", **arguments}
    with pytest.raises(ArgumentError) as caught:
        al.reshape(given.pop("frame"), **given)  # type: ignore[arg-type]
    assert message in str(caught.value)


MESSAGES = {
    "label beside numbers": (
        BASE.drop(columns="phq_1").assign(wai_post=9),
        "{column}_{session}",
        "1 column named like a new one but without a session number is carried along: wai_post. "
        "If it is a session, give sessions={label: number}.",
    ),
    "numbered but not matched": (
        BASE.drop(columns="phq_1").assign(T1_phq=1, T2_phq=2),
        "{column}_{session}",
        "2 numbered columns not matched and carried along: T1_phq, T2_phq. If these are sessions "
        "too, give a list of patterns. Numbered columns fit 'T{session}_{column}' (2 columns).",
    ),
    "one session of a column": (
        BASE.rename(columns={"phq_1": "phq_9"}),
        "{column}_{session}",
        "new column 'phq' has session 9 only (from 'phq_9'). If the number belongs to its name, "
        "rename it before, such as to 'phq'.",
    ),
    "capitals": (
        BASE.drop(columns="phq_1").assign(WAI_3=1, WAI_4=2),
        "{column}_{session}",
        "new columns wai, WAI differ in capitals only. If they are one measure, rename its "
        "columns alike before.",
    ),
    "digit of the name": (
        pd.DataFrame({"id": [1, 2], "phq91": [1, 2], "phq92": [3, 4]}),
        "{column}{session}",
        "all session numbers of 'phq' begin with 9: the digit may belong to the name. Then give "
        "the pattern 'phq9{session}'.",
    ),
}


@pytest.mark.parametrize("case", MESSAGES)
def test_what_looks_missed_is_said(case: str) -> None:
    frame, pattern, message = MESSAGES[case]
    with pytest.warns(DataWarning) as caught:
        _, preview = al.reshape(frame, pattern=pattern, id="id")
    assert preview.messages == (message,)
    assert [str(warning.message) for warning in caught] == [message]
    assert caught[0].filename == __file__
    assert message in repr(preview)


def test_advice_for_a_digit_of_the_name_works() -> None:
    frame = MESSAGES["digit of the name"][0]
    long, preview = al.reshape(frame, pattern="phq9{session}", id="id")
    assert long["session"].tolist() == [1, 2, 1, 2]
    assert preview.messages == ()


def test_suggested_patterns_read_the_names() -> None:
    names = ["id", "wai_total_s1", "wai_total_s2", "T1_core", "T2_core", "a{1}", "a{2}"]
    for text, n in suggest_patterns(names):
        pattern = parse_pattern(text)
        assert sum(pattern.match(name) is not None for name in names) >= n
    assert dict(suggest_patterns(names)) == {"{column}_s{session}": 2, "T{session}_{column}": 2}


def test_number_ranges() -> None:
    assert number_ranges([3, 1, 2, 7]) == "1–3, 7"
    assert number_ranges([]) == ""


def test_the_example_file_made_wide_comes_back(tmp_path: Path) -> None:
    frame = al.load_example("sessions").frame
    measures = ["week", "wai_total", "phq9"]
    constant = ["therapist", "phq9_intake", "ended"]
    wide = frame.pivot(index="patient", columns="session", values=measures)
    wide.columns = [f"{name}_s{session:02d}" for name, session in wide.columns]
    wide = wide.join(frame.groupby("patient")[constant].first()).reset_index()
    path = tmp_path / "wide.csv"
    wide.to_csv(path, index=False)
    read = al.load_sessions(path).frame
    long, preview = al.reshape(read, pattern="{column}_s{session}", id="patient")
    assert preview.carried == tuple(constant)
    assert preview.messages == ()
    assert_frame_equal(long[list(frame.columns)], frame, check_dtype=False)


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 4), st.integers(1, 30)),
        st.integers(-5, 5),
        min_size=2,
        max_size=20,
    )
)
def test_long_to_wide_to_long_is_the_identity(cells: dict[tuple[int, int], int]) -> None:
    if len({session for _, session in cells}) < 2:
        return
    long = pd.DataFrame(
        [(f"p{p}", session, float(value)) for (p, session), value in sorted(cells.items())],
        columns=["id", "session", "wai"],
    )
    wide = long.pivot(index="id", columns="session", values="wai").add_prefix("wai_").reset_index()
    back, preview = al.reshape(wide, pattern="{column}_{session}", id="id")
    assert_frame_equal(back, long)
    assert preview.rows + preview.empty == wide.shape[0] * (wide.shape[1] - 1)
