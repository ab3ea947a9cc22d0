"""Numbers typed by hand in a manuscript: their label, their decimals, and which belong together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_BODY = r"(?:\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)"
#: A number that is no part of a word, such as PHQ-9 or T2.
_NUMBER = re.compile(
    rf"(?<![\w.])(?<![A-Za-z][-\u2010\u2011–])(?P<sign>[−-](?=[\d.]))?(?P<body>{_BODY})(?!\w)(?!\.\d)"
)
_SYMBOL = r"(?P<symbol>SE|SD|df|ICC|OR|HR|RR|[IRτχω]²|R2|I2|[bBβMtzFQrpdgNnkαωκρ])"
#: What stands before a number: a symbol, perhaps degrees of freedom, and a sign.
_LABEL = re.compile(
    rf"(?<![\w.]){_SYMBOL}(?:[ \xa0]?\([^()\n]{{1,40}}\))?[ \xa0]?(?P<sign>=|<|>|≤|≥)[ \xa0]?$"
)
_INSIDE = re.compile(rf"(?<![\w.]){_SYMBOL}[ \xa0]?\((?:[^()\n]{{0,30}})$")
_UNIT = re.compile(
    r"[ \xa0](?:[a-z]+[ \xa0])?(?P<unit>sessions?|patients?|therapists?|stud(?:y|ies)|effects?"
    r"|participants?|clients?|ratings?|pairs?|events?)\b"
)
_LEVEL = re.compile(r"%[ \xa0]?(?:CI|CrI|PI|confidence|credible|prediction)\b")
_LAST_BEFORE = 60
#: Places of numbers that are no results: pages, tables, sections.
_POINTER = re.compile(
    r"\b(?:Tables?|Figures?|Fig\.|Sections?|Equations?|Eqs?\.|Appendix|Chapter|Supplement|Notes?"
    r"|Version|version|pp?\.|No\.)[ \xa0](?:\d+(?:\.\d+)*(?:,| and| to|–|-)[ \xa0]?)*$"
)
_YEAR = re.compile(r"(?:[A-Z][\w’'.-]*|al\.|[&;])[,)]?[ \xa0]?\(?(?:\d{4}[a-z]?[,;] ?)*$")
_LINK = re.compile(r"(?:https?://|www\.|doi:|\b10\.\d{4,9}/)\S+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Typed:
    """A number as typed.

    Attributes
    ----------
    text : str
        As printed, with its label: ``b = −0.12``.
    value : float
    decimals : int
    label : str
        Symbol before it, ``df``, ``ci_low``, ``ci_high``, ``level``, ``%``, a unit such as
        ``patients``; empty if it has none.
    sign : str
        ``=``, ``<``, ``>``, ``≤`` or ``≥``.
    start, end : int
        Position in the text.
    """

    text: str
    value: float
    decimals: int
    label: str
    sign: str
    start: int
    end: int


def typed_numbers(text: str) -> list[Typed]:
    """The numbers of a text in order, without years of citations, links, and numbers of tables.

    >>> [(n.label, n.value) for n in typed_numbers("b = −0.12, t(23) = 2.1, PHQ-9 of 40 patients")]
    [('b', -0.12), ('df', 23.0), ('t', 2.1), ('patients', 40.0)]
    """
    links = [found.span() for found in _LINK.finditer(text)]
    found = []
    for match in _NUMBER.finditer(text):
        before = text[max(0, match.start() - _LAST_BEFORE) : match.start()]
        inside_link = any(low <= match.start() < high for low, high in links)
        if inside_link or _POINTER.search(before) or _is_year(match, before):
            continue
        found.append(_typed(text, match, before))
    return found


def statements(text: str, numbers: list[Typed]) -> Iterator[list[Typed]]:
    """Numbers that are said of one thing: labelled, with nothing but commas between them."""
    group: list[Typed] = []
    for number in numbers:
        if not number.label or number.label in UNITS:
            yield from filter(None, [group])
            group = []
            yield [number]
            continue
        if group and not _adjoining(text, group[-1], number):
            yield group
            group = []
        group.append(number)
    yield from filter(None, [group])


UNITS = frozenset({
    "session", "sessions", "patient", "patients", "therapist", "therapists", "study", "studies",
    "effect", "effects", "participant", "participants", "client", "clients", "rating", "ratings",
    "pair", "pairs", "event", "events", "%",
})  # fmt: skip


def _adjoining(text: str, one: Typed, other: Typed) -> bool:
    """Whether two numbers stand in one statement: labels, signs and commas between them only."""
    between = text[one.end : other.start]
    words = re.sub(rf"{_SYMBOL}|CI|%", "", between)
    return len(between) < 40 and not re.search(r"[A-Za-z.;■]", words)


def _is_year(match: re.Match[str], before: str) -> bool:
    body = match["body"]
    if len(body) != 4 or not body.isdigit() or not 1900 <= int(body) < 2100 or match["sign"]:
        return False
    return bool(_YEAR.search(before)) or before.endswith("(")


def _typed(text: str, match: re.Match[str], before: str) -> Typed:
    label, sign, start, end = _label(text, match, before)
    body = match["body"]
    value = float(body.replace(",", "")) * (-1 if match["sign"] else 1)
    decimals = len(body.partition(".")[2])
    shown = " ".join(text[start:end].split())
    return Typed(shown, value, decimals, label, sign, match.start(), match.end())


def _label(text: str, match: re.Match[str], before: str) -> tuple[str, str, int, int]:
    """The label of a number, its sign, and where number and label begin and end."""
    after = text[match.end() : match.end() + _LAST_BEFORE]
    start, end = match.span()
    named = _LABEL.search(before)
    if named:
        return named["symbol"], named["sign"], start - (len(before) - named.start()), end
    if _INSIDE.search(before) and re.match(r"[^()\n]{0,30}\)", after):
        return "df", "=", start, end
    if level := _LEVEL.match(after):
        return "level", "=", start, end + level.end()
    if before.endswith("[") and re.match(rf",[ \xa0]?[−-]?{_BODY}\]", after):
        return "ci_low", "=", start, end
    if after.startswith("]") and re.search(rf"\[[−-]?{_BODY},[ \xa0]?$", before):
        return "ci_high", "=", start, end
    if share := re.match("[ \xa0]?%", after):
        return "%", "=", start, end + share.end()
    unit = _UNIT.match(after)
    return (unit["unit"], "=", start, end + unit.end()) if unit else ("", "=", start, end)
