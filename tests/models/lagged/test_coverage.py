"""A small slice of benchmarks/calibrate_lagged.py: bias, coverage and rejections in 40 studies."""

from __future__ import annotations

import numpy as np
import pytest

from .conftest import TWO, fit, simulated

STUDIES = 40


@pytest.mark.parametrize("path", [0.0, -0.15])
def test_intervals_of_usual_lengths(path: float) -> None:
    """100 patients, 16 sessions, outcome first: hardly any bias, coverage near 95%."""
    rows = []
    for stream in np.random.SeedSequence(11).spawn(STUDIES):
        frame = simulated(np.random.default_rng(stream), 100, 16, path=path)
        result = fit(frame, TWO, random_slopes={}, bias_simulations=0)
        table = result.effects.set_index("effect")
        rows.append(table.loc["alliance_to_outcome", ["estimate", "se", "ci_low", "ci_high"]])
    estimate, se, low, high = np.array(rows, dtype=float).T
    spread = estimate.std(ddof=1)
    assert abs(estimate.mean() - path) < 0.5 * se.mean() + 3 * spread / np.sqrt(STUDIES)
    assert se.mean() / spread == pytest.approx(1.0, abs=0.35)
    assert ((low <= path) & (path <= high)).mean() >= 0.85  # three Monte Carlo errors below .95
