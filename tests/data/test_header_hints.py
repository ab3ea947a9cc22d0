from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from alliance_stats import DataError, Roles
from alliance_stats.data import load_sessions
from alliance_stats.data.wide.patterns import numbered_columns

NAMES = "patient,session,alliance,outcome\n"
ROWS = "p1,1,4,9\np1,2,5,8\np2,1,3,9\n"
WIDE = "patient,sex,wai_1,wai_2,wai_3,phq9_1,phq9_2\np1,f,1,2,3,4,5\np2,f,1,2,3,4,5\n"

BAD_HEADERS = {
    "merged cells": (
        "Ids,,Ratings,\n" + NAMES + ROWS,
        "column 'patient' (role 'patient') not found: the name stands in line 2 of the file, below "
        "1 line of titles or merged cells. Delete that line, so",
    ),
    "titles": (
        "My study,,,\n,,,\n" + NAMES + ROWS,
        "column 'patient' (role 'patient') not found: the name stands in line 3 of the file, below "
        "2 lines of titles or merged cells. Delete those lines, so",
    ),
    "no names": (
        ROWS,
        "column 'patient' (role 'patient') not found: 3 of 4 column names are numbers, so the "
        "first line looks like data.",
    ),
    "spaces around a name": (
        NAMES.replace("session", " session ") + ROWS,
        "column 'session' (role 'session') not found: the data have that name with spaces around",
    ),
    "separated by spaces": (
        (NAMES + ROWS).replace(",", " "),
        "column 'patient' (role 'patient') not found: the data have one column only.",
    ),
    "wide": (
        WIDE,
        "column 'session' (role 'session') not found: the data look wide, with one row a patient "
        "and numbered columns side by side (wai_1, wai_2, …; phq9_1, phq9_2, …). One row must be "
        "one session: use al.reshape(frame, pattern='{column}_{session}', id='patient'), and",
    ),
    "items of a long file": (
        "patient,nr,wai_1,wai_2,alliance,outcome\np1,1,4,3,4,1\np1,2,5,3,4,1\np2,1,5,3,4,1\n",
        "column 'session' (role 'session') not found. Available: patient, nr, wai_1",
    ),
    "wide, patient misnamed": (
        WIDE.replace("patient", "patients"),
        "column 'patient' (role 'patient') not found. Did you mean 'patients'?",
    ),
}


@pytest.mark.parametrize("case", BAD_HEADERS)
def test_a_missing_column_is_explained(tmp_path: Path, case: str) -> None:
    content, message = BAD_HEADERS[case]
    (tmp_path / "s.csv").write_text(content)
    with pytest.raises(DataError) as error:
        load_sessions(tmp_path / "s.csv", Roles())
    assert str(error.value).startswith(message)


def test_rows_of_frames_are_counted_from_0() -> None:
    frame = pd.DataFrame([["patient", "session", "alliance", "outcome"], ["a", 1, 2, 3]])
    with pytest.raises(DataError, match=r"stands in row 0 \(counted from 0\), below 1 line"):
        load_sessions(frame, Roles())


def test_groups_of_numbered_names() -> None:
    names = ["id", "sex", "phq9_1", "phq9_2", "wai12", "T1_ors", "T2_ors", "1", "2"]
    assert numbered_columns(names) == [["phq9_1", "phq9_2"], ["T1_ors", "T2_ors"]]
