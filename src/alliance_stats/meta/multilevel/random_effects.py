"""Random effects of units, with their errors (best linear unbiased predictions).

û = TZ'W(y − Xβ), Var(û − u) = T − TZ'PZT with P = W − WX(X'WX)⁻¹X'W: Raudenbush & Bryk (1985,
J. Educ. Stat. 10, 75–98); Harville (1977, J. Am. Stat. Assoc. 72, 320–338).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from alliance_stats._base.checks import did_you_mean, probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats.meta.multilevel.fitted import FittedMultilevel
from alliance_stats.meta.multilevel.nested import NestedPrecision
from alliance_stats.meta.multilevel.terms import Term

#: Columns of Z solved at a time.
CHUNK = 400


def blup(
    self: FittedMultilevel, unit: str | None = None, *, conf_level: float = 0.95
) -> pd.DataFrame:
    """How far the true effect of every group of a unit lies from what its moderators say.

    Parameters
    ----------
    unit : str, optional
        Such as ``"study"`` or ``"study/effect"``; the first random term if left out.
    conf_level : float

    Returns
    -------
    DataFrame
        The columns that name the group, ``term`` for several effects of a group, and ``estimate
        se ci_low ci_high``. The errors hold the variances at their estimates.

    Raises
    ------
    ArgumentError
        If the model has no such unit.
    """
    probability(conf_level, name="conf_level")
    labels = [term.label for term in self.layout.terms]
    unit = labels[0] if unit is None else unit
    if unit not in labels:
        raise ArgumentError(
            f"unit={unit!r} is not in the model.{did_you_mean(str(unit), labels)} "
            f"It has: {', '.join(labels)}."
        )
    term, matrix = self.layout.terms[labels.index(unit)], self.matrices[labels.index(unit)]
    scores = term.totals(self.point.weighted[:, None])[:, :, 0]
    estimate = scores @ matrix
    se = np.sqrt(np.maximum(_variances(self, term, matrix), 0.0))
    half = float(ndtri((1.0 + conf_level) / 2.0)) * se
    values = {"estimate": estimate, "se": se, "ci_low": estimate - half, "ci_high": estimate + half}
    m = term.structure.m
    frame = term.groups.loc[term.groups.index.repeat(m)].reset_index(drop=True)
    if not term.is_intercept:
        frame["term"] = np.tile(term.levels, term.n_groups)
    return frame.assign(**{name: column.ravel() for name, column in values.items()})


def _variances(self: FittedMultilevel, term: Term, matrix: np.ndarray) -> np.ndarray:
    """Diagonal (groups, m) of T − TZ'PZT, some groups at a time."""
    point, m, n = self.point, term.structure.m, term.n_groups
    found = np.empty((n, m))
    half = np.linalg.solve(point.root, point.weighted_x.T).T
    shared = term.totals(half)  # Z'WXC^½
    if isinstance(point.precision, NestedPrecision):
        own = _closed(self, point.precision, term) - np.einsum("gmp,gmp->gm", shared, shared)
        return np.asarray(matrix[0, 0] - matrix[0, 0] ** 2 * own)
    for first in range(0, n, max(1, CHUNK // m)):
        groups = np.arange(first, min(n, first + max(1, CHUNK // m)))
        own = np.flatnonzero((term.codes >= groups[0]) & (term.codes <= groups[-1]))
        z = np.zeros((len(term.codes), len(groups) * m))
        z[own, (term.codes[own] - first) * m + term.inner[own]] = 1.0
        solved = z.T @ point.precision.solve(z)
        inner = solved.reshape(len(groups), m, len(groups), m)
        each = np.arange(len(groups))
        inner = inner[each, :, each] - shared[groups] @ shared[groups].transpose(0, 2, 1)
        found[groups] = np.einsum("ij,gjk,ki->gi", -matrix, inner, matrix) + np.diag(matrix)
    return found


def _closed(self: FittedMultilevel, precision: NestedPrecision, term: Term) -> np.ndarray:
    """z'Wz (groups, 1) of nested intercepts, which is all that `NestedPrecision` has."""
    unit = next(i for i, other in enumerate(self.layout.terms) if other is term)
    groups = precision.chain[precision.units[unit]]
    found = np.empty((term.n_groups, 1))
    found[term.codes[groups.starts], 0] = precision.quadratic(unit)
    return found
