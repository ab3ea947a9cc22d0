from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest

from alliance_stats import DataError, DataWarning, Roles
from alliance_stats.data import load_sessions

NAMES = ["ResponseId", "patient", "session", "alliance", "outcome"]
TEXTS = ["Response ID", "Client code", "Session, number", 'How "close"\ndo you feel?', "PHQ-9 sum"]
IDS = [json.dumps({"ImportId": name}) for name in ("_recordId", "QID1", "QID2", "QID3", "QID4")]
ROWS = [
    ["R_1", "007", 1, 4.5, 12],
    ["R_2", "007", 2, 5.0, 11],
    ["R_3", "012", 1, 3.5, 17],
]
LABELS = dict(zip(NAMES, [" ".join(text.split()) for text in TEXTS], strict=True))


def write(folder: Path, *header: list[str], rows: list[list[object]] = ROWS) -> Path:
    path = folder / "survey.csv"
    pd.DataFrame([*header, *rows]).to_csv(path, index=False, header=False)
    return path


def test_three_header_lines_of_a_survey_platform(tmp_path: Path) -> None:
    sessions = load_sessions(write(tmp_path, NAMES, TEXTS, IDS), Roles())
    assert sessions.frame["patient"].tolist() == ["007", "007", "012"]
    assert sessions.frame["session"].tolist() == [1, 2, 1]
    assert sessions.frame["alliance"].tolist() == [4.5, 5.0, 3.5]
    assert sessions.report.rows_read == 3
    assert sessions.report.variable_labels == LABELS
    assert sessions.report.notes == (
        "Second and third header lines of question texts are left out and kept as variable labels.",
    )
    assert sessions.report.messages == ()


def test_a_line_of_question_texts_is_left_out_and_warned_of(tmp_path: Path) -> None:
    path = write(tmp_path, NAMES, TEXTS)
    with pytest.warns(DataWarning, match="^Second header line of question texts is left out and"):
        sessions = load_sessions(path, Roles())
    assert sessions.frame["alliance"].tolist() == [4.5, 5.0, 3.5]
    assert sessions.report.variable_labels == LABELS


def test_a_line_of_import_ids_alone(tmp_path: Path) -> None:
    sessions = load_sessions(write(tmp_path, NAMES, IDS), Roles())
    assert len(sessions.frame) == 3
    assert sessions.report.variable_labels == {}
    assert sessions.report.notes == ("Second header line is left out.",)


def test_rows_are_still_named_by_their_lines(tmp_path: Path) -> None:
    rows = [*ROWS, ["R_4", "012", 2, "x", 1]]
    with pytest.raises(DataError, match="alliance column .* first at line 8 of the file"):
        load_sessions(write(tmp_path, NAMES, TEXTS, IDS, rows=rows), Roles())


@pytest.mark.parametrize(
    "first",
    [
        ["R_0", "p", 1, "n/a", "refused"],
        ["R_0", "p", "x", "n/a", "n/a"],
        ["R_0", "p", None, "refused", None],
    ],
    ids=["a number in it", "short and the same", "one text only"],
)
def test_a_row_of_data_is_not_taken_for_a_header(tmp_path: Path, first: list[object]) -> None:
    sessions = load_sessions(write(tmp_path, NAMES, rows=[first, *ROWS]))
    assert len(sessions.frame) == 4
    assert sessions.report.notes == ()


def test_texts_everywhere_are_data(tmp_path: Path) -> None:
    rows = [["a", "yes", "good"], ["b", "no", "bad"]]
    sessions = load_sessions(write(tmp_path, ["id", "x", "y"], rows=rows))
    assert len(sessions.frame) == 2
