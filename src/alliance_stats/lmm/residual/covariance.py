"""Covariance C = DRD of the residuals, in units of σ², at one value of its parameters ψ.

ψ holds the logs of ratios of standard deviations, then the parameters of R.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from alliance_stats.lmm.residual.blocks import Blocks
from alliance_stats.lmm.residual.correlation import Correlation, Independent, Markov, Unstructured
from alliance_stats.lmm.residual.structure import Kind


@dataclass(frozen=True, eq=False)
class ResidualCovariance:
    """C of ordered rows.

    Attributes
    ----------
    kind : {"ar1", "continuous_ar1", "variance_by", "unstructured"}
    blocks : Blocks
    n_classes : int
        Number of classes of variance.
    psi : ndarray (k,)
    unit : float or None
        In continuous time: the time that ψ speaks of.
    """

    kind: Kind
    blocks: Blocks
    n_classes: int
    psi: np.ndarray
    unit: float | None = None

    @cached_property
    def ratios(self) -> np.ndarray:
        """Standard deviation (K,) of every class over that of the first."""
        return np.exp(np.append(0.0, self.psi[: self.n_classes - 1]))

    @cached_property
    def correlation(self) -> Correlation:
        """R."""
        rest = self.psi[self.n_classes - 1 :]
        if self.kind == "variance_by":
            return Independent()
        if self.kind == "unstructured":
            return Unstructured(self.blocks, rest, self.n_classes)
        return Markov(self.blocks, float(rest[0]), self.unit)

    @cached_property
    def sd(self) -> np.ndarray:
        """Ratio (n,) of every row."""
        return self.ratios[self.blocks.classes]

    @cached_property
    def _sizes(self) -> np.ndarray:
        return np.bincount(self.blocks.classes, minlength=self.n_classes).astype(float)

    @property
    def logdet(self) -> float:
        """log|C|."""
        return 2.0 * float(self._sizes @ np.log(self.ratios)) + self.correlation.logdet

    @property
    def logdet_slopes(self) -> np.ndarray:
        """∂log|C|/∂ψ (k,)."""
        return np.append(2.0 * self._sizes[1:], self.correlation.logdet_slopes)

    @property
    def information(self) -> np.ndarray:
        """A guess (k, k) of second derivatives of the deviance with σ² profiled out."""
        k, first = len(self.psi), self.n_classes - 1
        found = np.zeros((k, k))
        sizes = self._sizes[1:]
        found[:first, :first] = 4.0 * (np.diag(sizes) - np.outer(sizes, sizes) / self._sizes.sum())
        found[first:, first:] = self.correlation.information
        return found

    def whiten(self, columns: np.ndarray) -> np.ndarray:
        """C^(−1/2) (m, n) on columns (m, n)."""
        return self.correlation.whiten(columns / self.sd)

    def slopes(self, columns: np.ndarray, whitened: np.ndarray) -> Iterator[np.ndarray]:
        """Changes dU* (m, n) with dU*'U* + U*'dU* = U'd(C⁻¹)U, in every parameter."""
        scaled = columns / self.sd
        for k in range(1, self.n_classes):
            yield -self.correlation.whiten(np.where(self.blocks.classes == k, scaled, 0.0))
        yield from self.correlation.slopes(whitened, scaled)

    def colour(self, noise: np.ndarray) -> np.ndarray:
        """Values (n,) with covariance C from independent ones."""
        return self.sd * self.correlation.colour(noise)
