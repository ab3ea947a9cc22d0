"""Intervals from resampled patients, or therapists."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

from .conftest import THREE, TWO, fit, row


def test_draws_are_refits_to_the_drawn_patients(frame: pd.DataFrame) -> None:
    """One draw, by fitting both equations to the rows of the drawn patients."""
    result = fit(frame, random_slopes={}, interval="bootstrap", n_boot=100, rng=3)
    prepared = result.prepared
    labels = prepared.frame["id"].drop_duplicates().to_numpy()
    drawn = np.random.default_rng(3).integers(0, len(labels), size=(100, len(labels)))[1]
    counts = np.bincount(drawn, minlength=len(labels))
    betas = []
    for side in ("mediator", "outcome"):
        rows = prepared.rows(side)  # type: ignore[arg-type]
        parts = [
            rows[rows["id"] == label].assign(id=f"{label}.{copy}")
            for label, count in zip(labels, counts, strict=True)
            for copy in range(count)
        ]
        betas.append(al.fit_lmm(result.formulas[side], pd.concat(parts)).beta)
    a, b, direct = prepared.path_columns("within")
    found = result.draws.values["within"][1]
    wanted = [betas[0][a], betas[1][b], betas[1][direct], 0.0]
    np.testing.assert_allclose(found, wanted, rtol=2e-4, atol=1e-6)


def test_agrees_with_monte_carlo_where_the_model_holds(same: pd.DataFrame) -> None:
    drawn = fit(same, contemporaneous=True)
    boot = fit(same, contemporaneous=True, interval="bootstrap", n_boot=300)
    assert boot.draws.unit == "patient"
    for effect in ("within_indirect", "within_total", "between_indirect"):
        one, two = row(drawn, effect), row(boot, effect)
        assert one["estimate"] == two["estimate"]
        width = one["ci_high"] - one["ci_low"]
        assert abs(two["ci_low"] - one["ci_low"]) < 0.25 * width
        assert abs(two["ci_high"] - one["ci_high"]) < 0.25 * width


def test_therapists_are_drawn_where_there_are_any(frame: pd.DataFrame) -> None:
    boot = fit(frame, THREE, random_slopes={}, interval="bootstrap", n_boot=100)
    assert boot.draws.unit == "therapist"
    assert any("Only 12 therapists to draw from" in text for text in boot.messages)
    assert np.isfinite(row(boot, "therapist_between_indirect")["ci_low"])


def test_the_same_for_the_same_seed_and_more_draws(frame: pd.DataFrame) -> None:
    one = fit(frame, TWO, random_slopes={}, interval="bootstrap", n_boot=100, rng=2)
    two = fit(frame, TWO, random_slopes={}, interval="bootstrap", n_boot=100, rng=2)
    for level, draws in one.draws.values.items():
        np.testing.assert_array_equal(draws, two.draws.values[level])
    assert row(one, "within_indirect")["p_value"] == pytest.approx(2 / 101)
