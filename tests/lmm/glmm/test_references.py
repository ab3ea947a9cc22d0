"""Fits against lme4's glmer at tight settings (tests/reference/README.md)."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats.lmm.glmm.fit import fit_glmm_quietly
from alliance_stats.lmm.glmm.result import GlmmResult

CASES = (
    "agq_11",
    "agq_25",
    "agq_5",
    "agq_cloglog",
    "agq_poisson",
    "agq_trials",
    "categorical",
    "cloglog_crossed",
    "cloglog_intercept",
    "logit_crossed",
    "logit_intercept",
    "logit_nested",
    "logit_slope",
    "poisson_nested",
    "poisson_offset",
    "probit_intercept",
    "singular",
    "trials_slope",
    "trials_uncorrelated",
)
Load = Callable[[str], tuple[pd.DataFrame, dict[str, Any]]]
Case = tuple[GlmmResult, dict[str, Any], pd.DataFrame]


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest, load_reference: Load) -> Case:
    data, reference = load_reference(f"glmm/{request.param}")
    names = {key: reference[key] for key in ("trials", "offset") if reference.get(key)}
    fit = fit_glmm_quietly(
        reference["formula"],
        data,
        family=reference["family"],
        link=reference["link"],
        n_agq=reference["n_agq"],
        **names,
    )
    return fit, reference, data


def in_r(name: str) -> str:
    return name.replace("[", "").replace("]", "")


def matching(fit: GlmmResult, in_r: str) -> str:
    """Our name of R's grouping factor: ``patient:therapist`` is ``therapist:patient``."""
    wanted = set(in_r.split(".")[0].split(":"))
    return next(name for name in fit.covariances if set(name.split(":")) == wanted)


def test_loglik(case: Case, tol: SimpleNamespace) -> None:
    fit, reference, _ = case
    assert fit.converged
    assert fit.loglik == pytest.approx(reference["loglik"], abs=tol.glmm_loglik)
    assert fit.loglik > reference["loglik"] - 1e-7  # never lower by more than rounding of glmer


def test_fixed_effects(case: Case, tol: SimpleNamespace) -> None:
    fit, reference, _ = case
    table = fit.tidy()
    assert [in_r(term) for term in table["term"]] == list(reference["beta"])
    beta, se = (np.array(list(reference[key].values())) for key in ("beta", "se"))
    assert np.abs((table["estimate"] - beta) / se).max() < tol.glmm_in_se
    assert np.abs(table["se"] / se - 1.0).max() < tol.glmm_in_se
    assert np.isinf(table["df"]).all()


def test_covariances(case: Case, tol: SimpleNamespace) -> None:
    fit, reference, _ = case
    assert fit.singular == reference["singular"]
    for name, expected in reference["covariances"].items():
        found = fit.covariances[matching(fit, name)].loc[expected["names"], expected["names"]]
        values = np.array(expected["values"])
        size = np.sqrt(np.outer(np.diag(values), np.diag(values)))
        assert (np.abs(found.to_numpy() - values) <= tol.variance * np.maximum(size, 1e-2)).all()


def test_modes(case: Case, tol: SimpleNamespace) -> None:
    fit, reference, _ = case
    for name, expected in reference["modes"].items():
        ours = matching(fit, name)
        frame, sds = fit.ranef()[ours], fit.ranef_sd()[ours]
        keys = [
            str(label) if not isinstance(label, tuple) else ":".join(map(str, reversed(label)))
            for label in frame.index
        ]
        order = [keys.index(label) for label in expected["label"]]
        effects = [key for key in expected if key != "label"]
        for effect in effects:
            column = "(Intercept)" if effect == "X.Intercept." else effect
            values = np.array(expected[effect])
            spread = max(float(values.std()), 1e-3)
            found = frame[column].to_numpy()[order]
            assert np.abs(found - values).max() < tol.blup_in_sd * spread
        spreads = reference["mode_sd"].get(name)
        if spreads is not None and len(effects) == 1:
            np.testing.assert_allclose(sds.to_numpy()[order, 0], spreads, rtol=1e-3, atol=1e-6)


def test_residuals(case: Case) -> None:
    fit, reference, data = case
    found = fit.residuals(data)
    for kind, values in reference["residuals"].items():
        np.testing.assert_allclose(found[kind].head(len(values)), values, rtol=1e-4, atol=1e-5)


def test_glmmtmb_finds_the_same_maximum(load_reference: Load, tol: SimpleNamespace) -> None:
    """With the logit link expected and observed weights are one, and both packages agree."""
    data, reference = load_reference("glmm/logit_intercept")
    fit, other = fit_glmm_quietly(reference["formula"], data), reference["glmmTMB"]
    assert fit.loglik == pytest.approx(other["loglik"], abs=tol.glmm_loglik)
    table = fit.tidy()
    se = np.array(list(other["se"].values()))
    assert np.abs((table["estimate"] - list(other["beta"].values())) / se).max() < tol.glmm_in_se
    assert np.abs(table["se"] / se - 1.0).max() < tol.glmm_in_se
