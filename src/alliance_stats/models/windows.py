"""Windows of sessions, as arguments."""

from __future__ import annotations

from alliance_stats._base.checks import is_whole
from alliance_stats._base.errors import ArgumentError


def session_window(window: object, *, name: str) -> tuple[int, int]:
    """Two whole session numbers, the first not above the second; argument `name` else raises.

    >>> session_window([3, 5], name="early_window")
    (3, 5)
    """
    ends = list(window) if isinstance(window, tuple | list) else []
    if len(ends) != 2 or not all(is_whole(end) for end in ends):
        raise ArgumentError(
            f"{name}={window!r} is not two whole session numbers. Give the first and "
            "the last session, such as (3, 5)."
        )
    if ends[0] > ends[1]:
        raise ArgumentError(
            f"{name}={window!r} is not increasing: its first session comes after its "
            f"last. Give ({ends[1]}, {ends[0]})."
        )
    return int(ends[0]), int(ends[1])
