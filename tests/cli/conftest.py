"""A folder with one good file, and the program run in this process."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import cli


@pytest.fixture(scope="session")
def frame() -> pd.DataFrame:
    sessions = al.load_example("sessions").frame
    few = sessions["patient"].drop_duplicates().head(60)
    return sessions[sessions["patient"].isin(few)].reset_index(drop=True)


@pytest.fixture
def folder(frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder with one good file, as the current folder."""
    frame.to_csv(tmp_path / "sessions.csv", index=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ALLIANCE_STATS_DEBUG", raising=False)
    return tmp_path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    """Run the program here; its exit code, output and error output."""

    def running(*words: str) -> SimpleNamespace:
        try:
            code: object = cli.main(list(words))
        except SystemExit as stop:
            code = stop.code
        out, err = capsys.readouterr()
        assert "Traceback" not in out
        return SimpleNamespace(code=code, out=out, err=err)

    return running
