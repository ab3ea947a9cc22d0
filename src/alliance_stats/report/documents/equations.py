"""Signs of an equation of Word that its letters do not hold: brackets, bars of fractions."""

from __future__ import annotations

#: Parts whose layout has no form in a line of text.
_UNREAD = frozenset(("m:rad", "m:nary", "m:m", "m:eqArr", "m:limLow", "m:limUpp"))
_SIGNS = {"m:begChr": "(", "m:endChr": ")", "m:sepChr": "|"}


class Equations:
    """Follows the elements of equations, and tells what stands between their letters.

    Attributes
    ----------
    is_whole : bool
        Whether the equation that was read last can be told in a line.
    """

    def __init__(self) -> None:
        self.is_whole = True
        self._open: list[str] = []
        self._brackets: list[tuple[dict[str, str], int]] = []  # signs, and arguments so far

    def start(self, name: str, attributes: dict[str, str]) -> str:
        """An element begins; returns the signs before it."""
        before = ""
        parent = self._open[-1] if self._open else ""
        if not self._open:
            self.is_whole = True
        if name in _UNREAD:
            self.is_whole = False
        elif name == "m:d":
            self._brackets.append((dict(_SIGNS), 0))
        elif name in _SIGNS and self._brackets:
            self._brackets[-1][0][name] = attributes.get("m:val", "")
        elif name == "m:e" and parent == "m:d":
            signs, n = self._brackets.pop()
            before = signs["m:sepChr" if n else "m:begChr"]
            self._brackets.append((signs, n + 1))
        elif name == "m:den":
            before = "/"
        self._open.append(name)
        return before

    def end(self, name: str) -> str:
        """An element ends; returns the signs after it."""
        self._open.pop()
        if name != "m:d":
            return ""
        signs, n = self._brackets.pop()
        return signs["m:endChr"] if n else ""

    @property
    def is_done(self) -> bool:
        """Whether the last equation has ended."""
        return not self._open
