"""Minimising the criterion: from a start to a θ that no small change of any Σ_l improves.

θ is free and the deviance is even in every column of Λ, so at a vanished column the gradient is
zero even where the point is a saddle. Where a block has lost rank, the matrix
G = ∂deviance/∂Σ_l is therefore formed: the point is a minimum only if G has no negative
eigenvalue. Otherwise the search starts again a step along that eigenvector.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

import numpy as np

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.factors import (
    canonical,
    is_singular,
    pack,
    roots,
    unpack,
    unpack_roots,
)
from alliance_stats.numeric.optimise import Values, descent, drive

#: A relative standard deviation (of standardised columns) below it counts as zero.
SINGULAR = 1e-4
#: Predicted decrease of the deviance for which a saddle is worth leaving.
WORTHWHILE = 1e-7
MAX_RESTARTS = 10
#: A relative standard deviation above which the residual is looked at.
HUGE = 1e3
#: A residual variance below this share of the one without random effects is rounding.
NO_RESIDUAL = 1e-9
#: The second start of a singular fit: independent random effects, in residual SDs.
SECOND_START = 2.0


@dataclass(frozen=True, eq=False)
class Minimum:
    """The end of a minimisation.

    Attributes
    ----------
    theta : ndarray (k,)
        Canonical: non-negative diagonals, vanished columns exactly zero.
    deviance : float
    converged, singular : bool
    restarts : int
        How often a saddle on the boundary was left.
    log : tuple of float
        The deviance at every evaluation.
    message : str
    """

    theta: np.ndarray
    deviance: float
    converged: bool
    singular: bool
    restarts: int
    log: tuple[float, ...]
    message: str


def minimise(criterion: Criterion, *, start: np.ndarray | None = None) -> Minimum:
    """Minimise the criterion over θ.

    Small data can have a second local minimum on the boundary. A search from the default start
    that ends in a singular fit is therefore repeated from a second start, and the lower end kept.

    Parameters
    ----------
    criterion : Criterion
    start : ndarray (k,), optional
        θ to start from, once; by default ``criterion.start``.

    Returns
    -------
    Minimum

    Raises
    ------
    DataError
        If the random effects leave no residual, on very few rows.
    """
    if start is not None:
        return drive(search(criterion, np.asarray(start, dtype=float)), criterion.expand)
    first = drive(search(criterion, criterion.start), criterion.expand)
    if not first.singular:
        return first
    again = pack([SECOND_START * np.eye(q) for q in criterion.sizes])
    second = drive(search(criterion, again), criterion.expand)
    best = second if second.deviance < first.deviance - WORTHWHILE else first
    return replace(best, log=(*first.log, *second.log))


def minimise_near(criterion: Criterion, near: np.ndarray | None) -> Minimum:
    """`minimise`, first from the θ of a similar model, kept only if that ends well inside."""
    if near is not None and len(near) == criterion.n_theta:
        found = minimise(criterion, start=near)
        if found.converged and not found.singular:
            return found
    return minimise(criterion)


def search(criterion: Criterion, theta: np.ndarray) -> Generator[np.ndarray, Values, Minimum]:
    """One search, leaving saddles on the boundary as often as it takes.

    A generator of points in symmetric roots (see `numeric.optimise.descent`), so that the
    searches of many data sets can run side by side.
    """
    log: list[float] = []
    restarts = 0
    while True:
        found = yield from descent(roots(unpack(theta, criterion.sizes)))
        log.extend(found.log)
        if not found.converged or np.abs(found.x).max(initial=0.0) > HUGE:
            _check_residual(criterion, unpack_roots(found.x, criterion.sizes))
        theta, value, profile = fold(criterion, unpack_roots(found.x, criterion.sizes), found.value)
        escape = escape_of(criterion, theta, profile)
        if escape is None or restarts == MAX_RESTARTS:
            break
        theta, restarts = escape, restarts + 1
    return Minimum(
        theta=theta,
        deviance=value,
        converged=found.converged and escape is None,
        singular=is_singular(unpack(theta, criterion.sizes), tolerance=SINGULAR),
        restarts=restarts,
        log=tuple(log),
        message=found.message if escape is None else "a saddle on the boundary could not be left",
    )


def _check_residual(criterion: Criterion, factors: list[np.ndarray]) -> None:
    """Raise DataError where the likelihood grows without end as the residual vanishes."""
    try:
        left = criterion.profile_at(factors).sigma2
    except np.linalg.LinAlgError:
        left = 0.0
    if not left > NO_RESIDUAL:
        raise DataError(
            f"the random effects explain the response of {counted(criterion.design.n_obs, 'row')} "
            "without any residual, so the likelihood has no maximum. "
            "Use fewer random effects, or more data."
        )


class Evaluated(Protocol):
    """A criterion at one θ."""

    @property
    def deviance(self) -> float:
        """The value there."""


Found = TypeVar("Found", bound=Evaluated)


class InTheta(Protocol[Found]):
    """A criterion as a function of θ: the linear one, or another with its other parameters held."""

    @property
    def sizes(self) -> list[int]:
        """Number of random effects of every block."""

    def profile(self, theta: np.ndarray) -> Found:
        """Evaluate the criterion at θ."""

    def gradients(self, profile: Found) -> list[np.ndarray]:
        """∂deviance/∂Σ of every block, symmetric (q, q)."""

    def information(self, profile: Found) -> list[np.ndarray]:
        """Z'V⁻¹Z (q, q, G) of every block's groups."""


def fold(
    criterion: InTheta[Found], factors: list[np.ndarray], value: float
) -> tuple[np.ndarray, float, Found | None]:
    """Canonical θ, tiny columns set to zero unless the deviance would rise, and the deviance.

    Also the profile there, where it was formed.
    """
    exact = pack([canonical(f @ f.T, tolerance=0.0) for f in factors])
    snapped = pack([canonical(f @ f.T, tolerance=SINGULAR) for f in factors])
    if np.any((snapped == 0) & (exact != 0)):
        profile = criterion.profile(snapped)
        if profile.deviance <= value + WORTHWHILE:
            return snapped, profile.deviance, profile
    return exact, value, None


def escape_of(
    criterion: InTheta[Found], theta: np.ndarray, profile: Found | None
) -> np.ndarray | None:
    """A better θ near a rank-deficient one, or None if no direction out of it falls."""
    factors = unpack(theta, criterion.sizes)
    if not is_singular(factors, tolerance=SINGULAR):
        return None
    if profile is None:
        profile = criterion.profile(theta)
    gradients = criterion.gradients(profile)
    moved = False
    information = criterion.information(profile)
    for block, (factor, gradient) in enumerate(zip(factors, gradients, strict=True)):
        if not is_singular([factor], tolerance=SINGULAR):
            continue
        values, vectors = np.linalg.eigh(gradient)
        slope, direction = values[0], vectors[:, 0]
        curvature = _curvature(information[block], direction)
        if slope < 0 and slope**2 / (2 * curvature) > WORTHWHILE:
            step = -slope / curvature
            covariance = factor @ factor.T + step * np.outer(direction, direction)
            factors[block] = canonical(covariance, tolerance=0.0)
            moved = True
    return pack(factors) if moved else None


def _curvature(information: np.ndarray, direction: np.ndarray) -> float:
    """Expected second derivative of the deviance for a block of Σ changing along vv'."""
    along = np.einsum("a,abg,b->g", direction, information, direction)
    return float((along**2).sum())
