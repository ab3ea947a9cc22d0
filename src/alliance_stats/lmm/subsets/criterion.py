"""The REML deviance of many subsets of predictors with random intercepts, with two derivatives.

With θ and ϑ the variances of the inner and outer intercepts over σ², h = 1/(1 + nθ), the sums s of
inner groups of size n and v = Σ h s of outer groups,

    U'V⁻¹U = U'U − Σ θh ss' − Σ b vv',   b = ϑ/(1 + Nϑ),   N = Σ h n,

a matrix that a subset of the predictors selects rows and columns of. The derivatives are those of

    log|V| + log|X'V⁻¹X| + m log r²

(Lindstrom & Bates, 1988, J. Am. Stat. Assoc. 83, section 3). Arrays carry the subsets on their
first axis: every subset has its own θ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats.lmm.subsets.sums import DataSums


@dataclass(frozen=True, eq=False)
class Point:
    """The deviances of A subsets, each at its own variances.

    Attributes
    ----------
    value : ndarray (A,)
        Up to a constant that the subset does not change; inf where undefined.
    slope, hessian : ndarray (A, L), (A, L, L)
        In the relative variances.
    expected : ndarray (A, L, L)
        The Hessian's expectation without fixed effects, positive definite.
    beta : ndarray (A, m − 1)
        Zero outside the subset.
    sigma2 : ndarray (A,)
    """

    value: np.ndarray
    slope: np.ndarray
    hessian: np.ndarray
    expected: np.ndarray
    beta: np.ndarray
    sigma2: np.ndarray


@dataclass(frozen=True, eq=False)
class _Derived:
    """U'V⁻¹U (A, m, m), log|V| (A,) and their derivatives, those of the matrix between R' and R.

    `rotated` holds R'(∂U'V⁻¹U)R of every parameter; `traces` tr R'(∂²U'V⁻¹U)R of every pair.
    """

    first: list[np.ndarray]
    second: list[list[np.ndarray]]
    rotated: list[np.ndarray]
    traces: list[list[np.ndarray]]


@dataclass(frozen=True, eq=False)
class SubsetCriterion:
    """The deviance of every subset of columns of one data set.

    Attributes
    ----------
    sums : DataSums
    masks : ndarray (A, m − 1) of bool
        Which fixed columns each subset has.
    """

    sums: DataSums
    masks: np.ndarray

    @property
    def n_variances(self) -> int:
        """Random intercepts."""
        return 1 if self.sums.outer is None else 2

    def evaluate(self, theta: np.ndarray, rows: np.ndarray, *, derive: bool = True) -> Point:
        """The deviances of the subsets `rows` (A,) at relative variances θ (A, L)."""
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            inner = _Inner(self.sums, theta[:, 0])
            outer = None if self.sums.outer is None else _Outer(self.sums, inner.h, theta[:, 1])
            top = inner.products if outer is None else inner.products - outer.products
            logdet = inner.logdet if outer is None else inner.logdet + outer.logdet
            return self._profiled(top, logdet, inner, outer, self.masks[rows], derive=derive)

    def _profiled(
        self,
        top: np.ndarray,
        logdet: np.ndarray,
        inner: _Inner,
        outer: _Outer | None,
        mask: np.ndarray,
        *,
        derive: bool,
    ) -> Point:
        p = top.shape[-1] - 1
        degrees = self.sums.n - mask.sum(axis=-1)
        inverse, xx = _inverse_root(top[:, :p, :p], mask)
        half = (inverse @ top[:, :p, -1:])[..., 0]
        square = top[:, -1, -1] - (half**2).sum(axis=-1)
        beta = (np.swapaxes(inverse, 1, 2) @ half[..., None])[..., 0]
        sigma2 = square / degrees
        value = logdet + xx + degrees * np.log(sigma2)
        value = np.where(np.isfinite(value) & (square > 0), value, np.inf)
        size = self.n_variances
        slope, hessian = np.zeros((len(mask), size)), np.zeros((len(mask), size, size))
        expected = hessian.copy()
        if derive:
            root = np.zeros((len(mask), p + 1, p + 1))
            root[:, :p, :p] = np.swapaxes(inverse, 1, 2)
            root[:, :p, p] = -beta / np.sqrt(sigma2)[:, None]
            root[:, p, p] = 1.0 / np.sqrt(sigma2)
            _derive(_derived(inner, outer, root), degrees, slope, hessian, expected)
        return Point(value, slope, hessian, expected, beta, sigma2)


def _inverse_root(xx: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """L⁻¹ (A, p, p) of the chosen columns, zero elsewhere, and log|X'V⁻¹X| (A,)."""
    chosen = mask[:, :, None] & mask[:, None]
    at = np.arange(mask.shape[1])
    held = np.where(chosen, xx, 0.0)
    held[:, at, at] += ~mask
    lower = np.linalg.cholesky(held)
    inverse = np.linalg.inv(lower)
    inverse[:, at, at] -= ~mask
    return inverse, 2.0 * np.log(lower[:, at, at]).sum(axis=-1)


class _Inner:
    """What the inner intercepts take out, with derivatives in θ (A,)."""

    def __init__(self, sums: DataSums, theta: np.ndarray) -> None:
        n, counts = sums.sizes, sums.counts
        self.h = 1.0 / (1.0 + theta[:, None] * n)
        self._n, self._squares = n, sums.squares.reshape(len(n), -1)
        self._shape = (-1, *sums.total.shape)
        self.products = sums.total - self._weighted(theta[:, None] * self.h)
        self.logdet = -np.log(self.h) @ counts
        self.first = self.h @ (counts * n)
        self.second = -(self.h**2) @ (counts * n**2)

    def _weighted(self, weights: np.ndarray) -> np.ndarray:
        """Σ_k weights_k Σ ss' (A, m, m)."""
        return np.asarray((weights @ self._squares).reshape(self._shape))

    def slope(self) -> np.ndarray:
        """∂U'V⁻¹U."""
        return -self._weighted(self.h**2)

    def curvature(self) -> np.ndarray:
        """∂²U'V⁻¹U."""
        return 2.0 * self._weighted(self._n * self.h**3)


class _Outer:
    """What the outer intercepts take out, with derivatives in θ and ϑ (A,)."""

    def __init__(self, sums: DataSums, h: np.ndarray, theta: np.ndarray) -> None:
        if sums.outer is None:
            raise ValueError("the model has one factor")
        c, k, m = sums.outer.shape
        table = sums.outer.transpose(1, 0, 2).reshape(k, c * m)
        n, self.w, self._one = sums.sizes, sums.weights, sums.one

        def along(weights: np.ndarray) -> np.ndarray:
            return (weights @ table).reshape(-1, c, m)

        self.v = along(h)
        self._v1 = lambda: along(-n * h**2)
        self._v2 = lambda: along(2.0 * n**2 * h**3)
        self._theta = theta[:, None]
        self._g = 1.0 / (1.0 + self.v[..., self._one] * self._theta)
        self.b = self._theta * self._g
        weighted = (self.w * self.b)[..., None] * self.v
        self.products = np.swapaxes(self.v, 1, 2) @ weighted
        self.logdet = -np.log(self._g) @ self.w

    def derive(self, root: np.ndarray) -> _Derived:
        """Derivatives by θ and ϑ, the matrices between R' and R (A, m, m)."""
        g, b, w = self._g, self.b, self.w
        v1, v2 = self._v1(), self._v2()
        n0, n1, n2 = self.v[..., self._one], v1[..., self._one], v2[..., self._one]
        r0, r1, r2 = self.v @ root, v1 @ root, v2 @ root
        b1, b2, b12 = -(b**2) * n1, b**2 * (2.0 * b * n1**2 - n2), -2.0 * b * g**2 * n1
        own, cross = _along(r0, r0), _along(r0, r1)
        curved = _along(r0, r2) + _along(r1, r1)
        inner = np.swapaxes(r0, 1, 2) @ ((w * b1)[..., None] * r0 + (2.0 * w * b)[..., None] * r1)
        outer = np.swapaxes(r0, 1, 2) @ ((w * g**2)[..., None] * r0)
        mixed = -(b12 * own + 2.0 * g**2 * cross) @ w
        return _Derived(
            first=[(b * n1) @ w, (n0 * g) @ w],
            second=_pairs((b * n2 - b**2 * n1**2) @ w, (n1 * g**2) @ w, -(n0**2 * g**2) @ w),
            rotated=[-(inner + np.swapaxes(inner, 1, 2)) / 2.0, -outer],
            traces=_pairs(
                -(b2 * own + 4.0 * b1 * cross + 2.0 * b * curved) @ w,
                mixed,
                (2.0 * n0 * g**3 * own) @ w,
            ),
        )


def _along(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Sums of products (A, C) over the last axis."""
    return np.asarray(np.einsum("acm,acm->ac", one, other))


def _pairs(one: np.ndarray, both: np.ndarray, other: np.ndarray) -> list[list[np.ndarray]]:
    return [[one, both], [both, other]]


def _derived(inner: _Inner, outer: _Outer | None, root: np.ndarray) -> _Derived:
    """Derivatives of both intercepts together."""
    turned = np.swapaxes(root, 1, 2) @ inner.slope() @ root
    trace = (inner.curvature() * (root @ np.swapaxes(root, 1, 2))).sum(axis=(1, 2))
    if outer is None:
        return _Derived([inner.first], [[inner.second]], [turned], [[trace]])
    found = outer.derive(root)
    found.first[0] += inner.first
    found.second[0][0] += inner.second
    found.rotated[0] += turned
    found.traces[0][0] += trace
    return found


def _derive(
    parts: _Derived,
    degrees: np.ndarray,
    slope: np.ndarray,
    hessian: np.ndarray,
    expected: np.ndarray,
) -> None:
    """Fill in slope and Hessians of log|V| + log|X'V⁻¹X| + m log r²."""
    size = slope.shape[1]
    for i in range(size):
        one = parts.rotated[i]
        slope[:, i] = parts.first[i] + np.einsum("app->a", one)
        for j in range(size):
            other = parts.rotated[j]
            products = np.einsum("aij,aij->a", one[:, :-1], other[:, :-1])
            products += np.einsum("ai,ai->a", one[:, :-1, -1], other[:, :-1, -1])
            products += one[:, -1, -1] * other[:, -1, -1] / degrees
            hessian[:, i, j] = parts.second[i][j] + parts.traces[i][j] - products
            expected[:, i, j] = -parts.second[i][j] - parts.first[i] * parts.first[j] / degrees
