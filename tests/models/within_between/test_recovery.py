"""Recovery of simulated truth: coverage of the structural values, and of the null twin."""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
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


FILE = {"n_patients": 240, "n_therapists": 24}
#: Ten files: SDs and shares stop at 0, which biases their means with 24 therapists, and an effect
#: in SDs of therapists is missing where their variance is 0.
TEN_FILES = {"n_patients": 2400, "n_therapists": 240}
BOUNDED = "outcome_residual_sd_|.*_effect_sd|.*_trend_sd|standardised_effect_therapist|.*_share"
#: Data files whose estimands differ; those of the dyads are the ones of the sessions.
STUDIES = ("sessions", "therapist_share", "therapist_change", "therapist_free")


@pytest.fixture(scope="module")
def script() -> ModuleType:
    """The script behind the data files, with its folder on the path as when it is run."""
    data = Path(__file__).resolve().parents[3] / "data"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(data)
        return importlib.import_module("make_synthetic")


def fitted(
    script: ModuleType, name: str, size: dict[str, int], n: int, *, trends: bool
) -> pd.DataFrame:
    """Estimates of `n` studies made like a data file, by the codebook's names.

    SDs of trends are left out on request: they take half of the time.
    """
    (recipe,) = (r for r in script.RECIPES if r.name == name)
    estimands = importlib.import_module("estimands")
    found = []
    for i in range(n):
        sessions = al.simulate_sessions(**size, **recipe.changes, rng=40_000 + i)
        roles = script.fitted_roles(recipe, sessions)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            estimates = estimands.fitted_effects(sessions, roles)
            estimates |= estimands.fitted_outcome(sessions, roles)
            estimates |= estimands.described_levels(sessions, roles)
            if trends:
                estimates |= estimands.fitted_trends(sessions, roles)
            found.append(estimates)
    return pd.DataFrame(found)


def off_the_estimand(
    script: ModuleType, found: pd.DataFrame, name: str, n_patients: int
) -> pd.Series:
    """Mean estimate minus estimand in Monte Carlo errors, those of the estimand included."""
    codebook = al.load_example(name).codebook
    assert codebook is not None
    estimand = codebook.set_index("parameter")["estimand"].reindex(found.columns)
    assert estimand.notna().all()
    errors = found.std() * np.sqrt(
        1 / found.notna().sum() + n_patients / script.LARGE["n_patients"]
    )
    return (found.mean() - estimand) / errors


@pytest.mark.slow
@pytest.mark.parametrize("name", [f"{study}{twin}" for study in STUDIES for twin in ("", "_null")])
def test_every_estimate_centres_on_its_estimand(script: ModuleType, name: str) -> None:
    """200 studies like the file: each mean lies within 3 errors of the codebook's estimand."""
    found = fitted(script, name, FILE, 200, trends=False)
    found = found.loc[:, ~found.columns.str.match(BOUNDED)]
    assert {"within_effect", "patient_between_effect", "early_alliance_b"} <= set(found)
    assert len(found.columns) >= 12
    off = off_the_estimand(script, found, name, FILE["n_patients"])
    assert off.abs().max() < 3, off.round(2).to_dict()


@pytest.mark.slow
@pytest.mark.parametrize("name", STUDIES)
def test_bounded_estimates_centre_on_their_estimands_in_larger_studies(
    script: ModuleType, name: str
) -> None:
    """40 studies of ten times the size; see `TEN_FILES` for why."""
    found = fitted(script, name, TEN_FILES, 40, trends=True)
    found = found.loc[:, found.columns.str.match(BOUNDED)]
    assert {"within_effect_sd", "outcome_residual_sd_session", "outcome_trend_sd"} <= set(found)
    off = off_the_estimand(script, found, name, TEN_FILES["n_patients"])
    assert off.abs().max() < 3, off.round(2).to_dict()


@pytest.mark.slow
def test_the_null_twin_rejects_at_its_level() -> None:
    """300 null studies without paths: each effect is significant at .05 in about 5% of them."""
    found = [estimates(30_000 + i, **NULL) for i in range(300)]
    for effect in TRUTH:
        rejected = np.mean([not f[effect][1] < 0 < f[effect][2] for f in found])
        assert abs(rejected - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 300)
