"""Warns of what a result says, so that messages are seen also where nothing is printed."""

from __future__ import annotations

import warnings

from alliance_stats._base.errors import DataWarning
from alliance_stats.reliability.result import ReliabilityResult


def warned(result: ReliabilityResult) -> ReliabilityResult:
    """The result, its messages issued as warnings at the caller of the public function."""
    for message in result.messages:
        warnings.warn(message, DataWarning, stacklevel=3)
    return result
