"""What a multilevel meta-analysis answers: tests, tables, view, invariance, recovery."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError, DataError, UnsupportedError
from alliance_stats.meta.multilevel.deletion import without_groups
from alliance_stats.meta.multilevel.result import MultilevelMetaResult
from tests.conftest import REFERENCE, TOL
from tests.meta.multilevel.designs import dense_parts, effects

FOLDER = REFERENCE / "meta_multilevel"


@pytest.fixture(scope="module")
def result() -> MultilevelMetaResult:
    return al.fit_meta_multilevel(effects(), rho=0.6, mods="x")


@pytest.fixture(scope="module")
def mean() -> MultilevelMetaResult:
    frame = effects().assign(yi=lambda d: np.tanh(d["yi"]))
    return al.fit_meta_multilevel(frame, rho=0.6, measure="ZCOR")


def test_tests_by_hand(result: MultilevelMetaResult) -> None:
    z, t, robust = (result.tidy(test=test) for test in ("z", "t", "CR2"))
    assert np.isinf(z["df"]).all()
    assert (t["df"] == result.studies.k - 2).all()
    np.testing.assert_allclose(z["se"], np.sqrt(np.diag(result.covariance)))
    pd.testing.assert_frame_equal(robust, result.tidy())
    assert (robust["df"] < 20).all()
    joint = result.moderator_test(test="t")
    np.testing.assert_allclose(joint["statistic"], t["statistic"].iloc[1] ** 2)
    np.testing.assert_allclose(joint["p_value"], t["p_value"].iloc[1])
    one = result.moderator_test()
    np.testing.assert_allclose(one["p_value"], robust["p_value"].iloc[1])


def test_cr2_by_definition(mean: MultilevelMetaResult) -> None:
    """Clusters one by one, with the symmetric root of the adjusted matrix."""
    layout, point = mean.layout, mean.point
    v, directions = dense_parts(layout)
    m = v + sum(t * q for t, q in zip(point.natural, directions, strict=True))
    x, w = mean.studies.x[layout.order], np.linalg.inv(m)
    bread = np.linalg.inv(x.T @ w @ x)
    e = layout.y - x @ mean.beta
    codes, middle = mean.clusters[layout.order], np.zeros((1, 1))
    for code in np.unique(codes):
        rows = np.flatnonzero(codes == code)
        own, xk = m[np.ix_(rows, rows)], x[rows]
        d = np.linalg.cholesky(own).T
        values, vectors = np.linalg.eigh(d @ (own - xk @ bread @ xk.T) @ d.T)
        a = d.T @ (vectors / np.sqrt(values)) @ vectors.T @ d
        score = xk.T @ np.linalg.solve(own, a @ e[rows])
        middle += np.outer(score, score)
    np.testing.assert_allclose(mean.tidy()["se"] ** 2, np.diag(bread @ middle @ bread), rtol=1e-8)


def test_order_of_rows_and_names_do_not_matter(result: MultilevelMetaResult) -> None:
    frame = effects().sample(frac=1.0, random_state=5)
    frame["study"] = frame["study"].map({s: f"z{i}" for i, s in enumerate(frame["study"].unique())})
    other = al.fit_meta_multilevel(frame, rho=0.6, mods="x")
    np.testing.assert_allclose(other.beta, result.beta, rtol=1e-9)
    np.testing.assert_allclose(other.estimate.natural, result.estimate.natural, rtol=1e-7)
    np.testing.assert_allclose(other.tidy()["df"], result.tidy()["df"], rtol=1e-7)


def test_units_of_effects_do_not_matter(result: MultilevelMetaResult) -> None:
    frame = effects().assign(yi=lambda d: 1000 * d["yi"], vi=lambda d: 1e6 * d["vi"])
    other = al.fit_meta_multilevel(frame, rho=0.6, mods="x")
    np.testing.assert_allclose(other.beta, 1000 * result.beta, rtol=1e-8)
    np.testing.assert_allclose(other.estimate.natural, 1e6 * result.estimate.natural, rtol=1e-6)
    np.testing.assert_allclose(other.glance()["i2"], result.glance()["i2"], rtol=1e-7)


def test_reml_is_the_highest_point(result: MultilevelMetaResult) -> None:
    problem, best = result.point.problem, result.point.deviance
    for factor in (0.97, 1.03):
        for place in range(2):
            moved = result.estimate.natural.copy()
            moved[place] *= factor
            assert problem.at(moved).deviance > best


def test_a_model_of_independent_effects_is_a_plain_meta_analysis() -> None:
    """One effect a study: Σ w(y − m)/Σ w at the τ² where the derivative of REML is zero."""
    frame = effects(25, most=1)
    found = al.fit_meta_multilevel(frame, random="study")
    tau2 = float(found.tau2["tau2"].iloc[0])
    w = 1.0 / (frame["vi"] + tau2)
    np.testing.assert_allclose(found.beta, np.average(frame["yi"], weights=w), rtol=1e-12)
    left = frame["yi"] - found.beta[0]
    slope = w.sum() - (w**2).sum() / w.sum() - (w**2 * left**2).sum()
    np.testing.assert_allclose(slope, 0.0, atol=1e-6)
    assert found.rho is None
    assert len(found.rho_table) == 0


def test_truth_is_recovered() -> None:
    rng = np.random.default_rng(1)
    k = rng.integers(1, 9, 3000)
    study = np.repeat(np.arange(3000), k)
    vi = rng.uniform(0.01, 0.05, 3000)[study]
    shared = np.sqrt(0.6) * rng.normal(size=3000)[study]
    error = np.sqrt(vi) * (shared + np.sqrt(0.4) * rng.normal(size=len(study)))
    true = 0.3 + rng.normal(0, 0.15, 3000)[study] + rng.normal(0, 0.1, len(study))
    frame = pd.DataFrame({"study": study, "yi": true + error, "vi": vi})
    found = al.fit_meta_multilevel(frame, rho=0.6)
    error = np.sqrt(np.diag(2.0 * np.linalg.inv(found.point.expected)))
    assert (error < 0.06 * np.array([0.0225, 0.01])).all()
    assert (np.abs(found.tau2["tau2"] - [0.0225, 0.01]) < 3.0 * error).all()
    assert abs(found.beta[0] - 0.3) < 3.0 * np.sqrt(found.covariance[0, 0])


def test_rho_table(mean: MultilevelMetaResult) -> None:
    table = mean.rho_table
    assert table["rho"].tolist() == [0.0, 0.2, 0.4, 0.6, 0.8]
    frame = effects().assign(yi=lambda d: np.tanh(d["yi"]))
    for rho in (0.0, 0.6):
        other = al.fit_meta_multilevel(frame, rho=rho, measure="ZCOR")
        row = table[table["rho"] == rho].iloc[0]
        np.testing.assert_allclose(row["estimate"], other.beta[0], rtol=1e-9)
        np.testing.assert_allclose(row["se"], other.tidy()["se"].iloc[0], rtol=1e-7)
        np.testing.assert_allclose(row["tau2 (study)"], other.tau2["tau2"].iloc[0], atol=1e-9)


def test_view_and_forest_frame(mean: MultilevelMetaResult) -> None:
    view = mean.view()
    assert view.kind == "meta_multilevel"
    assert view.plot is not None
    plot = view.plot
    assert set(plot["row"]) == {"study", "mean", "prediction"}
    studies = plot[plot["row"] == "study"]
    np.testing.assert_allclose(studies["weight"].sum(), 1.0)
    np.testing.assert_allclose(studies["weight"] @ studies["estimate"], mean.beta[0])
    np.testing.assert_allclose(plot["shown"], np.tanh(plot["estimate"]))
    assert "Other correlations of sampling errors" in view.tables
    assert eval(view.refit or "", {"al": al, "frame": effects()}).rho == 0.6  # noqa: S307
    text = al.report_text(mean)
    assert "prediction interval" in text
    assert "went from" in text
    assert "Fisher's z" in repr(al.coef_table(mean))


def test_forest_of_outcomes_has_a_mean_and_no_single_prediction() -> None:
    found = al.fit_meta_multilevel(effects(), rho=0.5, random="outcome | study")
    plot = found.view().plot
    assert plot is not None
    assert plot["row"].tolist()[-1] == "mean"
    assert "mean effect" in al.report_text(found)
    assert "outcome | study" in repr(found)


def test_prediction_holds_all_units(mean: MultilevelMetaResult) -> None:
    row = mean.prediction_interval(test="z").iloc[0]
    half = 1.959963984540054 * np.sqrt(row["se"] ** 2 + mean.tau2["tau2"].sum())
    np.testing.assert_allclose(row["pi_high"] - row["estimate"], half, rtol=1e-12)
    back = mean.back_transformed()
    np.testing.assert_allclose(back["estimate"].iloc[0], np.tanh(mean.beta[0]))
    assert 0 < back["estimate"].iloc[1] < back["estimate"].iloc[0]


def test_prediction_at_moderators_and_outcomes() -> None:
    found = al.fit_meta_multilevel(effects(), rho=0.5, random="outcome | study", mods="x")
    with pytest.raises(ArgumentError, match="at their values"):
        found.prediction_interval()
    with pytest.raises(DataError, match="outcome"):
        found.predict(pd.DataFrame({"x": [0.0]}))
    with pytest.raises(DataError, match="does not know"):
        found.predict(pd.DataFrame({"x": [0.0], "outcome": ["z"]}))
    plain = al.fit_meta_multilevel(effects(), rho=0.5, random="outcome | study")
    with pytest.raises(ArgumentError, match="Say of which"):
        plain.prediction_interval()
    new = pd.DataFrame({"x": [0.0, 1.0], "outcome": ["a", "c"]})
    rows = found.prediction_interval(new, test="z")
    np.testing.assert_allclose(rows["estimate"], [found.beta[0], found.beta.sum()])
    tau2 = found.tau2["tau2"].to_numpy()[[0, 2]]
    width = (rows["pi_high"] - rows["estimate"]) / 1.959963984540054
    np.testing.assert_allclose(width**2 - rows["se"] ** 2, tau2, rtol=1e-9)


def test_blups_and_residuals_from_whole_matrices(result: MultilevelMetaResult) -> None:
    layout, point = result.layout, result.point
    v, directions = dense_parts(layout)
    m = v + sum(t * q for t, q in zip(point.natural, directions, strict=True))
    x, w = layout.columns[0], np.linalg.inv(m)
    p = w - w @ x @ np.linalg.solve(x.T @ w @ x, x.T @ w)
    for term, tau2 in zip(layout.terms, point.natural, strict=True):
        z = term.indicator.toarray()
        found = result.blup(term.label)
        np.testing.assert_allclose(found["estimate"], tau2 * z.T @ p @ layout.y, atol=1e-12)
        variance = tau2 - tau2**2 * np.diag(z.T @ p @ z)
        np.testing.assert_allclose(found["se"], np.sqrt(variance), rtol=1e-8)
    with pytest.raises(ArgumentError, match="Did you mean 'study'"):
        result.blup("studi")


def test_errors_of_random_effects_by_every_algebra() -> None:
    """The same model by closed form and, with its covariances given, by blocks."""
    frame = effects()
    sd = np.sqrt(frame["vi"].to_numpy())
    together = np.equal.outer(frame["study"].to_numpy(), frame["study"].to_numpy())
    v = np.where(together, 0.4 * np.outer(sd, sd), 0.0)
    np.fill_diagonal(v, sd**2)
    closed = al.fit_meta_multilevel(frame, rho=0.4, random="lab/study/effect")
    blocks = al.fit_meta_multilevel(frame, covariance=v, random="lab/study/effect")
    for unit in ("lab", "lab/study", "lab/study/effect"):
        found = [each.blup(unit)[["estimate", "se"]] for each in (closed, blocks)]
        np.testing.assert_allclose(found[0], found[1], rtol=1e-5, atol=1e-8)


def test_explained_variance(result: MultilevelMetaResult) -> None:
    table = result.explained()
    plain = al.fit_meta_multilevel(effects(), rho=0.6)
    np.testing.assert_allclose(table["tau2_without"], plain.tau2["tau2"], rtol=1e-6)
    assert table["r2"].between(0, 1).all()
    with pytest.raises(UnsupportedError, match="no moderators"):
        plain.explained()


def test_deletions_are_fits_of_fewer_rows(result: MultilevelMetaResult) -> None:
    found = without_groups(result, result.clusters)
    for group in (0, 7):
        fewer = effects()[result.clusters != group]
        other = al.fit_meta_multilevel(fewer, rho=0.6, mods="x")
        np.testing.assert_allclose(found.beta[group], other.beta, rtol=1e-8)
        np.testing.assert_allclose(found.natural[group], other.estimate.natural, rtol=1e-6)
        np.testing.assert_allclose(found.se[group], np.sqrt(np.diag(other.covariance)), rtol=1e-8)
    assert found.converged.all()


def test_repr_shows_what_matters(mean: MultilevelMetaResult) -> None:
    text = repr(mean)
    for words in ("Multilevel meta-analysis of Fisher's z", "study/effect", "I²", "CR2", "0.6"):
        assert words in text
    assert "<table" in mean._repr_html_()


def test_r_code_is_what_the_references_ran() -> None:
    """make_meta_multilevel_references.R runs these lines; their digits are in the JSON."""
    frame = pd.read_csv(FOLDER / "assink2016.csv")
    found = al.fit_meta_multilevel(frame, rho=0.6, random="study/esid", mods="year")
    code = (FOLDER / "assink.R").read_text("utf-8")
    assert found.to_r(data="assink2016.csv") + "\n" == code
    printed = json.loads((FOLDER / "cases.json").read_text("utf-8"))["printed"]
    np.testing.assert_allclose(found.beta, printed["beta"], rtol=TOL.meta_pooled)
    np.testing.assert_allclose(found.tidy()["se"], printed["se"], rtol=TOL.se)
    np.testing.assert_allclose(found.tidy()["df"], printed["df"], rtol=TOL.df)


def test_r_code_names_what_is_fitted(mean: MultilevelMetaResult) -> None:
    code = mean.to_r()
    # nothing but columns inside vcalc: a column named d would hide the frame
    assert "V <- vcalc(vi, cluster = study, obs = seq_along(vi), rho = 0.6, data = d)" in code
    assert "random = list(~ 1 | study/effect)" in code
    assert 'coef_test(fit, vcov = "CR2", cluster = d$study' in code
    hostile = effects().rename(columns={"x": 'x"; system("ls"); "'})
    found = al.fit_meta_multilevel(hostile, rho=0.5, mods=['x"; system("ls"); "'])
    assert 'd[["x\\"; system(\\"ls\\"); \\""]]' in found.to_r()
    with pytest.raises(ArgumentError, match="no file name"):
        mean.to_r(data="")


def test_tolerance_of_derivative(result: MultilevelMetaResult) -> None:
    slope = result.point.gradient * np.maximum(result.estimate.natural, 1e-3)
    assert np.abs(slope).max() < TOL.loglik_absolute


def test_a_slice_of_the_calibration() -> None:
    """60 meta-analyses of 20 studies: CR2 intervals cover about .95 though rho is misjudged."""
    rng, hits = np.random.default_rng(1), 0
    for _ in range(60):
        k = rng.integers(1, 9, 20)
        study = np.repeat(np.arange(20), k)
        shared, own = rng.normal(size=20)[study], rng.normal(size=len(study))
        error = np.sqrt(0.02) * (np.sqrt(0.6) * shared + np.sqrt(0.4) * own)
        true = 0.3 + rng.normal(0, 0.14, 20)[study] + rng.normal(0, 0.09, len(study))
        frame = pd.DataFrame({"study": study, "yi": true + error, "vi": 0.02})
        row = al.fit_meta_multilevel(frame, rho=0.2).tidy().iloc[0]
        hits += int(row["ci_low"] <= 0.3 <= row["ci_high"])
    assert 51 <= hits <= 60  # .95 within three and a half Monte Carlo errors
