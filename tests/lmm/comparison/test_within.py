"""The bootstrap test of crossed factors: the smaller model in the larger one's products."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2, ks_2samp, kstest

import alliance_stats as al
from alliance_stats.lmm.comparison.bootstrap_test import null_statistics
from alliance_stats.lmm.comparison.within import within
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.minimum import minimise
from alliance_stats.lmm.resampling.crossed_responses import ResponseProducts, with_products
from alliance_stats.lmm.result import MixedModelResult

PAIRS = {
    "nested in crossed": ("y ~ x + (1 | patient)", "y ~ x + (1 | patient) + (1 | rater)"),
    "largest factor added": ("y ~ x + (1 | rater)", "y ~ x + (1 | patient) + (1 | rater)"),
    "slopes": (
        "y ~ x + (1 | patient) + (1 | rater)",
        "y ~ x + (1 + x | patient) + (1 + w | rater)",
    ),
    "two in three": (
        "y ~ x + (1 + w | rater) + (1 | site)",
        "y ~ x + (1 | patient) + (1 + w | rater) + (1 | site)",
    ),
    "two nested in three": (
        "y ~ x + (1 | patient) + (1 + w | site)",
        "y ~ x + (1 | patient) + (1 + w | site) + (1 | rater)",
    ),
    "blocks": (
        "y ~ w + (0 + x | patient) + (1 | rater)",
        "y ~ w + (1 + x | patient) + (1 | rater) + (0 + w | rater)",
    ),
    "interaction": (
        "y ~ x + (1 | patient) + (1 | site:rater)",
        "y ~ x + (1 + x | patient) + (1 | rater:site)",
    ),
}
FIXED = ("y ~ w + (1 | patient) + (1 | rater)", "y ~ x * w + (1 | patient) + (1 | rater)")


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(9)
    n = 230
    patient, rater = rng.integers(0, [[28], [5]], (2, n))
    x, w = rng.normal(size=(2, n))
    y = 1 + x + rng.normal(size=28)[patient] + 0.5 * rng.normal(size=5)[rater]
    y = y + rng.normal(size=n)
    columns = {"y": y, "x": x + 2, "w": w, "rater": [f"r{k}" for k in rater]}
    return pd.DataFrame({**columns, "patient": patient, "site": patient // 7})


def pair(name: str, frame: pd.DataFrame) -> tuple[MixedModelResult, MixedModelResult]:
    formulas, reml = PAIRS.get(name, FIXED), name in PAIRS
    small, large = (fit_quietly(formula, frame, reml=reml) for formula in formulas)
    return small, large


def products_of_rows(fit: MixedModelResult, frame: pd.DataFrame, y: np.ndarray) -> ResponseProducts:
    """Naive: X'y and Z_l'y row by row."""
    known = {"(Intercept)": np.ones(len(frame)), "x": frame["x"], "w": frame["w"]}
    known["x:w"] = frame["x"] * frame["w"]
    design, effects = fit.criterion.design, []
    for level in design.levels:
        columns = level.name.split(":")
        keys = frame[columns].apply(tuple, axis=1) if len(columns) > 1 else frame[columns[0]]
        member = np.array([[label == key for key in keys] for label in level.labels.tolist()])
        rows = np.zeros((len(level.z), len(frame)))
        for block in level.blocks:
            rows[block.columns] = block.transform.T @ np.array([known[k] for k in block.names])
        effects.append((rows * y) @ member.T)
    x = np.array([known[name] for name in design.names])
    return ResponseProducts(effects, design.transform.T @ x @ y, float(y @ y))


def loglik(criterion: Criterion, found: ResponseProducts) -> float:
    """At the optimum, of a response given by its products."""
    deviance = minimise(with_products(criterion, found).criterion).deviance
    return -0.5 * (deviance + 2 * criterion.design.log_scales * criterion.reml)


@pytest.mark.parametrize("name", [*PAIRS, "fixed effects"])
def test_same_responses_same_products_and_likelihoods(name: str, frame: pd.DataFrame) -> None:
    small, large = pair(name, frame)
    inside = within(small.criterion.design, large.criterion.design)
    y = small.simulate(frame, n=1, rng=3)["sim_1"].to_numpy()
    whole = products_of_rows(large, frame, y)
    ours, theirs = inside.products(whole), products_of_rows(small, frame, y)
    scale = np.sqrt(len(y)) * np.linalg.norm(y)
    np.testing.assert_allclose(ours.fixed, theirs.fixed, atol=1e-12 * scale)
    for one, other in zip(ours.effects, theirs.effects, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-12 * scale)
    assert ours.square == theirs.square
    for fit, found in ((small, ours), (large, whole)):
        fresh = fit_quietly(fit.formula, frame.assign(y=y), reml=fit.reml)
        assert loglik(fit.criterion, found) == pytest.approx(fresh.loglik, rel=1e-10, abs=1e-6)


@pytest.mark.parametrize("name", [*PAIRS, "fixed effects"])
def test_drawn_responses_have_the_law_of_the_smaller_model(name: str, frame: pd.DataFrame) -> None:
    """(y − Xβ)'V⁻¹(y − Xβ)/σ² is χ²(n), and estimates of β are normal about it."""
    small, large = pair(name, frame)
    inside = within(small.criterion.design, large.criterion.design)
    law = inside.law(small.criterion, small.profile, large.criterion)
    factors = small.criterion.by_level(small.profile.factors)
    truth = small.criterion.residual_weights(small.profile)
    x, y, sigma2 = small.criterion.design.x, small.criterion.design.y, small.profile.sigma2
    rng, weighted, beta = np.random.default_rng(4), [], []
    for _ in range(300):
        drawn = with_products(small.criterion, inside.products(law.draw(rng))).criterion
        top = drawn.design.products.eliminate(factors).top
        weighted.append(truth @ top @ truth / sigma2)
        beta.append(np.linalg.solve(top[x[:, None], x], top[x, y]))
    assert kstest(weighted, chi2(small.n_obs).cdf).pvalue > 0.001
    z = (np.array(beta) - small.profile.beta) / np.sqrt(sigma2 * np.diag(small.profile.unscaled))
    for column in z.T:
        assert kstest(column, "norm").pvalue > 0.001


@pytest.mark.parametrize("name", ["nested in crossed", "slopes", "fixed effects"])
def test_statistics_are_those_of_simulated_rows(name: str, frame: pd.DataFrame) -> None:
    small, large = pair(name, frame)
    ours = null_statistics(small, large, n=80, rng=3)
    rows, theirs = small.simulate(frame, n=80, rng=4), []
    for _, y in rows.items():
        drawn = frame.assign(y=y)
        fits = [fit_quietly(fit.formula, drawn, reml=fit.reml) for fit in (small, large)]
        theirs.append(2 * (fits[1].loglik - fits[0].loglik))
    assert (ours >= 0).all()
    one, other = (np.maximum(np.round(values, 5), 0) for values in (ours, np.array(theirs)))
    assert ks_2samp(one, other).pvalue > 0.001


def test_through_the_door(frame: pd.DataFrame) -> None:
    fits = pair("largest factor added", frame)
    row = al.compare_models(*fits, bootstrap=19, rng=1).table.iloc[1]
    assert row["p_value"] == 0.05  # patients differ: no draw comes near
    assert row["reference"] == "parametric bootstrap, 19 draws"
    again = al.compare_models(*fits[::-1], bootstrap=19, rng=1).table.iloc[1]
    assert again["statistic"] == row["statistic"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["nested in crossed", "fixed effects"])
def test_the_test_keeps_its_level(name: str, frame: pd.DataFrame) -> None:
    """200 responses of the smaller model, 39 draws for each; with 5 raters χ² laws are rough."""
    small, _ = pair(name, frame)
    formulas, reml = PAIRS.get(name, FIXED), name in PAIRS
    p = []
    for number, y in enumerate(small.simulate(frame, n=200, rng=11).to_numpy().T):
        rows = frame.assign(y=y)
        fits = [fit_quietly(formula, rows, reml=reml) for formula in formulas]
        found = al.compare_models(*fits, bootstrap=39, rng=number)
        p.append(found.table["p_value"].iloc[1])
    for level in (0.05, 0.10):
        rejected = float((np.array(p) <= level).mean())
        assert abs(rejected - level) < 3 * np.sqrt(level * (1 - level) / 200)
