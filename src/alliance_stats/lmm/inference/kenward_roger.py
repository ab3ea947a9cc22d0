"""Kenward–Roger: adjusted covariance of the fixed effects, and degrees of freedom.

V is linear in the variance parameters, V = Σ_i σ_i G_i. With Φ = (X'V⁻¹X)⁻¹ and

    P_i = −X'V⁻¹G_iV⁻¹X,   Q_ij = X'V⁻¹G_iV⁻¹G_jV⁻¹X,   t_ij = tr(V⁻¹G_iV⁻¹G_j),

the expected information of the parameters is ½(t_ij − 2 tr ΦQ_ij + tr ΦP_iΦP_j); W is its inverse,
and the adjusted covariance Φ + 2Φ Σ_ij W_ij(Q_ij − P_iΦP_j)Φ (Kenward & Roger, 1997, Biometrics
53, 983–997, with their equations for the degrees of freedom).

No n × n matrix is formed. −2 sym Q_ij and −t_ij are derivatives in σ_j of X'V⁻¹G_iV⁻¹X and of
tr V⁻¹G_i, sums over groups that the elimination gives exactly for any design; central differences
of fourth order give them to about nine digits. The residual's row follows from V itself being
Σ_i σ_i G_i. All this does not depend on linear changes of the parameters: those of a block are
taken as the entries of B in Σ = R(I + B)R', which keeps every Σ positive definite and leaves out
what vanished on a singular fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.algebra.derivatives import Elimination
from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.factors import symmetric_basis
from alliance_stats.lmm.residual.limits import NOT_LINEAR, no_structure

#: Step in the entries of B.
STEP = 0.02
#: Weights of the differences at one and two steps.
NEAR, FAR = 8.0 / 12.0, -1.0 / 12.0


@dataclass(frozen=True, eq=False)
class KenwardRoger:
    """The adjustment at a fitted model, in standardised columns and residual variances of one.

    Attributes
    ----------
    unscaled : ndarray (p, p)
        Φ/σ².
    slopes : ndarray (r, p, p)
        P_i of every variance parameter, times σ².
    products : ndarray (r, r, p, p)
        Symmetric part of Q_ij, times σ².
    covariance : ndarray (r, r)
        W.
    """

    unscaled: np.ndarray
    slopes: np.ndarray
    products: np.ndarray
    covariance: np.ndarray

    @cached_property
    def adjusted(self) -> np.ndarray:
        """Adjusted covariance (p, p) of the fixed effects over σ²."""
        phi, p = self.unscaled, self.slopes
        inner = self.products - (p @ phi)[:, None] @ p[None]
        inner = np.einsum("ij,ijab->ab", self.covariance, inner)
        adjusted = phi + 2.0 * phi @ inner @ phi
        return np.asarray((adjusted + adjusted.T) / 2.0)

    def df(self, contrasts: np.ndarray) -> tuple[float, float]:
        """Denominator degrees of freedom of L (r, p), and the factor λ of its F statistic."""
        rank = len(contrasts)
        middle = contrasts @ self.unscaled @ contrasts.T
        theta = contrasts.T @ np.linalg.solve(middle, contrasts)
        each = theta @ self.unscaled @ self.slopes @ self.unscaled
        single = np.einsum("iaa->i", each)
        a1 = float(single @ self.covariance @ single)
        flat = each.reshape(len(each), -1)
        turned = each.transpose(0, 2, 1).reshape(len(each), -1)
        a2 = float((self.covariance * (flat @ turned.T)).sum())
        if rank == 1:
            return (2.0 / a2 if a2 > 0 else float("nan")), 1.0
        return _matched_moments(rank, a1, a2)


def _matched_moments(rank: int, a1: float, a2: float) -> tuple[float, float]:
    """Degrees of freedom and scale of the F distribution with the same mean and variance."""
    b = (a1 + 6.0 * a2) / (2.0 * rank)
    g = ((rank + 1.0) * a1 - (rank + 4.0) * a2) / ((rank + 2.0) * a2)
    below = 3.0 * rank + 2.0 * (1.0 - g)
    c1, c2, c3 = g / below, (rank - g) / below, (rank + 2.0 - g) / below
    mean = 1.0 / (1.0 - a2 / rank)
    variance = (2.0 / rank) * (1.0 + c1 * b) / ((1.0 - c2 * b) ** 2 * (1.0 - c3 * b))
    rho = variance / (2.0 * mean**2)
    df = 4.0 + (rank + 2.0) / (rank * rho - 1.0)
    return df, df / (mean * (df - 2.0))


def kenward_roger(criterion: Criterion, profile: Profile) -> KenwardRoger:
    """Prepare the adjustment at the optimum of a REML fit.

    Raises UnsupportedError where residuals have a structure.
    """
    no_structure(criterion.design, *NOT_LINEAR)
    parameters = _parameters(criterion, profile.factors)
    traces, crosses = _sums(criterion, profile.eliminated, parameters)
    r, p = len(parameters), len(criterion.design.x)
    second = np.empty((r, r))
    products = np.empty((r, r, p, p))
    for j in range(r):
        trace, cross = _derivatives(criterion, profile.factors, parameters, j)
        second[:, j] = -trace
        products[:, j] = cross / 2.0
    second = (second + second.T) / 2.0
    products = (products + products.transpose(1, 0, 2, 3)) / 2.0
    whole = np.array([parameter.diagonal for parameter in parameters], dtype=float)
    information = np.linalg.inv(profile.unscaled)
    traces, second = _with_residual(traces, second, whole, criterion.design.n_obs)
    slopes, products = _with_residual_products(crosses, products, whole, information)
    phi = profile.unscaled
    moved = np.einsum("ab,ibc->iac", phi, slopes)
    expected = second - 2.0 * np.einsum("ab,ijba->ij", phi, products)
    expected += np.einsum("iab,jba->ij", moved, moved)
    return KenwardRoger(phi, slopes, products, 2.0 * np.linalg.inv(expected))


@dataclass(frozen=True, eq=False)
class _Parameter:
    """One variance parameter: an entry of B of one block.

    `change` (q, q) is dΣ, `root` (q, r) is R, `entry` (r, r) the basis matrix of B.
    """

    block: int
    change: np.ndarray
    root: np.ndarray
    entry: np.ndarray
    diagonal: bool


def _parameters(criterion: Criterion, factors: list[np.ndarray]) -> list[_Parameter]:
    """The parameters of every block that has not vanished."""
    found = []
    for block, factor in enumerate(factors):
        left, values, _ = np.linalg.svd(factor)
        root = (left * values)[:, values > 1e-4]
        rank = root.shape[1]
        for column in symmetric_basis(rank).T:
            entry = column.reshape(rank, rank)
            found.append(
                _Parameter(block, root @ entry @ root.T, root, entry, bool(np.trace(entry) > 0))
            )
    return found


def _sums(
    criterion: Criterion, eliminated: Elimination, parameters: list[_Parameter]
) -> tuple[np.ndarray, np.ndarray]:
    """tr V⁻¹G_i (r,) and −X'V⁻¹G_iV⁻¹X (r, p, p) of every parameter."""
    p = len(criterion.design.x)
    precisions = criterion.by_block(eliminated.precisions)
    with_columns = criterion.rows_by_block(eliminated.with_columns)
    traces, crosses = [np.empty(0)], [np.empty((0, p, p))]
    for block, (n, columns) in enumerate(zip(precisions, with_columns, strict=True)):
        changes = [k.change.ravel() for k in parameters if k.block == block]
        if not changes:
            continue
        q = len(n)
        wide = np.ascontiguousarray(columns[:, criterion.design.x]).reshape(q * p, -1)
        cross = (wide @ wide.T).reshape(q, p, q, p).transpose(0, 2, 1, 3).reshape(q * q, p * p)
        along = np.array(changes)
        traces.append(along @ n.sum(axis=-1).ravel())
        crosses.append(-(along @ cross).reshape(-1, p, p))
    return np.concatenate(traces), np.concatenate(crosses)


def _derivatives(
    criterion: Criterion, factors: list[np.ndarray], parameters: list[_Parameter], j: int
) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of `_sums` in parameter j."""
    moved = parameters[j]
    total: list[np.ndarray] = []
    for steps, weight in ((1, NEAR), (-1, -NEAR), (2, FAR), (-2, -FAR)):
        inner = np.eye(len(moved.entry)) + steps * STEP * moved.entry
        at = list(factors)
        at[moved.block] = _square(moved.root @ np.linalg.cholesky(inner))
        eliminated = criterion.design.products.eliminate(criterion.by_level(at))
        found = _sums(criterion, eliminated, parameters)
        weighted = [weight / STEP * part for part in found]
        total = weighted if not total else [a + b for a, b in zip(total, weighted, strict=True)]
    return total[0], total[1]


def _square(factor: np.ndarray) -> np.ndarray:
    """A factor (q, r) with zero columns added."""
    square = np.zeros((len(factor), len(factor)))
    square[:, : factor.shape[1]] = factor
    return square


def _with_residual(
    traces: np.ndarray, second: np.ndarray, whole: np.ndarray, n: int
) -> tuple[np.ndarray, np.ndarray]:
    """tr V⁻¹G_i and t_ij with the residual's, from V = G_0 + Σ_i whole_i G_i."""
    r = len(traces)
    out = np.empty((r + 1, r + 1))
    out[:r, :r] = second
    out[r, :r] = out[:r, r] = traces - second @ whole
    residual = n - traces @ whole
    out[r, r] = residual - out[r, :r] @ whole
    return np.append(traces, residual), out


def _with_residual_products(
    slopes: np.ndarray, products: np.ndarray, whole: np.ndarray, information: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """P_i and sym Q_ij with the residual's, from the same identity."""
    r = len(slopes)
    last = -information - np.einsum("i,iab->ab", whole, slopes)
    out = np.empty((r + 1, r + 1, *information.shape))
    out[:r, :r] = products
    out[r, :r] = out[:r, r] = -slopes - np.einsum("j,ijab->iab", whole, products)
    out[r, r] = -last - np.einsum("j,jab->ab", whole, out[r, :r])
    return np.concatenate([slopes, last[None]]), out
