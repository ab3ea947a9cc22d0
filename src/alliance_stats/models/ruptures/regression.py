"""Regression rule: a departure from the patient's own line of at least k residual SDs.

Ratings are regressed on the session number by least squares, patient by patient; the residual
standard deviation has n − 2 degrees of freedom. A rupture starts at the first session of a run
whose residuals are at or below −k·SD.
"""

from __future__ import annotations

import numpy as np

from alliance_stats.models.ruptures.onsets import onsets
from alliance_stats.models.ruptures.rule import Rule, Signals
from alliance_stats.models.ruptures.series import Series
from alliance_stats.models.ruptures.trends import residuals


def regression_signals(series: Series, rule: Rule) -> Signals:
    """Departures from the line; what is regained is the line, level 0 of the residuals."""
    left = residuals(series, "own")
    sd = np.sqrt(np.einsum("tpm,tpm->pm", left, left) / (series.n - 2.0))
    low = (left <= -rule.drop * sd * (1.0 - 1e-12)) & (sd > 0)
    if not series.complete:
        low &= series.seen[:, :, None]
        left = np.where(series.seen[:, :, None], left, np.nan)
    return Signals(left, onsets(low, series.seen), np.zeros((1, 1, 1)), sd)
