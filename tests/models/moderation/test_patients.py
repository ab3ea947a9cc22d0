"""Patients needed: power against simulation and closed forms, and what moves the number."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from alliance_stats.models.moderation.patients import (
    Design,
    least_power,
    patients_for,
    power_of,
    true_slopes,
)

THREE = np.array([[0.010, 0.004], [0.004, 0.016]])
FOUR = np.array([[0.010, 0.004, 0.003], [0.004, 0.016, 0.005], [0.003, 0.005, 0.012]])


def simulated(design: Design, true: np.ndarray, n: int, rng: np.random.Generator) -> float:
    """Share of draws in which every interval lies inside the bounds."""
    r = len(true)
    drawn = rng.multivariate_normal(true, design.covariance, size=n)
    slopes = np.column_stack([np.zeros(n), drawn])
    spread = np.sqrt(rng.chisquare(design.df, n) / design.df)
    whole = np.zeros((r + 1, r + 1))
    whole[1:, 1:] = design.covariance
    inside = np.ones(n, dtype=bool)
    for i in range(r + 1):
        for j in range(i):
            se = np.sqrt(whole[i, i] + whole[j, j] - 2 * whole[i, j])
            room = design.bound - stats.t.ppf(1 - design.alpha, design.df) * spread * se
            inside &= np.abs(slopes[:, i] - slopes[:, j]) < room
    return float(inside.mean())


@pytest.mark.parametrize("covariance", [np.array([[0.01]]), THREE, FOUR], ids=["1", "3", "6"])
@pytest.mark.parametrize("df", [8.0, 60.0])
def test_power_against_simulation(
    covariance: np.ndarray, df: float, rng: np.random.Generator
) -> None:
    design = Design(covariance, df, 0.4, 0.05, 100)
    true = np.linspace(0.02, 0.08, len(covariance))
    share = simulated(design, true, 100_000, rng)
    error = np.sqrt(share * (1 - share) / 100_000)
    assert 0.2 < share < 0.99
    assert power_of(design, true) == pytest.approx(share, abs=4 * error)


def test_normal_power_has_a_closed_form() -> None:
    design = Design(np.array([[0.01]]), np.inf, 0.3, 0.05, 100)
    room = 0.3 - stats.norm.ppf(0.95) * 0.1
    expected = stats.norm.cdf((room - 0.05) / 0.1) - stats.norm.cdf((-room - 0.05) / 0.1)
    assert power_of(design, np.array([0.05])) == pytest.approx(expected, rel=1e-12)


def test_power_of_one_difference_against_the_integral_over_the_variance() -> None:
    design = Design(np.array([[0.01]]), 11.0, 0.35, 0.05, 100)
    s = np.sqrt(stats.chi2.ppf((np.arange(200_000) + 0.5) / 200_000, 11.0) / 11.0)
    room = np.maximum(0.35 - stats.t.ppf(0.95, 11.0) * s * 0.1, 0.0)
    expected = np.mean(stats.norm.cdf(room / 0.1) - stats.norm.cdf(-room / 0.1))
    # the integrand has a kink where an interval closes
    assert power_of(design, np.zeros(1)) == pytest.approx(expected, abs=1e-4)


def test_the_number_found_is_the_first_that_is_enough() -> None:
    for covariance in (np.array([[0.02]]), THREE):
        design = Design(covariance, 40.0, 0.3, 0.05, 120)
        n = patients_for(design, 0.8, 0.0)
        enough, fewer = design.at(n), design.at(n - 1)
        assert enough is not None
        assert fewer is not None
        assert least_power(enough, 0.0) >= 0.8 > least_power(fewer, 0.0)


def test_what_asks_for_more_patients() -> None:
    base = Design(THREE, 40.0, 0.3, 0.05, 120)
    n = patients_for(base, 0.8, 0.0)
    assert patients_for(base, 0.9, 0.0) > n
    assert patients_for(base, 0.8, 0.1) > n
    assert patients_for(Design(THREE, 40.0, 0.2, 0.05, 120), 0.8, 0.0) > n
    assert patients_for(Design(THREE, 40.0, 0.3, 0.01, 120), 0.8, 0.0) > n
    halved = patients_for(Design(THREE * 4, 40.0, 0.3, 0.05, 120), 0.8, 0.0)
    assert halved == pytest.approx(4 * n, rel=0.05)


def test_the_order_of_the_groups_does_not_matter() -> None:
    turn = np.array([[-1.0, 0.0], [-1.0, 1.0]])  # differences from slope 1 instead of slope 0
    turned = turn @ THREE @ turn.T
    first = power_of(Design(THREE, 30.0, 0.35, 0.05, 100), np.zeros(2))
    second = power_of(Design(turned, 30.0, 0.35, 0.05, 100), np.zeros(2))
    assert first == pytest.approx(second, abs=2e-4)


def test_all_pairs_need_more_than_the_worst_pair() -> None:
    whole = patients_for(Design(THREE, 40.0, 0.3, 0.05, 120), 0.8, 0.0)
    worst = max(THREE[0, 0], THREE[1, 1], THREE[0, 0] + THREE[1, 1] - 2 * THREE[0, 1])
    alone = patients_for(Design(np.array([[worst]]), 40.0, 0.3, 0.05, 120), 0.8, 0.0)
    assert whole > alone


def test_a_smaller_study_pays_for_its_slopes() -> None:
    design = Design(np.array([[0.01]]), 294.0, 1.2, 0.05, 3000, units=300, groups=3)
    fewer, more = design.at(300), design.at(6000)
    assert fewer is not None
    assert more is not None
    assert fewer.covariance[0, 0] == pytest.approx(0.01 * (300 - 9) / (30 - 9))
    assert fewer.df == pytest.approx(294 * (30 - 6) / (300 - 6))
    assert more.covariance[0, 0] == pytest.approx(0.005)
    assert more.df == pytest.approx(588.0)
    assert design.at(90) is None
    assert patients_for(design, 0.8, 0.0) > 90


def test_the_mean_inverse_of_a_sum_of_squares(rng: np.random.Generator) -> None:
    squares = rng.normal(size=(200_000, 8))
    sums = ((squares - squares.mean(axis=1, keepdims=True)) ** 2).sum(axis=1)
    assert np.mean(1 / sums) == pytest.approx(1 / (8 - 3), rel=0.02)


def test_true_differences_are_between_two_slopes_with_the_others_midway() -> None:
    for slopes in true_slopes(2, 0.2):
        values = np.sort(np.concatenate([[0.0], slopes]))
        assert values[-1] - values[0] == pytest.approx(0.2)
        assert np.median(values) == pytest.approx(values.mean())


def test_not_defined_and_out_of_reach() -> None:
    assert np.isnan(patients_for(Design(np.array([[np.nan]]), 5.0, 0.1, 0.05, 10), 0.8, 0.0))
    assert np.isnan(patients_for(Design(np.array([[0.1]]), np.nan, 0.1, 0.05, 10), 0.8, 0.0))
    assert patients_for(Design(np.array([[1e9]]), 5.0, 1e-6, 0.05, 10), 0.8, 0.0) == np.inf
