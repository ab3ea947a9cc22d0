"""Numbers as printed: the value, and what its rounding leaves open."""

from __future__ import annotations

import re
from dataclasses import dataclass

from alliance_stats._base.printing import MINUS

#: A number of at most 12 digits before the point, with commas between thousands or none.
NUMBER = (
    r"[+-]?(?:[0-9]{1,3}(?:,[0-9]{3}){1,3}(?![0-9])(?:\.[0-9]{1,12})?"
    r"|[0-9]{1,12}(?:\.[0-9]{1,12})?|\.[0-9]{1,12})(?:[eE][+-]?[0-9]{1,3})?(?![0-9⁻])"
)
_PARTS = re.compile(r"([+-]?)([0-9]*)\.?([0-9]*)(?:[eE]([+-]?[0-9]+))?")
_HALVES = tuple(float(f"5e-{decimals + 1}") for decimals in range(13))


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed number.

    Attributes
    ----------
    value : float
    half : float
        Half a unit of the last printed digit: the number stood within value ± half.
    text : str
        As printed.
    """

    value: float
    half: float
    text: str

    @property
    def low(self) -> float:
        """The smallest number that is printed so."""
        return self.value - self.half

    @property
    def high(self) -> float:
        """The largest number that is printed so."""
        return self.value + self.half

    @property
    def shown(self) -> str:
        """As printed, with a real minus sign."""
        return self.text.replace("-", MINUS)

    @property
    def decimals(self) -> bool:
        """Whether digits stand after the point."""
        return "." in self.text


def printed(text: str) -> Printed:
    """A number from its digits.

    >>> found = printed("-.105")
    >>> found.value, found.half
    (-0.105, 0.0005)
    >>> printed("1,987").value, printed("2.0e-05").half
    (1987.0, 5e-07)
    """
    plain = text.replace(",", "")
    parts = _PARTS.fullmatch(plain)
    decimals, power = (len(parts.group(3)), int(parts.group(4) or 0)) if parts else (0, 0)
    half = _HALVES[decimals] if not power else float(f"5e{power - decimals - 1}")
    return Printed(float(plain), half, text)


def overlap(low: float, high: float, other: Printed) -> bool:
    """Whether a range and a rounded number have a value in common, but for floating error."""
    slack = 1e-9 * abs(other.value)
    return low <= other.high + slack and high >= other.low - slack
