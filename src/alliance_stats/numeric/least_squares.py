"""Ordinary least squares on arrays, with t tests of linear combinations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtr, stdtrit

Floats = NDArray[np.float64]

#: Columns are called dependent when a scaled one keeps less than this of its length.
DEPENDENT = 1e-9


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """A least-squares fit.

    Attributes
    ----------
    beta : array (p,)
        Coefficients.
    covariance : array (p, p)
        Their covariance matrix.
    rss : float
        Residual sum of squares.
    n_obs : int
        Rows.
    """

    beta: Floats
    covariance: Floats
    rss: float
    n_obs: int

    @property
    def df(self) -> int:
        """Residual degrees of freedom."""
        return self.n_obs - len(self.beta)

    @property
    def sigma(self) -> float:
        """Residual standard deviation."""
        return float(np.sqrt(self.rss / self.df))

    @property
    def loglik(self) -> float:
        """Log-likelihood at the maximum-likelihood variance RSS/n."""
        return -0.5 * self.n_obs * (np.log(2.0 * np.pi * self.rss / self.n_obs) + 1.0)


def column_rank(x: Floats) -> int:
    """Rank of a matrix whose columns are scaled to length one before.

    Examples
    --------
    >>> column_rank(np.array([[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]))
    1
    """
    lengths = np.linalg.norm(x, axis=0)
    scaled = x / np.where(lengths > 0, lengths, 1.0)
    return int((np.linalg.svd(scaled, compute_uv=False) > DEPENDENT * np.sqrt(x.shape[1])).sum())


def solve_least_squares(x: Floats, y: Floats) -> LeastSquares:
    """Regress y on the columns of x by a QR decomposition of the scaled columns.

    Parameters
    ----------
    x : array (n, p)
        Of full column rank (`column_rank`), n > p.
    y : array (n,)

    Examples
    --------
    >>> x = np.column_stack([np.ones(4), [0.0, 1.0, 2.0, 3.0]])
    >>> solve_least_squares(x, np.array([1.0, 3.0, 5.0, 7.0])).beta.round(12).tolist()
    [1.0, 2.0]
    """
    lengths = np.linalg.norm(x, axis=0)
    q, r = np.linalg.qr(x / lengths)
    beta = np.linalg.solve(r, q.T @ y)
    residual = y - (x / lengths) @ beta
    correction = np.linalg.solve(r, q.T @ residual)  # one step of refinement
    residual = residual - (x / lengths) @ correction
    rss = float(residual @ residual)
    inverse = np.linalg.inv(r) / lengths[:, None]
    covariance = rss / (len(y) - x.shape[1]) * inverse @ inverse.T
    return LeastSquares((beta + correction) / lengths, covariance, rss, len(y))


def t_tests(estimate: Floats, se: Floats, df: Floats, conf_level: float) -> dict[str, Floats]:
    """Tests and intervals with t (for infinite `df` normal) reference.

    Returns
    -------
    dict
        ``statistic``, ``p_value``, ``ci_low``, ``ci_high``.

    Examples
    --------
    >>> found = t_tests(np.array([2.0]), np.array([1.0]), np.array([10.0]), 0.95)
    >>> found["p_value"].round(4).tolist()
    [0.0734]
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / se
    normal = np.isinf(df)
    finite = np.where(normal, 1.0, df)
    tail = np.where(normal, ndtr(-np.abs(statistic)), stdtr(finite, -np.abs(statistic)))
    upper = (1.0 + conf_level) / 2.0
    quantile = np.where(normal, ndtri(upper), stdtrit(finite, upper))
    return {
        "statistic": statistic,
        "p_value": 2.0 * tail,
        "ci_low": estimate - quantile * se,
        "ci_high": estimate + quantile * se,
    }
