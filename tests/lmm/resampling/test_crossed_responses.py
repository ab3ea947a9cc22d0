"""Drawn cross-products of crossed factors: exact laws, and refits beside those of drawn rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.resampling.crossed_responses import crossed_law_of, with_products
from alliance_stats.lmm.result import MixedModelResult

FORMULAS = {
    "intercepts": "y ~ x + (1 | patient) + (1 | rater)",
    "slopes": "y ~ x + (1 + x | patient) + (1 + w | rater)",
    "three": "y ~ x + (1 | patient) + (1 | rater) + (1 | clinic)",
}


def make_frame() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    n = 170
    patient, rater, clinic = rng.integers(0, [[24], [6], [4]], (3, n))
    x, w = rng.normal(size=(2, n))
    y = x + rng.normal(size=24)[patient] + rng.normal(size=6)[rater] * (1 + w)
    y = y + rng.normal(size=24)[patient] * x + rng.normal(size=4)[clinic] + rng.normal(size=n)
    columns = {"y": y, "x": x, "w": w, "patient": patient, "rater": rater, "clinic": clinic}
    return pd.DataFrame(columns)


def rows_of(fit: MixedModelResult) -> tuple[np.ndarray, np.ndarray]:
    """Naive: the columns [Z₁, Z_R, X] (n, …) in the law's order, and V/σ²."""
    frame, design = make_frame(), fit.criterion.design
    known = {"(Intercept)": np.ones(len(frame)), **{c: frame[c].to_numpy() for c in ("x", "w")}}
    x = np.array([known[name] for name in design.names]).T @ design.transform
    parts, v = [], np.eye(len(frame))
    for level, factor in zip(
        design.levels, fit.criterion.by_level(fit.profile.factors), strict=True
    ):
        block = level.blocks[0]
        z = np.array([known[name] for name in block.names]).T @ block.transform
        member = frame[level.name].to_numpy()[:, None] == np.asarray(level.labels)
        wide = z[:, :, None] * member[:, None]  # (n, q, G)
        flat = wide.transpose(0, 2, 1) if not parts else wide
        parts.append(flat.reshape(len(frame), -1))
        half = np.einsum("nqg,qr->nrg", wide, factor).reshape(len(frame), -1)
        v += half @ half.T
    return np.concatenate([*parts, x], axis=1), v


@pytest.mark.parametrize("name", FORMULAS)
def test_products_and_degrees_are_those_of_rows(name: str) -> None:
    fit = fit_quietly(FORMULAS[name], make_frame())
    law = crossed_law_of(fit.criterion, fit.profile)
    columns, _ = rows_of(fit)
    n = law.links.shape[0]
    joint = columns.T @ columns
    np.testing.assert_allclose(law.links, joint[:n, n:], atol=1e-9)
    np.testing.assert_allclose(law.rest_gram, joint[n:, n:], atol=1e-9)
    assert law.rest == len(columns) - np.linalg.matrix_rank(columns)
    d = law.rest_roots.root
    np.testing.assert_allclose(d @ d.T + law.lift.T @ law.lift, law.rest_gram, atol=1e-8)


@pytest.mark.parametrize("name", FORMULAS)
def test_quadratic_forms_have_their_exact_laws(name: str) -> None:
    fit = fit_quietly(FORMULAS[name], make_frame())
    law = crossed_law_of(fit.criterion, fit.profile)
    design, sigma2 = fit.criterion.design, fit.profile.sigma2
    factors = fit.criterion.by_level(fit.profile.factors)
    truth = fit.criterion.residual_weights(fit.profile)
    weighted, profiled, beta = [], [], []
    rng = np.random.default_rng(2)
    for _ in range(600):
        criterion = with_products(fit.criterion, law.draw(rng)).criterion
        top = criterion.design.products.eliminate(factors).top
        weighted.append(truth @ top @ truth / sigma2)
        x, y = design.x, design.y
        found = np.linalg.solve(top[x[:, None], x], top[x, y])
        beta.append(found)
        profiled.append((top[y, y] - top[y, x] @ found) / sigma2)
    n, p = design.n_obs, len(design.x)
    assert stats.kstest(weighted, stats.chi2(n).cdf).pvalue > 0.001
    assert stats.kstest(profiled, stats.chi2(n - p).cdf).pvalue > 0.001
    sd = np.sqrt(sigma2 * np.diag(fit.profile.unscaled))
    z = (np.array(beta) - fit.profile.beta) / sd
    for column in z.T:
        assert stats.kstest(column, stats.norm.cdf).pvalue > 0.001


@pytest.mark.parametrize("name", ["intercepts", "slopes"])
def test_refits_are_distributed_as_refits_of_simulated_rows(name: str) -> None:
    frame = make_frame()
    fit = fit_quietly(FORMULAS[name], frame)
    ours = fit.bootstrap(100, rng=1)
    assert ours.n_failed == 0
    rows = fit.simulate(frame, n=100, rng=2)
    fits = [fit_quietly(FORMULAS[name], frame.assign(y=y)) for _, y in rows.items()]
    for column in ours.draws.columns:
        if column.startswith("cor_"):
            continue
        if column == "sigma":
            theirs = [f.sigma for f in fits]
        elif column.startswith("sd_"):
            effect, group = column[3:].split("|")
            theirs = [np.sqrt(f.covariances[group].loc[effect, effect]) for f in fits]
        else:
            theirs = [f.beta[column] for f in fits]
        assert stats.ks_2samp(ours.draws[column], theirs).pvalue > 0.001, column
