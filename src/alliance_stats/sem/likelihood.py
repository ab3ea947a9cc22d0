"""The likelihood of a model given the data, as a function of its free parameters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from alliance_stats.numeric.optimise import Values
from alliance_stats.sem.evidence import (
    Evidence,
    Expanded,
    entry_information,
    expand_evidence,
    slopes,
)
from alliance_stats.sem.layout import Layout
from alliance_stats.sem.moments import Implied, gradient, implied, second_order, sides

Floats = NDArray[np.float64]

#: Least eigenvalue of a scaled observed information that is stepped by.
LEAST = 1e-6


@dataclass(frozen=True, eq=False)
class Likelihood:
    """−log L of a model given the data, as a function of its free parameters.

    Attributes
    ----------
    layout : Layout
    evidence : Blocks or Nested
    reference : float
        Subtracted from the value: the saturated model's, so that values keep their digits.
    """

    layout: Layout
    evidence: Evidence
    reference: float = 0.0

    def at(self, theta: Floats) -> tuple[Implied, Expanded]:
        """Implied moments and the likelihood there; LinAlgError where it is not defined."""
        moments = implied(self.layout, theta)
        return moments, expand_evidence(self.evidence, moments.sigma, moments.mu)

    def value(self, theta: Floats) -> float:
        """−log L without its constant and the reference; inf where it is not defined."""
        try:
            return self.at(theta)[1].value - self.reference
        except np.linalg.LinAlgError:
            return float("inf")

    def expand(self, theta: Floats, *, exact: bool = False) -> Values:
        """Value, gradient and a positive definite information (see `numeric.optimise`).

        Parameters
        ----------
        exact : bool
            Give the observed information, where it is positive definite, not the expected one.
        """
        try:
            at, expansion = self.at(theta)
        except np.linalg.LinAlgError:
            k = len(theta)
            return float("inf"), np.zeros(k), np.eye(k)
        slope = gradient(self.layout, at, *slopes(expansion))
        value = expansion.value - self.reference
        if exact:
            observed = self.observed(at, expansion)
            if _is_positive(observed):
                return value, slope, observed
        return value, slope, self.expected(at, expansion)

    def expected(self, at: Implied, expansion: Expanded) -> Floats:
        """Expected information of the free parameters (n_free, n_free)."""
        first = sides(self.layout, at).observed(self.layout.n_observed)
        by_entry = entry_information(self.layout, first, expansion, exact=False)
        return self.layout.collect_square(by_entry)

    def observed(self, at: Implied, expansion: Expanded) -> Floats:
        """Second derivatives of −log L by the free parameters (n_free, n_free)."""
        first = sides(self.layout, at).observed(self.layout.n_observed)
        by_entry = entry_information(self.layout, first, expansion, exact=True)
        by_entry += second_order(self.layout, at, *slopes(expansion))
        return self.layout.collect_square(by_entry)


def _is_positive(matrix: Floats) -> bool:
    scale = np.sqrt(np.abs(matrix.diagonal()))
    try:
        np.linalg.cholesky(matrix / np.outer(scale, scale) - LEAST * np.eye(len(scale)))
    except np.linalg.LinAlgError:
        return False
    return True
