"""Tests of the multiverse as a whole: three statistics over all specifications, and their draws.

Simonsohn, Simmons & Nelson (2020): the median estimate, the share of specifications that are
significant in one direction, and Stouffer's z over all of them. All three are two-sided here. A
draw without the effect (`flips`) gives the same three; p = (1 + b)/(1 + m) with b of m draws as
extreme as what was observed (Phipson & Smyth, 2010).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtr

STATISTICS = ("median estimate", "share significant in one direction", "Stouffer's z")
#: Level at which a specification counts as significant.
ALPHA = 0.05


@dataclass(frozen=True, eq=False)
class Statistics:
    """The three statistics of one or many data sets, sizes (…,) without their direction."""

    median: np.ndarray
    share: np.ndarray
    stouffer: np.ndarray


def z_values(t: np.ndarray, df: np.ndarray) -> np.ndarray:
    """Normal deviates with the p values of t (…, n) on df (n,), signed as t."""
    tail = stdtr(df, -np.abs(t))
    return np.asarray(-np.sign(t) * ndtri(np.maximum(tail, np.finfo(float).tiny)))


def statistics(estimate: np.ndarray, z: np.ndarray) -> Statistics:
    """Over the specifications on the last axis; those without a value (NaN) do not count."""
    known = ~np.isnan(z)
    n = np.maximum(known.sum(axis=-1), 1)
    limit = ndtri(1.0 - ALPHA / 2.0)
    above, below = ((side * z > limit) & known for side in (1.0, -1.0))
    share = np.maximum(above.sum(axis=-1), below.sum(axis=-1)) / n
    stouffer = np.where(known, z, 0.0).sum(axis=-1) / np.sqrt(n)
    return Statistics(_median(np.where(known, estimate, np.nan)), share, stouffer)


def _median(values: np.ndarray) -> np.ndarray:
    """Median over the last axis of what is known; NaN where nothing is."""
    if not np.isnan(values).any():
        return np.asarray(np.median(values, axis=-1))
    empty = np.isnan(values).all(axis=-1)
    return np.where(empty, np.nan, np.nanmedian(np.where(empty[..., None], 0.0, values), axis=-1))


def joint_table(
    estimate: np.ndarray, t: np.ndarray, df: np.ndarray, draws: np.ndarray
) -> pd.DataFrame:
    """Observed statistics, what draws without the effect give, and p.

    Parameters
    ----------
    estimate, t, df : ndarray (n,)
        Of the specifications that count.
    draws : ndarray (n, m, 2)
        Estimate and t of every specification in every draw. Degrees of freedom are those of the
        observed fit.
    """
    observed = statistics(estimate, z_values(t, df))
    null = statistics(draws[:, :, 0].T, z_values(draws[:, :, 1].T, df))
    rows = []
    for name, one, many in zip(
        STATISTICS, vars(observed).values(), vars(null).values(), strict=True
    ):
        known = many[~np.isnan(many)]
        extreme = int((np.abs(known) >= abs(float(one)) * (1.0 - 1e-9)).sum())
        extreme += len(many) - len(known)  # a draw that could not be fitted counts against
        low, high = np.quantile(known, [0.025, 0.975]) if len(known) else (np.nan, np.nan)
        p = (1.0 + extreme) / (1.0 + len(many))
        rows.append((name, float(one), float(low), float(high), len(many), p))
    columns = ["test", "observed", "null_low", "null_high", "draws", "p_value"]
    return pd.DataFrame(rows, columns=columns)
