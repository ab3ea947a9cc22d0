"""The headline of a result of a model."""

from __future__ import annotations

from collections.abc import Mapping

from alliance_stats._base.checks import counted


def headline(title: str, counts: Mapping[str, int]) -> str:
    """The title with the size of the data.

    >>> headline("wai and phq9", {"session": 1987, "patient": 240})
    'wai and phq9 (1,987 sessions, 240 patients)'
    """
    return f"{title} ({', '.join(counted(n, unit) for unit, n in counts.items())})"
