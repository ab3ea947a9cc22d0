"""Random-intercept Tobit model by maximum likelihood: on arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats._base.errors import DataError
from alliance_stats.lmm.censored.likelihood import CensoredData, expand
from alliance_stats.numeric.optimise import minimise_smooth

N_NODES = 25
#: Step of the differences of the gradient, in parameters of size one.
_STEP = 1e-4


@dataclass(frozen=True, eq=False)
class CensoredFit:
    """A random-intercept Tobit model.

    Attributes
    ----------
    beta : ndarray (p,)
        Coefficients of the response before it is cut off.
    covariance : ndarray (p, p)
        Of `beta`, from the observed information; NaN where that is not positive definite.
    sigma, tau : float
        Standard deviations of residuals and of groups.
    loglik : float
    n_censored : int
    converged : bool
    """

    beta: np.ndarray
    covariance: np.ndarray
    sigma: float
    tau: float
    loglik: float
    n_censored: int
    converged: bool


def fit_censored(
    y: np.ndarray, x: np.ndarray, group: np.ndarray, *, limit: float, n_nodes: int = N_NODES
) -> CensoredFit:
    """Fit ``y = min(Xβ + τ v + σ e, limit)`` with a normal effect v of every group.

    Parameters
    ----------
    y : ndarray (n,)
        The response; values at or above `limit` count as cut off.
    x : ndarray (n, p)
        Full column rank.
    group : ndarray (n,) of int
        Codes 0, 1, … in any order.
    limit : float
    n_nodes : int
        Points of the quadrature.

    Returns
    -------
    CensoredFit

    Raises
    ------
    DataError
        If all values are cut off, or none varies below the limit.

    References
    ----------
    Tobin, J. (1958). Estimation of relationships for limited dependent variables. Econometrica,
    26(1), 24–36.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> group = np.repeat(np.arange(50), 6)
    >>> y = np.minimum(rng.normal(size=50)[group] + rng.normal(size=300), 1.0)
    >>> fit_censored(y, np.ones((300, 1)), group, limit=1.0).converged
    True
    """
    below = y < limit
    if not below.any() or np.ptp(y[below]) == 0:
        raise DataError(
            f"{int(below.sum()):,} of {len(y):,} values lie below the limit {limit:g}, and they do "
            "not vary. A censored model needs values that vary below its limit."
        )
    shift = _shift(x, float(y.mean()))
    centre, spread = float((x @ shift)[0]), float(y.std())
    scale = np.maximum(np.sqrt((x**2).mean(axis=0)), np.finfo(float).tiny)
    data = _sorted((y - centre) / spread, x / scale, group, (limit - centre) / spread)
    found = minimise_smooth(lambda q: expand(data, q, n_nodes), _start(data))
    parameters = found.x
    p = x.shape[1]
    covariance = _covariance(data, parameters, n_nodes)[:p, :p]
    unit = spread / scale
    return CensoredFit(
        beta=parameters[:p] * unit + shift,
        covariance=covariance * np.outer(unit, unit),
        sigma=float(np.exp(parameters[p])) * spread,
        tau=abs(float(parameters[p + 1])) * spread,
        loglik=-0.5 * found.value - float(below.sum()) * float(np.log(spread)),
        n_censored=int((~below).sum()),
        converged=found.converged,
    )


def _shift(x: np.ndarray, centre: float) -> np.ndarray:
    """Coefficients that give the constant `centre`; zero where the columns cannot."""
    wanted = np.full(len(x), centre)
    shift: np.ndarray = np.linalg.lstsq(x, wanted, rcond=None)[0]
    far = np.abs(x @ shift - wanted).max() > 1e-9 * max(1.0, abs(centre))
    return np.zeros_like(shift) if far else shift


def _sorted(y: np.ndarray, x: np.ndarray, group: np.ndarray, limit: float) -> CensoredData:
    order = np.argsort(group, kind="stable")
    starts = np.r_[0, np.flatnonzero(np.diff(group[order])) + 1]
    return CensoredData(y[order], x[order], starts, limit)


def _start(data: CensoredData) -> np.ndarray:
    """Least squares, with the residual variance shared between groups and rows."""
    beta = np.linalg.lstsq(data.x, data.y, rcond=None)[0]
    residual = float(np.sqrt(np.mean((data.y - data.x @ beta) ** 2)) + 1e-3)
    return np.r_[beta, np.log(residual * np.sqrt(0.5)), residual * np.sqrt(0.5)]


def _covariance(data: CensoredData, parameters: np.ndarray, n_nodes: int) -> np.ndarray:
    """Inverse observed information, from central differences of the gradient."""
    k = len(parameters)
    rows = []
    for j in range(k):
        step = np.zeros(k)
        step[j] = _STEP * max(1.0, abs(parameters[j]))
        up, down = (expand(data, parameters + s * step, n_nodes)[1] for s in (1, -1))
        rows.append((up - down) / (2.0 * step[j]))
    information = 0.25 * (np.array(rows) + np.array(rows).T)
    if abs(parameters[-1]) < 1e-6:  # no variance between groups: it holds no information on β
        inner = np.linalg.inv(information[:-1, :-1])
        return np.pad(inner, (0, 1), constant_values=np.nan)
    if np.linalg.eigvalsh(information)[0] <= 0:
        return np.full((k, k), np.nan)
    inverse: np.ndarray = np.linalg.inv(information)
    return inverse
