"""fit_event against glm and glmer (tests/reference/make_event_references.R)."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.lmm.glmm.result import GlmmResult
from alliance_stats.models.event.result import EventResult

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "event"
SESSIONS = al.Roles(alliance="wai", outcome="phq", therapist="therapist", ended="ended")
PERIODS = al.Roles(session="month", alliance="wai_end", outcome="relapse")
CASES: dict[str, dict[str, Any]] = {
    "spline": {"frailty": None},
    "levels": {
        "frailty": None, "predictors": ["running_mean", "change"], "covariates": ["intake", "arm"],
        "baseline": "factor", "link": "logit",
    },
    "early": {"frailty": None, "predictors": ["current", "early"], "baseline": "log"},
    "carried": {"frailty": None, "missing": "last"},
    "frailty": {},
    "quadrature": {"baseline": "log", "link": "logit", "n_agq": 9},
    "relapse": {"event": "relapse", "competing": "moved", "baseline": "log"},
}  # fmt: skip
IN_R = {"wai_running_mean": "mean", "wai_change": "change", "wai_early": "early"}
Case = tuple[str, EventResult, dict[str, Any]]


def in_r(name: str) -> str:
    """The name of a coefficient in R."""
    for ours, theirs in (("session[", "factor(session)"), ("arm[", "arm")):
        if name.startswith(ours):
            return theirs + name.removeprefix(ours).rstrip("]")
    name = name.replace("log(month)", "log(session)")
    return IN_R.get(name, name)


@pytest.fixture(scope="module", params=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    reference = json.loads((FOLDER / f"{request.param}.json").read_text("utf-8"))
    frame = pd.read_csv(FOLDER.parent / reference["data"])
    roles = PERIODS if request.param == "relapse" else SESSIONS
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = al.models.fit_event(frame, roles, **CASES[request.param])
    return request.param, result, reference


def test_every_reference_has_its_case() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(CASES)


def test_rows_at_risk_are_those_of_a_loop_over_patients(case: Case) -> None:
    _, result, reference = case
    for hazard, name in zip(result.hazards, ("event", "competing"), strict=True):
        assert hazard.fit.n_obs == reference[name]["n"]


def test_coefficients(case: Case, tol: SimpleNamespace) -> None:
    _, result, reference = case
    for hazard, name in zip(result.hazards, ("event", "competing"), strict=True):
        table, values = hazard.fit, reference[name]
        assert [in_r(term) for term in table.names] == values["names"]
        beta, se = np.array(values["beta"]), np.array(values["se"])
        own = table.contrasts({term: {term: 1.0} for term in table.names})
        within = tol.glmm_in_se * se
        if not isinstance(table, GlmmResult):
            within = np.minimum(within, tol.beta_relative * np.maximum(np.abs(beta), se))
        assert (np.abs(own["estimate"] - beta) <= within).all()
        assert own["se"].to_numpy() == pytest.approx(se, rel=se_tolerance(hazard, tol))


def se_tolerance(hazard: Any, tol: SimpleNamespace) -> float:
    """Those of glm follow from the estimate; those of glmer are differences of its deviance."""
    return float(tol.se if isinstance(hazard.fit, GlmmResult) else tol.glmm_in_se)


def test_log_likelihood_and_frailty(case: Case, tol: SimpleNamespace) -> None:
    _, result, reference = case
    for k, name in enumerate(("event", "competing")):
        values, fit = reference[name], result.hazards[k].fit
        bound = tol.glmm_loglik if isinstance(fit, GlmmResult) else tol.loglik_absolute
        assert fit.loglik == pytest.approx(values["loglik"], abs=bound)
        if "sd" in values:
            assert result.frailty()["variance"][k] == pytest.approx(
                values["sd"] ** 2, abs=tol.variance * max(values["sd"] ** 2, 1e-2)
            )


def test_incidence(case: Case, tol: SimpleNamespace) -> None:
    name, result, reference = case
    if name != "spline":
        return
    values = reference["incidence"]
    table = result.incidence(alliance=[values["wai"]])
    assert table["session"].tolist() == values["session"] * 2
    assert table["estimate"].to_numpy() == pytest.approx(values["estimate"], rel=1e-6, abs=1e-12)
    assert table["se"].to_numpy() == pytest.approx(values["se"], rel=tol.se, abs=1e-12)


def test_statsmodels_gives_the_same(tol: SimpleNamespace) -> None:
    """A second program, on the design's own columns."""
    api = pytest.importorskip("statsmodels.api")
    frame = pd.read_csv(FOLDER / "sessions.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = al.models.fit_event(frame, SESSIONS, frailty=None, baseline="log")
        rows = result.prepared.rows("event_came")
        x = np.column_stack([np.ones(len(rows)), np.log(rows["session"]), rows["wai"]])
        family = api.families.Binomial(link=api.families.links.CLogLog())
        other = api.GLM(rows["event_came"], x, family=family).fit(tol=1e-14, maxiter=200)
    table = result.hazards[0].fit.contrasts(
        {term: {term: 1.0} for term in ("(Intercept)", "log(session)", "wai")}
    )
    assert table["estimate"].to_numpy() == pytest.approx(other.params, rel=tol.beta_relative)
    assert table["se"].to_numpy() == pytest.approx(other.bse, rel=tol.se)
