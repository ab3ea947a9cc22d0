"""The bar of progress: late, with the numbers, gone at the end."""

from __future__ import annotations

import io
import sys

import pytest

from alliance_stats.models.multiverses import progress


@pytest.mark.parametrize("delay", [0.0, 60.0])
def test_the_bar_is_shown_after_its_delay_only(
    monkeypatch: pytest.MonkeyPatch, delay: float
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    monkeypatch.setattr(progress, "DELAY", delay)
    with progress.shown(1000, 0, wanted=True) as step:
        for done in (240, 1000):
            step(done)
    assert ("/1000" in stream.getvalue()) == (delay == 0.0)


def test_nothing_is_shown_unasked(capsys: pytest.CaptureFixture[str]) -> None:
    with progress.shown(3, 0, wanted=False) as step:
        step(1)
    assert capsys.readouterr().err == ""


def test_checkpoints_keep_their_distance(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: clock[0])
    written: list[float] = []
    maybe = progress.now_and_then(lambda: written.append(clock[0]))
    for seconds in (1.0, 11.0, 12.0, 22.0):
        clock[0] = seconds
        maybe()
    assert written == [11.0, 22.0]
