"""Standardising the columns of a design in place, and the way back to the original units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import DataError
from alliance_stats.formula.columns import INTERCEPT

#: A fixed column is collinear if earlier columns leave less than this share of its squared length.
COLLINEAR = 1e-11
#: A spread below this share of the mean is rounding, not variation.
CONSTANT = 1e-12


@dataclass(frozen=True, eq=False)
class UniqueColumns:
    """The columns of the fixed and the random part, each once.

    Attributes
    ----------
    names : tuple of str (m − 1,)
    arrays : list of ndarray (n,)
    p : int
        The first p columns are the fixed effects.
    blocks : list of list of int
        Positions of the columns of every random term.
    """

    names: tuple[str, ...]
    arrays: list[np.ndarray]
    p: int
    blocks: list[list[int]]


@dataclass(frozen=True, eq=False)
class Scaling:
    """What was subtracted from and divided out of every column.

    Attributes
    ----------
    shifts, scales : ndarray (m − 1,)
        original = standardised · scale + shift.
    intercept : int
        Position of the intercept, −1 if there is none.
    """

    shifts: np.ndarray
    scales: np.ndarray
    intercept: int

    def transform(self, block: list[int]) -> np.ndarray:
        """Matrix (q, q) that turns a block's standardised effects into original ones."""
        transform = np.diag(1.0 / self.scales[block])
        for k, j in enumerate(block):
            if self.shifts[j]:
                transform[block.index(self.intercept), k] = -self.shifts[j] / self.scales[j]
        return transform


def standardise(unique: np.ndarray, columns: UniqueColumns) -> Scaling:
    """Scale the columns (m − 1, n) in place to mean square 1, centred where that is exact.

    A column may be centred only if every part that holds it also holds the intercept, which then
    absorbs the mean. Raises DataError for a column that does not vary.
    """
    names, fixed = columns.names, list(range(columns.p))
    intercept = names.index(INTERCEPT) if INTERCEPT in names else -1
    shifts, scales = np.zeros(len(names)), np.ones(len(names))
    for j, name in enumerate(names):
        if j == intercept:
            continue
        parts = [part for part in (fixed, *columns.blocks) if j in part]
        if all(intercept in part for part in parts):
            shifts[j] = unique[j].mean()
            unique[j] -= shifts[j]
        scales[j] = np.sqrt(np.mean(unique[j] ** 2))
        if scales[j] <= CONSTANT * abs(shifts[j]):
            raise DataError(
                f"predictor '{name}' is constant over the {unique.shape[1]:,} rows used. "
                "Leave it out of the formula."
            )
        unique[j] /= scales[j]
    return Scaling(shifts, scales, intercept)


def residualise(
    unique: np.ndarray, fixed: tuple[str, ...], response: str
) -> tuple[np.ndarray, float]:
    """Replace the response (last row) by its scaled least-squares residuals, in place.

    Returns the least-squares coefficients and the scale. Raises DataError where the response is
    constant, or explained without residual, or where the fixed columns are collinear.
    """
    x, y = unique[: len(fixed)], unique[-1]
    mean = float(y.mean())
    spread = float(np.sqrt(np.mean((y - mean) ** 2)))
    if spread <= CONSTANT * abs(mean):
        raise DataError(
            f"the response '{response}' is constant over the {unique.shape[1]:,} rows used. "
            "There is nothing to explain."
        )
    cross = x @ x.T
    check_collinear(cross, fixed)
    beta = np.linalg.solve(cross, x @ y) if len(fixed) else np.empty(0)
    y -= beta @ x
    scale = float(np.sqrt(np.mean(y**2)))
    if scale <= 1e-10 * spread:
        raise DataError(
            f"the fixed effects explain the response '{response}' without any residual. "
            "A mixed model needs unexplained variation; is a predictor a copy of the response?"
        )
    y /= scale
    return beta, scale


def check_collinear(cross: np.ndarray, names: tuple[str, ...]) -> None:
    """Raise for the first column that earlier columns determine."""
    size = np.sqrt(np.diag(cross))
    left = cross / size[:, None] / size
    for j, name in enumerate(names):
        if left[j, j] < COLLINEAR:
            raise DataError(
                f"fixed effect '{name}' is a linear combination of the columns before it "
                f"({name_list(names[:j])}). Leave one of them out."
            )
        left[j:, j:] -= np.outer(left[j:, j], left[j, j:]) / left[j, j]
