"""Omega of ordered answers: semTools' value, recovery, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.reliability import categorical_omega
from alliance_stats.reliability.factor.categorical import unweighted_factor

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "sem"


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    return json.loads((FOLDER / "ordered.json").read_text(encoding="utf-8"))


def answers() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "answers.csv")


def test_omega_equals_semtools(known: dict[str, Any], tol: SimpleNamespace) -> None:
    found = categorical_omega(answers())
    assert found.estimate == pytest.approx(known["omega3"], abs=tol.reliability)
    assert np.allclose(found.tables["Loadings"]["loading"], known["loadings"], atol=tol.reliability)


def test_least_squares_finds_exact_loadings() -> None:
    loadings = np.array([0.9, 0.7, 0.5, -0.4])
    correlation = np.outer(loadings, loadings)
    np.fill_diagonal(correlation, 1.0)
    found, converged = unweighted_factor(correlation)
    assert converged
    assert np.allclose(found, loadings, atol=1e-6)


def test_the_squared_correlation_of_sum_and_true_sum_is_found() -> None:
    """Omega is the share of the sum's variance that lies between persons of one factor value."""
    rng = np.random.default_rng(2)
    n = 40_000
    factor = rng.normal(size=(n, 1))
    loading = np.array([0.8, 0.7, 0.6, 0.7])

    def draw() -> np.ndarray:
        normal = factor * loading + rng.normal(size=(n, 4)) * np.sqrt(1 - loading**2)
        return np.digitize(normal, [-0.2, 0.9, 1.6])

    first, second = draw(), draw()
    retest = np.corrcoef(first.sum(axis=1), second.sum(axis=1))[0, 1]
    found = categorical_omega(pd.DataFrame(first, columns=list("abcd"))).estimate
    assert found == pytest.approx(retest, abs=0.01)


def test_answers_may_start_at_any_number_and_rows_in_any_order() -> None:
    first = categorical_omega(answers()).estimate
    moved = answers().sample(frac=1, random_state=1) + [3, 0, -1, 5, 2]
    assert categorical_omega(moved).estimate == pytest.approx(first, abs=1e-10)


def test_bootstrap_has_an_interval_that_repeats() -> None:
    data = answers()
    one = categorical_omega(data, interval="bootstrap", n_boot=100, rng=1).terms.iloc[0]
    two = categorical_omega(data, interval="bootstrap", n_boot=100, rng=1).terms.iloc[0]
    assert one["ci_low"] < one["estimate"] < one["ci_high"]
    assert one["ci_low"] == two["ci_low"]
    assert np.isnan(categorical_omega(data).terms["se"].item())


def test_what_is_refused_and_dropped() -> None:
    data = answers()
    with pytest.raises(al.ArgumentError, match="three items or more"):
        categorical_omega(data[["q1", "q2"]])
    with pytest.raises(al.DataError, match="no whole numbers: q1"):
        categorical_omega(data.assign(q1=data["q1"] + 0.5 * (data["q2"] == 1)))
    with pytest.raises(al.DataError, match="one answer only"):
        categorical_omega(data.assign(q1=1))
    with pytest.raises(al.ArgumentError, match="go together"):
        categorical_omega(data, rng=1)
    with pytest.raises(al.ArgumentError, match="n_boot=10"):
        categorical_omega(data, interval="bootstrap", n_boot=10, rng=1)
    with pytest.warns(al.DataWarning, match="2 of 350 rows dropped"):
        assert categorical_omega(data.mask(data.index.to_series() < 2)).n_dropped == 2
