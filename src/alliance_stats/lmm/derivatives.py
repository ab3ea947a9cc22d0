"""Derivatives and conditional moments from Z'V⁻¹U and Z'V⁻¹Z of every group.

The same formulas serve nested and crossed factors: only the way to these two products differs.
Arrays carry the groups on their last axis.
"""

from __future__ import annotations

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

    def between(self, level: int, above: int, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Z_j'V⁻¹Z_k (q_l, q_a, n) of groups j of a factor and k of a later one, in pairs."""


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


def conditional_means(
    eliminated: Elimination, factors: list[np.ndarray], residual: np.ndarray
) -> list[np.ndarray]:
    """Conditional means (q_l, G_l) of the random effects: Σ_l Z_k'V⁻¹(y − Xβ).

    Parameters
    ----------
    factors : list of ndarray (q_l, q_l)
        Λ_l.
    residual : ndarray (m,)
        Coefficients w of the unique columns with Uw = y − Xβ.
    """
    return [
        factor @ factor.T @ np.einsum("qag,a->qg", p, residual)
        for factor, p in zip(factors, eliminated.with_columns, strict=True)
    ]


def conditional_covariances(eliminated: Elimination, factors: list[np.ndarray]) -> list[np.ndarray]:
    """Conditional covariances (q_l, q_l, G_l) of the random effects given y and β, over σ².

    Σ_l − Σ_l N_k Σ_l, of every factor.
    """
    found = []
    for factor, n in zip(factors, eliminated.precisions, strict=True):
        whole = factor @ factor.T
        found.append(whole[:, :, None] - np.einsum("ab,bcg,cd->adg", whole, n, whole))
    return found
