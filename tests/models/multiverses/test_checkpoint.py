"""Checkpoints: an interrupted run goes on, another one is refused, nothing half-written stays."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.models.multiverses import run
from tests.models.multiverses.conftest import ask

CHOICES = {"time": ["linear", "log"], "outliers": ["keep", "drop_3sd"]}


def interrupted_after(n: int, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Make the fit after `n` be interrupted; the list counts the fits."""
    seen: list[int] = []
    original = run.row_of

    def row_of(found: Any) -> Any:
        if len(seen) == n:
            raise KeyboardInterrupt
        seen.append(1)
        return original(found)

    monkeypatch.setattr(run, "row_of", row_of)
    return seen


def test_goes_on_where_it_stopped(
    frame: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "done.npz"
    whole = ask("within", frame, CHOICES, permutations=39, rng=1)
    with monkeypatch.context() as patch:
        interrupted_after(3, patch)
        with pytest.raises(KeyboardInterrupt):
            ask("within", frame, CHOICES, permutations=39, rng=1, checkpoint=path)
    with np.load(path, allow_pickle=False) as held:
        assert len(held["numbers"]) == 3
    with monkeypatch.context() as patch:
        seen = interrupted_after(9, patch)
        result = ask("within", frame, CHOICES, permutations=39, rng=1, checkpoint=str(path))
    assert len(seen) == 1
    pd.testing.assert_frame_equal(result.tidy(), whole.tidy())
    assert np.array_equal(result.draws, whole.draws)
    assert [p.name for p in tmp_path.iterdir()] == ["done.npz"]


def test_refuses_other_data_choices_or_draws(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "done.npz"
    ask("within", frame, CHOICES, checkpoint=path)
    other = frame.copy()
    other.loc[3, "phq"] = 7.25
    for call in (
        lambda: ask("within", other, CHOICES, checkpoint=path),
        lambda: ask("within", frame, CHOICES | {"reml": [True, False]}, checkpoint=path),
        lambda: ask("within", frame, CHOICES, permutations=39, rng=1, checkpoint=path),
    ):
        with pytest.raises(DataError, match="checkpoint of another multiverse: its fingerprint is"):
            call()


def test_refuses_what_is_no_checkpoint(frame: pd.DataFrame, tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(b"PK nothing")
    with pytest.raises(DataError, match=r"'bad.npz' is no checkpoint"):
        ask("within", frame, CHOICES, checkpoint=path)
    with pytest.raises(ArgumentError, match=r"does not end in .npz"):
        ask("within", frame, CHOICES, checkpoint=tmp_path / "done.pkl")
    with pytest.raises(ArgumentError, match="does not exist"):
        ask("within", frame, CHOICES, checkpoint=tmp_path / "none" / "done.npz")
