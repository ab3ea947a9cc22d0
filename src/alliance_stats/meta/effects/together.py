"""What several numbers of a study cannot be together; the rows of impossible ones are named."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from alliance_stats._base.checks import counted, some_row_places
from alliance_stats._base.errors import DataError

Values = Mapping[str, np.ndarray]


def _interval(v: Values) -> np.ndarray:
    return (v["ci_low"] >= v["ori"]) | (v["ori"] >= v["ci_high"])


def _cells(v: Values) -> np.ndarray:
    return (v["di"] < 0) | (v["di"] > np.floor(v["di"]))


def _empty_group(v: Values) -> np.ndarray:
    return (v["ai"] + v["bi"] == 0) | (v["ci"] + v["di"] == 0)


def _freedom(v: Values) -> np.ndarray:
    return v["ni"] - v["controls"] <= 3


#: Field words, what is impossible of them, what it is called, what to do.
IMPOSSIBLE: tuple[tuple[tuple[str, ...], Callable[[Values], np.ndarray], str], ...] = (
    (
        ("ori", "ci_low", "ci_high"),
        _interval,
        "an odds ratio outside its interval. Give ci_low below ori below ci_high",
    ),
    (("ai", "bi", "ci", "di"), _cells, "a fourth cell (di) that is no count. Give whole numbers"),
    (
        ("ai", "bi", "ci", "di"),
        _empty_group,
        "a group without persons (ai + bi, or ci + di, is 0). Leave it out",
    ),
    (
        ("ai", "n1i"),
        lambda v: v["ai"] > v["n1i"],
        "more events (ai) than persons (n1i). Correct one of them",
    ),
    (
        ("ci", "n2i"),
        lambda v: v["ci"] > v["n2i"],
        "more events (ci) than persons (n2i). Correct one of them",
    ),
    (
        ("chi2i", "ni"),
        lambda v: v["chi2i"] >= v["ni"],
        "a χ² that is not below n, so that r would be 1 or more. Correct chi2i or ni",
    ),
    (
        ("ni", "controls"),
        _freedom,
        "too few persons for the variables held constant: n − k − 3 must be above 0. Correct ni "
        "or controls",
    ),
    (
        ("ri", "r2i"),
        lambda v: v["ri"] ** 2 > v["r2i"],
        "a semi-partial r whose square is above R². Correct ri or r2i",
    ),
)


def check_together(values: Values) -> None:
    """Raise DataError for numbers that cannot go together, with their rows."""
    for words, impossible, what in IMPOSSIBLE:
        if not set(words) <= set(values):
            continue
        bad = np.flatnonzero(impossible(values))
        if len(bad):
            raise DataError(f"{counted(len(bad), 'row')} with {what}, at {some_row_places(bad)}.")
