"""Structured residuals against nlme's lme and gls at tight settings (tests/reference/README.md)."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult

FOLDER = Path(__file__).parents[2] / "reference"
REFERENCE = json.loads((FOLDER / "residual" / "fits.json").read_text(encoding="utf-8"))
FITS = REFERENCE["cases"]
MAKERS = {
    name: getattr(al.lmm, name) for name in ("ar1", "continuous_ar1", "variance_by", "unstructured")
}
BOTH = [(case, method) for case in FITS for method in ("reml", "ml")]


@lru_cache
def fitted(case: str, method: str) -> tuple[MixedModelResult, pd.DataFrame, dict[str, Any]]:
    """Our fit to shuffled rows, the frame in R's order, and R's values."""
    values = FITS[case]
    frame = pd.read_csv(FOLDER / values["data"])
    structure = eval(values["residual"], dict(MAKERS))  # noqa: S307 - of our own file
    shuffled = frame.sample(frac=1.0, random_state=1)
    fit = fit_quietly(values["formula"], shuffled, reml=method == "reml", residual=structure)
    return fit, frame, values[method]


def in_r(name: str) -> str:
    return name.replace("[", "").replace("]", "")


@pytest.mark.parametrize(("case", "method"), BOTH)
def test_the_likelihood_is_that_of_nlme(case: str, method: str, tol: SimpleNamespace) -> None:
    fit, _, values = fitted(case, method)
    assert fit.converged and not fit.singular
    allowed = tol.loglik_absolute + tol.loglik_relative * abs(values["loglik"])
    assert fit.loglik == pytest.approx(values["loglik"], abs=allowed)
    assert fit.n_parameters == values["n_parameters"]


@pytest.mark.parametrize(("case", "method"), BOTH)
def test_fixed_effects_are_those_of_nlme(case: str, method: str, tol: SimpleNamespace) -> None:
    fit, _, values = fitted(case, method)
    table = fit.tidy(ddf="normal").set_index(pd.Index([in_r(name) for name in fit.names]))
    table = table.loc[values["names"]]
    beta, se = np.array(values["beta"]), np.array(values["se"])
    # lme's maximum-likelihood standard errors divide by n − p where lme4 and we divide by n
    if method == "ml":
        se = se * np.sqrt((fit.n_obs - len(se)) / fit.n_obs)
    assert np.all(np.abs(table["estimate"] - beta) <= tol.beta_in_se * se)
    assert np.allclose(table["se"], se, rtol=tol.se, atol=0)


@pytest.mark.parametrize(("case", "method"), BOTH)
def test_variances_and_residual_parameters(case: str, method: str, tol: SimpleNamespace) -> None:
    fit, _, values = fitted(case, method)
    assert fit.sigma2 == pytest.approx(values["sigma"] ** 2, rel=tol.variance)
    for level, found in zip(fit.criterion.design.levels, _random(values), strict=True):
        names = list(np.atleast_1d(found["names"]))
        ours = fit.covariances[level.name].rename(index=in_r, columns=in_r)
        ours = ours.loc[names, names].to_numpy()
        theirs = np.reshape(found["covariance"], ours.shape)
        floor = np.maximum(np.abs(theirs), 1e-2 * fit.sigma2)
        assert np.all(np.abs(ours - theirs) <= tol.variance * floor)
    parameters = fit.residual.parameters
    ours_ratio = {p.level: p.estimate for p in parameters if p.kind == "sd_ratio"}
    for level, ratio in (values["ratios"] or {}).items():
        assert ours_ratio[level] == pytest.approx(ratio, rel=tol.variance)
    correlations = [p.estimate for p in parameters if p.kind != "sd_ratio"]
    assert np.allclose(correlations, np.ravel(values["correlation"] or []), rtol=0, atol=1e-4)


def _random(values: dict[str, Any]) -> list[dict[str, Any]]:
    return list((values["random"] or {}).values())


@pytest.mark.parametrize(("case", "method"), BOTH)
def test_wald_intervals(case: str, method: str, tol: SimpleNamespace) -> None:
    fit, _, values = fitted(case, method)
    table = fit.confint(method="wald", parameters=["Residual"])
    rho = table[(table["term"] == "rho") | (table["with_term"] != "")]
    ratios = table[table["term"].str.startswith("sd_ratio")]
    for rows, ends in ((rho, "correlation_interval"), (ratios, "ratio_interval")):
        if values[ends] is None:
            continue
        theirs = np.reshape(values[ends], (-1, 2))
        width = theirs[:, 1] - theirs[:, 0]
        found = rows[["ci_low", "ci_high"]].to_numpy()
        assert np.all(np.abs(found - theirs) <= tol.interval_wald * width[:, None])


@pytest.mark.parametrize(("case", "method"), BOTH)
def test_normalized_residuals(case: str, method: str) -> None:
    fit, frame, values = fitted(case, method)
    found = fit.residuals(frame)["normalized"].to_numpy()[: len(values["normalized"])]
    assert np.allclose(found, values["normalized"], rtol=0, atol=1e-3)


@pytest.mark.parametrize("kind", ["CR0", "CR1", "CR1S"])
def test_cluster_robust_tests_are_those_of_clubsandwich(kind: str, tol: SimpleNamespace) -> None:
    found = al.cluster_robust(fitted("ar1", "reml")[0], cluster="patient", kind=kind).tidy()
    expected = REFERENCE["robust"][kind]
    assert np.allclose(found["se"], expected["se"], rtol=tol.se, atol=0)
    assert np.allclose(found["df"], expected["df"], rtol=tol.df, atol=0)
