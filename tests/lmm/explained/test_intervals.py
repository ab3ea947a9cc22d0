"""Bootstrap intervals of explained variance beside plain loops of fresh fits; coverage."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.resampling.clusters import clusters_of
from alliance_stats.lmm.resampling.draws import cluster_counts, parametric_draws
from alliance_stats.lmm.result import MixedModelResult

FORMULAS = {
    "two levels": "y ~ xw + xb + (1 + xw | patient)",
    "three levels": "y ~ xw + xb + w + (1 + xw | patient) + (1 + w | therapist)",
    "two blocks": "y ~ xw + xb + (1 | patient) + (0 + xw | patient)",
    "uncentred": "y ~ x + w + (1 + x | patient) + (1 | therapist)",
}
CROSSED = "y ~ xw + xb + (1 + xw | patient) + (1 | rater)"
N = 12


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(8)
    patient = np.repeat(np.arange(60), rng.integers(3, 9, 60))
    n = len(patient)
    x = rng.normal(size=60)[patient] + rng.normal(size=n)
    w = rng.normal(size=n)
    y = x + rng.normal(size=60)[patient] * (1 + 0.6 * x) + 0.7 * rng.normal(size=15)[patient // 4]
    frame = pd.DataFrame({"y": y + rng.normal(size=n), "x": x, "w": w, "patient": patient})
    mean = frame.groupby("patient")["x"].transform("mean")
    frame = frame.assign(xw=x - mean, xb=mean, therapist=patient // 4, rater=rng.integers(0, 6, n))
    frame["weight"] = rng.uniform(0.2, 3.0, n)
    return frame.sample(frac=1, random_state=2, ignore_index=True)


def drawn_again(fit: MixedModelResult, frame: pd.DataFrame, counts: np.ndarray) -> pd.DataFrame:
    """Rows of the groups of the highest factor, each a new group every time it was drawn."""
    top = fit.criterion.design.levels[-1]
    parts, new = [], 0
    for label, count in zip(top.labels, counts, strict=True):
        for _ in range(count):
            part = frame[frame[top.name] == label]
            names = {name: part[name].astype(str) + f".{new}" for name in ("patient", "therapist")}
            parts.append(part.assign(**names))
            new += 1
    return pd.concat(parts, ignore_index=True)


def compare(found: al.lmm.BootstrapResult, expected: list[pd.DataFrame], tol: Any) -> None:
    """Draws beside tables of fresh fits, which leave out slopes that do not vary."""
    for (_, ours), table in zip(found.draws.iterrows(), expected, strict=True):
        theirs = table.set_index(table["term"] + "|" + table["unit"])["estimate"]
        left_out = ours.index.difference(theirs.index)
        assert (ours[left_out].abs() < 1e-12).all()  # zero but for rounding
        kept = ours.drop(left_out)
        np.testing.assert_allclose(
            kept, theirs[kept.index], rtol=2 * tol.variance, atol=2 * tol.variance
        )


@pytest.mark.parametrize("weights", [None, "weight"])
@pytest.mark.parametrize("name", FORMULAS)
def test_clusters_equal_fresh_fits_of_their_rows(
    name: str, weights: str | None, frame: pd.DataFrame, tol: SimpleNamespace
) -> None:
    fit = fit_quietly(FORMULAS[name], frame, weights=weights)
    counts = cluster_counts(clusters_of(fit.criterion), N, 3)
    fresh = [
        fit_quietly(FORMULAS[name], drawn_again(fit, frame, one), weights=weights) for one in counts
    ]
    explained = fit.r2(bootstrap=N, kind="cluster", rng=3).bootstrap
    shares = fit.variance_shares(before="null", bootstrap=N, kind="cluster", rng=3).bootstrap
    assert explained is not None
    assert shares is not None
    compare(explained, [f.r2().tidy() for f in fresh], tol)
    kept = [f.variance_shares(before="null").tidy().set_index(["term", "unit"]) for f in fresh]
    pairs = [tuple(column.split("|")) for column in shares.draws]
    for column, pair in zip(shares.draws, pairs, strict=True):
        theirs = np.array([table["estimate"][pair] for table in kept])
        ours = shares.draws[column].to_numpy()
        near = np.abs(ours) < 3  # a ratio to a variance near zero has no digits
        np.testing.assert_allclose(ours[near], theirs[near], rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("name", [*FORMULAS, "crossed"])
def test_parametric_draws_equal_the_measures_of_every_refit(
    name: str, frame: pd.DataFrame, tol: SimpleNamespace
) -> None:
    formula = FORMULAS.get(name, CROSSED)
    fit = fit_quietly(formula, frame)
    draw = parametric_draws(fit, N, 5)
    tables = []
    for number in range(N):
        criterion = draw(number).criterion
        fresh = MixedModelResult(formula, criterion, al.lmm.minimise(criterion))
        tables.append(fresh.r2().tidy())
    explained = fit.r2(bootstrap=N, rng=5).bootstrap
    assert explained is not None
    compare(explained, tables, tol)
    shares = fit.variance_shares(before="null", bootstrap=4, rng=5)
    assert shares.bootstrap is not None
    np.testing.assert_allclose(
        shares.bootstrap.draws.filter(like="share|").sum(axis=1), 1, rtol=1e-12
    )


def test_null_models_are_fitted_to_the_drawn_responses(frame: pd.DataFrame) -> None:
    """Their variances have the mean that null models of simulated rows have."""
    fit = fit_quietly("y ~ x + (1 | patient)", frame)
    ours = fit.variance_shares(before="null", bootstrap=200, rng=1).bootstrap
    assert ours is not None
    simulated = fit.simulate(frame, n=200, rng=2)
    null = [fit_quietly("y ~ 1 + (1 | patient)", frame.assign(y=y)) for _, y in simulated.items()]
    theirs = np.array([f.sigma2 for f in null])
    drawn = ours.draws["variance_before|residual"]
    error = np.hypot(drawn.std(), theirs.std()) / np.sqrt(200)
    assert abs(drawn.mean() - theirs.mean()) < 4 * error


def test_tables_have_the_intervals(frame: pd.DataFrame) -> None:
    fit = fit_quietly(FORMULAS["two levels"], frame)
    for found in (fit.r2(bootstrap=60, rng=1), fit.variance_shares(bootstrap=60, rng=1)):
        table, drawn = found.tidy(conf_level=0.8), found.bootstrap
        assert drawn is not None
        expected = drawn.confint(conf_level=0.8)
        np.testing.assert_array_equal(table["ci_low"], expected["ci_low"])
        np.testing.assert_array_equal(table["ci_high"], expected["ci_high"])
        np.testing.assert_allclose(table["bias"], drawn.draws.mean() - drawn.estimates)
        np.testing.assert_allclose(table["se"], drawn.draws.std())
        basic = found.tidy(conf_level=0.8, kind="basic")
        np.testing.assert_allclose(
            basic["ci_low"], 2 * table["estimate"] - table["ci_high"], equal_nan=True
        )
        assert "95% CI" in repr(found)
        assert "95% CI" in found._repr_html_()
        assert found.view().notes == ("Percentile intervals of a parametric bootstrap, 60 draws.",)
    plain = fit.r2()
    assert plain.bootstrap is None
    assert plain.tidy()[["se", "ci_low", "ci_high", "bias"]].isna().all(axis=None)


def test_estimates_do_not_depend_on_the_bootstrap(frame: pd.DataFrame) -> None:
    fit = fit_quietly(FORMULAS["three levels"], frame)
    with_draws = fit.r2(bootstrap=5, rng=1).tidy()["estimate"]
    np.testing.assert_array_equal(with_draws, fit.r2().tidy()["estimate"])
    first = fit.r2(bootstrap=3, rng=1).bootstrap
    more = fit.r2(bootstrap=5, rng=1).bootstrap
    assert first is not None
    assert more is not None
    np.testing.assert_allclose(first.draws, more.draws.iloc[:3], rtol=1e-9)


def test_refusals(frame: pd.DataFrame) -> None:
    fit = fit_quietly(FORMULAS["two levels"], frame)
    for method in (fit.r2, fit.variance_shares):
        with pytest.raises(al.ArgumentError, match="Give rng=1"):
            method(bootstrap=50)
        with pytest.raises(al.ArgumentError, match="rng is given but bootstrap is not"):
            method(rng=1)
        with pytest.raises(al.ArgumentError, match="kind is given but bootstrap is not"):
            method(kind="cluster")
        with pytest.raises(al.ArgumentError, match="bootstrap=1 is no number of draws"):
            method(bootstrap=1, rng=1)
        with pytest.raises(al.ArgumentError, match="kind"):
            method(bootstrap=9, rng=1, kind="rows")
        with pytest.raises(al.ArgumentError, match="conf_level=0.9 is of bootstrap intervals"):
            method().tidy(conf_level=0.9)
        with pytest.raises(al.ArgumentError, match="kind='basic' is of bootstrap intervals"):
            method().tidy(kind="basic")
    other = fit_quietly("y ~ w + (1 | patient)", frame)
    with pytest.raises(al.UnsupportedError, match="before='null'"):
        fit.variance_shares(before=other, bootstrap=9, rng=1)


def test_a_singular_fit_has_intervals(frame: pd.DataFrame) -> None:
    rng = np.random.default_rng(3)
    flat = frame.assign(y=frame["xw"] + rng.normal(size=len(frame)))
    fit = fit_quietly(FORMULAS["two levels"], flat)
    assert fit.singular
    for kind in ("parametric", "cluster"):
        table = fit.r2(bootstrap=50, rng=1, kind=kind).tidy()
        assert table["ci_low"].notna().all()
        assert (table["ci_low"] >= 0).all()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["parametric", "cluster"])
def test_coverage(kind: Any) -> None:
    """80 patients, 8 sessions, predictors redrawn: percentile intervals cover at their level."""
    within, between, slopes, means, residual = 0.25, 0.25, 0.09, 1.0, 1.0
    total = within + between + slopes + means + residual
    truth = {
        "marginal|total": (within + between) / total,
        "conditional|total": 1 - residual / total,
        "fixed within patient|within patient": within / (within + slopes + residual),
        "fixed between patients|between patients": between / (between + means),
    }
    hits = np.zeros((400, len(truth)))
    for number in range(len(hits)):
        rng = np.random.default_rng(number)
        patient = np.repeat(np.arange(80), 8)
        x = rng.normal(size=(80, 8))
        x = ((x - x.mean(axis=1, keepdims=True)) * np.sqrt(8 / 7)).ravel()
        b, effect, slope = rng.normal(size=(3, 80))[:, patient]
        y = 0.5 * x + 0.5 * b + effect + 0.3 * slope * x + rng.normal(size=640)
        rows = pd.DataFrame({"y": y, "xw": x, "xb": b, "patient": patient})
        fit = fit_quietly(FORMULAS["two levels"], rows)
        drawn = fit.r2(bootstrap=400, kind=kind, rng=number).bootstrap
        assert drawn is not None
        table = drawn.confint().set_index("term").loc[list(truth)]
        value = np.array(list(truth.values()))
        hits[number] = (table["ci_low"] <= value) & (value <= table["ci_high"])
    error = np.sqrt(0.05 * 0.95 / len(hits))
    assert np.abs(hits.mean(axis=0) - 0.95).max() < 0.016 + 3 * error
