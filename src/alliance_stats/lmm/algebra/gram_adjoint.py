"""Derivatives in the Gram matrix S_i of every innermost group, and in what whitens the rows.

With ε_a = u_a − Σ_l Z_l F_l u_a what the conditional means leave of a unique column u_a, the
derivative of U'V⁻¹U is M_i' dS_i M_i summed over groups, U_i M_i = ε_i: the conditional means
minimise the quadratic form, so that their own change counts for nothing. That of log|V| is
tr(Ω_i dS_i), Ω_i the covariance given y and β, over σ², of the coefficients that the effects of
all levels give to the unique columns in group i.
"""

from __future__ import annotations

import numpy as np

from alliance_stats.lmm.algebra.nested import NestedElimination


def left_over(eliminated: NestedElimination, m: int) -> np.ndarray:
    """M (G, m, m) of every innermost group."""
    if not eliminated.states:
        return np.eye(m)[None]
    found = np.repeat(np.eye(m)[:, :, None], _n_groups(eliminated), axis=-1)
    for level, shrunk in enumerate(eliminated.shrunk):
        found[eliminated.states[level].z] -= shrunk.take(_group(eliminated, level), axis=-1)
    return found.transpose(2, 0, 1)


def spread(eliminated: NestedElimination, m: int) -> np.ndarray:
    """Ω (G, m, m) of every innermost group."""
    if not eliminated.states:
        return np.zeros((1, m, m))
    states = eliminated.states
    found = np.zeros((m, m, _n_groups(eliminated)))
    for level, own in enumerate(eliminated.conditional):
        z, group = states[level].z, _group(eliminated, level)
        found[z[:, None], z] += own.take(group, axis=-1)
        for above in range(level + 1, len(states)):
            over = states[above].z
            shared = eliminated.between(level, above, group, _group(eliminated, above))
            found[z[:, None], over] += shared
            found[over[:, None], z] += shared.transpose(1, 0, 2)
    return found.transpose(2, 0, 1)


def gram_adjoint(eliminated: NestedElimination, adjoint: np.ndarray) -> np.ndarray:
    """Derivative K (G, m, m) of log|V| plus a function of U'V⁻¹U in every S_i.

    `adjoint` (m, m) is the symmetric derivative of the function: K = M B M' + Ω.
    """
    m = len(adjoint)
    left = left_over(eliminated, m)
    return np.asarray(left @ adjoint @ left.transpose(0, 2, 1) + spread(eliminated, m))


def _n_groups(eliminated: NestedElimination) -> int:
    return int(eliminated.states[0].gram.shape[-1])


def _group(eliminated: NestedElimination, level: int) -> np.ndarray:
    """The group of `level` that holds each innermost group."""
    return eliminated.ancestors(0, level, np.arange(_n_groups(eliminated)))
