"""The algebra of nested random effects on Gram matrices: no step touches a row of the data.

The model is ``y = Xβ + Σ_l Z_l b_l + ε`` with ``b_l ~ N(0, σ²Σ_l)`` and ``Σ_l = Λ_l Λ_l'``. Let U
be the unique columns of [X, Z_1 … Z_L, y]. For a group k of level l write ``S_k = U_k' V_k⁻¹ U_k``
where V_k (in units of σ²) contains the levels below l only; at the innermost level S_k is the
plain Gram matrix of the group's rows. Eliminating the random effects of level l
(Bates et al., 2015, J. Stat. Softw. 67(1), section 3; here by the Woodbury identity) gives

    A = Λ'S_zz Λ + I = LL',   T = L⁻¹Λ'S_z,   S_k ← S_k − T'T,   log|V| += log|A|,

and the parent's matrix is the sum over its children. So every level is the same step, and at the
top the matrix holds X'V⁻¹X, X'V⁻¹y and y'V⁻¹y.

The gradient is the reverse pass of the same recursion. With the adjoint B of a parent's matrix
(∂deviance/∂S) and P_k = (S_k − T'T)[:, Z],

    ∂deviance/∂Σ_l = Σ_k P_k[Z] − P_k' B P_k
    B_child = (I − S E M E')' B (I − S E M E') + E M E',   M = ΛA⁻¹Λ',   E selects Z.

Arrays carry the groups on their last axis: S is (m, m, G), T and P are (q, m, G), M is (q, q, G).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True, eq=False)
class LevelState:
    """What the forward pass leaves for one level, for the passes that follow.

    Attributes
    ----------
    z : ndarray (q,)
        Positions of the level's columns among the unique columns.
    gram : ndarray (m, m, G)
        S before this level's random effects are eliminated.
    j : ndarray (q, q, G)
        ``L⁻¹Λ'``, so that M = j'j.
    t : ndarray (q, m, G)
        ``L⁻¹Λ'S_z``.
    logdet : float
        Σ log|A| over the groups.
    """

    z: np.ndarray
    gram: np.ndarray
    j: np.ndarray
    t: np.ndarray
    logdet: float

    @cached_property
    def p(self) -> np.ndarray:
        """P (q, m, G): the Z rows of ``S − T'T``."""
        return self.gram[self.z] - np.einsum("qag,qbg->abg", self.t[:, self.z], self.t)

    @property
    def n(self) -> np.ndarray:
        """N (q, q, G): ``Z'V⁻¹Z`` with this level's random effects in V."""
        return self.p[:, self.z]


def group_grams(columns: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Gram matrix of every group of consecutive rows.

    Parameters
    ----------
    columns : ndarray (m, n)
        The unique columns, one a row, sorted by group.
    starts : ndarray (G,)
        First position of every group.

    Returns
    -------
    ndarray (m, m, G)
    """
    m = len(columns)
    grams = np.empty((m, m, len(starts)))
    product = np.empty(columns.shape[1])
    for a in range(m):
        for b in range(a + 1):
            np.multiply(columns[a], columns[b], out=product)
            np.add.reduceat(product, starts, out=grams[a, b])
            if a != b:
                grams[b, a] = grams[a, b]
    return grams


def forward(
    grams: np.ndarray,
    z: Sequence[np.ndarray],
    starts: Sequence[np.ndarray],
    factors: Sequence[np.ndarray],
) -> tuple[list[LevelState], np.ndarray]:
    """Eliminate the random effects, innermost level first.

    Parameters
    ----------
    grams : ndarray (m, m, G_1)
        Gram matrices of the innermost groups.
    z : sequence of ndarray (q_l,)
        Positions of every level's Z columns among the unique columns.
    starts : sequence of ndarray
        For every level but the innermost: the first child of each of its groups.
    factors : sequence of ndarray (q_l, q_l)
        The relative covariance factors Λ_l, lower triangular.

    Returns
    -------
    states : list of LevelState
    top : ndarray (m, m)
        U'V⁻¹U over all rows.
    """
    states = []
    gram = grams
    for level, (columns, factor) in enumerate(zip(z, factors, strict=True)):
        state = eliminate(gram, columns, factor)
        states.append(state)
        if level + 1 < len(z):
            lowered = gram - np.einsum("qag,qbg->abg", state.t, state.t)
            gram = np.add.reduceat(lowered, starts[level], axis=-1)
    m = len(gram)
    wide = state.t.transpose(1, 0, 2).reshape(m, -1)
    return states, gram.sum(axis=-1) - wide @ wide.T


def eliminate(gram: np.ndarray, z: np.ndarray, factor: np.ndarray) -> LevelState:
    """One level's step: ``A = Λ'S_zzΛ + I = LL'``, ``j = L⁻¹Λ'``, ``t = L⁻¹Λ'S_z``."""
    q, g = len(z), gram.shape[-1]
    t = (factor.T @ gram[z].reshape(q, -1)).reshape(q, -1, g)
    j = np.repeat(factor.T[:, :, None], g, axis=-1)
    a = factor.T @ t[:, z]
    lower = np.empty((q, q, g))
    logdet = 0.0
    for i in range(q):  # Cholesky and forward substitution together, vectorised over groups
        pivot = a[i, i] + 1.0
        for k in range(i):
            entry = a[i, k]
            for r in range(k):
                entry = entry - lower[i, r] * lower[k, r]
            lower[i, k] = entry / lower[k, k]
            pivot -= lower[i, k] ** 2
            t[i] -= lower[i, k] * t[k]
            j[i] -= lower[i, k] * j[k]
        logdet += float(np.log(pivot).sum())
        lower[i, i] = np.sqrt(pivot)
        t[i] /= lower[i, i]
        j[i] /= lower[i, i]
    return LevelState(z, gram, j, t, logdet)


def backward(
    states: Sequence[LevelState],
    parents: Sequence[np.ndarray],
    adjoint: np.ndarray,
    *,
    logdet: bool = True,
) -> list[np.ndarray]:
    """Derivatives with respect to every Σ_l of a function of the top matrix.

    Parameters
    ----------
    states : sequence of LevelState
        From `forward`.
    parents : sequence of ndarray
        For every level but the outermost: the parent's position of each of its groups.
    adjoint : ndarray (m, m)
        Symmetric derivative of the function with respect to the top matrix.
    logdet : bool
        Whether log|V| is part of the function.

    Returns
    -------
    list of ndarray (q_l, q_l)
        ∂function/∂Σ_l: symmetric, for a symmetric change dΣ the function changes by tr(G dΣ).
    """
    gradients: list[np.ndarray] = [np.empty(0)] * len(states)
    for level in reversed(range(len(states))):
        state = states[level]
        p, q = state.p, len(state.z)
        if adjoint.ndim == 2:
            r = adjoint @ p
        else:
            r = np.einsum("abg,qbg->qag", adjoint.take(parents[level], axis=-1), p)
        gradient = -p.reshape(q, -1) @ r.reshape(q, -1).T
        if logdet:
            gradient += state.n.sum(axis=-1)
        gradients[level] = (gradient + gradient.T) / 2
        if level:
            above = None if adjoint.ndim == 2 else parents[level]
            adjoint = child_adjoint(state, adjoint, above, logdet=logdet)
    return gradients


def child_adjoint(
    state: LevelState,
    adjoint: np.ndarray,
    parent: np.ndarray | None,
    *,
    logdet: bool,
) -> np.ndarray:
    """Adjoint (m, m, G) of this level's matrices, from the adjoint of its parents'."""
    z, g = state.z, state.gram.shape[-1]
    if parent is None:
        out = np.repeat(adjoint[:, :, None], g, axis=-1)
    else:
        out = adjoint.take(parent, axis=-1)
    b = np.einsum("rig,rag->iag", state.j, state.t)
    reduced = np.einsum("iag,abg->ibg", b, out)
    corner = np.einsum("iag,kag->ikg", reduced, b)
    if logdet:
        corner += np.einsum("rig,rkg->ikg", state.j, state.j)
    out[z] -= reduced
    out[:, z] -= reduced.transpose(1, 0, 2)
    out[z[:, None], z] += corner
    return out


def conditional_means(
    states: Sequence[LevelState], parents: Sequence[np.ndarray], residual: np.ndarray
) -> list[np.ndarray]:
    """Conditional means of the random effects (BLUPs), outermost level first in the recursion.

    Parameters
    ----------
    residual : ndarray (m,)
        Coefficients w of the unique columns such that Uw is the residual y − Xβ.

    Returns
    -------
    list of ndarray (q_l, G_l)
    """
    means: list[np.ndarray] = [np.empty(0)] * len(states)
    left = residual[:, None]
    for level in reversed(range(len(states))):
        state = states[level]
        left = np.broadcast_to(left, (len(residual), state.gram.shape[-1]))
        score = np.einsum("rag,ag->rg", state.t, left)
        mean = np.einsum("rig,rg->ig", state.j, score)
        means[level] = mean
        if level:
            below = left.copy()
            below[state.z] -= mean
            left = below[:, parents[level - 1]]
    return means


def marginal_blocks(
    states: Sequence[LevelState], parents: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """Z_k'V⁻¹Z_k (q_l, q_l, G_l) of every group, with the random effects of all levels in V.

    The levels above group k take P_k'B P_k out of N_k, where −B is the adjoint of log|V| that
    they hand down.
    """
    m = len(states[0].gram)
    blocks: list[np.ndarray] = [np.empty(0)] * len(states)
    adjoint = np.zeros((m, m))
    for level in reversed(range(len(states))):
        state = states[level]
        top = adjoint.ndim == 2
        above = adjoint[:, :, None] if top else adjoint.take(parents[level], axis=-1)
        reduced = np.einsum(
            "qag,abg->qbg", state.p, np.broadcast_to(above, (m, m, state.n.shape[-1]))
        )
        blocks[level] = state.n - np.einsum("qbg,rbg->qrg", reduced, state.p)
        if level:
            adjoint = child_adjoint(state, adjoint, None if top else parents[level], logdet=True)
    return blocks
