from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from alliance_stats import ArgumentError, DataError, Roles
from alliance_stats.data import examples, load_example
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
    codebook = pd.DataFrame({"parameter": ["therapists"], "value": [start]})
    codebook.to_csv(folder / f"{name}_codebook.csv", index=False)


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
    assert sessions.codebook["value"].tolist() == [start]
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
