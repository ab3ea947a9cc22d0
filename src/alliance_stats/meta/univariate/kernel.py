"""Weighted least squares of effect sizes, many data sets side by side.

With W = diag(1/(v + τ²)) and P = W − WX(X'WX)⁻¹X'W everything that estimators of τ², likelihoods
and tests need are sums over studies (Raudenbush, 2009, in Cooper, Hedges & Valentine, The handbook
of research synthesis, 295–315). The columns of X are made orthonormal once; a study that is left
out has weight zero, so that data sets of several sizes share one array.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DataSets:
    """B data sets of up to k effect sizes.

    Attributes
    ----------
    yi, vi : array (B, k)
        Effect sizes and sampling variances; finite, `vi` above 0, also of those left out.
    q : array (k, p) or (B, k, p)
        Orthonormal columns that span the design: one for all data sets, or one for each.
    qq : array (k, p²) or (B, k, p²)
        Products of those columns.
    to_beta : array (p, p) or (B, p, p)
        Takes coefficients of `q` to those of the design.
    log_det : array (B,)
        log |Q'Q| over the studies kept; 0 where all are.
    keep : array (B, k)
        1 for studies that are analysed, 0 for those left out.
    k : array (B,)
        Studies analysed in every data set.
    """

    yi: Floats
    vi: Floats
    q: Floats
    qq: Floats
    to_beta: Floats
    log_det: Floats
    keep: Floats
    k: Floats

    @property
    def p(self) -> int:
        """Coefficients."""
        return self.q.shape[-1]

    @property
    def df(self) -> Floats:
        """k − p of every data set."""
        return self.k - self.p

    @cached_property
    def whole(self) -> bool:
        """Whether no study is left out anywhere."""
        return bool(self.keep.all())

    def take(self, which: NDArray[np.intp] | NDArray[np.bool_]) -> DataSets:
        """Some of the data sets."""
        own = self.q.ndim == 3
        return DataSets(
            self.yi[which],
            self.vi[which],
            self.q[which] if own else self.q,
            self.qq[which] if own else self.qq,
            self.to_beta[which] if own else self.to_beta,
            self.log_det[which],
            self.keep[which],
            self.k[which],
        )

    def sums(self, weights: Floats) -> Floats:
        """Σ w over studies, (B,)."""
        return weights.sum(axis=1)

    def crossed(self, weights: Floats) -> Floats:
        """Q' diag(w) Q, (B, p, p)."""
        return _over_studies(weights, self.qq).reshape(len(weights), self.p, self.p)

    def projected(self, weights: Floats) -> Floats:
        """Q' w, (B, p)."""
        return _over_studies(weights, self.q)

    def values(self, coefficients: Floats) -> Floats:
        """Q γ for coefficients (B, p), as (B, k)."""
        if self.q.ndim == 2:
            return coefficients @ self.q.T
        return (self.q @ coefficients[:, :, None])[:, :, 0]


def _over_studies(weights: Floats, columns: Floats) -> Floats:
    """Σ over studies of weights (B, k) times columns (k, m) or (B, k, m), as (B, m)."""
    if columns.ndim == 2:
        return weights @ columns
    return (weights[:, None, :] @ columns)[:, 0]


def data_sets(yi: Floats, vi: Floats, x: Floats, keep: Floats | None = None) -> DataSets:
    """Make data sets of arrays that broadcast to (B, k).

    Parameters
    ----------
    yi, vi : array (k,) or (B, k)
        A shared array is not copied.
    x : array (k, p) or (B, k, p)
        Of full column rank, also over the studies kept.
    keep : array (k,) or (B, k), optional
        Truth values or 0 and 1; all studies by default.
    """
    shape = np.broadcast_shapes(
        (1, x.shape[-2]), yi.shape, vi.shape, () if keep is None else keep.shape,
        (len(x), 1) if x.ndim == 3 else (),
    )  # fmt: skip
    q, r = np.linalg.qr(x)
    kept = np.ones(shape) if keep is None else np.broadcast_to(keep, shape).astype(float)
    p = q.shape[-1]
    qq = (q[..., :, None] * q[..., None, :]).reshape(*q.shape[:-1], p * p)
    log_det = np.zeros(shape[0])
    if keep is not None:
        inner = _over_studies(kept, qq).reshape(shape[0], p, p)
        log_det = np.linalg.slogdet(inner)[1]
    return DataSets(
        np.broadcast_to(yi, shape),
        np.broadcast_to(vi, shape),
        q,
        qq,
        np.linalg.inv(r),
        log_det,
        kept,
        kept.sum(axis=1),
    )


@dataclass(frozen=True, eq=False)
class Weighted:
    """Weighted least squares of every data set at given weights.

    Attributes
    ----------
    data : DataSets
    w : array (B, k)
        Weights, 0 of studies left out.
    inverse : array (B, p, p)
        (Q'WQ)⁻¹.
    gamma : array (B, p)
        Coefficients of the orthonormal columns.
    residual : array (B, k)
        y − Xβ, also of studies left out.
    """

    data: DataSets
    w: Floats
    inverse: Floats
    gamma: Floats
    residual: Floats

    @cached_property
    def py(self) -> Floats:
        """P y, (B, k)."""
        return self.w * self.residual

    @cached_property
    def ypy(self) -> Floats:
        """y'Py: the weighted residual sum of squares, (B,)."""
        return self._inner(self.py, self.residual)

    @cached_property
    def yppy(self) -> Floats:
        """y'PPy, (B,)."""
        return self._inner(self.py, self.py)

    @cached_property
    def ypppy(self) -> Floats:
        """y'PPPy, (B,)."""
        weighted = self.w * self.py
        along = self.data.projected(weighted)
        inside = (along[:, None, :] @ self.inverse @ along[:, :, None])[:, 0, 0]
        return self._inner(weighted, self.py) - inside

    @cached_property
    def squared(self) -> Floats:
        """w², (B, k)."""
        return self.w * self.w

    @cached_property
    def _hat_squared(self) -> Floats:
        """(Q'WQ)⁻¹ Q'W²Q, (B, p, p)."""
        return self.inverse @ self.data.crossed(self.squared)

    @cached_property
    def trace_p(self) -> Floats:
        """tr P, (B,)."""
        return self.data.sums(self.w) - _trace(self._hat_squared)

    @cached_property
    def trace_pp(self) -> Floats:
        """tr PP, (B,)."""
        cubed = self.inverse @ self.data.crossed(self.squared * self.w)
        twice = _trace(self._hat_squared @ self._hat_squared)
        return self.data.sums(self.squared) - 2.0 * _trace(cubed) + twice

    def trace_p_squared(self, variances: Floats) -> Floats:
        """tr PΣPΣ of a diagonal Σ (B, k): half the variance of y'Py if Σ is that of y, (B,)."""
        ws = self.w * variances
        once = self.inverse @ self.data.crossed(ws * self.w)
        twice = self.inverse @ self.data.crossed(ws * ws * self.w)
        return self.data.sums(ws * ws) - 2.0 * _trace(twice) + _trace(once @ once)

    @property
    def beta(self) -> Floats:
        """Coefficients of the design, (B, p)."""
        return (self.data.to_beta @ self.gamma[:, :, None])[:, :, 0]

    @property
    def covariance(self) -> Floats:
        """(X'WX)⁻¹, (B, p, p)."""
        to_beta = self.data.to_beta
        return to_beta @ self.inverse @ np.swapaxes(to_beta, -1, -2)

    def log_likelihoods(self, variances: Floats) -> tuple[Floats, Floats]:
        """ML and REML log-likelihood, (B,) each, where the weights are 1/variances."""
        data = self.data
        logs = np.log(variances)
        if not data.whole:
            logs = logs * data.keep
        ml = -0.5 * (data.k * np.log(2.0 * np.pi) + logs.sum(axis=1) + self.ypy)
        # log |X'X| − log |X'WX|, the same in any basis of the columns
        determinants = data.log_det + np.linalg.slogdet(self.inverse)[1]
        return ml, ml + 0.5 * (data.p * np.log(2.0 * np.pi) + determinants)

    def _inner(self, a: Floats, b: Floats) -> Floats:
        return np.einsum("bk,bk->b", a, b)


def weighted_fit(data: DataSets, w: Floats) -> Weighted:
    """Fit every data set with weights (B, k), which are 0 for studies left out."""
    a = data.crossed(w)
    inverse = np.asarray(1.0 / a if data.p == 1 else np.linalg.inv(a), dtype=np.float64)
    gamma = (inverse @ data.projected(w * data.yi)[:, :, None])[:, :, 0]
    return Weighted(data, w, inverse, gamma, data.yi - data.values(gamma))


def fit_at(data: DataSets, tau2: Floats) -> Weighted:
    """Fit every data set with weights 1/(v + τ²), τ² of shape (B,)."""
    w = 1.0 / (data.vi + tau2[:, None])
    if not data.whole:
        w *= data.keep
    return weighted_fit(data, w)


def _trace(matrices: Floats) -> Floats:
    return np.trace(matrices, axis1=-2, axis2=-1)
