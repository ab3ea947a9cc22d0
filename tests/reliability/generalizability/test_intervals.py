"""Ting's intervals: exact cases, a chi-square of one mean square, coverage."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import chi2, f

from alliance_stats.reliability.generalizability.design import make_design
from alliance_stats.reliability.generalizability.intervals import lower_end, ting_intervals
from alliance_stats.reliability.generalizability.mean_squares import expected_mean_squares


def test_one_mean_square_has_the_interval_of_chi_square() -> None:
    low, high = ting_intervals(np.array([[3.0]]), np.array([7.0]), 0.9)
    assert low[0] == pytest.approx(21 / chi2.ppf(0.95, 7), rel=1e-10)
    assert high[0] == pytest.approx(21 / chi2.ppf(0.05, 7), rel=1e-10)


def test_a_difference_has_its_lower_end_at_zero_where_f_is_critical() -> None:
    """The lower end of MS1 − MS2 is zero exactly at MS1/MS2 = F, as in the exact test."""
    n1, n2, alpha = 9.0, 27.0, 0.025
    critical = f.ppf(1 - alpha, n1, n2)
    end = lower_end(np.array([critical, -1.0]), np.array([n1, n2]), alpha)
    assert end == pytest.approx(0.0, abs=1e-10)


def test_ends_scale_with_the_mean_squares_and_are_not_negative() -> None:
    parts, df = np.array([[2.0, -1.5, 0.4, -0.2]]), np.array([9.0, 5.0, 20.0, 3.0])
    low, high = ting_intervals(parts, df, 0.95)
    low_10, high_10 = ting_intervals(10 * parts, df, 0.95)
    assert low[0] == 0.0
    np.testing.assert_allclose(high_10, 10 * high, rtol=1e-12)
    assert low_10[0] == 0.0
    below, above = ting_intervals(-parts, df, 0.95)
    assert below[0] == 0.0
    assert above[0] > 0 or above[0] == 0


@pytest.mark.slow
def test_coverage(rng: np.random.Generator) -> None:
    """Intervals of 95% cover within three Monte Carlo errors, also those of small components."""
    design, sizes, n = make_design("p", ["s", "i"], {}), (20, 5, 6), 3_000
    expected = expected_mean_squares(design, sizes)
    inverse = np.linalg.inv(expected)
    truth = np.array([0.6, 0.05, 0.4, 0.4, 0.2, 0.02, 0.7])
    df = np.array([19.0, 4, 5, 76, 95, 20, 380])
    covered = np.zeros(7)
    for _ in range(n):
        squares = expected @ truth * rng.chisquare(df) / df
        low, high = ting_intervals(inverse * squares, df, 0.95)
        covered += (low <= truth) & (truth <= high)
    error = np.sqrt(0.95 * 0.05 / n)
    assert (np.abs(covered / n - 0.95) < 3 * error + 0.005).all(), covered / n
