"""Standardising the columns of a design in place, and the way back to the original units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import DataError
from alliance_stats.formula.columns import INTERCEPT
from alliance_stats.lmm.design.unique import UniqueColumns

#: A fixed column of which earlier columns leave less than this share of its squared length is
#: redundant: R's rank tolerance of 1e-7 in lengths.
REDUNDANT = 1e-14
#: Below this share the cross-products no longer carry the digits of the estimates.
COLLINEAR = 1e-11
#: Below this share the columns themselves are looked at, not only their cross-products.
SUSPECT = 1e-8
#: A spread below this share of the mean is rounding, not variation.
CONSTANT = 1e-12


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


def standardise(unique: np.ndarray, columns: UniqueColumns, weights: np.ndarray | None) -> Scaling:
    """Weight, centre (where that is exact) and scale the columns (m − 1, n) in place.

    A column may be centred only if every part that holds it also holds the intercept, which then
    absorbs the mean. A fixed column that does not vary becomes zero: see `redundant_columns`.
    Raises DataError for a random effect of such a column.
    """
    names, fixed = columns.names, list(range(columns.p))
    intercept = names.index(INTERCEPT) if INTERCEPT in names else -1
    root = None if weights is None else np.sqrt(weights)
    n = unique.shape[1]
    shifts, scales = np.zeros(len(names)), np.ones(len(names))
    for j in range(len(names)):
        column = unique[j]
        parts = [part for part in (fixed, *columns.blocks) if j in part]
        if j != intercept and all(intercept in part for part in parts):
            shifts[j] = column.mean() if weights is None else column @ weights / n
            column -= shifts[j]
        if root is not None:
            column *= root
        if j == intercept:
            continue
        scale = float(np.sqrt(column @ column / n))
        if scale <= CONSTANT * abs(shifts[j]):
            _refuse_constant_effect(j, columns, n)
            column[:] = 0.0
        else:
            scales[j] = scale
            column *= 1.0 / scale
    return Scaling(shifts, scales, intercept)


def _refuse_constant_effect(j: int, columns: UniqueColumns, n: int) -> None:
    if any(j in block for block in columns.blocks):
        raise DataError(
            f"predictor '{columns.names[j]}' is constant over the {n:,} rows used, so its effect "
            "cannot vary between groups. Leave it out of the formula."
        )


def redundant_columns(x: np.ndarray, cross: np.ndarray, names: tuple[str, ...]) -> list[str]:
    """Fixed effects (rows of `x`, standardised) that earlier ones determine, in R's order.

    `cross` (p, p) holds their cross-products.
    Raises DataError where a column is so close to a combination of earlier ones that its
    coefficient would have no correct digits.
    """
    size = np.sqrt(np.maximum(np.diag(cross), np.finfo(float).tiny))
    left = cross / size[:, None] / size
    kept: list[int] = []
    gone: list[str] = []
    for j, name in enumerate(names):
        share = left[j, j]
        if share < SUSPECT:
            share = _share_left(x[j], x[kept])
        if share < REDUNDANT:
            gone.append(name)
            continue
        if share < COLLINEAR:
            before = name_list([names[k] for k in kept])
            raise DataError(
                f"fixed effect '{name}' is all but a linear combination of the columns before it "
                f"({before}): they leave {share:.0e} of its variation, too little for a "
                "coefficient with correct digits. Leave one of them out."
            )
        kept.append(j)
        left[j:, j:] -= np.outer(left[j:, j], left[j, j:]) / left[j, j]
    return gone


def _share_left(column: np.ndarray, others: np.ndarray) -> float:
    """Share of a column's squared length that other columns leave, without cross-products."""
    length = float(column @ column)
    if length == 0 or not len(others):
        return float(length > 0)
    rest = column - np.linalg.lstsq(others.T, column, rcond=None)[0] @ others
    return float(rest @ rest) / length


def residualise(unique: np.ndarray, cross: np.ndarray) -> tuple[np.ndarray, float]:
    """Replace the response (last row) by its scaled least-squares residuals, in place.

    `cross` (p, m) holds the products of the p fixed columns, the first rows, with all rows.
    Returns the least-squares coefficients and the scale.
    """
    p, y = len(cross), unique[-1]
    beta = np.linalg.solve(cross[:, :p], cross[:, -1]) if p else np.empty(0)
    y -= beta @ unique[:p]
    scale = float(np.sqrt(y @ y / len(y)))
    if scale > 0:
        y *= 1.0 / scale
    return beta, scale


def response_spread(y: np.ndarray, name: str) -> float:
    """Half the range of the response. Raises DataError where it does not vary."""
    low, high = float(y.min()), float(y.max())
    spread = (high - low) / 2.0
    if spread <= CONSTANT * max(abs(low), abs(high)):
        raise DataError(
            f"the response '{name}' is constant over the {len(y):,} rows used. "
            "There is nothing to explain."
        )
    return spread
