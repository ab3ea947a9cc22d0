"""Log-likelihoods against scipy.stats, derivatives against differences, and far tails."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from alliance_stats import ArgumentError
from alliance_stats.lmm.glmm.families import LINKS, Family, family_of

FAMILIES = [family for links in LINKS.values() for family in links.values()]
NAMES = [f"{family.name}-{family.link}" for family in FAMILIES]
ETA = np.array([-9.0, -4.0, -1.3, -0.2, 0.0, 0.4, 1.1, 2.5])


def rows(family: Family) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """η, y and m: every η with none, some and all successes."""
    eta = np.tile(ETA, 3)
    m = np.full(len(eta), 1.0 if family.name == "poisson" else 5.0)
    return eta, np.repeat([0.0, 2.0, 5.0], len(ETA)), m


@pytest.mark.parametrize("family", FAMILIES, ids=NAMES)
def test_the_loglikelihood_is_that_of_the_distribution(family: Family) -> None:
    eta, y, m = rows(family)
    mean = family.mean(eta)
    if family.name == "poisson":
        expected = stats.poisson.logpmf(y, mean)
    else:
        expected = stats.binom.logpmf(y, m, mean)
    found = family.evaluate(eta, y, m).loglik.sum() + family.constant(y, m)
    assert found == pytest.approx(expected.sum(), rel=1e-9)


@pytest.mark.parametrize("family", FAMILIES, ids=NAMES)
def test_derivatives_are_those_of_differences(family: Family) -> None:
    eta, y, m = rows(family)
    step = 1e-5
    up, down = family.evaluate(eta + step, y, m), family.evaluate(eta - step, y, m)
    at = family.evaluate(eta, y, m)
    scale = 1.0 + np.abs(at.observed)
    assert np.abs((up.loglik - down.loglik) / (2 * step) - at.score).max() < 1e-6 * scale.max()
    assert (np.abs((down.score - up.score) / (2 * step) - at.observed) / scale).max() < 1e-6
    slope = (up.expected - down.expected) / (2 * step)
    assert (np.abs(slope - at.slope) / (1.0 + np.abs(at.slope))).max() < 1e-6


@pytest.mark.parametrize("family", FAMILIES, ids=NAMES)
def test_the_expected_weight_is_the_mean_of_the_observed(family: Family) -> None:
    eta = ETA
    m = np.full(len(eta), 1.0 if family.name == "poisson" else 3.0)
    mean, total = family.mean(eta), np.zeros(len(eta))
    for y in range(200 if family.name == "poisson" else 4):
        values = np.full(len(eta), float(y))
        if family.name == "poisson":
            chance = stats.poisson.pmf(y, mean)
        else:
            chance = stats.binom.pmf(y, m, mean)
        total += chance * family.evaluate(eta, values, m).observed
    expected = family.evaluate(eta, np.zeros(len(eta)), m).expected
    np.testing.assert_allclose(total, expected, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("family", FAMILIES, ids=NAMES)
def test_the_tails_stay_finite(family: Family) -> None:
    eta = np.array([-290.0, -40.0, 30.0, 250.0])
    for y in (0.0, 1.0):
        parts = family.evaluate(eta, np.full(4, y), np.ones(4))
        for values in (parts.score, parts.observed, parts.expected, parts.slope):
            assert np.isfinite(values).all()
        assert (parts.observed >= 0).all()


def test_the_mean_and_its_inverse_agree() -> None:
    eta = np.array([-3.0, -0.5, 0.7, 1.5])
    for family in FAMILIES:
        np.testing.assert_allclose(family.inverse(family.mean(eta)), eta, rtol=1e-10)


def test_unknown_families_and_links_are_refused() -> None:
    with pytest.raises(ArgumentError, match="family='gamma' is not known"):
        family_of("gamma", None)
    with pytest.raises(ArgumentError, match="link='log' is not known"):
        family_of("binomial", "log")
