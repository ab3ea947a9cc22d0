from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from alliance_stats import DataWarning, Roles
from alliance_stats.data import load_sessions
from alliance_stats.data.session_messages import written_plainly

NAMES = "patient,session,therapist,alliance,outcome\n"
ROWS = "Ann,1,t1,4,9\nAnn,2,t1,5,8\nBob,1,t2,3,9\n"


def messages(folder: Path, rows: str, *, therapist: bool = False) -> tuple[str, ...]:
    (folder / "s.csv").write_text(NAMES + ROWS + rows)
    return load_sessions(
        folder / "s.csv", Roles(therapist="therapist" if therapist else None)
    ).report.messages


def test_good_data_have_no_messages(tmp_path: Path) -> None:
    assert messages(tmp_path, "", therapist=True) == ()


def test_session_numbers_that_do_not_count(tmp_path: Path) -> None:
    assert messages(tmp_path, "Bob,0.5,t2,3,9\nBob,0,t2,3,9\n") == (
        "session column 'session' holds numbers that do not count sessions: 1 not whole, first at "
        "line 5 of the file. Give each session the patient's own count: 1, 2, 3, …. They are kept "
        "as they are.",
    )
    (said,) = messages(tmp_path, ",4,t2,3,9\nBob,-99,t2,3,9\nBob,-1.5,t2,3,9\n")[1:]
    assert "2 below zero, 1 not whole, first at line 6 of the file." in said
    assert "a code such as -99 must be set to missing" in said


def test_patients_without_any_therapist(tmp_path: Path) -> None:
    assert messages(tmp_path, "Cy,1,,3,9\nCy,2,,3,9\nBob,2,,1,1\n", therapist=True) == (
        "1 of 3 patients has no therapist in any row (2 sessions). Models with therapists leave "
        "these sessions out; fill in the therapist if it is known.",
    )
    said = messages(tmp_path, "Cy,1,,3,9\nDi,2,,3,9\n", therapist=True)
    assert said[0].startswith("2 of 4 patients have no therapist in any row (2 sessions).")
    assert messages(tmp_path, "Cy,1,,3,9\n") == ()


@pytest.mark.parametrize("other", ["bob", "Bob ", " BOB"])
def test_patients_written_differently(tmp_path: Path, other: str) -> None:
    (said,) = messages(tmp_path, f'"{other}",2,t2,3,9\n')
    assert said.startswith("1 of 3 patients differs from another one only in spaces, capitals")
    assert "ob" not in said.replace("another", "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("007", "7"), ("P-01", "P-1"), ("12", "12.0"), (1, "1"), ("a  b", "A b"),
        ("Zoe\u0301", "Zo\u00e9"), ("a\u00a0b", "a b"),
    ],
)  # fmt: skip
def test_written_alike(one: object, other: object) -> None:
    assert written_plainly(one) == written_plainly(other)


@pytest.mark.parametrize(
    ("one", "other"), [("10", "1"), ("1.05", "1.5"), ("P0", "P"), ("100", "1"), ("a0", "a")]
)
def test_written_differently(one: str, other: str) -> None:
    assert written_plainly(one) != written_plainly(other)


def test_a_row_of_totals(tmp_path: Path) -> None:
    assert messages(tmp_path, "Total ,3,,12,26\n") == (
        "1 patient is named by a word for a summary (total): this looks like a row of totals. "
        "Delete such rows from the file; here they are kept.",
    )
    (said,) = messages(tmp_path, "SUM,3,,12,26\nMean,3,,4,8\n")
    assert said.startswith("2 patients are named by a word for a summary (mean, sum)")


def test_every_message_is_warned_of(tmp_path: Path) -> None:
    with pytest.warns(DataWarning) as caught:
        said = messages(tmp_path, "Total,-3,,12,26\n,,,,\n", therapist=True)
    assert [str(w.message) for w in caught] == list(said)
    assert len(said) == 4


def test_mixed_types_in_a_frame() -> None:
    frame = pd.DataFrame(
        {"patient": [1, "1", 2], "session": 1, "alliance": [1, 2, 3], "outcome": [3, 2, 1]}
    )
    with pytest.warns(DataWarning, match="1 of 3 patients differs .* or type"):
        load_sessions(frame, Roles())
