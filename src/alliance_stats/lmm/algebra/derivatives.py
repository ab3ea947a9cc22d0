"""Derivatives from Z'V⁻¹U and Z'V⁻¹Z of every group; and what every elimination offers.

The same formulas serve nested and crossed factors: only the way to these products differs.
Arrays carry the groups on their last axis.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np


class Elimination(Protocol):
    """The model with all random effects eliminated, at one set of factors Λ_l."""

    @property
    def top(self) -> np.ndarray:
        """U'V⁻¹U (m, m) of the unique columns U."""

    @property
    def logdet(self) -> float:
        """log|V|."""

    @property
    def with_columns(self) -> list[np.ndarray]:
        """P = Z_k'V⁻¹U (q_l, m, G_l) of every factor."""

    @property
    def precisions(self) -> list[np.ndarray]:
        """N = Z_k'V⁻¹Z_k (q_l, q_l, G_l) of every factor."""

    @property
    def shrunk(self) -> list[np.ndarray]:
        """F = Σ_k Z_k'V⁻¹U (q_l, m, G_l) of every factor; Fw is E(u_k) where Uw = y − Xβ."""

    @property
    def conditional(self) -> list[np.ndarray]:
        """Covariances (q_l, q_l, G_l) over σ² of every factor's effects given y and β."""

    def between(self, level: int, above: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Covariances (q_l, q_a, n) over σ² of effects of groups j and k given y and β, in pairs.

        Groups j are of factor `level`, groups k of a later factor `above`.
        """


class Products(Protocol):
    """All cross-products of a model."""

    @property
    def total(self) -> np.ndarray:
        """Gram matrix (m, m) of the unique columns over all rows."""

    def eliminate(self, factors: Sequence[np.ndarray]) -> Elimination:
        """Eliminate the random effects with factors Λ_l (q_l, q_l)."""


def gradients(
    eliminated: Elimination, adjoint: np.ndarray, *, logdet: bool = True
) -> list[np.ndarray]:
    """Derivatives of a function of U'V⁻¹U, plus log|V| if asked for, in every Σ_l.

    Parameters
    ----------
    eliminated : Elimination
    adjoint : ndarray (m, m)
        Symmetric derivative B of the function with respect to U'V⁻¹U.
    logdet : bool

    Returns
    -------
    list of ndarray (q_l, q_l)
        Σ_k N_k − P_k B P_k', symmetric: for a symmetric change dΣ the function changes by
        tr(G dΣ).
    """
    found = []
    for level, p in enumerate(eliminated.with_columns):
        q = len(p)
        gradient = -p.reshape(q, -1) @ (adjoint @ p).reshape(q, -1).T
        if logdet:
            gradient += eliminated.precisions[level].sum(axis=-1)
        found.append((gradient + gradient.T) / 2)
    return found
