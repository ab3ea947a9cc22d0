"""fit_outcome against lm, lmer and psych (tests/reference/make_outcome_references.R)."""

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
from alliance_stats.models.outcome.result import OutcomeResult

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "outcome"
PATIENTS = al.Roles(alliance="wai", outcome="phq", baseline="intake")
THERAPISTS = al.Roles(alliance="wai", outcome="phq", baseline="intake", therapist="therapist")
#: Name in R of every coefficient.
IN_R = {
    "(Intercept)": "(Intercept)", "intake": "intake", "phq_early_change": "change",
    "wai_early": "early", "wai_early_patient_between": "pb", "wai_early_therapist_between": "tb",
}  # fmt: skip
CASES: dict[str, tuple[al.Roles, dict[str, Any]]] = {
    "patients": (PATIENTS, {}),
    "therapists": (THERAPISTS, {}),
    "split": (THERAPISTS, {"split": "therapist"}),
}
Case = tuple[str, OutcomeResult, dict[str, Any]]


@pytest.fixture(scope="module", params=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    roles, options = CASES[request.param]
    frame = pd.read_csv(FOLDER / "sessions.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = al.fit_outcome(frame, roles, rng=1, n_boot=5000, **options)
    return request.param, result, json.loads((FOLDER / f"{request.param}.json").read_text("utf-8"))


def test_every_reference_has_its_case() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(CASES)


def rows_of(result: OutcomeResult) -> pd.DataFrame:
    table = result.tidy()
    return table[table["effect"] != "contextual"].assign(r=lambda d: d["term"].map(IN_R))


def test_coefficients(case: Case, tol: SimpleNamespace) -> None:
    name, result, reference = case
    fit = reference["fit"]
    assert len(result.prepared.frame) == reference["n"]
    for row in rows_of(result).itertuples():
        beta, se = fit["beta"][row.r], fit["se"][row.r]
        if name == "patients":
            assert row.estimate == pytest.approx(beta, rel=tol.closed_form)
            assert row.se == pytest.approx(se, rel=tol.closed_form)
            assert row.p_value == pytest.approx(fit["p"][row.r], rel=tol.closed_form)
            assert row.ci_low == pytest.approx(fit["ci"]["low"][row.r], rel=tol.closed_form)
            assert row.ci_high == pytest.approx(fit["ci"]["high"][row.r], rel=tol.closed_form)
            continue
        gap = abs(row.estimate - beta)
        assert gap <= min(tol.beta_in_se * se, tol.beta_relative * max(abs(beta), se))
        assert row.se == pytest.approx(se, rel=tol.se)
        assert row.df == pytest.approx(fit["df"][row.r], rel=tol.df)
        assert row.p_value == pytest.approx(fit["p"][row.r], rel=tol.p_value)


def test_the_whole_model(case: Case, tol: SimpleNamespace) -> None:
    name, result, reference = case
    fit, glance = reference["fit"], result.glance().iloc[0]
    bound = tol.loglik_absolute + tol.loglik_relative * abs(fit["loglik"])
    assert glance["loglik"] == pytest.approx(fit["loglik"], abs=bound)
    assert glance["aic"] == pytest.approx(fit["aic"], abs=2 * bound)
    assert glance["bic"] == pytest.approx(fit["bic"], abs=2 * bound)
    assert glance["sigma"] == pytest.approx(fit["sigma"], rel=tol.variance)
    if name != "patients":
        assert not fit["singular"]
        variance = result.fit.covariances["therapist"].iloc[0, 0]  # type: ignore[union-attr]
        assert variance == pytest.approx(fit["variance"], rel=tol.variance)


def test_correlations_and_standardised_b(case: Case, tol: SimpleNamespace) -> None:
    _, result, reference = case
    found = result.correlations().set_index(["effect", "kind"])["r"]
    sizes = result.effect_sizes().set_index("effect")["estimate"]
    for effect, column in result.prepared.effects:
        expected = reference["effects"][IN_R[column]]
        for kind in ("zero-order", "partial", "semi-partial"):
            wanted = expected["r"][kind.replace("-", "_")]
            assert found[effect, kind] == pytest.approx(wanted, rel=tol.closed_form)
        assert sizes[effect] == pytest.approx(expected["standardised"], rel=tol.beta_in_se)


def test_bootstrap_intervals_agree_within_monte_carlo_error(case: Case) -> None:
    """Quantiles of two runs of 5,000: four standard errors of their difference."""
    _, result, reference = case
    table = result.correlations()
    boot = result.bootstrap
    assert boot is not None
    for i, (_, column) in enumerate(result.prepared.effects):
        expected = reference["effects"][IN_R[column]]["bootstrap"]
        for j, kind in enumerate(("zero_order", "partial", "semi_partial")):
            sd = expected["sd"][kind]
            # standard error of a 2.5% quantile of a normal: sqrt(p(1 − p)/n)/density
            error = np.sqrt(2) * np.sqrt(0.025 * 0.975 / 5000) / 0.0584 * sd
            low, high = np.quantile(boot.replicates[:, i, j], [0.025, 0.975])
            assert abs(low - expected["low"][kind]) < 4 * error
            assert abs(high - expected["high"][kind]) < 4 * error
            assert boot.replicates[:, i, j].std() == pytest.approx(sd, rel=0.05)
            row = table.iloc[3 * i + j]
            if row["interval"].startswith("bootstrap"):
                assert (row["ci_low"], row["ci_high"]) == pytest.approx((low, high), rel=1e-12)
