"""Sentences of the library without counts of few patients."""

from __future__ import annotations

import re

_COUNT = r"(?<![\w.,−–-])(?P<n>\d[\d,]*|one|two|three|four)"
_WORDS = {"one": 1, "two": 2, "three": 3, "four": 4}
_PATIENTS = r"(?:patients?|clients?|participants?|people|persons?|couples?|dyads?)\b"
#: ``3 of 70 patients``; the other part of the total is a count as well.
_PART = re.compile(rf"{_COUNT} of (?P<total>\d[\d,]*) (?=(?:[a-z-]+ ){{0,2}}{_PATIENTS})")
#: ``3 patients``, with up to two adjectives; no rates such as ``1 a patient``, ``4 patients each``.
_SINGLE = re.compile(
    rf"{_COUNT} (?P<between>(?:(?!(?:an?|per|of|the|each|from|in|within|between|or|and|to|SDs?"
    rf"|sessions?|ratings?|therapists?)\b)[a-z-]+ ){{0,2}}){_PATIENTS}(?! (?:an?|per|each)\b)"
)
#: What stands in brackets, itself with brackets in names: ``(dropout: 3, agreed: 52)``.
_LISTED = re.compile(r" \((?P<list>(?:[^()]|\([^()]{0,200}\)){1,600})\)")
_ENTRY = re.compile(r": (\d[\d,]*)(?=[,;]|$)")
#: Counts of sessions may be small.
_OF_SESSIONS = re.compile(r"\d (?:sessions|ratings|rows|pairs|therapists|studies)\b")


def without_small_counts(text: str, smallest: int) -> str:
    """The text with counts of fewer than `smallest` patients, and what shows them, taken out.

    >>> without_small_counts("1 of 70 patients have one rating; 66 of 70 patients came.", 5)
    'fewer than 5 of 70 patients have one rating; more than 65 of 70 patients came.'
    >>> without_small_counts("33 of 70 patients dropped (no rating: 30, too old: 3).", 5)
    '33 of 70 patients dropped.'
    """
    text = _LISTED.sub(lambda found: _list(found, smallest), text)
    text = _PART.sub(lambda found: _part(found, smallest), text)
    return _SINGLE.sub(lambda found: _single(found, smallest), text)


def _small(n: int, smallest: int) -> bool:
    return 0 < n < smallest


def _number(shown: str) -> int:
    return _WORDS.get(shown) or int(shown.replace(",", "").replace("_", "") or 0)


def _list(found: re.Match[str], smallest: int) -> str:
    """A list of counts goes as a whole: the others and their sum would give one away."""
    before = found.string[found.string.rfind(". ", 0, found.start()) + 1 : found.start()]
    counts = [_number(n) for n in _ENTRY.findall(found["list"])]
    few = any(_small(n, smallest) for n in counts)
    if few and re.search(_PATIENTS, before) and not _OF_SESSIONS.search(before):
        return ""
    return found.group()


def _part(found: re.Match[str], smallest: int) -> str:
    n, total = _number(found["n"]), _number(found["total"])
    if _small(n, smallest):
        return f"fewer than {smallest} of {found['total']} "
    if _small(total - n, smallest):
        return f"more than {total - smallest:,} of {found['total']} "
    return found.group()


def _single(found: re.Match[str], smallest: int) -> str:
    before = found.string[: found.start()]
    if not _small(_number(found["n"]), smallest) or before.endswith(("than ", "least ")):
        return found.group()
    unit = found.group()[len(found["n"]) + 1 + len(found["between"]) :]
    plural = unit if unit.endswith("s") or unit == "people" else f"{unit}s"
    return f"fewer than {smallest} {found['between']}{plural}"
