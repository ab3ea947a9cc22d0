"""Likelihood of a random-intercept Tobit model (Tobin, 1958) by adaptive quadrature.

``y*_ij = x_ij'β + τ v_j + σ e_ij`` with standard normal v and e; ``y = min(y*, limit)``.
Nodes lie around the mode of v_j given y_j (Liu & Pierce, 1994, Biometrika 81, 624–629), at every
point anew. The gradient is the mean of the rows' scores over v_j given y_j (Fisher's identity), by
the same nodes: for nodes that are held it is exact.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import erfcx, log_ndtr, logsumexp

_LOG_2PI = float(np.log(2.0 * np.pi))
_MODE_STEPS = 50


@dataclass(frozen=True, eq=False)
class CensoredData:
    """Rows sorted by group.

    Attributes
    ----------
    y : ndarray (n,)
    x : ndarray (n, p)
    starts : ndarray (m,)
        First row of every group.
    limit : float
        Values at or above it are cut off there.
    """

    y: np.ndarray
    x: np.ndarray
    starts: np.ndarray
    limit: float

    @property
    def censored(self) -> np.ndarray:
        """Which rows are cut off."""
        return self.y >= self.limit

    @property
    def group(self) -> np.ndarray:
        """Group of every row."""
        sizes = np.diff(np.r_[self.starts, len(self.y)])
        return np.repeat(np.arange(len(self.starts)), sizes)


@dataclass(frozen=True, eq=False)
class Nodes:
    """Nodes of every group and the logarithms of their weights, both (m, k)."""

    v: np.ndarray
    log_weight: np.ndarray


def place_nodes(data: CensoredData, parameters: np.ndarray, n_nodes: int) -> Nodes:
    """Nodes around the mode of every group's effect, scaled by its curvature there."""
    mode, scale = _modes(data, parameters)
    point, weight = np.polynomial.hermite.hermgauss(n_nodes)
    v = mode[:, None] + np.sqrt(2.0) * scale[:, None] * point
    log_weight = np.log(weight) + point**2 + 0.5 * np.log(2.0) + np.log(scale)[:, None]
    return Nodes(v, log_weight - 0.5 * v**2 - 0.5 * _LOG_2PI)


def expand(
    data: CensoredData, parameters: np.ndarray, n_nodes: int
) -> tuple[float, np.ndarray, np.ndarray]:
    """`deviance` at nodes placed for these parameters; infinite where it is undefined."""
    k = len(parameters)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        found = deviance(data, place_nodes(data, parameters, n_nodes), parameters)
    if np.isfinite(found[0]) and np.isfinite(found[1]).all() and np.isfinite(found[2]).all():
        return found
    return np.inf, np.zeros(k), np.eye(k)


def deviance(
    data: CensoredData, nodes: Nodes, parameters: np.ndarray
) -> tuple[float, np.ndarray, np.ndarray]:
    """−2 log-likelihood at (β, log σ, τ), its gradient, and a Hessian from scores of groups."""
    p = data.x.shape[1]
    sigma, tau = np.exp(parameters[p]), parameters[p + 1]
    row_v = nodes.v[data.group]
    eta = (data.x @ parameters[:p])[:, None] + tau * row_v
    value, slope, by_scale = _row_terms(data, eta, sigma)
    joint = np.add.reduceat(value, data.starts) + nodes.log_weight
    of_group = logsumexp(joint, axis=1)
    share = np.exp(joint - of_group[:, None])[data.group]
    mean_slope = (share * slope).sum(axis=1)
    rows = np.column_stack(
        [
            data.x * mean_slope[:, None],
            (share * by_scale).sum(axis=1),
            (share * slope * row_v).sum(axis=1),
        ]
    )
    scores = np.add.reduceat(rows, data.starts)
    guess = 2.0 * scores.T @ scores
    guess += 1e-8 * np.diag(np.maximum(np.diag(guess), 1e-8))
    # the scores by τ vanish with τ, the curvature does not
    guess[-1, -1] = max(guess[-1, -1], len(data.starts) / max(sigma**2, tau**2))
    return float(-2.0 * of_group.sum()), -2.0 * scores.sum(axis=0), guess


def _row_terms(
    data: CensoredData, eta: np.ndarray, sigma: np.float64
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log density of every row, and its derivatives by η and log σ."""
    z = (data.y[:, None] - eta) / sigma
    value = -np.log(sigma) - 0.5 * z**2 - 0.5 * _LOG_2PI
    slope, by_scale = z / sigma, z**2 - 1.0
    cut = data.censored
    a = (eta[cut] - data.limit) / sigma
    value[cut] = log_ndtr(a)
    ratio = _mills(a)
    slope[cut], by_scale[cut] = ratio / sigma, -a * ratio
    return value, slope, by_scale


def _mills(a: np.ndarray) -> np.ndarray:
    """φ(a)/Φ(a), without underflow."""
    ratio: np.ndarray = np.sqrt(2.0 / np.pi) / erfcx(-a / np.sqrt(2.0))
    return ratio


def _modes(data: CensoredData, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mode of every group's effect given its rows, and the scale of a normal of like curvature."""
    p = data.x.shape[1]
    sigma, tau = np.exp(parameters[p]), parameters[p + 1]
    fixed, cut, group = data.x @ parameters[:p], data.censored, data.group
    mode = np.zeros(len(data.starts))
    for _ in range(_MODE_STEPS):
        eta = fixed + tau * mode[group]
        slope = (data.y - eta) / sigma**2
        bend = np.full(len(eta), 1.0 / sigma**2)
        a = (eta[cut] - data.limit) / sigma
        ratio = _mills(a)
        slope[cut], bend[cut] = ratio / sigma, ratio * (ratio + a) / sigma**2
        curvature = 1.0 + tau**2 * np.add.reduceat(bend, data.starts)
        step = (tau * np.add.reduceat(slope, data.starts) - mode) / curvature
        mode = mode + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-10:
            break
    return mode, 1.0 / np.sqrt(curvature)
