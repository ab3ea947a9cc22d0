"""Trends of ratings over sessions, and what is left when they are taken out.

``"none"``: deviations from the patient's mean. ``"common"``: from the mean and one slope for all
patients (least squares within patients). ``"own"``: from the patient's own line.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from scipy.special import stdtr

from alliance_stats.models.ruptures.series import Floats, Series

Trend = Literal["none", "common", "own"]


def centred_time(series: Series) -> Floats:
    """Session numbers less the mean of the patient's rated ones; 0 where not rated."""
    number = np.arange(len(series.seen), dtype=float)[:, None]
    mean = (number * series.seen).sum(axis=0) / series.seen.sum(axis=0)
    return np.where(series.seen, number - mean, 0.0)


def slopes(series: Series, trend: Trend) -> Floats:
    """Points a session: of each patient (n_patients, n_studies) or of all (1, n_studies)."""
    if trend == "none":
        return np.zeros((1, series.y.shape[2]))
    time = centred_time(series)
    products = np.einsum("tpm,tp->pm", series.deviations, time)
    squares = (time**2).sum(axis=0)[:, None]
    if trend == "own":
        return products / squares
    return np.asarray(products.sum(axis=0, keepdims=True) / squares.sum())


def residuals(series: Series, trend: Trend) -> Floats:
    """What a trend leaves of the ratings; 0 where not rated."""
    if trend == "none":
        return series.deviations
    return series.deviations - centred_time(series)[:, :, None] * slopes(series, trend)


def trend_test(series: Series) -> tuple[float, float]:
    """Mean over patients of their own slopes, and p of its t test; NaN for one patient."""
    own = slopes(series, "own")[:, 0]
    if len(own) < 2 or (own == own[0]).all():
        return float(own.mean()), float("nan")
    t = float(own.mean() / own.std(ddof=1) * np.sqrt(len(own)))
    return float(own.mean()), float(2.0 * stdtr(len(own) - 1, -abs(t)))
