"""Every ``symbol = number`` of a text, every interval and every ``ns``, in their order."""

from __future__ import annotations

import re
from dataclasses import dataclass

from alliance_stats._base.printed import Printed

#: A number of at most 12 digits before the point, with commas between thousands or none.
_NUMBER = (
    r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3}){1,3}(?![0-9])(?:\.[0-9]{1,12})?"
    r"|[0-9]{1,12}(?:\.[0-9]{1,12})?|\.[0-9]{1,12})(?:[eE][+-]?[0-9]{1,3})?(?![0-9⁻])"
)
_REACH = 64
_COMPARED = re.compile(rf"([=<>≤≥])[ \n]{{0,2}}({_NUMBER})")
_NOT_SIGNIFICANT = re.compile(r"\b(?:ns\b|n\.s\.)")
_INTERVAL = re.compile(
    r"(?:C\.?I\.?|[Cc]onfidence [Ii]nterval|[Cc]redible [Ii]nterval)s?"
    rf"[ \n:=of]{{0,6}}[\[(]?[ \n]?({_NUMBER})%?[ \n]{{0,2}}(?:,|;|to|-)[ \n]{{0,2}}({_NUMBER})%?"
    r"[ \n]?[\])]?"
)
_LEVEL = re.compile(r"([0-9]{2}(?:\.[0-9]{1,2})?) ?%[ -]?$")
_INSIDE = re.compile(r"(?:^|[,; ])(?:([A-Za-z]{1,2}) ?= ?)?([0-9][0-9,]*(?:\.[0-9]+)?|\.[0-9]+)")
_TOUCHING = re.compile(r"[=<>≤≥,;]")
_ROUND = {")": "(", "]": "["}
_LEFT = "([{;,:.\"'“‘/|\\$-"

_SYMBOLS = {
    "t": "t",
    "F": "F",
    "z": "z Z",
    "χ²": "χ2 X2 chi2 Chi2 chi-square Chi-square chi-squared χ-squared Δχ2 χ2diff",
    "r": "r",
    "d": "d g",
    "ratio": "OR HR RR IRR aOR AOR",
    "b": "b B β γ beta Beta estimate Estimate",
    "se": "SE SEb s.e. S.E.",
    "p": "p P ps p's",
    "n": "N n",
    "df": "df",
}
#: Kinds of what is printed before a comparison, by symbol.
KINDS = {symbol: kind for kind, symbols in _SYMBOLS.items() for symbol in symbols.split()}
_Q = re.compile(r"Q(?:_?(?:[EMBWTebmwt]|between|within|model|total|resid))?")
_RATIOS = ("odds", "hazard", "risk", "rate")
#: Words before a symbol that make it another quantity.
_OTHERS = {
    "z": ("fisher", "fisher's", "fisher’s"),
    "p": ("adjusted", "corrected", "adj."),
    "r": ("partial", "semi-partial", "semipartial"),
}


@dataclass(frozen=True, slots=True)
class Item:
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
    found = [*_compared(text), *_intervals(text)]
    found += [
        Item("p", m.start(), m.end(), "ns", Printed(float("nan"), 0.0, m.group()), "p")
        for m in _NOT_SIGNIFICANT.finditer(text)
    ]
    found.sort(key=lambda item: (item.start, -item.end))
    kept: list[Item] = []
    for item in found:
        if not kept or item.start >= kept[-1].end:
            kept.append(item)
    return kept


def _compared(text: str) -> list[Item]:
    found = []
    for match in _COMPARED.finditer(text):
        item = _item(text, match)
        if item is not None:
            found.append(item)
    return found


def _item(text: str, match: re.Match[str]) -> Item | None:
    """What a comparison compares; None where no symbol stands before it."""
    from_here = max(0, match.start() - _REACH)
    before = text[from_here : match.start()].rstrip(" \n")
    inside = ""
    opening = before.rfind(_ROUND[before[-1]]) if before and before[-1] in _ROUND else -1
    if opening >= 0:
        inside, before = before[opening + 1 : -1], before[:opening].rstrip(" \n")
    words = before.split()
    word = _TOUCHING.split(words[-1])[-1].lstrip(_LEFT) if words else ""
    if opening >= 0 and inside in KINDS and word not in KINDS:
        words, word, before, inside = [*words, inside], inside, before + "(" + inside, ""
    if not word or not (word[0].isalpha() or word[0] in "χηωτIτ"):
        return None
    degrees, n = _inside(inside, word) if inside else ((), None)
    kind = kind_of(word, words[-2].lower() if len(words) > 1 else "")
    exact = match.group(1) == "=" and text[match.end() : match.end() + 1] != "%"
    return Item(
        kind if exact or kind == "p" else "bound",
        from_here + len(before) - len(word),
        match.end(),
        match.group(1),
        Printed.of(match.group(2)),
        word,
        degrees,
        n,
    )


def kind_of(word: str, before: str) -> str:
    """The kind of a symbol, given the word before it.

    >>> kind_of("χ²", ""), kind_of("z", "fisher's"), kind_of("QM", ""), kind_of("SD", "")
    ('χ²', 'other', 'Q', 'other')
    """
    plain = word.replace("²", "2")
    if _Q.fullmatch(plain):
        return "Q"
    if plain == "ratio" and before.lstrip(_LEFT) in _RATIOS:
        return "ratio"
    kind = KINDS.get(plain, "other")
    return "other" if before.lstrip(_LEFT) in _OTHERS.get(kind, ()) else kind


def _inside(inside: str, word: str) -> tuple[tuple[Printed, ...], Printed | None]:
    """Degrees of freedom and N between brackets: ``2, N = 90`` or ``1, 187.3``."""
    if word == "F":
        inside = inside.replace(",", ", ", 1)
    degrees: list[Printed] = []
    n: Printed | None = None
    for match in _INSIDE.finditer(inside):
        number = Printed.of(match.group(2).strip(","))
        if match.group(1) in ("N", "n"):
            n = number
        elif match.group(1) in (None, "df"):
            degrees.append(number)
    return tuple(degrees), n


def _intervals(text: str) -> list[Item]:
    found: list[Item] = []
    if not ("CI" in text or "I." in text or "nterval" in text):
        return found
    for match in _INTERVAL.finditer(text):
        start = match.start()
        before = text[max(0, start - 10) : start]
        level = _LEVEL.search(before)
        share = float(level.group(1)) / 100 if level else 0.0
        start -= len(before) - level.start() if level else 0
        low, high = Printed.of(match.group(1)), Printed.of(match.group(2))
        found.append(Item("interval", start, match.end(), "=", low, "CI", high=high, level=share))
    return found
