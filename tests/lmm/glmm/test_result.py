"""GlmmResult: tables, tests, intervals, predictions, simulation, residuals, views, R code."""

from __future__ import annotations

import shutil
import subprocess
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import chi2, norm

import alliance_stats as al
from alliance_stats.lmm.factors import n_theta, unpack
from alliance_stats.lmm.glmm.design import GlmmDesign
from alliance_stats.lmm.glmm.fit import fit_glmm_quietly
from alliance_stats.lmm.glmm.result import GlmmResult

#: χ² of one degree of freedom at .95.
Z2 = chi2.ppf(0.95, 1)
Dense = Callable[[GlmmDesign, Sequence[np.ndarray], np.ndarray], float]


@pytest.fixture(scope="module")
def fit(small: pd.DataFrame) -> GlmmResult:
    """0/1 with a slope and a second factor."""
    return fit_glmm_quietly("yes ~ x + arm + (1 + x | rater) + (1 | therapist)", small)


@pytest.fixture(scope="module")
def trials(small: pd.DataFrame) -> GlmmResult:
    """Successes of trials."""
    return fit_glmm_quietly("successes ~ x + (1 | rater)", small, trials="m")


@pytest.fixture(scope="module")
def counts(small: pd.DataFrame) -> GlmmResult:
    """Counts with an offset."""
    formula = "count ~ x + (1 | rater)"
    return fit_glmm_quietly(formula, small, family="poisson", offset="log_weeks")


def test_tidy_holds_z_tests(fit: GlmmResult) -> None:
    table = fit.tidy(conf_level=0.9)
    assert list(table) == [
        "term",
        "estimate",
        "se",
        "statistic",
        "df",
        "p_value",
        "ci_low",
        "ci_high",
    ]
    np.testing.assert_allclose(table["p_value"], 2 * norm.sf(np.abs(table["statistic"])))
    half = norm.ppf(0.95) * table["se"]
    np.testing.assert_allclose(table["ci_high"], table["estimate"] + half)
    np.testing.assert_allclose(table["se"] ** 2, np.diag(fit.vcov), rtol=1e-10)


def test_exponentiated_estimates_keep_their_tests(fit: GlmmResult) -> None:
    plain, ratios = fit.tidy(), fit.tidy(exponentiate=True)
    for column in ("estimate", "ci_low", "ci_high"):
        np.testing.assert_allclose(ratios[column], np.exp(plain[column]))
    np.testing.assert_allclose(ratios["se"], plain["se"] * np.exp(plain["estimate"]))
    for column in ("statistic", "p_value"):
        np.testing.assert_array_equal(ratios[column], plain[column])


def test_standard_errors_are_those_of_the_dense_hessian(
    small: pd.DataFrame, dense_laplace: Dense
) -> None:
    """Second differences of the dense deviance over θ and β together."""
    fit = fit_glmm_quietly("yes ~ x + (1 | therapist/patient)", small)
    k, sizes = n_theta(fit.criterion.sizes), fit.criterion.sizes
    point = np.concatenate([fit.minimum.theta, fit.minimum.beta])
    h = 1e-3

    def deviance(x: np.ndarray) -> float:
        return dense_laplace(fit.criterion.design, unpack(x[:k], sizes), x[k:])

    n = len(point)
    hessian = np.empty((n, n))
    for i in range(n):
        for j in range(n):
            a, b = h * np.eye(n)[i], h * np.eye(n)[j]
            hessian[i, j] = deviance(point + a + b) - deviance(point + a - b)
            hessian[i, j] += deviance(point - a - b) - deviance(point - a + b)
    covariance = np.linalg.inv(hessian / (4 * h * h) / 2)[k:, k:]
    np.testing.assert_allclose(fit.standard_vcov, covariance, rtol=1e-3, atol=1e-6)


def test_contrasts_and_joint_tests(fit: GlmmResult) -> None:
    weights = {"x": 2.0, "arm[b]": -1.0}
    row = fit.contrasts({"one": weights}).iloc[0]
    w = pd.Series(0.0, index=fit.names)
    w[list(weights)] = list(weights.values())
    assert row["estimate"] == pytest.approx(w @ fit.beta)
    assert row["se"] == pytest.approx(np.sqrt(w @ fit.vcov @ w))
    arms = ["arm[b]", "arm[c]"]
    test = fit.joint_tests({"arm": [{a: 1} for a in arms], "again": [{a: 1} for a in arms * 2]})
    b = fit.beta[arms].to_numpy()
    expected = b @ np.linalg.solve(fit.vcov.loc[arms, arms].to_numpy(), b)
    np.testing.assert_allclose(test["statistic"], expected, rtol=1e-8)
    assert list(test["df"]) == [2, 2]
    np.testing.assert_allclose(test["p_value"], chi2.sf(expected, 2), rtol=1e-8)
    with pytest.raises(al.ArgumentError, match="'z' is not in the model"):
        fit.joint_tests({"z": [{"z": 1}]})


def test_glance(fit: GlmmResult) -> None:
    row = fit.glance().iloc[0]
    assert row["n_parameters"] == 4 + 4
    assert row["aic"] == pytest.approx(-2 * fit.loglik + 2 * 8)
    assert row["bic"] == pytest.approx(-2 * fit.loglik + 8 * np.log(240))
    assert (row["family"], row["link"], row["n_agq"]) == ("binomial", "logit", 1)


@pytest.mark.parametrize("n_agq", [1, 7])
def test_profile_ends_are_where_the_deviance_has_risen_by_z_squared(
    small: pd.DataFrame, n_agq: int
) -> None:
    """An independent search over the other parameters, with the end held."""
    fit = fit_glmm_quietly("yes ~ x + (1 | rater)", small, n_agq=n_agq)
    with pytest.warns(al.FitWarning, match="may be zero"):
        table = fit.confint()
    assert table["ci_low"].iloc[2] == 0.0
    for place in range(3):
        for end in table[["ci_low", "ci_high"]].iloc[place]:
            rise = rise_with(fit, place, end)
            if place == 2 and end == 0.0:
                assert rise <= Z2
            else:
                assert rise == pytest.approx(Z2, abs=5e-5)


def rise_with(fit: GlmmResult, place: int, value: float) -> float:
    """How much higher the deviance is with a fixed effect, or the only SD, held at a value."""

    def deviance(free: np.ndarray) -> float:
        slope, beta = (value, free) if place == 2 else (free[0], np.insert(free[1:], place, value))
        standard = np.linalg.solve(fit.criterion.design.transform, beta)
        return fit.criterion.evaluate([np.array([[slope]])], standard).deviance

    options = {"xatol": 1e-6, "fatol": 1e-9}
    found = minimize(deviance, [0.5, 0.3], method="Nelder-Mead", options=options)
    return float(found.fun - fit.minimum.deviance)


def test_profile_intervals_of_slopes_hold_the_estimate(small: pd.DataFrame) -> None:
    fit = fit_glmm_quietly("successes ~ x + (1 + x | rater)", small, trials="m")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", al.FitWarning)
        table = fit.confint()
    assert (table["ci_low"] <= table["estimate"]).all()
    assert (table["estimate"] <= table["ci_high"]).all()
    chosen = fit.confint(parameters=["x"], conf_level=0.8)
    assert chosen["ci_high"].item() < table.loc[table["term"] == "x", "ci_high"].iloc[0]
    wald = fit.confint(method="wald")
    np.testing.assert_allclose(wald["ci_low"].iloc[:2], fit.tidy()["ci_low"])
    assert wald["ci_low"].iloc[2:].isna().all()


def test_predictions(fit: GlmmResult, small: pd.DataFrame) -> None:
    row = small.head(1)
    x = np.array([1.0, row["x"].item(), row["arm"].item() == "b", row["arm"].item() == "c"])
    typical = float(x @ fit.beta)
    effects = fit.ranef()
    rater = effects["rater"].loc[row["rater"].item()].to_numpy()
    own = typical + rater @ x[:2] + effects["therapist"].loc[row["therapist"].item()].item()

    def of(**arguments: str) -> float:
        return float(fit.predict(row, **arguments)["prediction"].item())

    assert of() == pytest.approx(expit(own), rel=1e-9)
    assert of(scale="link") == pytest.approx(own, rel=1e-9)
    assert of(kind="typical") == pytest.approx(expit(typical), rel=1e-9)
    variance = x[:2] @ fit.covariances["rater"].to_numpy() @ x[:2]
    sd = np.sqrt(variance + fit.covariances["therapist"].to_numpy().item())
    mean = quad(lambda e: expit(typical + sd * e) * norm.pdf(e), -12, 12, epsabs=1e-12)[0]
    assert of(kind="marginal") == pytest.approx(mean, rel=1e-8)
    with pytest.raises(al.ArgumentError, match="that of a typical group|of a typical group"):
        fit.predict(row, kind="marginal", scale="link")
    with pytest.raises(al.ArgumentError, match="has no effect"):
        fit.predict(row, kind="typical", new_groups="population")


def test_predictions_for_new_groups_and_missing_values(
    fit: GlmmResult, small: pd.DataFrame
) -> None:
    new = small.head(2).assign(rater=99)
    with pytest.raises(al.DataError, match="no fitted group of 'rater'"):
        fit.predict(new)
    with pytest.warns(al.DataWarning, match="without an effect"):
        assert list(fit.predict(new, new_groups="population")["blups"]) == ["therapist"] * 2
    gone = small.head(2).assign(x=[np.nan, 1.0])
    with pytest.warns(al.DataWarning, match="No prediction for 1 of 2 rows"):
        assert fit.predict(gone)["prediction"].isna().tolist() == [True, False]


def test_the_marginal_mean_of_counts_is_lognormal(counts: GlmmResult, small: pd.DataFrame) -> None:
    typical = counts.predict(small, kind="typical")["prediction"]
    marginal = counts.predict(small, kind="marginal")["prediction"]
    variance = counts.covariances["rater"].to_numpy().item()
    np.testing.assert_allclose(marginal, typical * np.exp(variance / 2))


def test_simulated_responses_follow_the_model(trials: GlmmResult, small: pd.DataFrame) -> None:
    drawn = trials.simulate(small, n=400, rng=1)
    assert drawn["sim_1"].between(0, small["m"]).all()
    again = trials.simulate(small, n=2, rng=1)
    pd.testing.assert_frame_equal(again, drawn[["sim_1", "sim_2"]])
    expected = small["m"] * trials.predict(small, kind="marginal")["prediction"]
    # groups share their effects, so the mean over rows is what settles down
    assert drawn.to_numpy().mean() == pytest.approx(expected.mean(), abs=0.1)
    same = trials.simulate(small, n=400, rng=2, groups="same")
    own = small["m"] * trials.predict(small)["prediction"]
    sd = np.sqrt(own * (1 - own / small["m"]) / 400)
    assert (np.abs(same.mean(axis=1) - own) < 5 * sd).all()


def test_simulated_counts_and_missing_rows(counts: GlmmResult, small: pd.DataFrame) -> None:
    gone = small.assign(x=small["x"].where(small.index > 0))
    with pytest.warns(al.DataWarning, match="Nothing drawn for 1 of 240 rows"):
        drawn = counts.simulate(gone, rng=1)["sim_1"]
    assert np.isnan(drawn.iloc[0])
    assert (drawn.iloc[1:] == np.floor(drawn.iloc[1:])).all()
    with pytest.raises(al.DataError, match="not in the fit"):
        counts.simulate(small.assign(rater=99), rng=1, groups="same")


def test_residuals_and_dispersion(
    trials: GlmmResult, counts: GlmmResult, fit: GlmmResult, small: pd.DataFrame
) -> None:
    for result, response in ((trials, small["successes"]), (counts, small["count"])):
        found = result.residuals(small)
        np.testing.assert_allclose(found["response"], response - found["fitted"])
        row = result.dispersion().iloc[0]
        assert row["statistic"] == pytest.approx((found["pearson"] ** 2).sum())
        assert row["df"] == 240 - 3
        assert row["p_value"] == pytest.approx(chi2.sf(row["statistic"], row["df"]))
    with pytest.raises(al.UnsupportedError, match="0 and 1"):
        fit.dispersion()
    some = fit.residuals(small.assign(x=small["x"].where(small.index > 2)))
    assert some["pearson"].isna().sum() == 3


def test_text_html_and_view(fit: GlmmResult, counts: GlmmResult) -> None:
    assert "binomial, logit; Laplace" in repr(fit)
    assert "odds ratios" in repr(fit)
    assert "rate ratios" in counts._repr_html_()
    view = counts.view()
    assert view.kind == "glmm"
    assert view.refit == (
        "al.fit_glmm('count ~ x + (1 | rater)', data, family='poisson', offset='log_weeks')"
    )
    assert list(view.levels["n"]) == [240, 7]
    assert "Residual" not in set(fit.var_corr()["group"])


def test_r_code_names_the_model(trials: GlmmResult, counts: GlmmResult) -> None:
    code = trials.to_r(data="d.csv")
    assert "cbind(successes, m - successes) ~ 1 + x" in code
    assert 'family = binomial("logit"), nAGQ = 1' in code
    assert "offset = log_weeks" in counts.to_r()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="needs R")
def test_r_code_runs(trials: GlmmResult, small: pd.DataFrame, tmp_path: Path) -> None:
    small.to_csv(tmp_path / "d.csv", index=False)
    (tmp_path / "m.R").write_text(trials.to_r(data="d.csv"), encoding="utf-8")
    done = subprocess.run(
        ["Rscript", "m.R"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    if "there is no package" in done.stderr:
        pytest.skip("needs lme4")
    assert done.returncode == 0, done.stderr
    assert f"{trials.loglik:.4f}" in done.stdout


def test_a_hostile_column_name_is_no_r_code(small: pd.DataFrame) -> None:
    frame = small.rename(columns={"m": 'm"); system("x'})
    fit = fit_glmm_quietly("successes ~ x + (1 | rater)", frame, trials='m"); system("x')
    assert '`m"); system("x`' in fit.to_r()


def test_models_are_compared(small: pd.DataFrame, fit: GlmmResult) -> None:
    one = fit_glmm_quietly("yes ~ arm + (1 | rater)", small)
    two = fit_glmm_quietly("yes ~ x + arm + (1 | rater)", small)
    three = fit_glmm_quietly("yes ~ x + arm + (1 + x | rater)", small)
    found = al.compare_models(one, two, three, fit)
    assert list(found.table["reference"]) == ["", "χ²(1)", "½χ²(1) + ½χ²(2)", "½χ²(0) + ½χ²(1)"]
    assert found.method == "Laplace"
    assert found.table["statistic"].iloc[1] == pytest.approx(2 * (two.loglik - one.loglik))


def test_what_cannot_be_compared_is_refused(small: pd.DataFrame) -> None:
    first = fit_glmm_quietly("yes ~ x + (1 | rater)", small)
    linear = al.fit_lmm("x ~ m + (1 | rater)", small)
    with pytest.raises(al.ArgumentError, match="models of one kind"):
        al.compare_models(first, linear)
    other_link = fit_glmm_quietly("yes ~ arm + (1 | rater)", small, link="probit")
    with pytest.raises(al.ArgumentError, match="differ in link"):
        al.compare_models(first, other_link)
    points = fit_glmm_quietly("yes ~ arm + (1 | rater)", small, n_agq=5)
    with pytest.raises(al.ArgumentError, match="differ in n_agq"):
        al.compare_models(first, points)
    fewer = fit_glmm_quietly("yes ~ arm + (1 | rater)", small.head(200))
    with pytest.raises(al.DataError, match="different rows"):
        al.compare_models(first, fewer)
    changed = small.assign(yes=1 - small["yes"])
    with pytest.raises(al.DataError, match="different responses"):
        al.compare_models(first, fit_glmm_quietly("yes ~ arm + (1 | rater)", changed))
    with pytest.raises(al.UnsupportedError, match="fit_lmm only"):
        al.compare_models(
            first, fit_glmm_quietly("yes ~ 1 + (1 | rater)", small), bootstrap=99, rng=1
        )
