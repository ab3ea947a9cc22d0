from __future__ import annotations

import math
import re
from pathlib import Path

import pandas as pd
import pytest

from alliance_stats import ArgumentError, DataError, Roles
from alliance_stats.data import examples, load_example
from alliance_stats.data.codebook_check import file_quantities
from alliance_stats.data.examples import EXAMPLES, synthetic_folder

ROLES = Roles(
    patient="patient",
    session="session",
    therapist="therapist",
    alliance="wai_total",
    outcome="phq9",
    outcome_better="lower",
    baseline="phq9_intake",
    time="week",
    ended="ended",
    alliance_at="after",
    outcome_at="before",
)


def write_example(folder: Path, name: str, start: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(
        {
            "patient": ["P1", "P1", "P2"],
            "session": [1, 2, 1],
            "therapist": ["T1", "T1", "T1"],
            "week": [0.0, 1.0, 0.0],
            "wai_total": [start, 4.5, 5.0],
            "phq9": [15, 14, 12],
            "phq9_intake": [16, 16, 13],
            "ended": ["agreed", "agreed", "dropout"],
            "wai_therapist": [4.0, 4.0, 3.5],
            "treatment": ["therapist", "therapist", "therapist"],
        }
    ).to_csv(folder / f"{name}.csv", index=False)
    quantities = {
        "start": start,
        "file_rows": 3,
        "file_patients": 2,
        "file_therapists": 1,
        "file_alliance_mean": round((start + 9.5) / 3, 5),
        "file_outcome_mean": 13.6667,
    }
    codebook = pd.DataFrame(quantities.items(), columns=["parameter", "value"])
    codebook[["unit", "source", "status", "structural", "estimand", "meaning"]] = "x"
    codebook.to_csv(folder / f"{name}_codebook.csv", index=False)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package folder in a repository: ``<root>/src/alliance_stats``."""
    package = tmp_path / "src" / "alliance_stats"
    (package / "data").mkdir(parents=True)
    monkeypatch.setattr(examples, "__file__", str(package / "data" / "examples.py"))
    return package


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_has_roles_and_codebook(package: Path, name: str) -> None:
    for i, example in enumerate(EXAMPLES):
        write_example(package / "_synthetic", example, 3.0 + i)
    sessions = load_example(name)
    start = 3.0 + list(EXAMPLES).index(name)
    assert sessions.roles == EXAMPLES[name]
    assert sessions.frame["wai_total"].tolist() == [start, 4.5, 5.0]
    assert sessions.codebook is not None
    assert sessions.codebook["value"].iloc[0] == start
    assert sessions.report.source == f"{name}.csv"


def test_installed_package_comes_before_the_repository(package: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the synthetic data are not installed"):
        synthetic_folder()
    repository = tmp_path / "data" / "synthetic"
    write_example(repository, "sessions", 3.0)
    assert synthetic_folder() == repository
    installed = package / "_synthetic"
    installed.mkdir()
    assert synthetic_folder() == installed
    with pytest.raises(DataError, match="file 'sessions.csv' not found"):
        load_example("sessions")


DATA_ROW = "P1,2,T1,1.0,4.5,14,16,agreed,4.0,therapist\n"


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("sessions.csv", DATA_ROW, "", "file_rows is 3 in the codebook and 2 in the file"),
        ("sessions.csv", "P1,2,", "P3,2,", "file_patients is 2 in the codebook and 3 in the"),
        ("sessions.csv", "P2,1,T1", "P2,1,T2", "file_therapists is 1 .* and 2 in the file"),
        ("sessions.csv", ",4.5,14", ",4.6,14", "file_alliance_mean is 4.16667 .* and 4.2 in"),
        ("sessions.csv", ",14,16", ",17,16", "file_outcome_mean is 13.6667 .* and 14.6667 in"),
        ("sessions_codebook.csv", "file_rows,3", "file_rows,4", "file_rows is 4 .* and 3 in the"),
        ("sessions_codebook.csv", "13.6667", "", "file_outcome_mean is nan .* and 13.6667 in"),
        ("sessions_codebook.csv", "13.6667", "many", "file_outcome_mean is nan .* and 13.6667"),
    ],
)
def test_codebook_that_does_not_fit_its_file(
    package: Path, file: str, old: str, new: str, message: str
) -> None:
    folder = package / "_synthetic"
    write_example(folder, "sessions", 3.0)
    load_example("sessions")
    edit(folder / file, old, new)
    with pytest.raises(DataError) as caught:
        load_example("sessions")
    said = str(caught.value)
    assert said.startswith("the codebook 'sessions_codebook.csv' does not fit its file 'sessions.c")
    assert re.search(message, said)
    assert said.endswith("Write both again with `make data`, or install alliance_stats again.")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",estimand,", ",limit,", "'sessions_codebook.csv' has no column estimand. One of"),
        ("parameter,value", "name,number", "has no column parameter, value. One of the two"),
        ("file_therapists", "file_therapist", "has no row 'file_therapists'. One of the two"),
    ],
)
def test_codebook_without_a_part(package: Path, old: str, new: str, message: str) -> None:
    write_example(package / "_synthetic", "sessions", 3.0)
    edit(package / "_synthetic" / "sessions_codebook.csv", old, new)
    with pytest.raises(DataError, match=message):
        load_example("sessions")


def test_quantities_of_a_file_without_ratings_or_therapists() -> None:
    frame = pd.DataFrame({"p": ["a", "a"], "s": [1, 2], "x": [float("nan")] * 2, "y": [1.0, 2.0]})
    found = file_quantities(frame, Roles(patient="p", session="s", alliance="x", outcome="y"))
    assert math.isnan(found.pop("file_alliance_mean"))
    assert found == {
        "file_rows": 2, "file_patients": 1, "file_therapists": 0, "file_outcome_mean": 1.5,
    }  # fmt: skip


def test_roles_of_the_main_example() -> None:
    assert EXAMPLES["sessions"] == ROLES


def test_unknown_example() -> None:
    with pytest.raises(ArgumentError, match="no example 'session'. Did you mean 'sessions'"):
        load_example("session")
    with pytest.raises(ArgumentError, match="Examples: sessions, sessions_null, dyads, "):
        load_example(3)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_example_files_are_there_and_clean(name: str) -> None:
    sessions = load_example(name)
    said = {"therapist_change": "more than one therapist", "therapist_free": "have no therapist"}
    expected = said.get(name.removesuffix("_null"))
    assert len(sessions.report.messages) == (expected is not None)
    assert expected is None or expected in sessions.report.messages[0]
    assert sessions.report.rows_kept == sessions.report.rows_read
    units = dict(sessions.report.levels.itertuples(index=False))
    assert units["session"] > units["patient"] > units["therapist"] > 1
    assert sessions.codebook is not None
    assert len(sessions.codebook)
