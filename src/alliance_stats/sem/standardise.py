"""The completely standardised solution, with standard errors by the delta method.

Paths a_ij become a_ij SD_j/SD_i, variances shares of the variable's variance, covariances
correlations (of residuals where the variables are explained), means means in SDs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_stats.sem.layout import Layout
from alliance_stats.sem.moments import Implied, sides

Floats = NDArray[np.float64]
Ints = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Places:
    """Entries of one kind of matrix: 0 paths, 1 covariances, 2 means.

    Attributes
    ----------
    kind : int
    part, row, column : array (e,)
    """

    kind: int
    part: Ints
    row: Ints
    column: Ints


def standardised(at: Implied, places: Places) -> Floats:
    """Standardised values of entries (e,)."""
    return _raw(at, places) * _scale(at, places)


def _raw(at: Implied, places: Places) -> Floats:
    if places.kind == 2:
        means = at.mean - (at.paths @ at.mean[:, :, None])[:, :, 0]  # m = (I − A) η
        return means[places.part, places.row]
    matrix = at.paths if places.kind == 0 else at.residual
    return matrix[places.part, places.row, places.column]


def _scale(at: Implied, places: Places) -> Floats:
    """What multiplies each entry; NaN where a variance is not positive."""
    part, row, column = places.part, places.row, places.column
    with np.errstate(invalid="ignore", divide="ignore"):
        sds = np.sqrt(np.einsum("mvv->mv", at.covariance))
        if places.kind == 0:
            return sds[part, column] / sds[part, row]
        if places.kind == 2:
            return 1.0 / sds[part, row]
        residual = np.sqrt(np.einsum("mvv->mv", at.residual))
        both = residual[part, row] * residual[part, column]
        return 1.0 / np.where(row == column, sds[part, row] ** 2, both)


def jacobian(layout: Layout, at: Implied, places: Places) -> Floats:
    """Derivatives of standardised entries by the free parameters (e, n_free)."""
    scale = _scale(at, places)
    relative = np.where(places.part[:, None] == layout.part, _relative(layout, at, places), 0.0)
    moved = np.where(_is_entry(layout, places), scale[:, None], 0.0)
    by_entry = moved + standardised(at, places)[:, None] * relative
    return layout.collect(np.ascontiguousarray(by_entry.T)).T


def _is_entry(layout: Layout, places: Places) -> NDArray[np.bool_]:
    """Which free entry (columns) is which place (rows)."""
    kinds = np.repeat([0, 1, 2], [k.stop - k.start for k in layout.kinds])
    ours = np.column_stack([places.part, places.row, places.column])
    theirs = np.column_stack([layout.part, layout.row, layout.column])
    same = (ours[:, None] == theirs).all(axis=2)
    if places.kind == 1:
        same |= (ours[:, None] == theirs[:, [0, 2, 1]]).all(axis=2)
    return same & (kinds == places.kind)


def _relative(layout: Layout, at: Implied, places: Places) -> Floats:
    """d log(scale) by every free entry (e, k), in the entry's own part."""
    row, column = places.row, places.column
    first = sides(layout, at)
    with np.errstate(invalid="ignore", divide="ignore"):
        variances = np.einsum("mvv->mv", at.covariance)[layout.part]
        # a variable without variance (a latent one of another level) is never asked for
        log_sd = np.where(variances != 0, first.left * first.right / variances, 0.0)
        if places.kind == 0:
            return (log_sd[:, column] - log_sd[:, row]).T
        if places.kind == 2:
            return -log_sd[:, row].T
        residual = np.einsum("mvv->mv", at.residual)[layout.part]
        is_variance = np.zeros_like(residual, dtype=bool)
        s = np.arange(layout.kinds[1].start, layout.kinds[1].stop)
        s = s[layout.row[s] == layout.column[s]]
        is_variance[s, layout.row[s]] = True
        own = np.where(is_variance, 0.5 / np.where(residual != 0, residual, np.nan), 0.0)
        of_residuals = -(own[:, row] + own[:, column])
        return np.where(row == column, -2.0 * log_sd[:, row], of_residuals).T
