"""Fit indices at their edges, and the interval of the RMSEA by its definition."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import ncx2

from alliance_stats.sem.fit_indices import (
    Statistic,
    cfi,
    close_fit,
    p_value,
    rmsea,
    rmsea_interval,
    srmr,
    srmr_of_level,
    tli,
)


def test_ends_of_the_interval_are_the_noncentralities_at_five_percent() -> None:
    low, high = rmsea_interval(60.0, 24, 400.0, 1)
    assert ncx2.cdf(60.0, 24, low**2 * 400 * 24) == pytest.approx(0.95, abs=1e-8)
    assert ncx2.cdf(60.0, 24, high**2 * 400 * 24) == pytest.approx(0.05, abs=1e-8)
    assert close_fit(60.0, 24, 400.0, 1) == pytest.approx(ncx2.sf(60.0, 24, 24.0), abs=1e-8)


def test_an_end_that_does_not_exist_is_zero() -> None:
    assert rmsea_interval(20.0, 24, 400.0, 1)[0] == 0.0
    assert rmsea_interval(3.0, 24, 400.0, 1) == (0.0, 0.0)


def test_groups_enter_by_their_number() -> None:
    assert rmsea(30.0, 10, 100.0, 4) == pytest.approx(2 * rmsea(30.0, 10, 100.0, 1))


def test_models_without_degrees_of_freedom() -> None:
    assert np.isnan(p_value(0.0, 0))
    assert np.isnan(close_fit(0.0, 0, 100.0, 1))
    assert (rmsea(0.0, 0, 100.0, 1), rmsea_interval(0.0, 0, 100.0, 1)) == (0.0, (0.0, 0.0))
    assert (cfi(0.0, 50.0), tli(0.0, 0, 50.0, 3)) == (1.0, 1.0)
    assert Statistic(0.0, 0, 1.3).scaled == 0.0


def test_cfi_stays_between_zero_and_one_and_tli_does_not() -> None:
    assert cfi(-4.0, 100.0) == 1.0
    assert cfi(120.0, 100.0) == 0.0
    assert cfi(-1.0, -2.0) == 1.0
    assert tli(-4.0, 8, 100.0, 28) > 1.0


def test_srmr_by_hand() -> None:
    sample = np.array([[4.0, 1.0], [1.0, 1.0]])
    model = np.array([[4.0, 0.0], [0.0, 1.0]])
    mean = np.zeros(2)
    assert srmr(model, mean, sample, mean, means=False) == pytest.approx(0.5 / np.sqrt(3))
    assert srmr(model, mean, sample, mean + [2, 0], means=True) == pytest.approx(
        np.sqrt((0.25 + 1) / 5)
    )
    assert srmr_of_level(model, sample) == pytest.approx(0.5 / np.sqrt(3))
