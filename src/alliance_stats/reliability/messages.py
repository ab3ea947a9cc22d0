"""Messages of results: what was left out, said on the result and as a warning."""

from __future__ import annotations

import warnings

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataWarning
from alliance_stats.reliability.result import ReliabilityResult


def warned(result: ReliabilityResult) -> ReliabilityResult:
    """The result, its messages issued as warnings at the caller of the public function."""
    for message in result.messages:
        warnings.warn(message, DataWarning, stacklevel=3)
    return result


def about_dropped(dropped: int, total: int, noun: str, why: str) -> list[str]:
    """One sentence on what was dropped, or none.

    Examples
    --------
    >>> about_dropped(3, 40, "pair", "a measurement missing")
    ['3 of 40 pairs dropped (a measurement missing).']
    """
    if not dropped:
        return []
    return [f"{dropped:,} of {counted(total, noun)} dropped ({why})."]
