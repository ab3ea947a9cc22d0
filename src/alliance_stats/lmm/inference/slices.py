"""The deviance with one parameter held fixed, as a smooth function of all others.

Every slice has a *target* value and *free* coordinates, a point (f,), and gives the deviance with
exact derivatives in both. Blocks that the target does not touch move in symmetric roots R_l.

At a fixed σ the deviance is log|V| + m log 2πσ² + r²/σ²; with a combination t'β fixed at a
distance d from its estimate, r² is larger by d² / t'(X'V⁻¹X)⁻¹t. All is in standardised columns
and response. Standard deviations and correlations: module `block_slices`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Protocol

import numpy as np

from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.factors import n_theta, pack, symmetric_basis, unpack_roots

#: A relative standard deviation below it counts as zero.
VANISHED = 1e-4
#: Relative standard deviation of all effects in a search that starts far from the fit.
ELSEWHERE = 1.0
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
    factors : list of ndarray
        Λ of every block.
    beta : ndarray (p,)
        Coefficients of the standardised fixed columns.
    information : list of ndarray
        Z'V⁻¹Z (q, q, G) of every block's groups.
    """

    deviance: float
    gradient: np.ndarray
    slope: float
    in_sigma: list[np.ndarray]
    factors: list[np.ndarray]
    beta: np.ndarray
    information: list[np.ndarray]


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
        return pack([symmetric_root(f @ f.T) for f in self.fitted.factors])

    @property
    def elsewhere(self) -> np.ndarray:
        """Free coordinates far from the fit."""
        return pack([ELSEWHERE * np.eye(q) for q in self.criterion.sizes])

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
        return off_saddles(self.criterion.sizes, free, point)


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
        return pack([symmetric_root(f @ f.T) for f in self.fitted.factors])

    @property
    def elsewhere(self) -> np.ndarray:
        """Free coordinates far from the fit."""
        return pack([ELSEWHERE * np.eye(q) for q in self.criterion.sizes])

    def at(self, value: float, free: np.ndarray) -> Point | None:
        """The deviance at this σ."""
        profile = self.criterion.defined(unpack_roots(free, self.criterion.sizes))
        if profile is None:
            return None
        pinned, slope = at_sigma(self.criterion, profile, value)
        return _point(self.criterion, pinned, slope)

    def lifted(self, free: np.ndarray, point: Point) -> np.ndarray | None:
        """A better place beside a saddle on the boundary."""
        return off_saddles(self.criterion.sizes, free, point)


def symmetric_root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric root; eigenvalues below zero by rounding are zero."""
    values, vectors = np.linalg.eigh(covariance)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


def roots_but(factors: Sequence[np.ndarray], block: int) -> np.ndarray:
    """Entries of the roots of all blocks but one."""
    found = [symmetric_root(f @ f.T) for k, f in enumerate(factors) if k != block]
    return pack(found) if found else np.empty(0)


def with_others(
    sizes: list[int], block: int, factor: np.ndarray, free: np.ndarray
) -> list[np.ndarray]:
    """The factors of all blocks: one given, the others from the entries of their roots."""
    factors = unpack_roots(free, [*sizes[:block], *sizes[block + 1 :]])
    factors.insert(block, factor)
    return factors


def at_sigma(criterion: Criterion, profile: Profile, log_sigma: float) -> tuple[Profile, float]:
    """The profile with σ held fixed, and the derivative of its deviance in log σ."""
    sigma2 = float(np.exp(2.0 * log_sigma))
    share = profile.sigma2 / sigma2
    rise = criterion.degrees * (share - 1.0 - np.log(share))
    pinned = replace(profile, deviance=profile.deviance + float(rise), sigma2=sigma2)
    return pinned, 2.0 * criterion.degrees * (1.0 - share)


def _point(criterion: Criterion, pinned: Profile, slope: float) -> Point:
    """A point of a slice whose free coordinates are the roots of all blocks."""
    in_sigma = criterion.gradients(pinned)
    gradient = root_gradients(in_sigma, pinned.factors, None)
    return point_of(criterion, pinned, gradient, slope, in_sigma)


def point_of(
    criterion: Criterion,
    pinned: Profile,
    gradient: np.ndarray,
    slope: float,
    in_sigma: list[np.ndarray],
) -> Point:
    """A point at a profile of which a parameter is pinned."""
    information = criterion.information(pinned)
    return Point(
        pinned.deviance, gradient, slope, in_sigma, pinned.factors, pinned.beta, information
    )


def root_gradients(
    in_sigma: list[np.ndarray], factors: list[np.ndarray], block: int | None
) -> np.ndarray:
    """Derivatives in the entries of the symmetric roots of all blocks but one."""
    pairs = enumerate(zip(in_sigma, factors, strict=True))
    found = [2.0 * (g @ f).ravel() @ symmetric_basis(len(f)) for k, (g, f) in pairs if k != block]
    return np.concatenate(found) if found else np.empty(0)


def off_saddles(
    blocks: list[int],
    free: np.ndarray,
    point: Point,
    block: int | None = None,
    basis: np.ndarray | None = None,
    pinned: int = 0,
) -> np.ndarray | None:
    """Coordinates with every root that lost rank moved along the falling direction of its Σ.

    The entries of the roots of all `blocks`, by their sizes, are the last of the coordinates.
    """
    moved = free.copy()
    sizes = [q - pinned if k == block else q for k, q in enumerate(blocks)]
    order = [k for k in range(len(sizes)) if k != block]
    order = order if block is None else [block, *order]
    at = len(free) - n_theta(sizes)
    changed = False
    for k in order:
        entries = slice(at, at + n_theta([sizes[k]]))
        inner = np.eye(sizes[k]) if k != block or basis is None else basis[:, pinned:]
        root = unpack_roots(free[entries], [sizes[k]])[0]
        better = _off_saddle(root, inner, point.in_sigma[k], point.information[k])
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
    return symmetric_root(root @ root - slope / curvature * np.outer(direction, direction))
