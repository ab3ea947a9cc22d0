"""Every ``symbol = number`` of a text, every interval and every ``ns``, in their order."""

from __future__ import annotations

import re
from functools import lru_cache
from math import isfinite, nan
from typing import NamedTuple

from alliance_stats._base.printed import Printed
from alliance_stats.report.statcheck.symbols import (
    KINDS,
    OPENING,
    SYMBOL_SIGNS,
    TIGHT,
    kind_of,
)

#: A number of at most 12 digits before the point, with commas between thousands or none.
_NUMBER = (
    r"[+-]?(?:[1-9][0-9]{0,2}(?:,[0-9]{3}){1,3}(?![0-9])(?:\.[0-9]{1,12})?"
    r"|[0-9]{1,12}(?:\.[0-9]{1,12})?|\.[0-9]{1,12})(?:[eE][+-]?[0-9]{1,3})?(?![0-9⁻])"
)
_REACH = 64
_COMPARED = re.compile(rf"([=<>≤≥])[ \n]{{0,2}}({_NUMBER})")
_NOT_SIGNIFICANT = re.compile(r"n(?<!\wn)(?:s\b|\. ?s\.)")
_P_BEFORE = re.compile(r"\bp ?[=>]? ?$")
_LEVEL = r"([0-9]{2}(?:\.[0-9]{1,2})?)"
#: How an interval is named; the pattern is tried where one of these stands.
_NAMES = (
    "CI", "C.I.", "KI", "IC", "Confidence Interval", "Confidence interval", "confidence interval",
    "Credible interval", "credible interval", "Konfidenzintervall",
)  # fmt: skip
_INTERVAL = re.compile(
    rf"s?(?:_?{_LEVEL}%?(?=[ \n:=]{{0,3}}[\[(])| ?\(?{_LEVEL} ?%\)?)?"
    rf"[ \n:=of,]{{0,6}}[\[(]?[ \n]?({_NUMBER})%?[ \n]{{0,2}}(?:,|;|to|bis|-)"
    rf"[ \n]{{0,2}}({_NUMBER})%?[ \n]?[\])]?"
)
_LEVEL_BEFORE = re.compile(rf"{_LEVEL} ?%[ -]?$")
_INSIDE = re.compile(r"(?:^|[,; ])(?:([A-Za-z]{1,2}) ?= ?)?([0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)")
_TOUCHING = "=<>≤≥,;"
_LONGEST_TIGHT = 16
_POWER = re.compile(r" ?[×·] ?10\^?([⁻⁺]?[⁰¹²³⁴-⁹]{1,3}|-?[0-9]{1,3})")
_LOWERED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_NOTHING_INSIDE: tuple[tuple[Printed, ...], Printed | None] = ((), None)
_ROUND = {")": "(", "]": "["}
_printed = lru_cache(maxsize=65_536)(Printed.of)


class Item(NamedTuple):
    """One printed quantity.

    Attributes
    ----------
    kind : str
        One of `KINDS`, ``"Q"``, ``"interval"``, ``"other"``, or ``"bound"`` of what is printed as
        smaller or larger than a number, or in percent.
    start, end : int
        Where it stands in the text.
    sign : str
        ``=``, ``<``, ``>``, ``≤``, ``≥``, or ``ns``.
    number : Printed
        The value; of an interval its low end.
    symbol : str
        As printed.
    df : tuple of Printed
        Degrees of freedom in brackets after the symbol.
    n : Printed or None
        N in the same brackets.
    high : Printed or None
        The high end of an interval.
    level : float
        The confidence level of an interval as a share; 0 if none is printed.
    """

    kind: str
    start: int
    end: int
    sign: str
    number: Printed
    symbol: str = ""
    df: tuple[Printed, ...] = ()
    n: Printed | None = None
    high: Printed | None = None
    level: float = 0.0


def items_of(text: str) -> list[Item]:
    """The quantities of a text in their order; those within the brackets of another are left out.

    The text is that of `plain_signs`. Each pattern has an end, so time grows with the text.
    """
    found = [item for match in _COMPARED.finditer(text) if (item := _item(text, match))]
    found += [*_intervals(text), *_not_significant(text)]
    found.sort(key=lambda item: (item.start, -item.end))
    kept: list[Item] = []
    end = 0
    for item in found:
        if item.start >= end:
            kept.append(item)
            end = item.end
    return kept


def _not_significant(text: str) -> list[Item]:
    return [
        Item("p", _p_before(text, m.start()), m.end(), "ns", Printed(nan, 0.0, m.group()), "p")
        for m in _NOT_SIGNIFICANT.finditer(text)
    ]


def _p_before(text: str, start: int) -> int:
    """Where ``p = ns`` starts, given where its ``ns`` does."""
    before = _P_BEFORE.search(text, max(0, start - 6), start)
    return before.start() if before else start


def _item(text: str, match: re.Match[str]) -> Item | None:
    """What a comparison compares; None where no symbol stands before it."""
    start = match.start()
    from_here = start - _REACH if start > _REACH else 0
    before = text[from_here:start].rstrip(" \n")
    inside = ""
    last = before[-1:]
    if last in _ROUND and (opening := before.rfind(_ROUND[last])) >= 0:
        inside, before = before[opening + 1 : -1], before[:opening].rstrip(" \n")
        if inside in KINDS and _word(before)[0] not in KINDS:  # the odds (OR) = 2.1
            before, inside = f"{before}({inside}", ""
    word, word_before = _word(before)
    width = len(word)
    degrees, n = _inside(inside, word) if inside else _NOTHING_INSIDE
    kind = kind_of(word, word_before, inside)
    if kind == "other":
        tight = None
        if before[-1:].isdigit():
            tight = TIGHT.search(before, max(0, len(before) - _LONGEST_TIGHT))
        if tight is not None:
            kind, word, degrees = _tight(tight)
            width = len(tight.group())
        elif not word or not (word[0].isalpha() or word[0] in SYMBOL_SIGNS):
            return None
    sign, end = match.group(1), match.end()
    number, end = _with_power(text, match.group(2), end)
    if not isfinite(number.value):
        return None
    if (kind != "p" and (sign != "=" or text[end : end + 1] == "%")) or _is_cut(text, end, number):
        kind = "bound"
    return Item(kind, from_here + len(before) - width, end, sign, number, word, degrees, n)


def _tight(found: re.Match[str]) -> tuple[str, str, tuple[Printed, ...]]:
    """Kind, symbol and degrees of freedom of a test with subscripts."""
    symbol, *numbers = (each for each in found.groups() if each)
    return kind_of(symbol, ""), symbol, tuple(map(_printed, numbers))


def _with_power(text: str, digits: str, end: int) -> tuple[Printed, int]:
    """A number, with the power of ten that follows it, and where it ends."""
    if text[end : end + 2].lstrip()[:1] not in ("×", "·"):
        return _printed(digits), end
    power = _POWER.match(text, end)
    if power is None:
        return _printed(digits), end
    return _printed(f"{digits}e{power.group(1).translate(_LOWERED)}"), power.end()


def _is_cut(text: str, end: int, number: Printed) -> bool:
    """Whether a whole number goes on after a comma that is no part of it, as ``2,35``."""
    cut = text[end : end + 1] == "," and text[end + 1 : end + 2].isdigit()
    return cut and not number.has_decimals


def _word(before: str) -> tuple[str, str]:
    """The last word of a text without what touches it, and the word before it."""
    words = before.rsplit(None, 2)
    if not words or before[-1].isspace():
        return "", ""
    word = words[-1]
    if not word.isalnum():
        word = word[1 + max(map(word.rfind, _TOUCHING)) :].lstrip(OPENING)
    return word, words[-2] if len(words) > 1 else ""


@lru_cache(maxsize=4096)
def _inside(inside: str, word: str) -> tuple[tuple[Printed, ...], Printed | None]:
    """Degrees of freedom and N between brackets: ``2, N = 90`` or ``1, 187.3``."""
    if word == "F":
        inside = inside.replace(",", ", ", 1)
    degrees: list[Printed] = []
    n: Printed | None = None
    for name, number in _INSIDE.findall(inside):
        if name in ("N", "n"):
            n = _printed(number.strip(","))
        elif name in ("", "df"):
            degrees.append(_printed(number.strip(",")))
    return tuple(degrees), n


def _intervals(text: str) -> list[Item]:
    found: list[Item] = []
    for name in _NAMES:
        place = text.find(name)
        while place >= 0:
            after = place + len(name)
            match = _INTERVAL.match(text, after)
            if match is not None:
                found += _interval(text, place, match)
            place = text.find(name, after)
    return found


def _interval(text: str, start: int, match: re.Match[str]) -> list[Item]:
    """The interval that follows its name, with the level before the name or after it."""
    before = text[max(0, start - 10) : start]
    level = _LEVEL_BEFORE.search(before)
    percent = level.group(1) if level else match.group(1) or match.group(2) or "0"
    start -= len(before) - level.start() if level else 0
    low, high = _printed(match.group(3)), _printed(match.group(4))
    if not (isfinite(low.value) and isfinite(high.value)):
        return []
    share = float(percent) / 100
    return [Item("interval", start, match.end(), "=", low, "CI", high=high, level=share)]
