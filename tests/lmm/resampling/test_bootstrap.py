"""The door of the bootstrap: draws, intervals, streams, what it refuses."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult

FORMULA = "phq9 ~ session + wai_total + (1 + session | patient) + (1 | therapist)"


@pytest.fixture(scope="module")
def sessions() -> pd.DataFrame:
    return al.load_example("sessions").frame


@pytest.fixture(scope="module")
def fit(sessions: pd.DataFrame) -> MixedModelResult:
    return fit_quietly(FORMULA, sessions)


def test_columns_and_estimates_are_those_of_the_fit(fit: MixedModelResult) -> None:
    found = fit.bootstrap(4, rng=1)
    expected = [
        "(Intercept)",
        "session",
        "wai_total",
        "sd_(Intercept)|patient",
        "sd_session|patient",
        "cor_session.(Intercept)|patient",
        "sd_(Intercept)|therapist",
        "sigma",
    ]
    assert found.draws.columns.tolist() == expected
    table = fit.var_corr()
    sd, r = table["sd"].dropna(), table["correlation"].dropna()
    values = [*fit.beta, *sd[:2], *r, *sd[2:]]
    np.testing.assert_allclose(found.estimates, values, rtol=1e-10)


def test_parametric_spread_is_the_standard_error(fit: MixedModelResult) -> None:
    found = fit.bootstrap(600, rng=3)
    spread = found.draws[list(fit.names)].std()
    se = pd.Series(np.sqrt(np.diag(fit.vcov)), index=fit.names)
    np.testing.assert_allclose(spread / se, 1, atol=4 / np.sqrt(2 * 600))
    bias = (found.draws[list(fit.names)].mean() - fit.beta) / (se / np.sqrt(600))
    assert abs(bias).max() < 4
    assert found.draws["sigma"].mean() == pytest.approx(fit.sigma, rel=0.01)
    assert found.n_failed == 0
    assert found.messages == ()


def test_cluster_spread_is_near_the_standard_error_where_the_model_holds() -> None:
    rng = np.random.default_rng(4)
    therapist = np.repeat(np.arange(60), 40)
    patient = np.repeat(np.arange(240), 10)
    x = rng.normal(size=2400)
    y = x + rng.normal(size=60)[therapist] + rng.normal(size=240)[patient] + rng.normal(size=2400)
    frame = pd.DataFrame({"y": y, "x": x, "patient": patient, "therapist": therapist})
    fit = fit_quietly("y ~ x + (1 | patient) + (1 | therapist)", frame)
    found = fit.bootstrap(400, kind="cluster", rng=2)
    assert found.unit == "therapist"
    assert found.messages == ()
    se = np.sqrt(np.diag(fit.vcov))
    np.testing.assert_allclose(found.draws[["(Intercept)", "x"]].std() / se, 1, atol=0.25)


def test_first_draws_of_more_are_those_of_fewer(fit: MixedModelResult) -> None:
    for kind in ("parametric", "cluster"):
        few, more = (fit.bootstrap(n, kind=kind, rng=7).draws for n in (3, 9))  # type: ignore[arg-type]
        pd.testing.assert_frame_equal(few, more.head(3), rtol=1e-6)


def test_same_seed_same_draws_other_seed_others(fit: MixedModelResult) -> None:
    one, two, other = (fit.bootstrap(3, rng=seed).draws for seed in (1, 1, 2))
    pd.testing.assert_frame_equal(one, two)
    assert not np.allclose(one["session"], other["session"])


def test_intervals_are_quantiles_and_their_mirror(fit: MixedModelResult) -> None:
    found = fit.bootstrap(50, rng=1)
    low, high = np.quantile(found.draws["session"], [0.05, 0.95])
    estimate = fit.beta["session"]
    row = found.confint(conf_level=0.9).set_index("term").loc["session"]
    assert [row["ci_low"], row["ci_high"]] == pytest.approx([low, high])
    row = found.confint(conf_level=0.9, kind="basic").set_index("term").loc["session"]
    assert [row["ci_low"], row["ci_high"]] == pytest.approx(
        [2 * estimate - high, 2 * estimate - low]
    )
    tidy = found.tidy().set_index("term")
    assert tidy.loc["session", "se"] == pytest.approx(found.draws["session"].std())
    assert tidy["p_value"].isna().all()


def test_statistic_adds_columns(fit: MixedModelResult) -> None:
    def share(refit: MixedModelResult) -> dict[str, float]:
        table = refit.covariances
        between = table["therapist"].iloc[0, 0]
        return {"icc": between / (between + refit.sigma2), "again": refit.beta["session"]}

    found = fit.bootstrap(5, rng=1, statistic=share)
    np.testing.assert_allclose(found.draws["again"], found.draws["session"])
    sd = found.draws["sd_(Intercept)|therapist"] ** 2
    np.testing.assert_allclose(found.draws["icc"], sd / (sd + found.draws["sigma"] ** 2))
    assert found.estimates["icc"] == pytest.approx(share(fit)["icc"])
    alone = fit.bootstrap(5, kind="cluster", rng=1, statistic=lambda refit: float(refit.n_obs))
    assert alone.draws["statistic"].nunique() > 1  # therapists have different numbers of rows


def test_statistic_must_give_numbers_of_new_names(fit: MixedModelResult) -> None:
    with pytest.raises(al.ArgumentError, match="statistic returned a str"):
        fit.bootstrap(2, rng=1, statistic=lambda refit: "much")  # type: ignore[arg-type,return-value]
    with pytest.raises(al.ArgumentError, match="the name of a parameter"):
        fit.bootstrap(2, rng=1, statistic=lambda refit: {"sigma": 1.0})


def test_a_resample_without_a_level_of_a_predictor_fails_alone() -> None:
    rng = np.random.default_rng(1)
    patient = np.repeat(np.arange(30), 5)
    arm = np.where(patient < 2, "rare", "usual")
    frame = pd.DataFrame({"y": rng.normal(size=150), "arm": arm, "patient": patient})
    fit = fit_quietly("y ~ arm + (1 | patient)", frame)
    found = fit.bootstrap(100, kind="cluster", rng=1)
    drawn = [np.random.default_rng(s) for s in np.random.SeedSequence(1).spawn(100)]
    without = [not np.isin(g.integers(0, 30, 30), [0, 1]).any() for g in drawn]
    assert found.draws.isna().all(axis=1).tolist() == without
    assert found.n_failed == sum(without) > 0
    assert f"{sum(without)} of 100 refits failed" in found.messages[0]


def test_refusals(sessions: pd.DataFrame, fit: MixedModelResult) -> None:
    with pytest.raises(al.ArgumentError, match="n=1 is no number of draws"):
        fit.bootstrap(1, rng=1)
    with pytest.raises(al.ArgumentError, match="Did you mean 'cluster'"):
        fit.bootstrap(5, kind="clusters", rng=1)  # type: ignore[arg-type]
    with pytest.raises(al.ArgumentError, match="no meaning for the parametric"):
        fit.bootstrap(5, rng=1, unit="therapist")
    with pytest.raises(al.ArgumentError, match="no grouping factor"):
        fit.bootstrap(5, rng=1, kind="cluster", unit="clinic")
    with pytest.raises(al.UnsupportedError, match="'patient' is nested in 'therapist'"):
        fit.bootstrap(5, rng=1, kind="cluster", unit="patient")
    crossed = fit_quietly("phq9 ~ 1 + (1 | patient) + (1 | session)", sessions)
    with pytest.raises(al.UnsupportedError, match="grouping factors are crossed"):
        crossed.bootstrap(5, kind="cluster", rng=1)


def test_shown_and_reported(fit: MixedModelResult) -> None:
    found = fit.bootstrap(20, kind="cluster", rng=1)
    assert "Cluster bootstrap of therapists, 20 draws" in repr(found)
    assert "<table>" in found._repr_html_()
    assert found.glance()["n_draws"].item() == 20
    table = al.coef_table(found)
    assert "sigma" in str(table)
