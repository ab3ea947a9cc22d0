"""Recovery of simulated truth: coverage of the structural values, and of the null twin."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import alliance_stats as al

TRUTH = {"within": -0.11, "patient_between": -0.24, "therapist_between": -0.30}
STATIC = {
    "alliance_ar": 0.0,
    "outcome_ar": 0.0,
    "lagged_effect": 0.0,
    "reverse_effect": 0.0,
    "improvement_alliance": 0.0,
    "improvement_outcome": 0.0,
}
NULL = {
    **STATIC,
    "within_effect": 0.0,
    "within_effect_sd": 0.0,
    "patient_between_effect": 0.0,
    "therapist_between_effect": 0.0,
}
WIDE = {
    **STATIC,
    "within_effect": -0.11,
    "alliance_range": None,
    "outcome_range": None,
    "alliance_trend_sd": 0.0,
}


def estimates(seed: int, **options: object) -> dict[str, tuple[float, float, float]]:
    sessions = al.simulate_sessions(rng=seed, **options)  # type: ignore[arg-type]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = al.fit_within_between(sessions).effects
    return {r.effect: (r.estimate, r.ci_low, r.ci_high) for r in table.itertuples()}


def test_one_large_study_recovers_the_within_effect() -> None:
    """Unlimited scales: the within coefficient estimates its structural value."""
    found = estimates(5, n_patients=3000, n_therapists=300, **WIDE)
    low, high = found["within"][1:]
    assert low < TRUTH["within"] < high
    assert high - low < 0.02


@pytest.mark.slow
def test_coverage_of_the_within_effect() -> None:
    """300 studies: the 95% interval covers the structural within effect in 95% of them."""
    hits = [
        low < TRUTH["within"] < high
        for _, low, high in (estimates(10_000 + i, **WIDE)["within"] for i in range(300))
    ]
    assert abs(np.mean(hits) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / 300)


@pytest.mark.slow
def test_every_effect_centres_on_its_estimand() -> None:
    """200 studies like sessions.csv: the mean estimate lies within 3 errors of the estimand."""
    codebook = al.load_example("sessions").codebook
    assert codebook is not None
    estimand = codebook.set_index("parameter")["estimand"]
    found = [estimates(20_000 + i) for i in range(200)]
    for effect in TRUTH:
        values = np.array([f[effect][0] for f in found])
        error = values.std(ddof=1) / np.sqrt(len(values))
        assert abs(values.mean() - estimand[f"{effect}_effect"]) < 3 * error


@pytest.mark.slow
def test_the_null_twin_rejects_at_its_level() -> None:
    """300 null studies without paths: each effect is significant at .05 in about 5% of them."""
    found = [estimates(30_000 + i, **NULL) for i in range(300)]
    for effect in TRUTH:
        rejected = np.mean([not f[effect][1] < 0 < f[effect][2] for f in found])
        assert abs(rejected - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 300)
