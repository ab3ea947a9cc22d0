"""A small slice of benchmarks/calibrate_mediation.py: coverage and rejections in few studies."""

from __future__ import annotations

import numpy as np
import pytest

from .conftest import fit, of_one_session, row

STUDIES = 60


@pytest.mark.parametrize(("a", "b"), [(0.3, -0.3), (0.0, -0.4), (0.0, 0.0)])
def test_the_same_paths_for_all(a: float, b: float) -> None:
    """Coverage not below, and rejections of zero not above, three Monte Carlo errors."""
    rows = []
    for number, stream in enumerate(np.random.SeedSequence(21).spawn(STUDIES)):
        frame = of_one_session(np.random.default_rng(stream), 40, 6, a=a, b=b, sds=(0.0, 0.0))
        result = fit(frame, contemporaneous=True, time="none", random_slopes={}, rng=number)
        rows.append(row(result, "within_indirect")[["estimate", "p_value", "ci_low", "ci_high"]])
    estimate, p, low, high = np.array(rows, dtype=float).T
    error = estimate.std(ddof=1) / np.sqrt(STUDIES)
    assert abs(estimate.mean() - a * b) < 3.5 * error
    assert ((low <= a * b) & (a * b <= high)).mean() >= 0.86
    if a * b == 0:
        assert (p < 0.05).mean() <= 0.14
