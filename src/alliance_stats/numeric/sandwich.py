"""Cluster-robust covariances of weighted least squares, with small-sample tests.

For clusters k with rows X_k, working covariance V_k, W_k = V_k⁻¹, residuals e_k and the bread
M = (Σ_k X_k'W_kX_k)⁻¹, the sandwich is M Σ_k s_k s_k' M with s_k = X_k'W_kA_ke_k. CR0 has A_k = I,
CR1 and CR1S multiply it by J/(J − 1) and J(n − 1)/((J − 1)(n − p)). CR2 chooses the symmetric A_k
that makes the sandwich exactly unbiased if V is right (Bell & McCaffrey, 2002, Survey Methodology
28(2); Pustejovsky & Tipton, 2018, J. Bus. Econ. Stat. 36(4)):

    A_k (V_k − X_kMX_k') A_k = V_k,   A_k = D'(DCD')^(−½)D   for V_k = D'D, C = V_k − X_kMX_k'.

If V is right, the residuals have Cov(e_k, e_l) = δ_kl V_k − X_kMX_l'. So for g_k = A_kW_kX_kMc the
variance of c'β is a quadratic form in normal variables with

    P_kl = Cov(g_k'e_k, g_l'e_l) = δ_kl c'T_kc − (c'B_k)(c'B_l)',
    T_k = M X_k'W_kA_kV_kA_kW_kX_k M,   B_k = M X_k'W_kA_kX_k M^½,

and (tr P)²/Σ P_kl² degrees of freedom. Sums over pairs of clusters are squares of sums over
clusters, so nothing of size J × J is formed, and rows occur only as the coordinates they are
given in.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import fdtrc

Floats = NDArray[np.float64]
Kind = Literal["CR0", "CR1", "CR1S", "CR2"]
KINDS = ("CR0", "CR1", "CR1S", "CR2")

#: A cluster determines a combination of coefficients alone where its leverage is this near to 1.
ALONE = 1e-8
#: An eigenvalue of a covariance of contrasts below this share of the largest counts as zero.
DEPENDENT = 1e-10


@dataclass(frozen=True, eq=False)
class ClusterParts:
    """What every cluster gives to the sandwich.

    Attributes
    ----------
    information : array (J, p, p)
        X'WX.
    scores : array (J, p)
        X'WAe.
    spread : array (J, p, p)
        X'WAVAWX.
    cross : array (J, p, p)
        X'WAX.
    """

    information: Floats
    scores: Floats
    spread: Floats
    cross: Floats


def plain_parts(scores: Floats, information: Floats) -> ClusterParts:
    """Parts with A = I, from X'We (J, p) and X'WX (J, p, p)."""
    return ClusterParts(information, scores, information, information)


def adjusted_parts(x: Floats, v: Floats, e: Floats, bread: Floats) -> ClusterParts:
    """Parts with the adjustment of CR2.

    Clusters may be given in the coordinates of any orthonormal basis that spans X, e and all of
    V − I; coordinates that a cluster does not have are zero in X and e, and those of I in V.

    Parameters
    ----------
    x : array (J, r, p)
    v : array (J, r, r)
        Positive definite.
    e : array (J, r)
        Residuals.
    bread : array (p, p)
        M.

    Examples
    --------
    >>> import numpy as np
    >>> x, e = np.ones((2, 2, 1)), np.array([[1.0, 2.0], [-2.0, -1.0]])
    >>> parts = adjusted_parts(x, np.tile(np.eye(2), (2, 1, 1)), e, np.array([[0.25]]))
    >>> parts.scores.round(4).ravel().tolist()  # 3 and -3 over √(1 - ½)
    [4.2426, -4.2426]
    """
    lower = np.linalg.cholesky(v)
    upper = lower.transpose(0, 2, 1)
    left = upper @ x
    middle = upper @ v @ lower - left @ bread @ left.transpose(0, 2, 1)
    values, vectors = np.linalg.eigh((middle + middle.transpose(0, 2, 1)) / 2.0)
    whitened = np.linalg.solve(lower, x)
    information = whitened.transpose(0, 2, 1) @ whitened
    gone = np.arange(values.shape[1]) < _alone(information, bread)[0].sum(axis=1)[:, None]
    roots = np.where(gone, 0.0, 1.0 / np.sqrt(np.where(gone, 1.0, values)))
    half = whitened.transpose(0, 2, 1) @ vectors
    scores = np.einsum(
        "kpr,kr->kp", half, roots * np.einsum("ksr,ks->kr", vectors, _times(upper, e))
    )
    cross = half @ (roots[:, :, None] * (vectors.transpose(0, 2, 1) @ left))
    kept = np.where(gone[:, None, :], 0.0, half)
    spread = kept @ kept.transpose(0, 2, 1) + cross @ bread @ cross.transpose(0, 2, 1)
    return ClusterParts(information, scores, spread, cross)


def _alone(information: Floats, bread: Floats) -> tuple[NDArray[np.bool_], Floats]:
    """Which directions (J, p) of the coefficients a cluster alone tells, as rows (J, p, p)."""
    root = np.linalg.cholesky(bread)
    leverage, vectors = np.linalg.eigh(root.T @ information @ root)
    return leverage > 1.0 - ALONE, vectors.transpose(0, 2, 1)


def _times(matrices: np.ndarray, vectors: np.ndarray) -> Floats:
    """Matrices (J, s, r) times vectors (J, r)."""
    return np.asarray((matrices @ vectors[:, :, None])[:, :, 0])


def size_factor(kind: Kind, n_clusters: int, n_obs: int, p: int) -> float:
    """What CR1 and CR1S multiply the sandwich of CR0 by; 1 for the others."""
    if kind not in ("CR1", "CR1S"):
        return 1.0
    factor = n_clusters / (n_clusters - 1.0)
    return factor if kind == "CR1" else factor * (n_obs - 1.0) / (n_obs - p)


@dataclass(frozen=True, eq=False)
class Sandwich:
    """A cluster-robust covariance of coefficients, with the distribution of its contrasts.

    Attributes
    ----------
    bread : array (p, p)
        M.
    parts : ClusterParts
    factor : float
        See `size_factor`.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.ones((3, 4, 1))
    >>> e = np.array([[1.0, 1, 2, 2], [-1, -1, 0, 0], [-2, 0, -1, -1]])
    >>> parts = adjusted_parts(x, np.tile(np.eye(4), (3, 1, 1)), e, np.array([[1 / 12]]))
    >>> sandwich = Sandwich(np.array([[1 / 12]]), parts)
    >>> round(float(sandwich.df(np.array([1.0]))), 3)  # three equal clusters: J - 1
    2.0
    """

    bread: Floats
    parts: ClusterParts
    factor: float = 1.0

    @cached_property
    def covariance(self) -> Floats:
        """Covariance (p, p) of the coefficients."""
        moved = self.parts.scores @ self.bread
        return np.asarray(self.factor * moved.T @ moved)

    @cached_property
    def _shared(self) -> Floats:
        """B (J, p, p)."""
        return np.asarray(self.bread @ self.parts.cross @ np.linalg.cholesky(self.bread))

    @cached_property
    def _own(self) -> Floats:
        """T (J, p, p)."""
        return np.asarray(self.bread @ self.parts.spread @ self.bread)

    def tells(self, contrasts: Floats) -> bool:
        """Whether every contrast (q, p) rests on more than one cluster.

        Where one cluster alone determines a combination of coefficients, its residuals say
        nothing of how that combination varies, and no sandwich can.
        """
        alone, directions = _alone(self.parts.information, self.bread)
        moved = contrasts @ np.linalg.cholesky(self.bread)
        share = (moved @ directions[alone].T) ** 2
        return bool((share <= ALONE * np.sum(moved**2, axis=1)[:, None]).all())

    def df(self, contrast: Floats) -> float:
        """Satterthwaite degrees of freedom of one contrast (p,)."""
        return self.wishart_df(contrast[None])

    def wishart_df(self, contrasts: Floats) -> float:
        """Degrees of freedom η of the Wishart distribution that C V C' is likened to.

        With D = Ω^(−½) C V C' Ω^(−½), Ω its mean, the sum of the variances of all entries of D
        is q(q + 1)/η. C is (q, p) with independent rows.
        """
        q = len(contrasts)
        own = contrasts @ self._own @ contrasts.T
        shared = contrasts @ self._shared
        both = own - shared @ shared.transpose(0, 2, 1)
        values, vectors = np.linalg.eigh(both.sum(axis=0))
        if not values[0] > 0:
            return float("nan")
        root = (vectors / np.sqrt(values)) @ vectors.T
        return q * (q + 1.0) / _total_variance(root @ own @ root, root @ shared)

    def wald(self, contrasts: Floats, estimate: Floats) -> tuple[float, int, float, float]:
        """F, its degrees of freedom and p of Cβ = 0: approximate Hotelling's T² (AHT, "HTZ").

        Parameters
        ----------
        contrasts : array (q, p)
            Combinations of the others count once.
        estimate : array (q,)
            Cβ.
        """
        scale = np.sqrt(np.einsum("ra,ab,rb->r", contrasts, self.bread, contrasts))
        scale = np.where(scale > 0, scale, 1.0)
        contrasts, estimate = contrasts / scale[:, None], estimate / scale
        values, vectors = np.linalg.eigh(contrasts @ self.bread @ contrasts.T)
        along = vectors[:, values > DEPENDENT * values[-1]].T
        contrasts, estimate = along @ contrasts, along @ estimate
        q, nan = len(contrasts), float("nan")
        spread = contrasts @ self.covariance @ contrasts.T
        if not self.tells(contrasts):
            return nan, q, nan, nan
        eta = self.wishart_df(contrasts)
        df = eta - q + 1.0
        if not df > 0 or np.linalg.matrix_rank(spread, hermitian=True) < q:
            return nan, q, nan, nan
        f = df / (eta * q) * float(estimate @ np.linalg.solve(spread, estimate))
        return f, q, df, float(fdtrc(q, df, f))


def _total_variance(own: Floats, shared: Floats) -> float:
    """Σ_st Var(D_st), from standardised T (J, q, q) and B (J, q, p).

    Var(D_st) = Σ_kl P_kl^ss P_kl^tt + P_kl^st P_kl^ts with P_kl^st = δ_kl T_k^st − B_k^s·B_l^t.
    """
    gram = shared @ shared.transpose(0, 2, 1)
    products = np.einsum("ksi,ktj->stij", shared, shared)
    diagonal, of_gram = np.einsum("kss->ks", own), np.einsum("kss->ks", gram)
    same = np.sum(diagonal.sum(axis=1) ** 2 - 2.0 * diagonal.sum(axis=1) * of_gram.sum(axis=1))
    same += np.sum(products**2)
    mixed = np.sum(own**2 - 2.0 * own * gram)
    mixed += np.einsum("stij,stji->", products, products)
    return float(same + mixed)
