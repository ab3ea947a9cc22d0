"""allow.toml: typed numbers that are no results, each with a reason."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from alliance_stats._base.errors import DataError
from alliance_stats.paper.tables import Reader

ALLOW = "allow.toml"


@dataclass(frozen=True, slots=True)
class Allowed:
    """A text of the manuscript whose numbers are no results of the study, and why."""

    text: str
    reason: str


def load_allowed(folder: Path) -> tuple[Allowed, ...]:
    """Read the allow-list of a paper; empty if there is none. Errors say what is wrong in it.

    Raises
    ------
    DataError
        If the file is no TOML, or an entry lacks its text or its reason.
    """
    path = folder / ALLOW
    if not path.is_file():
        return ()
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"it is no TOML: {error}. Correct it.") from error
    top = Reader(given, "it")
    top.only("allow")
    entries = []
    for number, table in enumerate(top.list_of_tables("allow"), start=1):
        reader = Reader(table, f"entry {number}")
        reader.only("text", "reason")
        text = one_line(reader.text("text"))
        if not any(sign.isdigit() for sign in text):
            raise DataError(f"{reader.where}: text = {text!r} holds no number. Take it out.")
        entries.append(Allowed(text, one_line(reader.text("reason"))))
    return tuple(entries)


def spans(entry: Allowed, text: str) -> list[tuple[int, int]]:
    """Where an allowed text stands in a passage whose blanks are single.

    A number that goes on beyond the text is another number, and not allowed.
    """
    found, start = [], text.find(entry.text)
    while start >= 0:
        end = start + len(entry.text)
        if not (_goes_on(text, start - 1, start) or _goes_on(text, end, end - 1)):
            found.append((start, end))
        start = text.find(entry.text, start + 1)
    return found


def _goes_on(text: str, outside: int, edge: int) -> bool:
    """Whether a number passes the edge of an allowed text."""
    if not (0 <= outside < len(text)) or not text[edge].isdigit():
        return False
    more = text[outside]
    if outside > edge and more in ".,":  # a point that ends the sentence is none of the number
        return outside + 1 < len(text) and text[outside + 1].isdigit()
    return more.isdigit() or (outside < edge and more in ".,−")


def one_line(text: str) -> str:
    """Text with single blanks."""
    return " ".join(text.split())
