"""The deviance with one parameter held fixed, as a smooth function of all others.

Every slice has a *target* value and *free* coordinates, a point (f,), and gives the deviance with
exact derivatives in both. Blocks that the target does not touch move in symmetric roots R_l. The
block of a standard deviation or correlation is written as Λ = AL, where the first columns of A
belong to the effects in question, in the units of their columns up to a factor:

    SD of the first effect fixed:   L = [[s/σ, 0], [v, R]],
    correlation sin φ fixed:        L = [[a, 0, 0], [b sin φ, b cos φ, 0], [V, R]],   a, b > 0.

The derivative in the entries of L is K = 2A'GΛ with G = ∂deviance/∂Σ. At a fixed σ the deviance is
log|V| + m log 2πσ² + r²/σ²; with β_j fixed at a distance d from its estimate, r² is larger by
d² / (X'V⁻¹X)⁻¹_jj. All is in standardised columns and response.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.factors import n_theta, pack, symmetric_basis, unpack_roots
from alliance_stats.lmm.minimum import SECOND_START

#: A relative standard deviation below it counts as zero.
VANISHED = 1e-4
#: Largest logarithm of a relative standard deviation.
EXTREME = 40.0
#: Predicted decrease of the deviance for which a saddle is worth leaving.
WORTHWHILE = 1e-5


@dataclass(frozen=True, eq=False)
class Point:
    """The deviance at one point of a slice.

    Attributes
    ----------
    deviance : float
    gradient : ndarray (f,)
        In the free coordinates.
    slope : float
        In the target.
    in_sigma : list of ndarray
        ∂deviance/∂Σ of every block.
    profile : Profile
        The model there.
    """

    deviance: float
    gradient: np.ndarray
    slope: float
    in_sigma: list[np.ndarray]
    profile: Profile


class Slice(Protocol):
    """A parameter to hold fixed."""

    @property
    def start(self) -> float:
        """The target at the fit."""

    @property
    def free(self) -> np.ndarray:
        """The free coordinates (f,) at the fit."""

    @property
    def elsewhere(self) -> np.ndarray:
        """Free coordinates (f,) far from the fit, with independent random effects."""

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest value of the target."""

    def at(self, value: float, free: np.ndarray) -> Point | None:
        """The deviance there, or None where rounding leaves it undefined."""

    def lifted(self, free: np.ndarray, point: Point) -> np.ndarray | None:
        """A better place beside a saddle on the boundary, or None if `free` is at none."""


@dataclass(frozen=True, eq=False)
class FixedSlice:
    """A combination t'β of the standardised fixed effects; `direction` t has length 1."""

    criterion: Criterion
    fitted: Profile
    direction: np.ndarray
    bounds: tuple[float, float] = (-np.inf, np.inf)

    @property
    def start(self) -> float:
        """The estimate."""
        return float(self.direction @ self.fitted.beta)

    @cached_property
    def free(self) -> np.ndarray:
        """The entries of all roots."""
        return pack([_root(f @ f.T) for f in self.fitted.factors])

    @property
    def elsewhere(self) -> np.ndarray:
        """Free coordinates far from the fit."""
        return pack([SECOND_START * np.eye(q) for q in self.criterion.sizes])

    def at(self, value: float, free: np.ndarray) -> Point | None:
        """The deviance of ML; σ² and the other fixed effects take their best values."""
        criterion = self.criterion
        profile = criterion.defined(unpack_roots(free, criterion.sizes))
        if profile is None:
            return None
        moved = profile.unscaled @ self.direction
        along = float(self.direction @ moved)
        missed = value - float(self.direction @ profile.beta)
        sigma2 = profile.sigma2 + missed**2 / along / criterion.degrees
        rise = criterion.degrees * np.log(sigma2 / profile.sigma2)
        pinned = replace(
            profile,
            deviance=profile.deviance + float(rise),
            beta=profile.beta + moved * (missed / along),
            sigma2=sigma2,
        )
        slope = 2.0 * missed / along / sigma2
        return _point(criterion, pinned, slope)

    def lifted(self, free: np.ndarray, point: Point) -> np.ndarray | None:
        """A better place beside a saddle on the boundary."""
        return _lifted(self.criterion, free, point)


@dataclass(frozen=True, eq=False)
class ResidualSlice:
    """The logarithm of σ."""

    criterion: Criterion
    fitted: Profile
    bounds: tuple[float, float] = (-np.inf, np.inf)

    @property
    def start(self) -> float:
        """The estimate."""
        return 0.5 * float(np.log(self.fitted.sigma2))

    @cached_property
    def free(self) -> np.ndarray:
        """The entries of all roots."""
        return pack([_root(f @ f.T) for f in self.fitted.factors])

    @property
    def elsewhere(self) -> np.ndarray:
        """Free coordinates far from the fit."""
        return pack([SECOND_START * np.eye(q) for q in self.criterion.sizes])

    def at(self, value: float, free: np.ndarray) -> Point | None:
        """The deviance at this σ."""
        profile = self.criterion.defined(unpack_roots(free, self.criterion.sizes))
        if profile is None:
            return None
        pinned, slope = _at_sigma(self.criterion, profile, value)
        return _point(self.criterion, pinned, slope)

    def lifted(self, free: np.ndarray, point: Point) -> np.ndarray | None:
        """A better place beside a saddle on the boundary."""
        return _lifted(self.criterion, free, point)


@dataclass(frozen=True, eq=False)
class DeviationSlice:
    """The standard deviation s of an effect of one block; first of the free is log σ, then v, R.

    Attributes
    ----------
    block : int
    basis : ndarray (q, q)
        A.
    """

    criterion: Criterion
    fitted: Profile
    block: int
    basis: np.ndarray
    bounds: tuple[float, float] = (0.0, np.inf)

    @property
    def start(self) -> float:
        """The estimate."""
        own = self._fitted_block
        return float(np.sqrt(self.fitted.sigma2 * own[0, 0]))

    @cached_property
    def free(self) -> np.ndarray:
        """The coordinates at the fit."""
        own = self._fitted_block
        first = np.sqrt(own[0, 0])
        v = own[1:, 0] / first if first > VANISHED else np.zeros(len(own) - 1)
        sigma = 0.5 * np.log(self.fitted.sigma2)
        inner = pack([_root(own[1:, 1:] - np.outer(v, v))])
        return np.concatenate([[sigma], v, inner, _other_roots(self.fitted, self.block)])

    @cached_property
    def _fitted_block(self) -> np.ndarray:
        return _in_basis(self.fitted.factors[self.block], self.basis)

    @property
    def elsewhere(self) -> np.ndarray:
        """Free coordinates far from the fit."""
        q, sizes = len(self.basis), self.criterion.sizes
        others = sizes[: self.block] + sizes[self.block + 1 :]
        diagonal = [SECOND_START * np.eye(n) for n in (q - 1, *others)]
        return np.concatenate([0.5 * np.log([self.fitted.sigma2]), np.zeros(q - 1), pack(diagonal)])

    def at(self, value: float, free: np.ndarray) -> Point | None:
        """The deviance at this standard deviation."""
        if abs(free[0]) > EXTREME:
            return None
        q = len(self.basis)
        share = value * np.exp(-free[0])
        inner = np.zeros((q, q))
        inner[0, 0], inner[1:, 0] = share, free[1:q]
        end = q + n_theta([q - 1])
        inner[1:, 1:] = unpack_roots(free[q:end], [q - 1])[0]
        factors = _with_others(self.criterion, self.block, self.basis @ inner, free[end:])
        profile = self.criterion.defined(factors)
        if profile is None:
            return None
        pinned, in_log = _at_sigma(self.criterion, profile, float(free[0]))
        in_sigma = self.criterion.gradients(pinned)
        k = 2.0 * self.basis.T @ in_sigma[self.block] @ factors[self.block]
        own = [[in_log - k[0, 0] * share], k[1:, 0], k[1:, 1:].ravel() @ symmetric_basis(q - 1)]
        gradient = np.concatenate([*own, _other_gradients(in_sigma, factors, self.block)])
        slope = float(k[0, 0] * np.exp(-free[0]))
        return Point(pinned.deviance, gradient, slope, in_sigma, pinned)

    def lifted(self, free: np.ndarray, point: Point) -> np.ndarray | None:
        """A better place beside a saddle on the boundary."""
        return _lifted(self.criterion, free, point, self.block, self.basis, 1)


@dataclass(frozen=True, eq=False)
class CorrelationSlice:
    """The angle φ of the correlation sin φ of two effects; the free are log a, log b, V, R."""

    criterion: Criterion
    fitted: Profile
    block: int
    basis: np.ndarray
    bounds: tuple[float, float] = (-np.pi / 2, np.pi / 2)

    @property
    def start(self) -> float:
        """The estimate."""
        own = self._fitted_block
        found = own[0, 1] / np.sqrt(own[0, 0] * own[1, 1])
        return float(np.arcsin(np.clip(found, -1.0, 1.0)))

    @cached_property
    def free(self) -> np.ndarray:
        """The coordinates at the fit."""
        own = self._fitted_block
        a, b = np.sqrt(own[0, 0]), np.sqrt(own[1, 1])
        left = np.array([[a, 0.0], [b * np.sin(self.start), b * np.cos(self.start)]])
        v = own[2:, :2] @ np.linalg.pinv(left.T, rcond=VANISHED)
        inner = pack([_root(own[2:, 2:] - v @ v.T)])
        others = _other_roots(self.fitted, self.block)
        return np.concatenate([[np.log(a), np.log(b)], v.ravel(), inner, others])

    @cached_property
    def _fitted_block(self) -> np.ndarray:
        return _in_basis(self.fitted.factors[self.block], self.basis)

    @property
    def elsewhere(self) -> np.ndarray:
        """Free coordinates far from the fit."""
        q, sizes = len(self.basis), self.criterion.sizes
        others = sizes[: self.block] + sizes[self.block + 1 :]
        diagonal = [SECOND_START * np.eye(n) for n in (q - 2, *others)]
        return np.concatenate(
            [np.log([SECOND_START, SECOND_START]), np.zeros(2 * (q - 2)), pack(diagonal)]
        )

    def at(self, value: float, free: np.ndarray) -> Point | None:
        """The deviance at this angle."""
        if max(free[:2]) > EXTREME:
            return None
        q = len(self.basis)
        a, b = np.exp(free[0]), np.exp(free[1])
        sine, cosine = np.sin(value), np.cos(value)
        inner = np.zeros((q, q))
        inner[0, 0], inner[1, :2] = a, (b * sine, b * cosine)
        middle = 2 + 2 * (q - 2)
        end = middle + n_theta([q - 2])
        inner[2:, :2] = free[2:middle].reshape(q - 2, 2)
        inner[2:, 2:] = unpack_roots(free[middle:end], [q - 2])[0]
        factors = _with_others(self.criterion, self.block, self.basis @ inner, free[end:])
        profile = self.criterion.defined(factors)
        if profile is None:
            return None
        in_sigma = self.criterion.gradients(profile)
        k = 2.0 * self.basis.T @ in_sigma[self.block] @ factors[self.block]
        own = [
            [a * k[0, 0], b * (sine * k[1, 0] + cosine * k[1, 1])],
            k[2:, :2].ravel(),
            k[2:, 2:].ravel() @ symmetric_basis(q - 2),
        ]
        gradient = np.concatenate([*own, _other_gradients(in_sigma, factors, self.block)])
        slope = float(b * (cosine * k[1, 0] - sine * k[1, 1]))
        return Point(profile.deviance, gradient, slope, in_sigma, profile)

    def lifted(self, free: np.ndarray, point: Point) -> np.ndarray | None:
        """A better place beside a saddle on the boundary."""
        return _lifted(self.criterion, free, point, self.block, self.basis, 2)


def block_basis(rows: np.ndarray) -> np.ndarray:
    """A (q, q) with rows (k, q) @ A = (I, 0): the effects of `rows` first, then the rest."""
    k, q = rows.shape
    _, _, right = np.linalg.svd(rows)
    return np.concatenate([np.linalg.pinv(rows), right[k:].T.reshape(q, q - k)], axis=1)


def _in_basis(factor: np.ndarray, basis: np.ndarray) -> np.ndarray:
    """Covariance (q, q) of the effects A⁻¹b."""
    left = np.linalg.solve(basis, factor)
    return np.asarray(left @ left.T)


def _root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric root; eigenvalues below zero by rounding are zero."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


def _other_roots(fitted: Profile, block: int) -> np.ndarray:
    """Entries of the roots of all blocks but one."""
    found = [_root(f @ f.T) for k, f in enumerate(fitted.factors) if k != block]
    return pack(found) if found else np.empty(0)


def _with_others(
    criterion: Criterion, block: int, factor: np.ndarray, free: np.ndarray
) -> list[np.ndarray]:
    """The factors of all blocks: one given, the others from the entries of their roots."""
    sizes = criterion.sizes
    factors = unpack_roots(free, [*sizes[:block], *sizes[block + 1 :]])
    factors.insert(block, factor)
    return factors


def _at_sigma(criterion: Criterion, profile: Profile, log_sigma: float) -> tuple[Profile, float]:
    """The profile with σ held fixed, and the derivative of its deviance in log σ."""
    sigma2 = float(np.exp(2.0 * log_sigma))
    share = profile.sigma2 / sigma2
    rise = criterion.degrees * (share - 1.0 - np.log(share))
    pinned = replace(profile, deviance=profile.deviance + float(rise), sigma2=sigma2)
    return pinned, 2.0 * criterion.degrees * (1.0 - share)


def _point(criterion: Criterion, pinned: Profile, slope: float) -> Point:
    """A point of a slice whose free coordinates are the roots of all blocks."""
    in_sigma = criterion.gradients(pinned)
    gradient = _other_gradients(in_sigma, pinned.factors, None)
    return Point(pinned.deviance, gradient, slope, in_sigma, pinned)


def _other_gradients(
    in_sigma: list[np.ndarray], factors: list[np.ndarray], block: int | None
) -> np.ndarray:
    """Derivatives in the entries of the symmetric roots of all blocks but one."""
    pairs = enumerate(zip(in_sigma, factors, strict=True))
    found = [2.0 * (g @ f).ravel() @ symmetric_basis(len(f)) for k, (g, f) in pairs if k != block]
    return np.concatenate(found) if found else np.empty(0)


def _lifted(
    criterion: Criterion,
    free: np.ndarray,
    point: Point,
    block: int | None = None,
    basis: np.ndarray | None = None,
    pinned: int = 0,
) -> np.ndarray | None:
    """Coordinates with every root that lost rank moved along the falling direction of its Σ."""
    information = criterion.information(point.profile)
    at, moved = len(free), free.copy()
    sizes = [q - pinned if k == block else q for k, q in enumerate(criterion.sizes)]
    order = [k for k in range(len(sizes)) if k != block]
    order = order if block is None else [block, *order]
    at = len(free) - n_theta(sizes)
    changed = False
    for k in order:
        entries = slice(at, at + n_theta([sizes[k]]))
        inner = np.eye(sizes[k]) if k != block or basis is None else basis[:, pinned:]
        root = unpack_roots(free[entries], [sizes[k]])[0]
        better = _off_saddle(root, inner, point.in_sigma[k], information[k])
        if better is not None:
            moved[entries], changed = pack([better]), True
        at = entries.stop
    return moved if changed else None


def _off_saddle(
    root: np.ndarray, inner: np.ndarray, gradient: np.ndarray, information: np.ndarray
) -> np.ndarray | None:
    """A root with a step along a falling direction, if `root` lost rank and there is one."""
    if not len(root) or np.abs(np.linalg.eigvalsh(root)).min() > VANISHED:
        return None
    values, vectors = np.linalg.eigh(inner.T @ gradient @ inner)
    slope, direction = values[0], vectors[:, 0]
    along = inner @ direction
    curvature = float((np.einsum("a,abg,b->g", along, information, along) ** 2).sum())
    if slope >= 0 or slope**2 / (2.0 * curvature) < WORTHWHILE:
        return None
    return _root(root @ root - slope / curvature * np.outer(direction, direction))
