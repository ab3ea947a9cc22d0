"""Numbers as printed: a value is known up to half a unit of its last digit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from alliance_stats._base.printing import MINUS

_HALVES = tuple(float(f"5e-{decimals + 1}") for decimals in range(16))


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed number and the values that round to it.

    >>> Printed.read(".278")
    Printed(value=0.278, half=0.0005)
    """

    value: float
    half: float
    text: str = field(default="", repr=False, compare=False)

    @classmethod
    def read(cls, text: str) -> Printed | None:
        """The number in a cell; None for an empty one."""
        cell = text.strip()
        return cls.of(cell) if cell else None

    @classmethod
    def of(cls, text: str) -> Printed:
        """The number of some digits, commas between thousands and a power of ten allowed.

        >>> Printed.of("1,987"), Printed.of("2.0e-05")
        (Printed(value=1987.0, half=0.5), Printed(value=2e-05, half=5e-07))
        """
        plain = text.replace(",", "").lower()
        digits, has_power, power = plain.partition("e")
        decimals = len(digits.partition(".")[2])
        if has_power or decimals >= len(_HALVES):
            return cls(float(plain), float(f"5e{int(power or 0) - decimals - 1}"), text)
        return cls(float(plain), _HALVES[decimals], text)

    @property
    def low(self) -> float:
        """Smallest value that rounds to it."""
        return self.value - self.half

    @property
    def high(self) -> float:
        """Largest value that rounds to it."""
        return self.value + self.half

    @property
    def shown(self) -> str:
        """As printed, with a real minus sign."""
        return self.text.replace("-", MINUS)

    @property
    def has_decimals(self) -> bool:
        """Whether it was printed with a point."""
        return "." in self.text

    def holds(self, low: float, high: float) -> bool:
        """Whether some value from `low` to `high` rounds to it."""
        slack = 1e-9 * self.half
        return low <= self.high + slack and high >= self.low - slack

    def mapped(self, increasing: Callable[[float], float]) -> tuple[float, float, float]:
        """An increasing function of the value and of both ends of its rounding."""
        return increasing(self.value), increasing(self.low), increasing(self.high)
