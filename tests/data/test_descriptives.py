from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

REFERENCE = Path(__file__).parents[1] / "reference" / "descriptives" / "statsby.json"


def study(rng: np.random.Generator) -> pd.DataFrame:
    sizes = rng.integers(1, 9, 60)
    patient = np.repeat(np.arange(60), sizes)
    trait = rng.multivariate_normal(np.zeros(3), np.eye(3) + 0.4, 60)[patient]
    frame = pd.DataFrame(trait + rng.normal(0, 1.2, trait.shape), columns=["a", "b", "c"])
    frame = frame.mask(rng.random(frame.shape) < 0.1)
    session = np.concatenate([np.arange(n) for n in sizes])
    return frame.assign(patient=patient, session=session)


ROLES = al.Roles(alliance="a", outcome="b", alliance_therapist="c")


def naive(frame: pd.DataFrame, one: str, other: str) -> tuple[float, float]:
    """Correlations with loops over patients: of deviations, and of means."""
    both = frame.dropna(subset=[one, other])
    deviations, means = [], []
    for _, own in both.groupby("patient"):
        values = own[[one, other]].to_numpy()
        means.append(values.mean(axis=0))
        deviations += list(values - means[-1])
    left, right = np.array(deviations).T
    within = (left * right).sum() / np.sqrt((left**2).sum() * (right**2).sum())
    return within, np.corrcoef(np.array(means).T)[0, 1]


@pytest.mark.filterwarnings("ignore")
def test_pairs_equal_loops(rng: np.random.Generator, tol) -> None:
    frame = study(rng)
    pairs = al.describe_levels(frame, ROLES).pairs
    assert len(pairs) == 6
    for (one, other), rows in pairs.groupby(["variable", "with_variable"]):
        found = rows.set_index("level")["r"]
        within, between = naive(frame, one, other)
        assert found["within"] == pytest.approx(within, rel=tol.closed_form)
        assert found["between"] == pytest.approx(between, rel=tol.closed_form)


@pytest.mark.filterwarnings("ignore")
def test_pairs_do_not_depend_on_order_units_or_names(rng: np.random.Generator, tol) -> None:
    frame = study(rng)
    pairs = al.describe_levels(frame, ROLES).pairs
    changed = frame.sample(frac=1, random_state=1).assign(a=lambda d: 3 - 2 * d["a"])
    changed["patient"] = [f"p{k:03d}" for k in 99 - changed["patient"]]
    other = al.describe_levels(changed, ROLES).pairs
    sign = np.where(pairs["variable"] == "a", -1, 1)
    np.testing.assert_allclose(other["r"], sign * pairs["r"], rtol=1e-9)


@pytest.mark.filterwarnings("ignore")
def test_correlations_equal_statsby_of_psych(tol) -> None:
    pinned = json.loads(REFERENCE.read_text(encoding="utf-8"))
    frame = pd.DataFrame(pinned["data"])
    levels = al.describe_levels(frame, ROLES)
    names = ["a", "b", "c"]
    table = levels.descriptives
    shown = table[["r 1", "r 2", "r 3"]].to_numpy()
    for i, one in enumerate(names):
        for j, other in enumerate(names):
            if i != j:
                side = "rwg" if i < j else "rbg"
                value = pinned[side][names.index(one)][names.index(other)]
                assert shown[i, j] == pytest.approx(value, rel=1e-8)
    np.testing.assert_allclose(table["mean"], pinned["mean"], rtol=1e-10)


@pytest.mark.filterwarnings("ignore")
def test_undefined_correlations_are_missing() -> None:
    frame = pd.DataFrame(
        {"patient": [1, 1, 2, 2], "session": [1, 2, 1, 2], "a": [1.0, 1, 2, 2], "b": [1.0, 2, 3, 4]}
    )
    levels = al.describe_levels(frame, al.Roles(alliance="a", outcome="b"))
    table = levels.descriptives
    assert np.isnan(table["r 2"].iloc[0])
    assert table["r 1"].iloc[1] == pytest.approx(1.0)
