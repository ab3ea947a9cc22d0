"""Patterns of column names, such as ``"{column}_s{session}"``: matching, and what would match."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from alliance_stats._base.checks import did_you_mean, name_list
from alliance_stats._base.errors import ArgumentError

FIELDS = ("column", "session")
_PIECES = re.compile(r"\{([^{}]*)\}|([{}])")
_NUMBER = "[0-9]+"
_SEPARATORS = " _.-:/"
_NUMBER_IN_NAME = re.compile(r"[0-9]+")
_COLUMN_THEN_MARK = re.compile(r"(?P<column>.*?[A-Za-z0-9])(?P<mark>[^A-Za-z0-9]+[A-Za-z]{0,7}|)")
_MARK_THEN_COLUMN = re.compile(r"(?P<mark>[^A-Za-z0-9]*)(?P<column>[A-Za-z].*)")
_MOST_SUGGESTED = 3


@dataclass(frozen=True, slots=True)
class NameParts:
    """What a pattern reads in one name: the new column, and the session as it is written."""

    column: str
    session: str


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A pattern, and the regular expressions made of it.

    Attributes
    ----------
    text : str
        As the user wrote it.
    numbers, labels : Pattern
        Names whose session is a whole number or a known label; names with anything in its place.
    """

    text: str
    numbers: re.Pattern[str]
    labels: re.Pattern[str]

    def match(self, name: str) -> NameParts | None:
        """The parts of a name whose session is a whole number or a known label."""
        return self._parts(self.numbers.fullmatch(name))

    def match_label(self, name: str) -> NameParts | None:
        """The parts of a name with anything in the place of the session."""
        return self._parts(self.labels.fullmatch(name))

    @property
    def digits_may_be_the_columns(self) -> bool:
        """Whether nothing separates the column from the session: ``phq91`` is ambiguous."""
        return "{column}{session}" in self.text

    def _parts(self, found: re.Match[str] | None) -> NameParts | None:
        if found is None:
            return None
        seen = found.groupdict()
        column = seen["column"] if "column" in seen else _literal_name(self.text)
        return NameParts(column, seen["session"])


def parse_pattern(text: str, labels: Iterable[str] = ()) -> NamePattern:
    r"""Read a pattern; everything outside braces is matched literally.

    Parameters
    ----------
    text : str
        With ``{session}`` once, and ``{column}`` at most once.
    labels : iterable of str
        Texts that stand for a session, besides whole numbers.

    Raises
    ------
    ArgumentError
        If the pattern is no text, has unknown, repeated or broken fields, or names no column.

    Examples
    --------
    >>> parse_pattern("{column}_s{session}").match("wai_total_s12")
    NameParts(column='wai_total', session='12')
    >>> parse_pattern("wai.{session}").match("wai_1") is None
    True
    """
    if not isinstance(text, str) or not text:
        raise ArgumentError(
            f"pattern={text!r} is not a pattern of column names. "
            "Give a text such as '{column}_s{session}' or 'wai_{session}'."
        )
    pieces = list(_pieces(text))
    fields = [piece for is_field, piece in pieces if is_field]
    _check_fields(text, fields)
    if "column" not in fields and not _literal_name(text):
        raise ArgumentError(
            f"pattern {text!r} gives the new column no name. "
            "Add {column}, or the text that stands beside the number, as in 'wai_{session}'."
        )
    known = sorted(map(re.escape, labels), key=len, reverse=True)
    short = "{column}{session}" in text
    return NamePattern(
        text,
        _expression(pieces, "|".join([_NUMBER, *known]), short=short),
        _expression(pieces, ".+", short=short),
    )


def suggest_patterns(names: Sequence[str]) -> list[tuple[str, int]]:
    """Patterns that fit numbered names, each with how many columns it matches.

    Examples
    --------
    >>> suggest_patterns(["id", "wai_s1", "wai_s2", "phq_s1", "phq_s2", "T1_core", "T2_core"])
    [('{column}_s{session}', 4), ('T{session}_{column}', 2)]
    """
    groups: dict[tuple[str, str], set[str]] = defaultdict(set)
    for name in names:
        for digits in _NUMBER_IN_NAME.finditer(name):
            groups[name[: digits.start()], name[digits.end() :]].add(name)
    matched: dict[str, set[str]] = defaultdict(set)
    for (before, after), group in groups.items():
        if len(group) > 1:
            for text in _candidates(before, after):
                matched[text] |= group
    ranked = sorted(matched, key=lambda text: (-len(matched[text]), len(text), text))
    shown: list[str] = []
    covered: Counter[str] = Counter()
    for text in ranked:
        if any(not covered[name] for name in matched[text]):
            shown.append(text)
            covered.update(matched[text])
    return [(text, len(matched[text])) for text in shown[:_MOST_SUGGESTED]]


def numbered_columns(names: list[str]) -> list[list[str]]:
    """Groups of names that differ in one number only.

    >>> numbered_columns(["id", "phq9_1", "phq9_2", "T1_wai", "T2_wai"])
    [['phq9_1', 'phq9_2'], ['T1_wai', 'T2_wai']]
    """
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in names:
        for digits in _NUMBER_IN_NAME.finditer(name):
            groups[name[: digits.start()], name[digits.end() :]].append(name)
    return [group for (before, after), group in groups.items() if len(group) > 1 and before + after]


def _pieces(text: str) -> Iterator[tuple[bool, str]]:
    """Pieces of a pattern in order: ``(is a field, its name or the literal text)``."""
    end = 0
    for found in _PIECES.finditer(text):
        if found[2]:
            raise ArgumentError(
                f"pattern {text!r} has a brace without its partner. "
                "Write fields as {column} and {session}."
            )
        if found.start() > end:
            yield False, text[end : found.start()]
        yield True, found[1]
        end = found.end()
    if end < len(text):
        yield False, text[end:]


def _check_fields(text: str, fields: list[str]) -> None:
    for field in fields:
        if field not in FIELDS:
            raise ArgumentError(
                f"pattern {text!r} has an unknown field {{{field}}}."
                f"{did_you_mean(field, FIELDS)} Known fields: {{column}}, {{session}}."
            )
        if fields.count(field) > 1:
            raise ArgumentError(
                f"pattern {text!r} has {{{field}}} {fields.count(field)} times. Give it once."
            )
    if "session" not in fields:
        raise ArgumentError(
            f"pattern {text!r} has no {{session}}. "
            "Put it where the session's number stands in the names, as in '{column}_s{session}'."
        )


def _expression(pieces: list[tuple[bool, str]], session: str, *, short: bool) -> re.Pattern[str]:
    """The regular expression of the pieces; literal text is escaped."""
    texts = {"session": f"(?P<session>{session})", "column": f"(?P<column>.+{'?' * short})"}
    return re.compile(
        "".join(texts[piece] if is_field else re.escape(piece) for is_field, piece in pieces),
        re.DOTALL,
    )


def _literal_name(text: str) -> str:
    """The column of a pattern without ``{column}``: the text on both sides of the session.

    >>> _literal_name("wai_{session}"), _literal_name("s{session}_wai"), _literal_name("_{session}")
    ('wai', 's_wai', '')
    """
    before, _, after = text.partition("{session}")
    sides = (before.rstrip(_SEPARATORS), after.strip(_SEPARATORS))
    return "_".join(side for side in sides if side).lstrip(_SEPARATORS)


def _candidates(before: str, after: str) -> Iterator[str]:
    """Patterns of names that are `before`, a number and `after`."""
    if {"{", "}"} & {*before, *after}:
        return
    has_digits = bool(_NUMBER_IN_NAME.search(after))
    left = _COLUMN_THEN_MARK.fullmatch(before)
    if left and not has_digits:
        yield f"{{column}}{left['mark']}{{session}}{after}"
    right = _MARK_THEN_COLUMN.fullmatch(after)
    if right and not _NUMBER_IN_NAME.search(before) and len(before) <= 8:
        yield f"{before}{{session}}{right['mark']}{{column}}"


def suggestion(names: Sequence[str]) -> str:
    """``Numbered columns fit '{column}_s{session}' (40 columns).``, or the names there are."""
    found = suggest_patterns(names)
    if not found:
        return f"No columns differ in a number only. Available: {name_list(names)}."
    shown = ", ".join(f"'{text}' ({n:,} columns)" for text, n in found)
    return f"Numbered columns fit {shown}."
