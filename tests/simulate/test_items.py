"""Simulated items: the measurement model, its truth, and the files made of it."""

from __future__ import annotations

import importlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError, DataWarning
from alliance_stats.data import load_example
from alliance_stats.simulate import simulate_items
from alliance_stats.simulate.items.model import (
    PHQ_COLUMNS,
    WAI_COLUMNS,
    item_correlations,
    thresholds,
    wai_factor_of_item,
)
from alliance_stats.simulate.items.simulate import ItemParameters, _defaults
from alliance_stats.simulate.items.truth import (
    latent_reliabilities,
    observed_truth,
    reliability_of_sum,
    unit_covariances,
)

DATA = Path(__file__).resolve().parents[2] / "data"
NAMES = ("items", "items_null")


def parameters(**changes: Any) -> ItemParameters:
    defaults = {k: v for k, v in _defaults().items() if k != "rng"}
    return ItemParameters(**(defaults | changes))  # type: ignore[arg-type]


def test_omega_is_what_was_asked_for(tol: SimpleNamespace) -> None:
    given = parameters(omega_within=0.7, omega_between=0.9, symptom_omega_within=0.6)
    found = latent_reliabilities(given)
    for name, value in {
        "wai_total_omega_within": 0.7,
        "wai_total_omega_between": 0.9,
        "phq9_total_omega_within": 0.6,
        "phq9_total_alpha_within": 0.6,  # equal loadings on one factor: alpha is omega
    }.items():
        assert found[name] == pytest.approx(value, rel=tol.closed_form)
    assert found["wai_total_alpha_within"] < 0.7  # three factors


def test_triads_find_unequal_loadings(rng: np.random.Generator, tol: SimpleNamespace) -> None:
    loadings, unique = rng.uniform(0.5, 1.5, 8), rng.uniform(0.3, 1.0, 8)
    factors = np.array([0, 0, 0, 0, 1, 1, 1, 1])
    phi = np.array([[1, 0.6], [0.6, 1]])[np.ix_(factors, factors)]
    common = np.outer(loadings, loadings) * phi
    found = reliability_of_sum(common + np.diag(unique), factors)
    omega = common.sum() / (common.sum() + unique.sum())
    assert found["omega"] == pytest.approx(omega, rel=tol.closed_form)


def test_unit_covariances_are_mean_squares(rng: np.random.Generator, tol: SimpleNamespace) -> None:
    patient = np.repeat(np.arange(9), rng.integers(1, 6, 9))
    items = rng.normal(size=(len(patient), 2)) + rng.normal(size=(9, 2))[patient]
    within, between = unit_covariances(items, patient)
    frame = pd.DataFrame(items).groupby(patient)
    deviations = np.vstack([rows - rows.mean(axis=0) for _, rows in frame])
    ms_within = deviations.T @ deviations / (len(patient) - 9)
    size, means = frame.size().to_numpy(), frame.mean().to_numpy()
    away = means - items.mean(axis=0)
    ms_between = sum(n * np.outer(a, a) for n, a in zip(size, away, strict=True)) / 8
    n0 = (len(patient) - (size**2).sum() / len(patient)) / 8
    np.testing.assert_allclose(within, ms_within, rtol=tol.closed_form)
    np.testing.assert_allclose(between, (ms_between - ms_within) / n0, rtol=tol.closed_form)


def test_items_of_the_factors_are_those_of_the_inventory() -> None:
    of_item = wai_factor_of_item()
    assert [(np.flatnonzero(of_item == f) + 1).tolist() for f in range(3)] == [
        [1, 2, 10, 12], [3, 5, 7, 9], [4, 6, 8, 11],
    ]  # fmt: skip
    correlations = item_correlations(parameters(), "alliance")
    assert correlations[0, 3] == 0.9
    assert correlations[0, 2] == correlations[2, 3] == 0.75


@pytest.fixture(scope="module")
def large() -> Iterator[pd.DataFrame]:
    yield simulate_items(n_patients=6_000, n_therapists=600, rng=7).frame


def test_large_simulation_is_near_the_truth(large: pd.DataFrame) -> None:
    truth, found = latent_reliabilities(parameters()), observed_truth(large)
    for name, value in truth.items():
        assert value - 0.09 < found[name] < value + 0.01, name  # categories cost reliability
    assert found["wai_total_omega_within"] == pytest.approx(0.8, abs=0.02)
    assert found["wai_total_omega_between"] == pytest.approx(0.95, abs=0.01)
    assert -0.22 < found["within_effect"] < -0.15
    assert -0.30 < found["between_effect"] < -0.20


def test_the_null_twin_has_no_effect() -> None:
    frame = simulate_items(
        n_patients=6_000,
        n_therapists=600,
        within_effect=0,
        between_effect=0,
        symptom_trend=0,
        rng=7,
    ).frame
    found = observed_truth(frame)
    assert abs(found["within_effect"]) < 0.02
    assert abs(found["between_effect"]) < 0.05


def test_responses_have_the_shares_of_the_thresholds(large: pd.DataFrame) -> None:
    first = large.loc[large["session"] == 1, list(WAI_COLUMNS)]
    top = (first == 5).mean().mean()
    assert top == pytest.approx(0.37, abs=0.02)
    assert (first == 1).mean().mean() == pytest.approx(0.035, abs=0.01)
    limits = thresholds((0.25, 0.25, 0.25, 0.25), 9, 2.0)
    assert (np.diff(limits, axis=1) > 0).all()
    assert limits[:, 1].mean() == pytest.approx(0)
    assert limits[8, 0] == limits[:, 0].max()


def test_counts_and_missing(large: pd.DataFrame) -> None:
    items = large[[*WAI_COLUMNS, *PHQ_COLUMNS]]
    assert items.isna().to_numpy().mean() == pytest.approx(0.015, abs=0.001)
    assert len(large) / (6_000 * 8) == pytest.approx(1 - 0.10 * 7 / 8, abs=0.005)
    assert large.groupby("patient")["therapist"].nunique().eq(1).all()
    assert large.groupby("patient")["treatment"].first().value_counts().tolist() == [3000, 3000]


def test_same_source_same_data() -> None:
    first, other = (simulate_items(n_patients=20, n_therapists=3, rng=5).frame for _ in range(2))
    pd.testing.assert_frame_equal(first, other)
    null = simulate_items(n_patients=20, n_therapists=3, within_effect=0, rng=5).frame
    pd.testing.assert_frame_equal(first[list(WAI_COLUMNS)], null[list(WAI_COLUMNS)])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n_patients": 1}, "n_patients=1 is not a whole number of at least 2"),
        ({"n_therapists": 200}, "n_therapists=200 exceeds n_patients=120"),
        ({"omega_within": 1.0}, "omega_within=1 is not between 0 and 1"),
        ({"missing_items": -0.1}, "missing_items=-0.1 is not a share"),
        ({"task_goal": 0.3, "bond_others": 0.9}, "cannot both be correlations of three factors"),
        ({"alliance_patient_share": 0.95}, "leaves nothing to vary between sessions"),
        ({"within_effect": float("nan")}, "within_effect=nan is not a finite number"),
        ({"rng": -1}, "rng=-1 cannot seed"),
    ],
)
def test_parameters_that_cannot_be(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        simulate_items(**({"rng": 1} | given))


@pytest.fixture(scope="module")
def script() -> Iterator[ModuleType]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(DATA)
        yield importlib.import_module("item_recipes")


@pytest.mark.parametrize("name", NAMES)
def test_file_equals_fresh_simulation(script: ModuleType, name: str) -> None:
    (recipe,) = (r for r in script.ITEM_RECIPES if r.name == name)
    assert recipe.seed == 11 + NAMES.index(name)
    stored = (DATA / "synthetic" / f"{name}.csv").read_bytes()
    assert b"\r" not in stored
    assert stored.decode() == script.items_csv(recipe)
    text = script.items_codebook_csv(recipe, {})
    fresh = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False)
    book = pd.read_csv(
        DATA / "synthetic" / f"{name}_codebook.csv", dtype=str, keep_default_na=False
    )
    pd.testing.assert_frame_equal(book.drop(columns="estimand"), fresh.drop(columns="estimand"))


@pytest.mark.parametrize("name", NAMES)
def test_stored_estimands_are_near_a_smaller_simulation(script: ModuleType, name: str) -> None:
    (recipe,) = (r for r in script.ITEM_RECIPES if r.name == name)
    frame = simulate_items(**recipe.changes, n_patients=6_000, n_therapists=600, rng=3).frame
    book = load_example(name).codebook
    assert book is not None
    stored = book.set_index("parameter")["estimand"].astype(float).dropna()
    found = observed_truth(frame)
    assert set(stored.index) == set(found)
    for parameter, value in stored.items():
        assert found[str(parameter)] == pytest.approx(value, abs=0.03), parameter


@pytest.mark.parametrize("name", NAMES)
def test_example_is_scored_without_ado(name: str) -> None:
    sessions = load_example(name)
    assert sessions.roles is None
    assert not sessions.report.messages
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        frame = al.score(al.score(sessions.frame, "wai_sr", max_missing=2), "phq_9")
    assert frame["wai_sr_total"].dropna().between(12, 60).all()
    assert frame["wai_sr_total"].isna().mean() < 0.01
    roles = al.Roles(therapist="therapist", alliance="wai_sr_total", outcome="phq_9_total")
    assert al.load_sessions(frame, roles).roles == roles
