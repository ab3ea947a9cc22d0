"""−2 log-likelihood of the covariance matrices of all levels, and its gradient.

A group of n rows has the mean ȳ = Bx̄ + u with u ~ N(0, Σ₁/n + Σ₂); groups of one group of groups
share an effect with covariance Σ₃. B is profiled out, so that the gradient by Σ is that with B
held (it is at its optimum). Derivatives: ∂/∂V of log|V| + r'V⁻¹r is V⁻¹ − V⁻¹rr'V⁻¹.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alliance_stats.lmm.bivariate.moments import Cells, Moments
from alliance_stats.lmm.factors import unpack, unpack_roots
from alliance_stats.lmm.information import root_expansion
from alliance_stats.numeric.optimise import Values

_LOG_2PI = float(np.log(2.0 * np.pi))


@dataclass(frozen=True, eq=False)
class Evaluation:
    """The criterion at one set of covariance matrices.

    Attributes
    ----------
    deviance : float
    coefficients : ndarray (2, p)
        B.
    normal : ndarray (2p, 2p)
        Information of B, response by response.
    gradients : list of ndarray (2, 2)
        By Σ of every level.
    information : list of ndarray (2, 2, G)
        N of every level, whose expected information is Σ N ⊗ N.
    """

    deviance: float
    coefficients: np.ndarray
    normal: np.ndarray
    gradients: list[np.ndarray]
    information: list[np.ndarray]


@dataclass(frozen=True, eq=False)
class Outer:
    """Groups of groups at one evaluation: S_j, C_j = Σ₃(I + S_jΣ₃)⁻¹, and sums by x and y."""

    s: np.ndarray
    c: np.ndarray
    tx: np.ndarray
    ty: np.ndarray
    logdet: float


@dataclass(frozen=True, eq=False)
class BivariateCriterion:
    """The deviance as a function of the covariance matrices of all levels, innermost first."""

    moments: Moments

    @property
    def sizes(self) -> list[int]:
        """Order of every covariance matrix."""
        return [2] * self.moments.n_levels

    def profile(self, theta: np.ndarray) -> Evaluation:
        """Evaluate at the lower factors of all levels, stacked in θ."""
        return self.at([f @ f.T for f in unpack(theta, self.sizes)])

    def gradients(self, profile: Evaluation) -> list[np.ndarray]:
        """∂deviance/∂Σ of every level."""
        return profile.gradients

    def information(self, profile: Evaluation) -> list[np.ndarray]:
        """N (2, 2, G) of every level: its expected information is Σ N ⊗ N."""
        return profile.information

    def expand(self, entries: np.ndarray) -> Values:
        """Deviance, gradient and a guess of the Hessian at symmetric roots of all levels."""
        factors = unpack_roots(entries, self.sizes)
        try:
            found = self.at([root @ root for root in factors])
        except np.linalg.LinAlgError:
            return np.inf, np.zeros_like(entries), np.eye(len(entries))
        return found.deviance, *root_expansion(found.information, factors, found.gradients)

    def at(self, covariances: Sequence[np.ndarray]) -> Evaluation:
        """Evaluate at covariance matrices; LinAlgError where that of rows is singular."""
        m = self.moments
        rows, groups = covariances[0], covariances[1]
        p1 = np.linalg.inv(rows)
        means = rows / m.sizes[:, None, None] + groups
        a = np.linalg.inv(means)
        free = m.n_rows - m.n_groups
        logdet = free * _logdet(rows) + float(m.counts @ (_logdets(means) + 2 * np.log(m.sizes)))
        outer = None if m.cells is None else _outer(m.cells, a, covariances[2])
        normal, rhs, total = _normal_equations(m, p1, a, outer)
        solved = np.linalg.solve(normal, rhs)
        b = solved.reshape(2, -1)
        deviance = logdet + total - float(rhs @ solved) + 2 * m.n_rows * _LOG_2PI
        if outer is not None:
            deviance += outer.logdet
        gradients, information = _derivatives(m, p1, a, b, outer)
        return Evaluation(float(deviance), b, normal, gradients, information)


def _logdet(matrix: np.ndarray) -> float:
    sign, value = np.linalg.slogdet(matrix)
    if sign <= 0:
        raise np.linalg.LinAlgError("not positive definite")
    return float(value)


def _logdets(matrices: np.ndarray) -> np.ndarray:
    sign, value = np.linalg.slogdet(matrices)
    if (sign <= 0).any():
        raise np.linalg.LinAlgError("not positive definite")
    return np.asarray(value)


def _outer(cells: Cells, a: np.ndarray, covariance: np.ndarray) -> Outer:
    """Sums over the groups of every group of groups, weighted by the precision of their means."""
    each = a[cells.size]
    s, tx, ty = (
        _sums(values, cells.outer, cells.n_outer)
        for values in (
            cells.count[:, None, None] * each,
            each[:, :, :, None] * cells.x[:, None, None, :],
            np.einsum("cab,cb->ca", each, cells.y),
        )
    )
    inner = np.eye(2) + s @ covariance
    c = covariance @ np.linalg.inv(inner)
    return Outer(s, c, tx, ty, float(np.log(np.linalg.det(inner)).sum()))


def _sums(values: np.ndarray, codes: np.ndarray, n: int) -> np.ndarray:
    flat = values.reshape(len(values), -1)
    found = np.column_stack([np.bincount(codes, column, n) for column in flat.T])
    return found.reshape(n, *values.shape[1:])


def _normal_equations(
    m: Moments, p1: np.ndarray, a: np.ndarray, outer: Outer | None
) -> tuple[np.ndarray, np.ndarray, float]:
    """Information of B, its right-hand side, and the quadratic form of the responses."""
    p = len(m.within_xx)
    normal = np.einsum("ab,kl->akbl", p1, m.within_xx)
    normal += np.einsum("uab,ukl->akbl", a, m.between_xx)
    rhs = np.einsum("ab,kb->ak", p1, m.within_xy) + np.einsum("uab,ukb->ak", a, m.between_xy)
    total = float((p1 * m.within_yy).sum() + (a * m.between_yy).sum())
    if outer is not None:
        moved = np.einsum("jcd,jdbl->jcbl", outer.c, outer.tx)
        normal -= np.einsum("jcak,jcbl->akbl", outer.tx, moved)
        pulled = np.einsum("jcd,jd->jc", outer.c, outer.ty)
        rhs -= np.einsum("jcak,jc->ak", outer.tx, pulled)
        total -= float((outer.ty * pulled).sum())
    return normal.reshape(2 * p, 2 * p), rhs.ravel(), total


def _residual(yy: np.ndarray, xy: np.ndarray, xx: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Products of y − Bx from products of x and y (…, ., .)."""
    half = b @ xy
    return np.asarray(yy - half - np.swapaxes(half, -1, -2) + b @ xx @ b.T)


def _derivatives(
    m: Moments, p1: np.ndarray, a: np.ndarray, b: np.ndarray, outer: Outer | None
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Gradients by the covariance matrices, and their expected information level by level."""
    free = m.n_rows - m.n_groups
    within = _residual(m.within_yy, m.within_xy, m.within_xx, b)
    between = _residual(m.between_yy, m.between_xy, m.between_xx, b)
    shared = np.zeros_like(a)
    gradients, information = [], []
    if outer is not None and m.cells is not None:
        top, h, shared, between = _outer_derivatives(m.cells, outer, between, b)
        gradients, information = [top], [h]
    counts = m.counts[:, None, None]
    by_size = counts * a - a @ (shared + between) @ a
    rows = free * p1 - p1 @ within @ p1 + (by_size / m.sizes[:, None, None]).sum(axis=0)
    of_groups = np.moveaxis(a, 0, -1) * np.sqrt(m.counts)
    of_rows = np.concatenate([np.sqrt(free) * p1[:, :, None], of_groups / m.sizes], axis=2)
    return [rows, by_size.sum(axis=0), *gradients], [of_rows, of_groups, *information]


def _outer_derivatives(
    cells: Cells, outer: Outer, between: np.ndarray, b: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Of groups of groups: gradient and N; what it changes in those of group means."""
    t = outer.ty - np.einsum("jabk,bk->ja", outer.tx, b)
    shift = np.einsum("jab,jb->ja", outer.c, t)
    g = t - np.einsum("jab,jb->ja", outer.s, shift)
    h = outer.s - outer.s @ outer.c @ outer.s
    gradient = h.sum(axis=0) - g.T @ g
    n_sizes = len(between)
    left = cells.y - cells.x @ b.T
    moved = shift[cells.outer]
    cross = left[:, :, None] * moved[:, None, :]
    change = -cross - np.swapaxes(cross, 1, 2)
    change += cells.count[:, None, None] * moved[:, :, None] * moved[:, None, :]
    shared = _sums(cells.count[:, None, None] * outer.c[cells.outer], cells.size, n_sizes)
    residual = between + _sums(change, cells.size, n_sizes)
    return gradient, np.moveaxis(h, 0, -1), shared, residual
