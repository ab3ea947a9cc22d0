"""Ratings of targets by raters: read from a long frame and checked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import agree, columns_present, counted, frame_given, numeric_column
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.reliability.codes import codes_of, numbered
from alliance_stats.reliability.messages import about_dropped

Floats = NDArray[np.float64]
Codes = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Ratings:
    """Ratings without missing values, by target and rater.

    Attributes
    ----------
    values : array (N,)
    targets, raters : array (N,) of int
        Which target, which rater.
    n_targets, n_raters : int
    n_dropped : int
        Rows with a missing rating, target or rater.
    messages : tuple of str
    """

    values: Floats
    targets: Codes
    raters: Codes
    n_targets: int
    n_raters: int
    n_dropped: int
    messages: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether every rater rated every target."""
        return len(self.values) == self.n_targets * self.n_raters

    def table(self) -> Floats:
        """Ratings (n_targets, n_raters) of a complete design."""
        table = np.empty(len(self.values))
        table[self.targets * self.n_raters + self.raters] = self.values
        return table.reshape(self.n_targets, self.n_raters)


def read_ratings(frame: pd.DataFrame, *, targets: str, raters: str, ratings: str) -> Ratings:
    """Read one rating a row.

    Raises
    ------
    DataError
        If a column is not there or not numeric, a rater rated a target twice, or there are fewer
        than 2 targets or 2 raters.

    Examples
    --------
    >>> frame = pd.DataFrame({"t": [1, 1, 2, 2], "r": list("abab"), "y": [1.0, 2, 3, 5]})
    >>> read_ratings(frame, targets="t", raters="r", ratings="y").table().tolist()
    [[1.0, 2.0], [3.0, 5.0]]
    """
    frame_given(frame, name="frame")
    names = {"targets": targets, "raters": raters, "ratings": ratings}
    for role, name in names.items():
        columns_present(frame, [name], role=role)
    if len(set(names.values())) < 3:
        raise ArgumentError(
            f"targets={targets!r}, raters={raters!r} and ratings={ratings!r} must be three columns."
        )
    numeric_column(frame, ratings)
    values = frame[ratings].to_numpy(dtype=float, na_value=np.nan)
    codes = [codes_of(frame[name]) for name in (targets, raters)]
    lacks = [codes[0] < 0, codes[1] < 0, np.isnan(values)]
    kept = ~(lacks[0] | lacks[1] | lacks[2])
    messages = _about_missing(dict(zip(names.values(), lacks, strict=True)), kept)
    if not kept.all():
        codes = [numbered(code[kept]) for code in codes]
        values = values[kept]
    n_targets, n_raters = (int(code.max(initial=-1)) + 1 for code in codes)
    _check_size(n_targets, n_raters)
    _check_once(codes[0] * n_raters + codes[1], n_targets * n_raters, targets, raters)
    return Ratings(
        values, codes[0], codes[1], n_targets, n_raters, int((~kept).sum()), tuple(messages)
    )


def _about_missing(lacks: dict[str, NDArray[np.bool_]], kept: NDArray[np.bool_]) -> list[str]:
    causes = ", ".join(f"{name} missing: {int(n.sum()):,}" for name, n in lacks.items() if n.any())
    return about_dropped(int((~kept).sum()), len(kept), "rating", causes)


def _check_size(n_targets: int, n_raters: int) -> None:
    for n, noun in ((n_targets, "target"), (n_raters, "rater")):
        if n < 2:
            raise DataError(f"{counted(n, noun)} with ratings, at least 2 are needed.")


def _check_once(cells: Codes, n_cells: int, targets: str, raters: str) -> None:
    """Raise where a rater rated the same target more than once."""
    if n_cells <= 4 * len(cells):
        times = np.bincount(cells, minlength=n_cells)
    else:
        times = np.unique(cells, return_counts=True)[1]
    twice = int((times > 1).sum())
    if twice:
        raise DataError(
            f"{counted(twice, 'pair')} of '{targets}' and '{raters}' "
            f"{agree(twice, 'has', 'have')} more than one rating "
            f"({counted(int(times[times > 1].sum()), 'rating')}). Keep one rating of a target by "
            "a rater, or average them before."
        )
