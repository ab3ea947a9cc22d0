"""Correlations of the normal variables that ordered answers are cut from (polychoric).

Two steps (Olsson, 1979, Psychometrika 44, 443–460): thresholds from each item's own counts, then
each correlation by maximum likelihood of the pair's table. All pairs are searched together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]

#: Nodes of the quadrature of the bivariate normal distribution.
NODES, WEIGHTS = np.polynomial.legendre.leggauss(48)
#: Correlations are kept inside ±LIMIT.
LIMIT = 0.9999
MAX_ITERATIONS = 100
#: Where a threshold lies that no answer, or every answer, exceeds.
FAR = 40.0
#: Largest last step at which the search of a correlation has ended.
TOLERANCE = 1e-11


def bivariate_normal(h: Floats, k: Floats, rho: Floats) -> Floats:
    """P(X ≤ h, Y ≤ k) of standard normal variables with correlation rho; arrays broadcast.

    Φ(h)Φ(k) + 1/2π ∫ exp(−(h² + k² − 2hk sin t)/(2 cos² t)) dt over t from 0 to asin ρ.

    Examples
    --------
    >>> round(float(bivariate_normal(np.array(0.0), np.array(0.0), np.array(0.5))), 12)
    0.333333333333
    """
    h, k, rho = (x[..., None] for x in np.broadcast_arrays(h, k, rho))
    half = np.arcsin(rho) / 2.0
    angle = half * (1.0 + NODES)
    sine, square = np.sin(angle), np.cos(angle) ** 2
    density = np.exp(-(h**2 + k**2 - 2.0 * h * k * sine) / (2.0 * square))
    area = (half * WEIGHTS * density).sum(axis=-1) / (2.0 * np.pi)
    return ndtr(h[..., 0]) * ndtr(k[..., 0]) + area


def bivariate_density(h: Floats, k: Floats, rho: Floats) -> Floats:
    """Density of the same, which is also the derivative of P(X ≤ h, Y ≤ k) by rho."""
    rest = 1.0 - rho**2
    return np.exp(-(h**2 + k**2 - 2.0 * rho * h * k) / (2.0 * rest)) / (2.0 * np.pi * np.sqrt(rest))


@dataclass(frozen=True, eq=False)
class Polychoric:
    """Thresholds and correlations of ordered items.

    Attributes
    ----------
    thresholds : tuple of array
        One fewer than categories, of every item.
    correlation : array (p, p)
    converged : bool
    """

    thresholds: tuple[Floats, ...]
    correlation: Floats
    converged: bool


def thresholds_of(codes: NDArray[np.intp], n_categories: int) -> Floats:
    """Normal quantiles of an item's cumulative shares."""
    counts = np.bincount(codes, minlength=n_categories)
    return np.asarray(ndtri(np.cumsum(counts)[:-1] / len(codes)), dtype=np.float64)


def polychoric(codes: NDArray[np.intp], n_categories: Sequence[int]) -> Polychoric:
    """Estimate from categories numbered from 0, (n, p), every category used."""
    p = codes.shape[1]
    most = max(n_categories)
    thresholds = tuple(thresholds_of(codes[:, j], n_categories[j]) for j in range(p))
    first, second = np.triu_indices(p, 1)
    if not len(first):
        return Polychoric(thresholds, np.eye(p), True)
    pairs = zip(codes.T[first], codes.T[second], strict=True)
    tables = np.stack([_table(one, other, most) for one, other in pairs])
    padded = np.full((p, most - 1), np.inf)
    for j, own in enumerate(thresholds):
        padded[j, : len(own)] = own
    rho, converged = _search(tables, padded[first], padded[second])
    correlation = np.eye(p)
    correlation[first, second] = correlation[second, first] = rho
    return Polychoric(thresholds, correlation, converged)


def _table(one: NDArray[np.intp], other: NDArray[np.intp], most: int) -> Floats:
    counts = np.bincount(one * most + other, minlength=most * most)
    return counts.reshape(most, most).astype(np.float64)


def _search(tables: Floats, h: Floats, k: Floats) -> tuple[Floats, bool]:
    """Fisher scoring of every pair's correlation; steps are halved where they overshoot.

    Parameters
    ----------
    tables : array (pairs, c, c)
    h, k : array (pairs, c - 1)
        Thresholds of both items; inf where an item has fewer categories.
    """
    rho = np.clip(_start(tables), -0.9, 0.9)
    value, slope, information = _expand(tables, h, k, rho)
    step = np.ones_like(rho)
    for _ in range(MAX_ITERATIONS):
        step = slope / information
        moved = np.clip(rho + step, -LIMIT, LIMIT)
        for _ in range(30):
            found = _expand(tables, h, k, moved)
            worse = found[0] < value - 1e-10 * np.abs(value)
            if not worse.any():
                break
            moved = np.where(worse, (moved + rho) / 2.0, moved)
        step, rho = moved - rho, moved
        value, slope, information = found
        if np.abs(step).max() < TOLERANCE:
            break
    return rho, bool(np.abs(step).max() < 1e-6)


def _start(tables: Floats) -> Floats:
    """Correlations of the category numbers."""
    n = tables.sum(axis=(1, 2))
    score = np.arange(tables.shape[1], dtype=float)
    one, other = tables.sum(axis=2), tables.sum(axis=1)
    mean = [margin @ score / n for margin in (one, other)]
    spread = [margin @ score**2 / n - m**2 for margin, m in zip((one, other), mean, strict=True)]
    product = np.einsum("nab,a,b->n", tables, score, score) / n
    return (product - mean[0] * mean[1]) / np.sqrt(spread[0] * spread[1])


def _expand(tables: Floats, h: Floats, k: Floats, rho: Floats) -> tuple[Floats, Floats, Floats]:
    """Log-likelihood, slope and information of every pair."""
    cells = np.diff(np.diff(_corners(h, k, rho), axis=1), axis=2)
    moves = np.diff(np.diff(_corner_slopes(h, k, rho), axis=1), axis=2)
    cells = np.maximum(cells, 1e-300)
    value = (tables * np.log(cells)).sum(axis=(1, 2))
    slope = (tables * moves / cells).sum(axis=(1, 2))
    information = tables.sum(axis=(1, 2)) * (moves**2 / cells).sum(axis=(1, 2))
    return value, slope, information


def _corners(h: Floats, k: Floats, rho: Floats) -> Floats:
    """P(X ≤ h_a, Y ≤ k_b) at all thresholds (pairs, c + 1, c + 1), edges included."""
    pairs, c = h.shape[0], h.shape[1] + 1
    one, other = np.clip(h, -FAR, FAR)[:, :, None], np.clip(k, -FAR, FAR)[:, None, :]
    out = np.zeros((pairs, c + 1, c + 1))
    out[:, 1:-1, 1:-1] = bivariate_normal(one, other, rho[:, None, None])
    out[:, 1:-1, -1], out[:, -1, 1:-1], out[:, -1, -1] = ndtr(h), ndtr(k), 1.0
    return out


def _corner_slopes(h: Floats, k: Floats, rho: Floats) -> Floats:
    """Their derivatives by rho."""
    pairs, c = h.shape[0], h.shape[1] + 1
    one, other = np.clip(h, -FAR, FAR)[:, :, None], np.clip(k, -FAR, FAR)[:, None, :]
    out = np.zeros((pairs, c + 1, c + 1))
    out[:, 1:-1, 1:-1] = bivariate_density(one, other, rho[:, None, None])
    return out
