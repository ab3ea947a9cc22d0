"""What is printed: steps that take long, wrapped messages, options for arguments."""

from __future__ import annotations

import io
import sys
import time
from types import SimpleNamespace

import pytest

from alliance_stats.cli import lines, steps


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_slow_steps_are_announced_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "PATIENCE", 0.01)

    def slow(stream: io.StringIO, quiet: bool) -> str:
        monkeypatch.setattr(sys, "stderr", stream)
        with steps.step("Fitting the model", SimpleNamespace(quiet=quiet)):  # type: ignore[arg-type]
            time.sleep(0.3)
        return stream.getvalue()

    assert slow(Terminal(), quiet=False) == "Fitting the model ...\n"
    assert slow(Terminal(), quiet=True) == ""
    assert slow(io.StringIO(), quiet=False) == ""


def test_quick_steps_are_not_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with steps.step("Reading the file", SimpleNamespace(quiet=False)):  # type: ignore[arg-type]
        pass
    assert sys.stderr.getvalue() == ""  # type: ignore[attr-defined]


def test_messages_are_wrapped_in_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    monkeypatch.setenv("COLUMNS", "60")
    lines.tell("one two three " * 20)
    shown = sys.stderr.getvalue().splitlines()  # type: ignore[attr-defined]
    assert len(shown) > 3
    assert max(map(len, shown)) <= 59


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("for example sheet='Weeks'.", "for example --sheet Weeks."),
        ("for example sheet='Week 1'.", 'for example --sheet "Week 1".'),
        ("for example sheet='it's'.", 'for example --sheet "it\'s".'),
        ("2 sheets, so sheet=5 is not there.", "2 sheets, so --sheet 5 is not there."),
        ("sheet='x' is given. Leave sheet= out.", "--sheet x is given. Leave --sheet out."),
        ("time_column='time' needs", "--time-column time needs"),
        ("random_slopes={} for fewer", "--random-slopes none for fewer"),
        ("Leave the therapist role out.", "Leave --therapist out."),
        ("or leave the therapist role out.", "or leave --therapist out."),
        ("Give max_missing= to score", "Give --max-missing to score"),
        ("[questions.a] time_column='time' needs", "[questions.a] time_column='time' needs"),
        ("Error: [data.s] sheet= is", "Error: [data.s] sheet= is"),
        ("the worksheet=1 and timesheet='a'.", "the worksheet=1 and timesheet='a'."),
    ],
)
def test_arguments_are_named_as_options(
    capsys: pytest.CaptureFixture[str], said: str, shown: str
) -> None:
    lines.tell(said)
    assert capsys.readouterr().err == f"{shown}\n"


def test_nothing_is_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a terminal that could show colours, whatever NO_COLOR says."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stderr", Terminal())
    lines.tell("Error: \x1b[31mred\x1b[0m")
    assert "\x1b" not in sys.stderr.getvalue()  # type: ignore[attr-defined]
