"""Quantities that stand together: a test with its p value, a coefficient with its interval."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from functools import cached_property

from alliance_stats.report.statcheck.items import Item, items_of

TESTS = ("t", "F", "z", "χ²", "Q")
_ESTIMATES = ("b", "d", "r", "ratio", "other")
_ROLES = {**dict.fromkeys(TESTS, "test"), "b": "b", "d": "d", "r": "r", "ratio": "ratio",
          "se": "se", "p": "p", "n": "n", "df": "df"}  # fmt: skip
_LONGEST_GAP = 40
_GAP = re.compile(r"[\s,;:()\[\]|\-]+")
_LINKS = frozenset(
    ("", "and", "with", "a", "an", "two", "one", "tailed", "sided", "exact", "of", "or", "i.e.",
     "cohen's", "cohen’s", "hedges'", "hedges’", "odds", "which", "is", "corresponding", "to",
     "equivalent", "equal", "equals", "partial", "p")
)  # fmt: skip
_PLAIN_GAPS = frozenset((", ", "; ", " ", ",", ";", " (", ": "))
_SENTENCE_END = re.compile(r"[.!?][\"')\]]?\s{1,3}(?=[A-Z])|\n\n")


class Statement:
    """Quantities of one statement, by role.

    Attributes
    ----------
    items : list of Item
        In their order.
    by_role : dict
        ``test b d r ratio se p n df`` to the first item of that role.
    intervals : list of (Item, Item)
        An estimate and the interval that belongs to it.
    se_of : Item or None
        The estimate whose standard error is printed.
    """

    __slots__ = ("_estimates", "by_role", "intervals", "items", "se_of")

    def __init__(self) -> None:
        self.items: list[Item] = []
        self.by_role: dict[str, Item] = {}
        self.intervals: list[tuple[Item, Item]] = []
        self.se_of: Item | None = None
        self._estimates: list[Item] = []

    @property
    def start(self) -> int:
        """Where it starts in the text."""
        return self.items[0].start

    @property
    def end(self) -> int:
        """Where it ends in the text."""
        return self.items[-1].end

    def takes(self, item: Item) -> bool:
        """Whether an item can belong here: its role is free, and no new test begins with it."""
        role = _ROLES.get(item.kind, "")
        if role in self.by_role:
            return False
        begins = role in ("test", "b") or (role == "r" and bool(item.df))
        has_test = "test" in self.by_role or "r" in self.by_role
        if begins and ("p" in self.by_role or (role != "test" and "test" in self.by_role)):
            return False
        return not (role == "r" and item.df and has_test)

    def is_second_size(self, item: Item) -> bool:
        """Whether a coefficient is the same one again, such as β after b."""
        first = self.by_role.get("b")
        return (
            item.kind == "b"
            and first is not None
            and first.symbol != item.symbol
            and not {"p", "test"} & self.by_role.keys()
        )

    def add(self, item: Item) -> None:
        """Take an item in."""
        self.items.append(item)
        role = _ROLES.get(item.kind, "")
        if role:
            self.by_role[role] = item
        if item.kind in _ESTIMATES:
            self._estimates.append(item)
        elif item.kind == "se" and self._estimates:
            self.se_of = self._estimates[-1]
        elif item.kind == "interval" and self._estimates:
            self.intervals.append((_holder(item, self._estimates), item))
            self._estimates = []


def _holder(interval: Item, estimates: list[Item]) -> Item:
    """The estimate that an interval belongs to: the last that lies in it, else the last named."""
    high = interval.high or interval.number
    for estimate in reversed(estimates):
        if interval.number.low <= estimate.number.high and estimate.number.low <= high.high:
            return estimate
    named = [estimate for estimate in estimates if estimate.kind != "other"]
    return (named or estimates)[-1]


class Sentences:
    """Which sentence of a text a position lies in; the text is read when that is asked first."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def _ends(self) -> list[int]:
        return [match.end() for match in _SENTENCE_END.finditer(self._text)]

    def __getitem__(self, place: int) -> int:
        return bisect_right(self._ends, place)


def statements_of(text: str) -> Iterator[Statement]:
    """The statements of a text in their order."""
    current = Statement()
    for item in items_of(text):
        apart = current.items and not _linked(text, current.end, item)
        if not apart and current.is_second_size(item):
            item = item._replace(kind="other")
        if apart or not current.takes(item):
            yield current
            current = Statement()
        current.add(item)
    if current.items:
        yield current


def _linked(text: str, end: int, item: Item) -> bool:
    """Whether only punctuation and words such as *with* lead from a position to an item.

    A test after *and* begins a statement of its own.
    """
    if item.start - end > _LONGEST_GAP:
        return False
    gap = text[end : item.start]
    if gap in _PLAIN_GAPS:
        return True
    if "\n\n" in gap:
        return False
    words = _GAP.split(gap.lower())
    return all(word in _LINKS for word in words) and not (item.kind in TESTS and "and" in words)
