"""pool against mitml, by definition, and what it says and refuses."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.stats import t as student

import alliance_stats as al
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.pooling.result import PooledResult
from alliance_stats.lmm.result import MixedModelResult

Fits = Callable[..., list[MixedModelResult]]
SLOPE = "y ~ session + x + z + (1 + x | patient)"
PLAIN = "y ~ session + x + z + (1 | patient)"
COMPLETE: dict[str, Any] = {"infinite": "infinite", "df_55": 55, "df_12": 12.0}
CASES = ("intercept", "slope", "therapists")


def check_estimates(table: pd.DataFrame, case: dict[str, Any], tol: SimpleNamespace) -> None:
    """The rows of testEstimates()."""
    se = np.array(case["se"])
    assert np.abs((table["estimate"] - case["estimate"]) / se).max() <= tol.beta_in_se
    np.testing.assert_allclose(table["se"], se, rtol=tol.se)
    np.testing.assert_allclose(table["df"], case["df"], rtol=tol.df)
    np.testing.assert_allclose(table["p_value"], case["p"], rtol=tol.p_value, atol=1e-12)
    for ours, theirs in ((table["riv"], case["riv"]), (table["fmi"], case["fmi"])):
        size = np.maximum(theirs, 1e-2)
        assert np.abs((ours - theirs) / size).max() <= tol.variance


@pytest.mark.parametrize("complete", COMPLETE)
@pytest.mark.parametrize("name", CASES)
def test_estimates_are_those_of_mitml(
    name: str, complete: str, cases: dict[str, Any], fits_of: Fits, tol: SimpleNamespace
) -> None:
    case = cases[name]
    pooled = PooledResult(tuple(fits_of(case["formula"])), COMPLETE[complete])
    assert list(pooled.names) == case["terms"]
    check_estimates(pooled.tidy(), case[complete], tol)


@pytest.mark.parametrize("complete", ["infinite", "df_55"])
@pytest.mark.parametrize(("few", "m"), [("two", 2), ("three", 3)])
def test_few_imputations(
    few: str, m: int, complete: str, cases: dict[str, Any], fits_of: Fits, tol: SimpleNamespace
) -> None:
    case = cases["slope"]
    pooled = PooledResult(tuple(fits_of(case["formula"], m=m)), COMPLETE[complete])
    check_estimates(pooled.tidy(), case["few"][few][complete], tol)


@pytest.mark.parametrize("name", CASES)
def test_variances_are_means(
    name: str, cases: dict[str, Any], fits_of: Fits, tol: SimpleNamespace
) -> None:
    case = cases[name]
    extra = case["extra"]
    pooled = PooledResult(tuple(fits_of(case["formula"])))
    sigma2 = extra["Residual~~Residual"]
    for row in pooled.var_corr().itertuples():
        if row.group == "Residual":
            theirs = sigma2
        else:
            names = [n.strip("()") for n in (row.term, row.with_term or row.term)]
            theirs = extra[f"{names[0]}~~{names[1]}|{row.group}"]
        assert abs(row.variance - theirs) <= tol.variance * max(abs(theirs), 1e-2 * sigma2)
    last = pooled.var_corr().iloc[-1]
    assert last["sd"] == pytest.approx(np.sqrt(pooled.sigma2))


def test_rules_by_definition(fits_of: Fits) -> None:
    fits = fits_of(SLOPE)
    pooled = al.lmm.PooledResult(tuple(fits), 40)
    m = len(fits)
    estimates = np.array([fit.beta for fit in fits])
    between = sum(np.outer(e, e) for e in estimates - estimates.mean(0)) / (m - 1)
    within = sum(fit.vcov.to_numpy() for fit in fits) / m
    total = within + between + between / m
    np.testing.assert_allclose(pooled.vcov, total, rtol=1e-10)
    weights = np.array([0.0, 0.0, 1.0, -1.0])
    row = pooled.contrasts({"difference": {"x": 1, "z": -1}}, conf_level=0.9).iloc[0]
    variance = weights @ total @ weights
    share = (1 + 1 / m) * (weights @ between @ weights) / variance
    df = 1 / (share**2 / (m - 1) + 43 / (41 * 40 * (1 - share)))
    assert row["estimate"] == pytest.approx(weights @ estimates.mean(0))
    assert row["se"] == pytest.approx(np.sqrt(variance))
    assert row["df"] == pytest.approx(df)
    assert row["riv"] == pytest.approx(share / (1 - share))
    assert row["fmi"] == pytest.approx((row["riv"] + 2 / (df + 3)) / (1 + row["riv"]))
    low, high = student.interval(0.9, df, row["estimate"], row["se"])
    assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high))
    assert row["p_value"] == pytest.approx(2 * student.sf(abs(row["statistic"]), df))


def test_default_takes_the_mean_of_satterthwaite(fits_of: Fits) -> None:
    fits = fits_of(SLOPE)
    table = PooledResult(tuple(fits)).tidy()
    for position, name in enumerate(fits[0].names):
        mean = float(np.mean([fit.tidy()["df"].iloc[position] for fit in fits]))
        expected = PooledResult(tuple(fits), mean).tidy().iloc[position]
        pd.testing.assert_series_equal(table.iloc[position], expected)
        assert expected["df"] < mean, name


def test_order_of_imputations_changes_nothing(fits_of: Fits) -> None:
    fits = fits_of(SLOPE)
    one, other = PooledResult(tuple(fits)), PooledResult(tuple(fits[::-1]))
    pd.testing.assert_frame_equal(one.tidy(), other.tidy(), rtol=1e-9)
    pd.testing.assert_frame_equal(one.var_corr(), other.var_corr(), rtol=1e-9)


def test_rows_and_units_change_nothing(frames: list[pd.DataFrame], fits_of: Fits) -> None:
    changed = []
    for k, frame in enumerate(frames[:3]):
        other = frame.sample(frac=1, random_state=k).assign(
            patient=lambda d: "p" + d["patient"].astype(str), x=lambda d: 1000 * d["x"]
        )
        changed.append(fit_quietly(SLOPE, other))
    table = PooledResult(tuple(changed)).tidy()
    expected = PooledResult(tuple(fits_of(SLOPE, m=3))).tidy()
    columns = ["statistic", "df", "riv", "fmi"]
    pd.testing.assert_frame_equal(table[columns], expected[columns], rtol=1e-4)
    assert table["estimate"].iloc[2] == pytest.approx(expected["estimate"].iloc[2] / 1000, rel=1e-5)


def test_one_data_set_given_often_is_its_fit(fits_of: Fits) -> None:
    fit = fits_of(PLAIN)[0]
    with pytest.warns(al.FitWarning, match="All 3 fits are the same.*no column"):
        pooled = al.lmm.pool([fit, fit, fit], df_complete="infinite")
    columns = ["term", "estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high"]
    expected = fit.tidy(ddf="normal")
    pd.testing.assert_frame_equal(pooled.tidy()[columns], expected, rtol=1e-12)
    pd.testing.assert_frame_equal(pooled.var_corr(), fit.var_corr(), rtol=1e-12)
    assert (pooled.tidy()[["riv", "fmi"]] == 0).all(axis=None)
    # with finite df Barnard and Rubin's factor (ν + 1)/(ν + 3) stays
    nu = fit.tidy()["df"]
    np.testing.assert_allclose(PooledResult((fit,) * 3).tidy()["df"], nu * (nu + 1) / (nu + 3))


def test_says_how_many_imputations_are_missing(fits_of: Fits) -> None:
    fits = fits_of(PLAIN)
    pooled = PooledResult(tuple(fits))
    fmi = PooledResult(tuple(fits), "infinite").tidy()["fmi"].max()
    needed = int(np.ceil(100 * fmi))
    assert pooled.messages[0].startswith("8 imputations for a fraction of missing")
    assert "'x'): another run" in pooled.messages[0]
    assert f"{needed}: {needed - 8} more" in pooled.messages[0]
    assert "More than half of the information about 'x'" in pooled.messages[1]


def test_counts_singular_fits_and_twins(frames: list[pd.DataFrame], fits_of: Fits) -> None:
    noise = np.random.default_rng(1)
    rows = frames[0].assign(y=noise.normal(size=len(frames[0])))
    fits = [fit_quietly(PLAIN, rows.assign(x=noise.permutation(rows["x"]))) for _ in range(3)]
    n = sum(fit.singular for fit in fits)
    assert n
    pooled = PooledResult(tuple(fits))
    assert any(m.startswith(f"{n} of 3 fits") and "singular" in m for m in pooled.messages)
    assert pooled.glance()["n_singular"].item() == n
    one, two = fits_of(PLAIN)[:2]
    messages = PooledResult((one, two, one)).messages
    assert "1 of 3 fits is the same as an earlier one (imputation 3)" in messages[0]


def test_counts_rows_that_imputed_data_lost(frames: list[pd.DataFrame]) -> None:
    holes = [frame.copy() for frame in frames[:3]]
    holes[1].loc[[3, 4], "x"] = np.nan
    fits = [fit_quietly(PLAIN, frame) for frame in holes]
    messages = PooledResult(tuple(fits)).messages
    assert "Rows were dropped in 1 of 3 data sets, up to 2 (x missing: 2)" in messages[0]
    assert "different numbers of rows (298 to 300)" in messages[1]
    glance = PooledResult(tuple(fits)).glance().iloc[0]
    assert (glance["n_obs"], glance["n_dropped"]) == (298, 2)


def test_failed_fits_come_first(fits_of: Fits) -> None:
    from dataclasses import replace

    one, two = fits_of(PLAIN)[:2]
    failed = replace(two, minimum=replace(two.minimum, converged=False))
    pooled = PooledResult((one, failed))
    assert pooled.messages[0].startswith("1 of 2 fits did not converge (imputation 2)")
    assert not pooled.glance()["converged"].item()
    assert "did not converge" in al.report_text(pooled)


def test_names_columns_with_other_units(frames: list[pd.DataFrame]) -> None:
    fits = [fit_quietly("y ~ scale(x) + scale(z) + (1 | patient)", f) for f in frames[:3]]
    (message,) = [m for m in PooledResult(tuple(fits)).messages if "other units" in m]
    assert message.startswith("scale(x) is computed from each data set")


def test_model_without_fixed_effects(frames: list[pd.DataFrame]) -> None:
    fits = [fit_quietly("y ~ 0 + (1 | patient)", frame) for frame in frames[:3]]
    pooled = PooledResult(tuple(fits))
    assert pooled.messages == ()
    assert pooled.tidy().empty
    assert len(pooled.var_corr()) == 2
    assert "Random effects" in repr(pooled)


def test_no_message_where_nothing_is_wrong(frames: list[pd.DataFrame]) -> None:
    noise = np.random.default_rng(2)
    fits = [
        fit_quietly(PLAIN, frames[0].assign(y=lambda d: d["y"] + 0.01 * noise.normal(size=len(d))))
        for _ in range(5)
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert al.lmm.pool(fits).messages == ()


def test_refuses_what_is_no_list_of_fits(fits_of: Fits) -> None:
    one, two = fits_of(PLAIN)[:2]
    with pytest.raises(al.ArgumentError, match="given one fit"):
        al.lmm.pool(one)  # type: ignore[arg-type]
    with pytest.raises(al.ArgumentError, match="1 fit to pool"):
        al.lmm.pool([one])
    with pytest.raises(al.ArgumentError, match="item 2 is a str"):
        al.lmm.pool([one, "two"])  # type: ignore[list-item]
    with pytest.raises(al.ArgumentError, match="a int"):
        al.lmm.pool(3)  # type: ignore[arg-type]
    for wrong in ("satterthwait", -1, 0, True, np.nan, None):
        with pytest.raises(al.ArgumentError, match="df_complete"):
            al.lmm.pool([one, two], df_complete=wrong)  # type: ignore[arg-type]


def test_answers_to_questions_name_their_fit() -> None:
    result = al.fit_within_between(al.load_example("sessions"))
    with pytest.raises(al.ArgumentError, match=r"AllianceResult.*pool\(\[r.fit for r in results\]"):
        al.lmm.pool([result, result])  # type: ignore[list-item]
    with pytest.warns(al.FitWarning):
        assert al.lmm.pool([r.fit for r in (result, result)]).n_imputations == 2


def test_refuses_different_models(frames: list[pd.DataFrame], fits_of: Fits) -> None:
    one = fits_of(PLAIN)[0]
    with pytest.raises(al.ArgumentError, match="differ in their formula"):
        al.lmm.pool([one, fits_of(SLOPE)[1]])
    with pytest.raises(al.ArgumentError, match=r"differ in their method \(REML; ML\)"):
        al.lmm.pool([one, fits_of(PLAIN, reml=False)[1]])
    frame = frames[0].assign(arm=np.where(frames[0]["patient"] < 30, "a", "b"))
    frame.loc[frame["patient"] > 50, "arm"] = "c"
    other = frame.assign(arm=frame["arm"].replace("c", "b"))
    fits = [fit_quietly("y ~ arm + (1 | patient)", f) for f in (frame, other)]
    with pytest.raises(al.DataError, match=r"only in fit 1: arm\[c\]; only in fit 2: none"):
        al.lmm.pool(fits)


def test_is_shown_and_reported(fits_of: Fits) -> None:
    pooled = PooledResult(tuple(fits_of(SLOPE)))
    text = repr(pooled)
    assert "8 imputations" in text
    assert "FMI" in text
    assert pooled.messages[0] in text
    html = pooled._repr_html_()
    assert "FMI" in html
    assert "Random effects, means over imputations" in html
    table = al.coef_table(pooled)
    assert "Barnard–Rubin" in table.notes[0]
    assert any("Pooled over 8 imputed data sets" in note for note in table.notes)
    assert "pooled over 8 imputed data sets" in al.report_text(pooled)
    view = pooled.view()
    assert view.refit is not None
    assert view.refit.endswith("for frame in imputed])")
    assert "df_complete=20" in str(PooledResult(pooled.fits, 20).view().refit)
    assert "complete-data degrees of freedom: 20." in PooledResult(pooled.fits, 20).view().notes[0]
    assert "'infinite'" in str(PooledResult(pooled.fits, "infinite").view().refit)


def test_report_is_written(fits_of: Fits, tmp_path: Any) -> None:
    path = al.save_report(PooledResult(tuple(fits_of(SLOPE))), tmp_path / "report.md")
    text = path.read_text(encoding="utf-8")
    assert "Largest fraction of missing information" in text
    assert "Missing information" in text
    assert "Random effects, means over imputations" in text


@pytest.mark.slow
def test_intervals_cover() -> None:
    """Missing outcomes, imputed from the model with its parameters drawn: 95% cover in 95%."""
    rng = np.random.default_rng(1)
    n_sims, n_patients, n_sessions = 300, 40, 6
    truth = np.array([0.0, 0.5])
    patient = np.repeat(np.arange(n_patients), n_sessions)
    covered = np.zeros((n_sims, 2))
    for sim in range(n_sims):
        x = rng.normal(size=len(patient))
        y = truth[1] * x + rng.normal(size=n_patients)[patient] + rng.normal(size=len(patient))
        frame = pd.DataFrame({"patient": patient, "x": x, "y": y})
        frame.loc[rng.random(len(y)) < 0.3, "y"] = np.nan
        observed = fit_quietly("y ~ x + (1 | patient)", frame)
        fits = tuple(
            fit_quietly("y ~ x + (1 | patient)", drawn(observed, frame, rng)) for _ in range(8)
        )
        table = PooledResult(fits).tidy()
        covered[sim] = (table["ci_low"] < truth) & (truth < table["ci_high"])
    assert np.all(np.abs(covered.mean(0) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / n_sims))


def drawn(
    observed: MixedModelResult, frame: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """The frame with its missing outcomes drawn from their (approximate) posterior."""
    beta = rng.multivariate_normal(observed.beta, observed.vcov)
    groups = frame["patient"].nunique()
    sigma2 = observed.sigma2 * observed.n_obs / rng.chisquare(observed.n_obs - groups - 1)
    sigma2 *= (observed.n_obs - groups - 1) / observed.n_obs
    tau2 = observed.covariances["patient"].iloc[0, 0] * (groups - 1) / rng.chisquare(groups - 1)
    fixed = beta[0] + beta[1] * frame["x"]
    residual = (frame["y"] - fixed).groupby(frame["patient"])
    precision = residual.count() / sigma2 + 1 / tau2
    mean = residual.sum() / sigma2 / precision
    effects = rng.normal(mean, np.sqrt(1 / precision))
    new = fixed + effects[frame["patient"]] + rng.normal(scale=np.sqrt(sigma2), size=len(frame))
    return frame.assign(y=frame["y"].fillna(new))
