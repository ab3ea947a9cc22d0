"""Weight functions of p values whose logarithm is linear: log w(p) = Σ η_l L_l(p).

Step functions with η = log ω: Hedges (1992, Stat. Sci. 7, 246–255), Vevea & Hedges (1995,
Psychometrika 60, 419–435). Beta with η = (a − 1, b − 1): Citkowicz & Vevea (2017, Psychol. Methods
22, 28–41); p is censored at 1e-5 and 1 − 1e-5, as there.

The chance that an effect with mean μ and variance s² is published is Σ_q w_q P_q, where P_q is the
mass of a piece of the axis z = y/σ on which w is constant, or the density at a node of quadrature.
Masses are differences of upper tails at edges. So it is a constant plus a sum over edges and nodes,
whose derivatives by μ are Hermite polynomials (`normaliser` in likelihood.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr, ndtr, ndtri

Floats = NDArray[np.float64]
Alternative = Literal["greater", "less", "two.sided"]
ALTERNATIVES: tuple[Alternative, ...] = ("greater", "less", "two.sided")

#: Where p values of the beta weight function are censored.
CENSORED = 1e-5
#: Gauss–Legendre nodes on a stretch of the axis of z, where normal densities have SD 1 or more.
N_NODES = 48


@dataclass(frozen=True, eq=False)
class WeightFunction:
    """A weight function, seen from k effects.

    Attributes
    ----------
    own : array (k, m)
        L at the p value of every effect.
    basis : array (n, m)
        L on every piece.
    edges : array (e,)
        z values whose upper tails make up the masses.
    nodes : array (d,)
        z values of quadrature.
    mixing : array (e + d, n)
        What every edge and node gives to the pieces.
    constant : array (n,)
        What is added to the masses of pieces.
    start : tuple of array (m,)
        Values of η to begin a search at; the first is no selection.
    """

    own: Floats
    basis: Floats
    edges: Floats
    nodes: Floats
    mixing: Floats
    constant: Floats
    start: tuple[Floats, ...]

    @property
    def m(self) -> int:
        """Parameters."""
        return self.basis.shape[1]


def p_values(z: Floats, alternative: Alternative) -> Floats:
    """p values of z = y/σ, one-sided in the direction stated or two-sided.

    Examples
    --------
    >>> z = np.array([1.96])
    >>> p_values(z, "greater").round(3), p_values(z, "two.sided").round(3)
    (array([0.025]), array([0.05]))
    """
    if alternative == "two.sided":
        return 2.0 * ndtr(-np.abs(z))
    return ndtr(-z if alternative == "greater" else z)


def interval_of(p: Floats, steps: Floats) -> NDArray[np.intp]:
    """The interval 0 … len(steps) of every p value; a step belongs to the interval below it."""
    return np.searchsorted(steps, p, side="left")


def step_weights(p: Floats, steps: Floats, *, two_sided: bool) -> WeightFunction:
    """One weight ω for every interval of p but the first, whose weight is 1.

    Parameters
    ----------
    p : array (k,)
    steps : array (m,)
        Increasing, between 0 and 1.
    two_sided : bool
        Whether p is.
    """
    m = len(steps)
    indicator = np.vstack([np.zeros(m), np.eye(m)])
    upper = -ndtri(steps / (2.0 if two_sided else 1.0))
    edges = np.concatenate([upper, -upper]) if two_sided else upper
    tails = np.zeros((len(edges), m + 1))  # P(p <= step) goes to a piece and from the next one
    for j in range(m):
        tails[j, j], tails[j, j + 1] = 1.0, -1.0
    constant = np.zeros(m + 1)
    constant[m] = 1.0
    if two_sided:  # P(p <= step) = 1 − tail at −z + tail at z
        tails[m:] = -tails[:m]
        constant += np.r_[np.ones(m), 0.0] - np.r_[0.0, np.ones(m)]
    return WeightFunction(
        own=indicator[interval_of(p, steps)],
        basis=indicator,
        edges=edges,
        nodes=np.empty(0),
        mixing=tails,
        constant=constant,
        start=(np.zeros(m), np.full(m, -1.5)),
    )


def beta_weights(z: Floats, *, two_sided: bool) -> WeightFunction:
    """p^(a − 1) (1 − p)^(b − 1), where p is one-sided p = Φ(−z), or two-sided."""
    if two_sided:
        bottom, top = (-float(ndtri(p / 2.0)) for p in (1.0 - CENSORED, CENSORED))
        half, sizes = _above_zero(bottom, top)
        nodes, sizes = np.concatenate([-half, half]), np.tile(sizes, 2)
        edges = np.array([top, -top, bottom, -bottom])
        ends = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, -1.0], [0.0, 1.0]])
    else:
        top = -float(ndtri(CENSORED))
        points, sizes = np.polynomial.legendre.leggauss(N_NODES)
        nodes, sizes, edges = points * top, sizes * top, np.array([top, -top])
        ends = np.array([[1.0, 0.0], [0.0, -1.0]])
    mixing = np.zeros((len(edges) + len(nodes), 2 + len(nodes)))
    mixing[: len(edges), :2] = ends
    mixing[len(edges) :, 2:] = np.diag(sizes)
    constant = np.zeros(2 + len(nodes))
    constant[0 if two_sided else 1] = 1.0  # the tail beyond the lower edge is one minus it
    limits = np.log([[CENSORED, 1.0 - CENSORED], [1.0 - CENSORED, CENSORED]])
    return WeightFunction(
        own=_log_p(z, two_sided),
        basis=np.vstack([limits, _log_p(nodes, two_sided)]),
        edges=edges,
        nodes=nodes,
        mixing=mixing,
        constant=constant,
        start=(np.zeros(2), np.array([-0.5, -0.3])),
    )


def _above_zero(bottom: float, top: float) -> tuple[Floats, Floats]:
    """Nodes and sizes on (bottom, top), by log z below 1: w has a pole at 0 where b < 1."""
    points, sizes = np.polynomial.legendre.leggauss(N_NODES)
    low = np.log(bottom)
    near = np.exp(low * (1.0 - points) / 2.0)
    far = 1.0 + (points + 1.0) * (top - 1.0) / 2.0
    near_sizes, far_sizes = -0.5 * low * near * sizes, 0.5 * (top - 1.0) * sizes
    return np.concatenate([near, far]), np.concatenate([near_sizes, far_sizes])


def _log_p(z: Floats, two_sided: bool) -> Floats:
    """log p and log(1 − p), censored, as columns."""
    if two_sided:
        p = 2.0 * ndtr(-np.abs(z))
        both = np.column_stack([np.log(2.0) + log_ndtr(-np.abs(z)), np.log1p(-p)])
    else:
        both = np.column_stack([log_ndtr(-z), log_ndtr(z)])
    return np.clip(both, np.log(CENSORED), np.log1p(-CENSORED))
