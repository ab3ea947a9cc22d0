"""Intervals of the mean cover what they say: a slice of the table in docs/calibration.md."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtri, stdtrit

from alliance_stats.meta.univariate.fits import fit_many
from alliance_stats.meta.univariate.kernel import data_sets


@pytest.mark.parametrize(("k", "plain"), [(5, 0.886), (20, 0.925)])
def test_knapp_hartung_covers_where_z_does_not(k: int, plain: float) -> None:
    rng = np.random.default_rng(1)
    sizes = np.maximum(np.round(60.0 * np.exp(0.8 * rng.standard_normal((2_000, k)))), 10.0)
    vi = 1.0 / (sizes - 3.0)
    yi = 0.2855 + rng.standard_normal(vi.shape) * np.sqrt(vi + 0.024)
    data = data_sets(yi, vi, np.ones((k, 1)))
    share = {}
    for test, quantile in (("knha", stdtrit(k - 1, 0.975)), ("z", ndtri(0.975))):
        fits = fit_many(data, test=test)  # type: ignore[arg-type]
        assert fits.between.converged.all()
        share[test] = np.mean(np.abs(fits.beta[:, 0] - 0.2855) <= quantile * fits.se[:, 0])
    assert 0.92 <= share["knha"] <= 0.966
    assert share["z"] == pytest.approx(plain, abs=0.022)  # three Monte Carlo errors
