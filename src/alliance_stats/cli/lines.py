"""What the program prints: results on stdout, messages on stderr, options for arguments."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import sys
import textwrap
import warnings
from collections.abc import Iterator
from typing import Any, TextIO

from alliance_stats._base.errors import DataWarning, FitWarning

#: Minus, dashes, apostrophe, plus-minus, dots, infinity and square where the output lacks them.
_PLAIN: dict[int, Any] = {
    **str.maketrans("\u2212\u2013\u2014\u2019", "---'"),
    **{0xB1: "+/-", 0x2026: "...", 0x221E: "inf", 0xB2: "2"},
}
#: Arguments of the library in its messages, which name the options here.
_ARGUMENT = re.compile(
    r"\b(?P<name>time|time_column|random_slopes|mean_rows|therapist_mean|therapist_change"
    r"|residual)"
    r"=('(?P<value>\w+)'|\{\})"
    r"|roles=Roles\((?P<role>\w+)=…\)|\b(?P<label>therapist)='…'"
    r"|(?P<left>[Ll]eave the therapist role out)"
    r"|\b(?P<missing>max_missing=)(?!\w)"
    r"|\bsheet=(?:'(?P<sheet>.*?)'(?=[ .,;])|(?P<position>\d+)\b|(?P<none>))"
)
#: Messages about study.toml, where arguments are called as they are.
_IN_STUDY = re.compile(r"(?:Error: )?\[(?:questions|data)\.")
#: What could move the cursor, colour the terminal or turn the reading direction.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@contextlib.contextmanager
def messages_as_lines(debug: bool) -> Iterator[None]:
    """Print our warnings as plain lines, each once; others only for debugging."""
    said: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        ours = issubclass(category, DataWarning | FitWarning)
        text = str(message) if ours else f"{category.__name__}: {message}"
        if (ours or debug) and text not in said:
            said.add(text)
            tell(text)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show
        yield


def print_result(text: str, args: argparse.Namespace) -> None:
    """Results on stdout, unless quiet."""
    if not args.quiet:
        write(text, sys.stdout)


def as_paragraph(text: str) -> str:
    """A sentence of the library as wrapped lines, arguments as options."""
    return textwrap.fill(_ARGUMENT.sub(_as_option, text), 88)


def tell(text: str) -> None:
    """One message on stderr, arguments as options: wrapped in a terminal, else one line."""
    line = " ".join((text if _IN_STUDY.match(text) else _ARGUMENT.sub(_as_option, text)).split())
    if sys.stderr is not None and sys.stderr.isatty():
        width = max(30, min(88, shutil.get_terminal_size().columns - 1))
        line = textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
    write(line, sys.stderr)


def _as_option(found: re.Match[str]) -> str:
    """``time_column='time'`` as ``--time-column time``."""
    if left := found["left"]:
        return f"{left[0]}eave --therapist out"
    if found["missing"]:
        return "--max-missing"
    if found["none"] is not None:
        return "--sheet"
    if sheet := found["sheet"] or found["position"]:
        return f'--sheet "{sheet}"' if re.search(r"\W", sheet) else f"--sheet {sheet}"
    if role := found["role"] or found["label"]:
        return f"--{role}"
    name = "time-trend" if found["name"] == "time" else found["name"].replace("_", "-")
    return f"--{name} {found['value'] or 'none'}"


def write(text: str, stream: TextIO | None) -> None:
    """Text without control characters, in what the stream can show; nothing if it is closed."""
    if stream is None:
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    text = _CONTROL.sub("?", text)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_PLAIN).encode(encoding, "replace").decode(encoding)
    stream.write(f"{text}\n")


def forget_output() -> None:
    """Let nothing unwritten complain when the interpreter ends."""
    with contextlib.suppress(OSError, ValueError):
        stdout = sys.stdout.fileno()
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout)
