"""U'V⁻¹U without one group, at fixed θ: a step down from the products of the fit.

The top matrix is a sum over the outermost groups. Leaving out a group of level l changes the
matrix of its parent by what the group contributed, S_k − T_k'T_k; the parent's effects are
eliminated again from the changed matrix, and so on upwards. Nothing is inverted that is larger
than one group's random effects, and no approximation is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alliance_stats.lmm.algebra.kernels import LevelState, eliminate
from alliance_stats.lmm.algebra.nested import NestedElimination

#: The smallest eigenvalue of X'V⁻¹X, over that of the fit, below which a coefficient is lost.
LOST = 1e-7


def tops_without(eliminated: NestedElimination, level: int) -> np.ndarray:
    """U'V⁻¹U (m, m, G_l) without each group of a level."""
    states = eliminated.states
    change = -_contribution(states[level])
    group = np.arange(change.shape[-1])
    for above in range(level + 1, len(states)):
        over = states[above]
        group = eliminated.parents[above - 1][group]
        gram = over.gram.take(group, axis=-1) + change
        moved = _contribution(eliminate(gram, over.z, over.factor))
        change = moved - _contribution(over).take(group, axis=-1)
    return eliminated.top[:, :, None] + change


def _contribution(state: LevelState) -> np.ndarray:
    """S − T'T (m, m, G): what every group adds to the level above."""
    return state.gram - np.einsum("qag,qbg->abg", state.t, state.t)


@dataclass(frozen=True, eq=False)
class Estimates:
    """Standardised fixed effects of several models with the same columns.

    Attributes
    ----------
    beta : ndarray (G, p)
        NaN where the rows left do not determine every coefficient.
    unscaled : ndarray (G, p, p)
        (X'V⁻¹X)⁻¹.
    """

    beta: np.ndarray
    unscaled: np.ndarray

    @property
    def lost(self) -> np.ndarray:
        """Models (G,) in which a coefficient cannot be estimated."""
        return np.isnan(self.beta).any(axis=1)


def estimates_from(tops: np.ndarray, whole: np.ndarray, x: np.ndarray, y: int) -> Estimates:
    """Fixed effects from U'V⁻¹U (m, m, G); `whole` (m, m) is that of all rows."""
    information = tops[x[:, None], x].transpose(2, 0, 1)
    size = np.sqrt(np.diag(whole)[x])
    smallest = _smallest(information / size[:, None] / size)
    least = _smallest((whole[x[:, None], x] / size[:, None] / size)[None])
    kept = smallest > LOST * least
    unscaled = np.full(information.shape, np.nan)
    unscaled[kept] = np.linalg.inv(information[kept])
    right = tops[x, y].T
    return Estimates(np.einsum("gab,gb->ga", unscaled, right), unscaled)


def _smallest(matrices: np.ndarray) -> np.ndarray:
    """Smallest eigenvalues (G,) of symmetric matrices (G, p, p)."""
    return np.asarray(np.linalg.eigvalsh(matrices)[:, 0])


def ancestors(parents: Sequence[np.ndarray], groups: np.ndarray, *, up_to: int) -> np.ndarray:
    """The group of level `up_to` that holds each of the innermost groups."""
    for parent in parents[:up_to]:
        groups = parent[groups]
    return groups
