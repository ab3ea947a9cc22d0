"""The line of progress: late, on terminals only, gone at the end."""

from __future__ import annotations

import io
import sys

import pytest

from alliance_stats.models.multiverses import progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that is read from a list of one number."""
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    return now


@pytest.mark.parametrize(("terminal", "after"), [(True, 3.0), (True, 1.0), (False, 3.0)])
def test_line_is_shown_late_and_on_terminals(
    clock: list[float], monkeypatch: pytest.MonkeyPatch, terminal: bool, after: float
) -> None:
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    with progress.shown(1000, 0, wanted=True) as step:
        clock[0] = after
        step(240)
        written = stream.getvalue()
    if terminal and after > progress.DELAY:
        assert written == "\r240 of 1,000 specifications"
        assert stream.getvalue().endswith("\r")
    else:
        assert stream.getvalue() == ""


def test_nothing_is_shown_unasked(clock: list[float]) -> None:
    with progress.shown(3, 0, wanted=False) as step:
        clock[0] = 9.0
        step(1)


def test_checkpoints_keep_their_distance(clock: list[float]) -> None:
    written: list[float] = []
    maybe = progress.now_and_then(lambda: written.append(clock[0]))
    for seconds in (1.0, 11.0, 12.0, 22.0):
        clock[0] = seconds
        maybe()
    assert written == [11.0, 22.0]
