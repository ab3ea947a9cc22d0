"""Two one-sided tests: their p value, the interval that goes with it, the four verdicts."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from alliance_stats.models.equivalence import (
    student_quantile,
    student_tail,
    two_one_sided,
    verdict_of,
)


def test_the_p_value_is_the_larger_of_two_one_sided_ones() -> None:
    estimate, se, df, bound = 0.03, 0.04, 17.5, 0.1
    lower = stats.t.sf((estimate + bound) / se, df)
    upper = stats.t.cdf((estimate - bound) / se, df)
    found = two_one_sided(*(np.array([v]) for v in (estimate, se, df, bound)))
    assert found[0] == pytest.approx(max(lower, upper), rel=1e-12)


def test_equivalence_at_alpha_is_the_interval_inside_the_bounds(rng: np.random.Generator) -> None:
    n = 2000
    estimate, se = rng.normal(0, 0.1, n), rng.uniform(0.01, 0.1, n)
    df, bound = rng.uniform(3, 60, n), rng.uniform(0.05, 0.3, n)
    p = two_one_sided(estimate, se, df, bound)
    half = student_quantile(0.95, df) * se
    inside = (estimate - half > -bound) & (estimate + half < bound)
    np.testing.assert_array_equal(p < 0.05, inside)
    assert 0.1 < inside.mean() < 0.9


def test_the_sign_of_a_difference_does_not_matter(rng: np.random.Generator) -> None:
    estimate, se = rng.normal(0, 0.1, 50), rng.uniform(0.01, 0.1, 50)
    df, bound = np.full(50, 12.0), np.full(50, 0.15)
    np.testing.assert_allclose(
        two_one_sided(estimate, se, df, bound), two_one_sided(-estimate, se, df, bound), rtol=1e-13
    )


def test_infinite_degrees_of_freedom_are_normal() -> None:
    df = np.array([np.inf])
    assert student_tail(np.array([1.5]), df)[0] == pytest.approx(stats.norm.sf(1.5), rel=1e-12)
    assert student_quantile(0.95, df)[0] == pytest.approx(stats.norm.ppf(0.95), rel=1e-12)


def test_what_is_not_defined_is_not_a_number() -> None:
    nan = float("nan")
    for se, df in ((0.0, 5.0), (nan, 5.0), (0.1, nan)):
        p = two_one_sided(np.zeros(1), np.array([se]), np.array([df]), np.ones(1))
        assert np.isnan(p[0])
    assert verdict_of(nan, nan, 0.05) == "inconclusive"


def test_the_four_verdicts() -> None:
    assert verdict_of(0.4, 0.01, 0.05) == "equivalent"
    assert verdict_of(0.01, 0.01, 0.05) == "different but negligible"
    assert verdict_of(0.01, 0.4, 0.05) == "different"
    assert verdict_of(0.4, 0.4, 0.05) == "inconclusive"
