"""Dominance analysis from the R² of all subsets: general, conditional and complete.

Budescu (1993, Psychol. Bull. 114, 542–551); Azen and Budescu (2003, Psychol. Methods 8, 129–148);
for multilevel models Luo and Azen (2013, J. Educ. Behav. Stat. 38, 3–31). A subset of k predictors
is a number below 2^k whose bits say which it has. Arrays of R² may have leading axes: draws.
"""

from __future__ import annotations

import numpy as np


def subset_members(k: int) -> np.ndarray:
    """Which predictors (2^k, k) each subset has.

    >>> subset_members(2).astype(int).tolist()
    [[0, 0], [1, 0], [0, 1], [1, 1]]
    """
    return (np.arange(2**k)[:, None] >> np.arange(k)) & 1 == 1


def conditional_weights(r2: np.ndarray) -> np.ndarray:
    """Mean gain (…, k, k) in R² of predictor i when added to subsets of j = 0 … k − 1 others.

    Parameters
    ----------
    r2 : ndarray (…, 2^k)

    Examples
    --------
    >>> conditional_weights(np.array([0.0, 0.4, 0.3, 0.5])).round(2).tolist()
    [[0.4, 0.2], [0.3, 0.1]]
    """
    k = _number(r2)
    members = subset_members(k)
    sizes = members.sum(axis=1)
    found = np.empty((*r2.shape[:-1], k, k))
    for i in range(k):
        without = np.flatnonzero(~members[:, i])
        gains = r2[..., without | 1 << i] - r2[..., without]
        for j in range(k):
            found[..., i, j] = gains[..., sizes[without] == j].mean(axis=-1)
    return found


def general_weights(r2: np.ndarray) -> np.ndarray:
    """General dominance weights (…, k): the mean of the conditional ones over the sizes.

    They add up to the R² of all predictors less that of none.

    >>> general_weights(np.array([0.0, 0.4, 0.3, 0.5])).round(2).tolist()
    [0.3, 0.2]
    """
    return np.asarray(conditional_weights(r2).mean(axis=-1))


def complete_dominance(r2: np.ndarray) -> np.ndarray:
    """D (…, k, k): 1 where i adds at least as much as j to every subset without both, else 0 or ½.

    Its diagonal is ½. Where i and j always add the same, D is ½.

    >>> complete_dominance(np.array([0.0, 0.4, 0.3, 0.5]))[0, 1]
    np.float64(1.0)
    """
    k = _number(r2)
    members = subset_members(k)
    found = np.full((*r2.shape[:-1], k, k), 0.5)
    for i in range(k):
        for j in range(i):
            without = np.flatnonzero(~(members[:, i] | members[:, j]))
            ahead = r2[..., without | 1 << i] - r2[..., without | 1 << j]
            found[..., i, j] = _dominance(ahead)
            found[..., j, i] = 1.0 - found[..., i, j]
    return np.where(np.isnan(r2).any(axis=-1)[..., None, None], np.nan, found)


def conditional_dominance(r2: np.ndarray) -> np.ndarray:
    """D (…, k, k) of conditional dominance: i adds at least as much as j at every size."""
    weights = conditional_weights(r2)
    return _dominance(weights[..., :, None, :] - weights[..., None, :, :])


def general_dominance(r2: np.ndarray) -> np.ndarray:
    """D (…, k, k) of general dominance: i has the larger weight."""
    weights = general_weights(r2)
    return _dominance((weights[..., :, None] - weights[..., None, :])[..., None])


def _dominance(ahead: np.ndarray) -> np.ndarray:
    """1 where no difference (…, s) is below zero, 0 where none is above, else ½; both: ½."""
    wins, loses = (ahead >= 0).all(axis=-1), (ahead <= 0).all(axis=-1)
    found = np.where(wins, 1.0, np.where(loses, 0.0, 0.5))
    found = np.where(wins & loses, 0.5, found)
    return np.where(np.isnan(ahead).any(axis=-1), np.nan, found)


def _number(r2: np.ndarray) -> int:
    """k of 2^k subsets."""
    return int(r2.shape[-1]).bit_length() - 1
