"""The bootstrap of the likelihood-ratio test: both models on the same drawn responses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, ks_2samp

import alliance_stats as al
from alliance_stats.lmm.comparison.bootstrap_test import null_statistics
from alliance_stats.lmm.comparison.restricted import restricted
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.minimum import minimise
from alliance_stats.lmm.resampling.refits import Refit, refit_each
from alliance_stats.lmm.resampling.replicate import nested_products, with_response
from alliance_stats.lmm.resampling.responses import law_of
from alliance_stats.numeric.resample import spawn_generators

PAIRS = {
    "one variance": ("y ~ x + (1 | patient)", "y ~ x + (1 | patient) + (1 | therapist)"),
    "outer factor alone": ("y ~ x + (1 | therapist)", "y ~ x + (1 | patient) + (1 | therapist)"),
    "slope and factor": (
        "y ~ x + (1 | patient)",
        "y ~ x + (1 + x | patient) + (1 | therapist) + (1 | site)",
    ),
    "middle factor left out": (
        "y ~ x + (1 + x | patient) + (1 | site)",
        "y ~ x + (1 + x | patient) + (1 | therapist) + (1 | site)",
    ),
    "uncentred slope": ("y ~ w + (0 + x | patient)", "y ~ w + (1 + x | patient)"),
}
FIXED = ("y ~ w + (1 | patient)", "y ~ x + w + (1 + x | patient) + (1 | therapist)")


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(6)
    patient = np.repeat(np.arange(72), rng.integers(2, 8, 72))
    x, w = rng.normal(size=(2, len(patient)))
    x = x + 3
    y = 2 + x + rng.normal(size=72)[patient] + 0.5 * rng.normal(size=18)[patient // 4]
    y = y + rng.normal(size=len(patient))
    frame = pd.DataFrame({"y": y, "x": x, "w": w, "patient": patient})
    frame = frame.assign(therapist=patient // 4, site=patient // 12)
    return frame.sample(frac=1, random_state=1, ignore_index=True)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("name", [*PAIRS, "fixed effects too"])
def test_smaller_model_on_the_blocks_of_the_larger(
    name: str, reml: bool, frame: pd.DataFrame
) -> None:
    if name == "fixed effects too" and reml:
        pytest.skip("fits by REML of different fixed effects are not compared")
    formulas = PAIRS.get(name, FIXED)
    small, large = (fit_quietly(formula, frame, reml=reml) for formula in formulas)
    inside = restricted(small.criterion.design, large.criterion)
    own, there = small.criterion.design, inside.criterion.design
    k = own.y
    np.testing.assert_allclose(
        there.products.total[:k, :k], own.products.total[:k, :k], atol=1e-8 * own.n_obs
    )
    assert [len(level.labels) for level in there.levels] == [len(v.labels) for v in own.levels]
    # the smaller model's own response, its products formed from the larger one's groups
    other = large.criterion.design
    coefficients = np.zeros(other.y)
    coefficients[other.x] = np.linalg.solve(other.transform, other.least_squares)
    coefficients -= inside.columns[:, own.x] @ np.linalg.solve(own.transform, own.least_squares)
    grams = nested_products(large.criterion).grams
    along = np.einsum("abg,b->ag", grams[:-1, :-1], coefficients) + other.scale * grams[:-1, -1]
    along = inside.summed(along / own.scale)
    replicate = with_response(inside.criterion, along, float(own.products.total[-1, -1]))
    theta = small.minimum.theta + 0.2
    assert replicate.criterion.profile(theta).deviance == pytest.approx(
        small.criterion.profile(theta).deviance, rel=1e-9
    )


@pytest.mark.parametrize("name", PAIRS)
def test_statistics_of_drawn_responses_are_those_of_rows(name: str, frame: pd.DataFrame) -> None:
    small, large = (fit_quietly(formula, frame) for formula in PAIRS[name])
    ours = null_statistics(small, large, n=80, rng=3)
    rows = small.simulate(frame, n=80, rng=4)
    theirs = []
    for _, y in rows.items():
        fits = [fit_quietly(formula, frame.assign(y=y)) for formula in PAIRS[name]]
        theirs.append(2 * (fits[1].loglik - fits[0].loglik))
    assert (ours >= 0).all()
    one, other = (np.maximum(np.round(values, 5), 0) for values in (ours, np.array(theirs)))
    assert ks_2samp(one, other).pvalue > 0.001


def test_p_value_counts_the_observed_statistic(frame: pd.DataFrame) -> None:
    fits = [fit_quietly(formula, frame) for formula in PAIRS["slope and factor"]]
    row = al.compare_models(*fits, bootstrap=49, rng=1).table.iloc[1]
    drawn = null_statistics(*fits, n=49, rng=spawn_generators(1, 2)[1])
    assert row["p_value"] == pytest.approx((1 + (drawn >= row["statistic"]).sum()) / 50)
    assert row["reference"] == "parametric bootstrap, 49 draws"
    assert row["df"] == 4


def test_fixed_effects_too(frame: pd.DataFrame) -> None:
    fits = [fit_quietly(formula, frame, reml=False) for formula in FIXED]
    row = al.compare_models(*fits, bootstrap=99, rng=1).table.iloc[1]
    assert row["p_value"] == 0.01  # x has an effect of 1: no draw comes near
    assert row["df"] == 4


def test_search_from_the_fit_ends_where_a_fresh_one_does(frame: pd.DataFrame) -> None:
    fits = [fit_quietly(formula, frame) for formula in PAIRS["slope and factor"]]
    law = law_of(fits[1].criterion, fits[1].profile)
    replicates = [with_response(fits[1].criterion, *law.draw(g)) for g in spawn_generators(5, 60)]
    kept: dict[int, Refit | None] = {}
    refit_each(
        fits[1].criterion,
        fits[1].minimum.theta,
        lambda number: replicates[number],
        kept.__setitem__,
        n=60,
    )
    for number, replicate in enumerate(replicates):
        found = kept[number]
        assert found is not None
        fresh = minimise(replicate.criterion)
        assert found.minimum.deviance == pytest.approx(fresh.deviance, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("r", "formulas"),
    [
        (0, ("y ~ x + (1 | patient)", "y ~ x + (1 | patient) + (1 | therapist)")),
        (1, ("y ~ x + (1 | patient)", "y ~ x + (1 + x | patient)")),
    ],
)
def test_boundary_test_keeps_its_level(r: int, formulas: tuple[str, str]) -> None:
    """Many groups under the null: the mixture rejects at its level, the plain χ² too rarely."""
    rng = np.random.default_rng(1)
    patient = np.repeat(np.arange(400), 5)
    x, noise = rng.normal(size=(2, 2000))
    frame = pd.DataFrame({"x": x, "patient": patient, "therapist": patient // 4})
    frame["y"] = x + rng.normal(size=400)[patient] + noise
    fits = [fit_quietly(formula, frame) for formula in formulas]
    drawn = null_statistics(*fits, n=2000, rng=2)
    lower = chi2.sf(drawn, r) if r else (drawn <= 0).astype(float)
    p = (lower + chi2.sf(drawn, r + 1)) / 2
    for level in (0.01, 0.05, 0.10):
        assert abs((p < level).mean() - level) < 3 * np.sqrt(level * (1 - level) / 2000)
    assert (chi2.sf(drawn, r + 1) < 0.05).mean() < 0.05 - 3 * np.sqrt(0.05 * 0.95 / 2000) * (r == 0)
