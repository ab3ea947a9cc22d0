"""Intervals of linear combinations of mean squares (Ting et al., 1990).

For γ = Σ c_q θ_q − Σ c_r θ_r, all c > 0, with mean squares s of n degrees of freedom and F_α the
upper α quantile, the lower end is γ̂ − √V with

    V = Σ G_q² c_q² s_q² + Σ H_r² c_r² s_r² + Σ_q Σ_r G_qr c_q c_r s_q s_r
        + Σ_q Σ_t>q G*_qt c_q c_t s_q s_t,
    G_q = 1 − 1/F_α(n_q, ∞),   H_r = 1/F_1−α(n_r, ∞) − 1,
    G_qr = ((F − 1)² − G_q² F² − H_r²) / F,   F = F_α(n_q, n_r),
    (P − 1) G*_qt = (1 − 1/F_α(n_q + n_t, ∞))² (n_q + n_t)² / (n_q n_t)
        − G_q² n_q/n_t − G_t² n_t/n_q,

P the number of positive terms. The upper end is minus the lower end of −γ.

Ting, N., Burdick, R. K., Graybill, F. A., Jeyaratnam, S., & Lu, T.-F. C. (1990). Confidence
intervals on linear combinations of variance components that are unrestricted in sign. Journal of
Statistical Computation and Simulation, 35, 135–143.
"""

from __future__ import annotations

import numpy as np
from scipy.special import chdtri, fdtri


def ting_intervals(
    parts: np.ndarray, df: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the intervals of variance components, none below zero.

    Parameters
    ----------
    parts : ndarray (k, m)
        Coefficient times mean square, a row a component.
    df : ndarray (m,)
        Degrees of freedom of the mean squares.
    level : float

    Examples
    --------
    >>> low, high = ting_intervals(np.array([[2.0]]), np.array([10.0]), 0.95)
    >>> low.round(3), high.round(3)  # of a single mean square: that of χ²
    (array([0.976]), array([6.16]))
    """
    alpha = (1.0 - level) / 2.0
    low = np.array([lower_end(row, df, alpha) for row in parts])
    high = -np.array([lower_end(-row, df, alpha) for row in parts])
    return np.maximum(low, 0.0), np.maximum(high, 0.0)


def lower_end(parts: np.ndarray, df: np.ndarray, alpha: float) -> float:
    """The lower end at one-sided level `alpha`, before it is cut at zero."""
    above, below = np.flatnonzero(parts > 0), np.flatnonzero(parts < 0)
    g = 1.0 - df / chdtri(df, alpha)
    h = df / chdtri(df, 1.0 - alpha) - 1.0
    spread = float((g[above] ** 2 * parts[above] ** 2).sum())
    spread += float((h[below] ** 2 * parts[below] ** 2).sum())
    for q in above:
        for r in below:
            f = _upper_f(df[q], df[r], alpha)
            both = ((f - 1.0) ** 2 - (g[q] * f) ** 2 - h[r] ** 2) / f
            spread += both * parts[q] * -parts[r]
        for t in above[above > q]:
            spread += (
                _like(df[q], df[t], g[q], g[t], alpha) / (len(above) - 1) * (parts[q] * parts[t])
            )
    return float(parts.sum() - np.sqrt(max(spread, 0.0)))


def _upper_f(first: float, second: float, alpha: float) -> float:
    return float(fdtri(first, second, 1.0 - alpha))


def _like(n_q: float, n_t: float, g_q: float, g_t: float, alpha: float) -> float:
    """P − 1 times G* of two terms of one sign."""
    total = n_q + n_t
    together = (1.0 - total / chdtri(total, alpha)) ** 2 * total**2 / (n_q * n_t)
    return float(together - g_q**2 * n_q / n_t - g_t**2 * n_t / n_q)
