"""What the criterion asks of an inverse covariance, whichever algebra gives it."""

from __future__ import annotations

from typing import Protocol

import numpy as np


class Precision(Protocol):
    """M⁻¹, with M = V + Σ_a t_a Q_a."""

    @property
    def log_det(self) -> float:
        """log |M|."""
        ...

    @property
    def diagonal(self) -> np.ndarray:
        """Diagonal (n,) of M⁻¹."""
        ...

    def solve(self, b: np.ndarray) -> np.ndarray:
        """M⁻¹b (n, m)."""
        ...

    def traces(self) -> np.ndarray:
        """tr M⁻¹Q_a (k,)."""
        ...

    def products(self) -> np.ndarray:
        """tr M⁻¹Q_aM⁻¹Q_b (k, k)."""
        ...
