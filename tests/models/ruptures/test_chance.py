"""Counts by chance: the trial with sixteen sessions, the matched null, the test of the excess."""

from __future__ import annotations

import numpy as np
import pytest

from alliance_stats.models.ruptures.analysis import Analysis, analyse
from alliance_stats.models.ruptures.chance import counts_of, measures_of, p_values
from alliance_stats.models.ruptures.latent import cut_moments, latent_moments, spread_factor
from alliance_stats.models.ruptures.null import estimate_null
from alliance_stats.models.ruptures.rule import Rule
from alliance_stats.models.ruptures.series import Series
from alliance_stats.models.ruptures.simulate import Scale, autoregression

NO_ENDS = Scale(-np.inf, np.inf, None)


def stationary(
    rng: np.random.Generator, n_patients: int, rho: float, n_sessions: int = 16
) -> Series:
    y = 50 + 6 * autoregression(rng.normal(size=(n_sessions, n_patients, 1)), rho)
    return Series(y, np.ones((n_sessions, n_patients), dtype=bool))


def run(series: Series, rule: Rule, simulations: int = 199, **options: object) -> Analysis:
    usual = {"scale": NO_ENDS, "reliability": 1.0, "rng": np.random.default_rng(1)}
    settings = {**usual, **options}
    return analyse(series, rule, simulations=simulations, **settings)  # type: ignore[arg-type]


def test_sixteen_stationary_sessions(rng: np.random.Generator) -> None:
    """3.2 to 3.8 "ruptures" a patient, in more than 99% of patients, half "repaired"."""
    rule = Rule("criterion", 1.0)
    measures = measures_of(counts_of(stationary(rng, 20_000, 0.0), rule, np.zeros(1)))[:, 0]
    assert 3.2 <= measures[0] / 20_000 <= 3.8
    assert measures[4] / 20_000 > 0.99
    assert 0.4 <= measures[5] <= 0.6


@pytest.mark.parametrize("rho", [-0.3, 0.0, 0.6])
def test_the_match_undoes_the_bias_of_short_series(rng: np.random.Generator, rho: float) -> None:
    series = stationary(rng, 1500, rho, 10)
    null = estimate_null(
        series, Rule(), scale=NO_ENDS, reliability=1.0, rng=np.random.default_rng(2)
    )
    assert null.autocorrelation < rho
    assert null.rho == pytest.approx(rho, abs=0.04)


def test_reliability_and_gaps_are_undone_too(rng: np.random.Generator) -> None:
    y = 50 + 6 * (
        np.sqrt(0.7) * autoregression(rng.normal(size=(14, 2000, 1)), 0.6)
        + np.sqrt(0.3) * rng.normal(size=(14, 2000, 1))
    )
    seen = rng.random((14, 2000)) > 0.2
    seen[0] = True
    y[~seen] = np.nan
    null = estimate_null(
        Series(y, seen), Rule(), scale=NO_ENDS, reliability=0.7, rng=np.random.default_rng(2)
    )
    assert null.rho == pytest.approx(0.6, abs=0.05)


def test_an_autocorrelation_out_of_reach(rng: np.random.Generator) -> None:
    null = estimate_null(
        stationary(rng, 300, 0.9), Rule(), scale=NO_ENDS, reliability=0.3,
        rng=np.random.default_rng(2),
    )  # fmt: skip
    assert not null.matched


def test_moments_of_cut_ratings(rng: np.random.Generator) -> None:
    """Closed forms equal a large sample, and levels found give the moments back."""
    scale = Scale(12.0, 84.0, None)
    level, sigma = np.array([80.0, 50.0, 15.0, 90.0]), np.array([8.0, 30.0, 5.0, 12.0])
    mean, sd = cut_moments(level, sigma, scale)
    drawn = np.clip(level + sigma * rng.normal(size=(400_000, 4)), 12, 84)
    np.testing.assert_allclose(mean, drawn.mean(axis=0), atol=0.15)
    np.testing.assert_allclose(sd, drawn.std(axis=0), rtol=0.01)
    back = cut_moments(*latent_moments(mean, sd, scale), scale)
    np.testing.assert_allclose(back[0], mean, atol=0.02)
    np.testing.assert_allclose(back[1], sd, rtol=0.01)


@pytest.mark.parametrize(("rho", "reliability"), [(0.5, 1.0), (-0.4, 1.0), (0.5, 0.6)])
def test_the_factor_of_the_spread(rho: float, reliability: float) -> None:
    """E[s²]/σ² by the covariance matrix of the ratings, written out."""
    seen = np.ones((9, 1), dtype=bool)
    seen[3] = False
    at = np.flatnonzero(seen[:, 0])
    apart = np.abs(at[:, None] - at)
    v = np.where(apart == 0, 1.0, reliability * np.sign(rho) ** apart * np.abs(rho) ** apart)
    centre = np.eye(8) - 1 / 8
    expected = np.trace(centre @ v) / 7
    found = spread_factor(Series(np.zeros((9, 1, 1)), seen), rho, reliability)
    assert found[0] == pytest.approx(expected)


@pytest.mark.parametrize("sd", ["pooled", 5.0])
def test_other_standard_deviations_keep_mean_and_spread(
    rng: np.random.Generator, sd: str | float
) -> None:
    """Where the SD is not the patient's own, simulated patients have theirs in every study."""
    series = stationary(rng, 20, 0.3)
    rule = Rule("criterion", 1.0, sd=sd)  # type: ignore[arg-type]
    null = estimate_null(series, rule, scale=NO_ENDS, reliability=1.0, rng=np.random.default_rng(2))
    drawn = null.studies(np.random.default_rng(3), 5)
    np.testing.assert_allclose(drawn.mean, np.broadcast_to(series.mean, (20, 5)), rtol=1e-9)
    np.testing.assert_allclose(drawn.sd, np.broadcast_to(series.sd, (20, 5)), rtol=1e-9)


def test_p_values_by_hand() -> None:
    excess = np.array([[3.0, 1.0, 0.0, -1.0], [np.nan, 1.0, 0.0, -1.0]])
    assert p_values(excess, np.array([1.0, 5.0])).tolist() == [3 / 5, 1 / 4]
    assert np.isnan(p_values(excess, np.array([1.0, np.nan]))[1])


@pytest.mark.parametrize("name", ["criterion", "control_chart", "regression"])
def test_planted_ruptures_are_found_in_excess(rng: np.random.Generator, name: str) -> None:
    """One sudden fall in half of the patients, in ratings that are else quiet."""
    series = stationary(rng, 60, 0.2, 24)
    y = series.y.copy()
    y[10, ::2] -= 40
    # the fall widens the patient's own SD, so that small falls become rarer than by chance
    rule = Rule(name, 3.5 if name == "criterion" else 2.5)  # type: ignore[arg-type]
    found = run(Series(y, series.seen), rule)
    assert found.p_values[0] <= 0.01
    assert run(series, rule).p_values[0] > 0.01


def test_chunks_do_not_change_the_law_and_seeds_repeat(rng: np.random.Generator) -> None:
    series = stationary(rng, 30, 0.3)
    first, again = (run(series, Rule()) for _ in range(2))
    assert (first.chance.patients == again.chance.patients).all()
    other = run(series, Rule(), rng=np.random.default_rng(9))
    assert other.chance.expected[0] == pytest.approx(first.chance.expected[0], rel=0.05)


def test_few_rejections_without_ruptures() -> None:
    """60 studies of 30 patients; the long run is in benchmarks/calibrate_ruptures.py."""
    p = []
    for seed in range(60):
        rng = np.random.default_rng([11, seed])
        p.append(run(stationary(rng, 30, 0.4), Rule(), 99, rng=rng).p_values[0])
    assert 0.0 < np.mean(np.array(p) <= 0.2) < 0.36
