"""Numbers as printed: a value is known up to half a unit of its last digit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed number and the values that round to it.

    >>> Printed.read(".278")
    Printed(value=0.278, half=0.0005)
    """

    value: float
    half: float

    @classmethod
    def read(cls, text: str) -> Printed | None:
        """The number in a cell; None for an empty one."""
        cell = text.strip()
        if not cell:
            return None
        decimals = len(cell.partition(".")[2])
        return cls(float(cell), 0.5 * 10**-decimals)

    @property
    def low(self) -> float:
        """Smallest value that rounds to it."""
        return self.value - self.half

    @property
    def high(self) -> float:
        """Largest value that rounds to it."""
        return self.value + self.half

    def holds(self, low: float, high: float) -> bool:
        """Whether some value from `low` to `high` rounds to it."""
        slack = 1e-9 * self.half
        return low <= self.high + slack and high >= self.low - slack

    def mapped(self, increasing: Callable[[float], float]) -> tuple[float, float, float]:
        """An increasing function of the value and of both ends of its rounding."""
        return increasing(self.value), increasing(self.low), increasing(self.high)
