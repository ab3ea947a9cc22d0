"""A generalised linear model without random effects: closed forms, statsmodels, bad input."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.lmm.glmm.fixed import fit_fixed


@pytest.fixture
def frame(rng: np.random.Generator) -> pd.DataFrame:
    x = rng.normal(3, 2, 400)
    arm = rng.choice(["a", "b", "c"], 400)
    eta = -1.5 + 0.4 * (x - 3) + 0.5 * (arm == "b")
    came = rng.random(400) < 1 - np.exp(-np.exp(eta))
    return pd.DataFrame({"x": x, "arm": arm, "y": came.astype(int), "n": rng.poisson(np.exp(eta))})


@pytest.mark.parametrize("link", ["logit", "cloglog", "probit"])
def test_statsmodels(link: str, frame: pd.DataFrame, tol: SimpleNamespace) -> None:
    api = pytest.importorskip("statsmodels.api")
    links = api.families.links
    family = api.families.Binomial(
        link={"logit": links.Logit(), "cloglog": links.CLogLog(), "probit": links.Probit()}[link]
    )
    x = np.column_stack([np.ones(400), frame["x"], frame["arm"] == "b", frame["arm"] == "c"])
    other = api.GLM(frame["y"], x.astype(float), family=family).fit(tol=1e-15, maxiter=300)
    fit = fit_fixed("y ~ x + arm", frame, family="binomial", link=link)
    assert fit.beta.to_numpy() == pytest.approx(other.params, rel=tol.beta_relative)
    assert np.sqrt(np.diag(fit.vcov)) == pytest.approx(other.bse, rel=tol.se)
    assert fit.loglik == pytest.approx(other.llf, abs=tol.loglik_absolute)


def test_a_cell_mean_in_closed_form(frame: pd.DataFrame, tol: SimpleNamespace) -> None:
    fit = fit_fixed("y ~ 1", frame, family="binomial", link="cloglog")
    share = frame["y"].mean()
    assert fit.beta.item() == pytest.approx(np.log(-np.log(1 - share)), rel=tol.closed_form)
    counts = fit_fixed("n ~ 1", frame, family="poisson", link=None)
    assert counts.beta.item() == pytest.approx(np.log(frame["n"].mean()), rel=tol.closed_form)
    assert counts.vcov.to_numpy().item() == pytest.approx(1 / frame["n"].sum(), rel=1e-8)


def test_score_is_zero_at_the_estimate(frame: pd.DataFrame) -> None:
    fit = fit_fixed("y ~ x + arm", frame, family="binomial", link="cloglog")
    eta = fit.standard_beta @ fit.design.fixed
    assert np.abs(fit.design.fixed @ fit.design.response.parts(eta).score).max() < 1e-9


def test_contrasts_and_ratios(frame: pd.DataFrame) -> None:
    fit = fit_fixed("y ~ x", frame, family="binomial", link="logit")
    plain = fit.contrasts({"x": {"x": 1.0}}).iloc[0]
    ratio = fit.contrasts({"x": {"x": 1.0}}, exponentiate=True).iloc[0]
    assert ratio["estimate"] == pytest.approx(np.exp(plain["estimate"]))
    assert ratio["ci_low"] == pytest.approx(np.exp(plain["ci_low"]))
    assert ratio["p_value"] == plain["p_value"]
    with pytest.raises(al.ArgumentError, match="not in the model"):
        fit.contrasts({"z": {"z": 1.0}})


def test_redundant_and_missing_are_said(frame: pd.DataFrame) -> None:
    gaps = frame.assign(x=frame["x"].where(np.arange(400) > 9), twice=2 * frame["x"])
    fit = fit_fixed("y ~ x + twice", gaps, family="binomial", link="logit")
    assert fit.design.redundant == ("twice",)
    assert (fit.design.n_dropped, fit.n_obs) == (10, 390)
    assert fit.glance()["n_dropped"].item() == 10


def test_separation_and_constant_response(frame: pd.DataFrame) -> None:
    with pytest.raises(al.DataError, match="separation"):
        fit_fixed("y ~ z", frame.assign(z=frame["y"] * 2.0), family="binomial", link="cloglog")
    with pytest.raises(al.DataError, match="nothing to explain"):
        fit_fixed("y ~ x", frame.assign(y=0), family="binomial", link="cloglog")
