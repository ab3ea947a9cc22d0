"""Maximum likelihood: from start values to the end of the search, for any layout and blocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from alliance_stats._base.errors import DataError
from alliance_stats.numeric.optimise import Optimum, Values, descent, drive
from alliance_stats.sem.likelihood import Likelihood

Floats = NDArray[np.float64]

TOLERANCE = 1e-13
MAX_ITERATIONS = 100
#: A direction whose share of the scaled information is below it is not identified.
FLAT = 1e-9


def search(likelihood: Likelihood, start: Floats) -> Optimum:
    """Minimise −log L: one step of Fisher scoring, then Newton steps where they are downhill.

    Raises
    ------
    DataError
        If the start implies covariances that are not positive definite.
    """
    first = likelihood.expand(start)
    if not np.isfinite(first[0]):
        raise DataError(
            "the start values imply covariances that are not positive definite, or a variable "
            "does not vary. Look at the variances of the data, or give start values."
        )
    scale = _scale(first[2])
    found = drive(
        descent(start * scale, tolerance=TOLERANCE, max_iterations=MAX_ITERATIONS, memory=0),
        lambda x: _scaled(likelihood.expand(x / scale, exact=True), scale),
        _scaled(first, scale),
    )
    return replace(found, x=found.x / scale, gradient=found.gradient * scale)


def _scale(information: Floats) -> Floats:
    """Roots of the diagonal: parameters in units of their precision, whatever the items' units."""
    diagonal = information.diagonal()
    known = diagonal[diagonal > 0]
    return np.sqrt(np.where(diagonal > 0, diagonal, known.min() if len(known) else 1.0))


def _scaled(values: Values, scale: Floats) -> Values:
    """Derivatives by scaled parameters; the information gets full rank where it lacks it."""
    value, slope, information = values
    information = information / np.outer(scale, scale)
    least = FLAT * max(float(information.diagonal().max()), 1.0)
    return value, slope / scale, information + least * np.eye(len(scale))


def flat_directions(information: Floats) -> Floats:
    """Combinations of parameters (few, k) that the data say nothing about."""
    scale = np.sqrt(np.maximum(np.abs(information.diagonal()), 1e-300))
    values, vectors = np.linalg.eigh(information / np.outer(scale, scale))
    return vectors[:, np.abs(values) < FLAT * 10.0 * len(values)].T
