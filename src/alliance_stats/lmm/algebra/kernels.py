"""The algebra of nested random effects on Gram matrices: no step touches a row of the data.

The model is ``y = Xβ + Σ_l Z_l b_l + ε`` with ``b_l ~ N(0, σ²Σ_l)`` and ``Σ_l = Λ_l Λ_l'``. Let U
be the unique columns of [X, Z_1 … Z_L, y]. For a group k of level l write ``S_k = U_k' V_k⁻¹ U_k``
where V_k (in units of σ²) contains the levels below l only; at the innermost level S_k is the
plain Gram matrix of the group's rows. Eliminating the random effects of level l
(Bates et al., 2015, J. Stat. Softw. 67(1), section 3; here by the Woodbury identity) gives

    A = Λ'S_zz Λ + I = LL',   T = L⁻¹Λ'S_z,   S_k ← S_k − T'T,   log|V| += log|A|,

and the parent's matrix is the sum over its children. So every level is the same step, and at the
top the matrix holds X'V⁻¹X, X'V⁻¹y and y'V⁻¹y.

Derivatives need ``P_k = Z_k'V⁻¹U`` and ``N_k = Z_k'V⁻¹Z_k`` with all levels in V. Up to level l,
P_k is the Z rows of S_k − T'T and N_k its Z columns. Every level above, with J = L⁻¹Λ' of the
group that contains k and E its Z columns, then takes out

    N_k ← N_k − (P_k E) J'J (P_k E)',   P_k ← P_k − (P_k E) J'T.

For a function of U'V⁻¹U with adjoint B, plus log|V|: ``∂/∂Σ_l = Σ_k N_k − P_k B P_k'``.

Arrays carry the groups on their last axis: S is (m, m, G), T and P are (q, m, G), N is (q, q, G).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np
from scipy.sparse import csr_array

#: Groups whose ends are looked at before a whole column is compared with its first values.
PEEK = 32
#: Numbers that are multiplied at once; more of them are faster in pieces that fit the cache.
AT_ONCE = 250_000


@dataclass(frozen=True, eq=False)
class LevelState:
    """What the forward pass leaves for one level.

    Attributes
    ----------
    z : ndarray (q,)
        Positions of the level's columns among the unique columns.
    factor : ndarray (q, q)
        Λ.
    gram : ndarray (m, m, G)
        S before this level's random effects are eliminated.
    lower : ndarray (q, q, G)
        L; what stands above the diagonal is not used.
    t : ndarray (q, m, G)
        ``L⁻¹Λ'S_z``.
    logdet : float
        Σ log|A| over the groups.
    """

    z: np.ndarray
    factor: np.ndarray
    gram: np.ndarray
    lower: np.ndarray
    t: np.ndarray
    logdet: float

    @cached_property
    def p(self) -> np.ndarray:
        """P (q, m, G) with this level alone: the Z rows of ``S − T'T``."""
        p = self.gram[self.z]
        for row in self.t:
            p -= row[self.z, None] * row
        return p

    @property
    def n(self) -> np.ndarray:
        """N (q, q, G) with this level alone."""
        return self.p[:, self.z]

    @cached_property
    def j(self) -> np.ndarray:
        """``L⁻¹Λ'`` (q, q, G)."""
        j = np.repeat(self.factor.T[:, :, None], self.gram.shape[-1], axis=-1)
        for i in range(len(j)):
            for k in range(i):
                j[i] -= self.lower[i, k] * j[k]
            j[i] /= self.lower[i, i]
        return j

    @cached_property
    def outer(self) -> np.ndarray:
        """``J'J`` (q, q, G)."""
        return np.einsum("rag,rbg->abg", self.j, self.j)

    @cached_property
    def hand_down(self) -> np.ndarray:
        """``J'T`` (q, m, G)."""
        return np.einsum("rig,rag->iag", self.j, self.t)


def group_grams(columns: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Gram matrix of every group of consecutive rows.

    Products with a column that is constant within groups need its value and sums only. All others
    are products of a sparse matrix, one row a group with the entries of one column, with the other
    column: multiplied and summed in one pass.

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
    m, n = columns.shape
    lengths = np.diff(starts, append=n)
    value = [_constant(column, starts, lengths) for column in columns]
    table = csr_array(
        (columns[0], np.arange(n, dtype=np.int32), np.append(starts, n).astype(np.int32)),
        shape=(len(starts), n),
    )
    sums = [
        np.add.reduceat(column, starts) if constant is None else constant * lengths
        for column, constant in zip(columns, value, strict=True)
    ]
    grams = np.empty((m, m, len(starts)))
    for a in range(m):
        table.data = columns[a]
        for b in range(a + 1):
            if (constant := value[a]) is not None:
                np.multiply(constant, sums[b], out=grams[a, b])
            elif (constant := value[b]) is not None:
                np.multiply(constant, sums[a], out=grams[a, b])
            else:
                grams[a, b] = table @ columns[b]
            grams[b, a] = grams[a, b]
    return grams


def _constant(column: np.ndarray, starts: np.ndarray, lengths: np.ndarray) -> np.ndarray | None:
    """Value (G,) of a column that does not vary within groups, else None."""
    first = starts[:PEEK]
    if (column[first] != column[first + lengths[:PEEK] - 1]).any():
        return None
    value = column[starts]
    return value if np.array_equal(column, np.repeat(value, lengths)) else None


def forward(
    grams: np.ndarray,
    z: Sequence[np.ndarray],
    starts: Sequence[np.ndarray],
    factors: Sequence[np.ndarray],
    total: np.ndarray,
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
        The relative covariance factors Λ_l.
    total : ndarray (m, m)
        Gram matrix of all rows.

    Returns
    -------
    states : list of LevelState
    top : ndarray (m, m)
        U'V⁻¹U over all rows.
    """
    states = []
    gram = grams
    top = total.copy()
    for level, (columns, factor) in enumerate(zip(z, factors, strict=True)):
        state = eliminate(gram, columns, factor)
        states.append(state)
        wide = state.t.transpose(1, 0, 2).reshape(len(top), -1)
        top -= wide @ wide.T
        if level + 1 < len(z):
            gram = parent_sums(gram, state.t, starts[level])
    return states, top


def eliminate(gram: np.ndarray, z: np.ndarray, factor: np.ndarray) -> LevelState:
    """One level's step: ``A = Λ'S_zzΛ + I = LL'`` and ``t = L⁻¹Λ'S_z``."""
    q, g = len(z), gram.shape[-1]
    t = _turned(factor, gram[z])
    a = _turned(factor, t[:, z].transpose(1, 0, 2))
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
        logdet += float(np.log(pivot).sum())
        lower[i, i] = np.sqrt(pivot)
        t[i] /= lower[i, i]
    return LevelState(z, factor, gram, lower, t, logdet)


def _turned(factor: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Λ' (q, q) times rows (q, …)."""
    if len(factor) == 1:
        return np.asarray(factor[0, 0] * rows)  # the product of matrices is slow for one row
    return (factor.T @ rows.reshape(len(rows), -1)).reshape(rows.shape)


def parent_sums(gram: np.ndarray, t: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """``S − T'T`` (m, m, G) summed over the children of every parent."""
    m = len(gram)
    rows, columns = _lower_half(m)
    out = gram[rows, columns]
    if out.size <= AT_ONCE:
        for row in t:
            out -= row[rows] * row[columns]
    else:
        product = np.empty(gram.shape[-1])
        for k, (a, b) in enumerate(zip(rows, columns, strict=True)):
            for row in t:
                out[k] -= np.multiply(row[a], row[b], out=product)
    sums = np.empty((m, m, len(starts)))
    half = np.add.reduceat(out, starts, axis=-1)
    sums[rows, columns] = half
    sums[columns, rows] = half
    return sums


@lru_cache(maxsize=64)
def _lower_half(m: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the lower half of a square matrix."""
    return np.tril_indices(m)


def whole_products(
    states: Sequence[LevelState], parents: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """P (q_l, m, G_l) and N (q_l, q_l, G_l) of every level, with all levels in V.

    Parameters
    ----------
    states : sequence of LevelState
        From `forward`.
    parents : sequence of ndarray
        For every level but the outermost: the parent's position of each of its groups.
    """
    with_columns, precisions = [], []
    for level, state in enumerate(states):
        p, n = state.p, state.n
        group = np.arange(p.shape[-1])
        for above in range(level + 1, len(states)):
            group = parents[above - 1][group]
            over = states[above]
            left = p[:, over.z]
            moved = np.einsum("qsg,srg->qrg", left, over.outer.take(group, axis=-1))
            n = n - np.einsum("qrg,prg->qpg", moved, left)
            p = p - np.einsum("qsg,sag->qag", left, over.hand_down.take(group, axis=-1))
        with_columns.append(p)
        precisions.append(n)
    return with_columns, precisions
