"""fit_ruptures: its rows by hand, its tables, what it refuses; and lme4 by its own R code."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.models.outcome.patient_fit import fit_rows
from alliance_stats.models.ruptures.outcome_result import RuptureOutcome

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "ruptures"
ROLES = al.Roles(
    patient="id", session="visit", therapist="who", alliance="wai", outcome="phq",
    outcome_better="lower", baseline="phq_intake",
)  # fmt: skip
ALONE = replace(ROLES, therapist=None)


def study(seed: int, n: int = 60) -> pd.DataFrame:
    """10 therapists; more falls go with a worse outcome."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(7, 15, n)
    patient = np.repeat(np.arange(n), counts)
    visit = np.concatenate([np.arange(k) for k in counts]) + 1
    intake = np.rint(rng.normal(15, 4, n))
    falls = rng.random(len(patient)) < 0.12
    wai = np.rint(50 + rng.normal(0, 4, n)[patient] + rng.normal(0, 4, len(patient)) - 14 * falls)
    load = np.bincount(patient, weights=falls, minlength=n)
    level = (
        0.5 * intake + 1.5 * load + rng.normal(0, 2, n) + rng.normal(0, 1.5, 10)[np.arange(n) % 10]
    )
    frame = pd.DataFrame(
        {
            "id": [f"P{p}" for p in patient],
            "who": [f"T{p % 10}" for p in patient],
            "visit": visit,
            "wai": wai,
            "phq": np.round(level[patient] + rng.normal(0, 1, len(patient)), 1),
            "phq_intake": intake[patient],
        }
    )
    frame.loc[frame["id"] == "P3", "phq"] = np.nan
    return frame.sample(frac=1.0, random_state=1).reset_index(drop=True)


def fit(frame: pd.DataFrame, roles: al.Roles = ROLES, **options: Any) -> RuptureOutcome:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_ruptures(frame, roles, **({"simulations": 99} | options))


@pytest.fixture(scope="module")
def result() -> RuptureOutcome:
    return fit(study(1))


def test_rows_by_hand(result: RuptureOutcome) -> None:
    frame, found = study(1), result.found.patients().set_index("id")
    rows = result.prepared.frame.set_index("id")
    assert "P3" not in rows.index
    assert sum(result.prepared.dropped.values()) == 1
    for patient, row in rows.iterrows():
        own = frame[frame["id"] == patient].sort_values("visit")
        chance = found.loc[patient]
        assert row["phq_post"] == own["phq"].iloc[-1]
        assert row["phq_intake"] == own["phq_intake"].iloc[0]
        assert row["who"] == own["who"].iloc[0]
        assert row["excess_ruptures"] == pytest.approx(chance["ruptures"] - chance["expected"])
        share = chance["expected_repaired"] / chance["expected"]
        assert row["excess_repaired"] == pytest.approx(
            chance["repaired"] - chance["ruptures"] * share
        )
        if chance["ruptures"]:
            assert row["share_repaired"] == chance["repaired"] / chance["ruptures"]
        else:
            assert np.isnan(row["share_repaired"])
            assert row["excess_repaired"] == 0


def test_the_model_is_that_of_its_rows(result: RuptureOutcome) -> None:
    from alliance_stats.lmm.fit import fit_quietly

    plain = fit_quietly(
        "phq_post ~ excess_ruptures + excess_repaired + phq_intake + (1 | who)",
        result.prepared.frame,
    )
    table = result.tidy().set_index("term")
    for name, value in plain.beta.items():
        assert table.loc[str(name), "estimate"] == pytest.approx(value, rel=1e-6)
    assert result.effects["effect"].tolist() == ["excess_ruptures", "excess_repaired"]
    assert result.formula.endswith("(1 | who)")
    alone = fit(study(1), ALONE)
    x = alone.prepared.frame[["excess_ruptures", "excess_repaired", "phq_intake"]].to_numpy(float)
    x = np.column_stack([np.ones(len(x)), x])
    beta = np.linalg.lstsq(x, alone.prepared.frame["phq_post"].to_numpy(), rcond=None)[0]
    np.testing.assert_allclose(alone.effects["estimate"], beta[1:3], rtol=1e-8)


def test_sensitivity_and_what_counts_track(result: RuptureOutcome) -> None:
    table = result.sensitivity
    assert table["model"].nunique() == 2
    frame = result.prepared.frame
    assert set(table["n"]) <= {len(frame), int((frame["ruptures"] > 0).sum())}
    tracks = result.tracks.set_index("measure")
    assert tracks.loc["ruptures", "n_ratings"] == pytest.approx(
        np.corrcoef(frame["ruptures"], frame["n_ratings"])[0, 1]
    )
    assert tracks.loc["ruptures", "n_ratings"] > abs(tracks.loc["excess_ruptures", "n_ratings"])


def test_what_is_said(result: RuptureOutcome) -> None:
    text = al.report_text(result)
    assert "Across " in text
    assert "predict" not in text
    assert "Raw counts grow with the number of sessions" in text
    assert "times as much as in ratings without ruptures" in text
    assert "association without an order in time" in text
    assert "Raw counts grow" in repr(result)
    assert "<table>" in result._repr_html_()
    assert "uptures beyond chance" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tolerence": 0.5}, "Did you mean 'tolerance'"),
        ({"therapist_change": "dyad"}, "not possible in fit_ruptures"),
        ({"rule": "chart"}, "rule='chart' is not known"),
    ],
)
def test_arguments_that_are_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        fit(study(1), **options)


def test_data_that_are_refused() -> None:
    frame = study(1)
    with pytest.raises(ArgumentError, match="role 'baseline'"):
        fit(frame, replace(ROLES, baseline=None))
    few = frame[frame["id"].isin(["P1", "P5", "P6", "P11"])]
    with pytest.raises(DataError, match="too few"):
        fit(few, ALONE)
    with pytest.raises(DataError, match="constant over the .*phq_intake"):
        fit(frame.assign(phq_intake=10.0))
    moved = frame.assign(who=np.where(frame["visit"] > 5, "T0", frame["who"]))
    with pytest.raises(DataError, match="therapist_change='first'"):
        fit(moved)
    first = fit(moved, therapist_change="first")
    assert len(first.prepared.frame) > 10
    assert first.view().refit == (
        "al.models.fit_ruptures(sessions, rule='criterion', simulations=99, rng=1, "
        "therapist_change='first')"
    )


@pytest.mark.parametrize("case", ["therapists", "patients"])
def test_references(case: str, tol: SimpleNamespace) -> None:
    """lme4 and lm by the lines of to_r, run on the rows of the model."""
    pinned = json.loads((FOLDER / f"{case}.json").read_text("utf-8"))
    rows = pd.read_csv(FOLDER / f"{case}.csv")
    study_of = fit(study(2), ROLES if case == "therapists" else ALONE)
    prepared = replace(study_of.prepared, frame=rows)
    model = fit_rows(rows, prepared.post, prepared.predictors, prepared.roles.therapist)
    found = RuptureOutcome(model, prepared, study_of.found)
    assert found.to_r(data=f"{case}.csv") == (FOLDER / f"{case}.R").read_text("utf-8")
    for row in found.tidy().itertuples():
        name = str(row.term)
        se = pinned["se"][name]
        gap = abs(row.estimate - pinned["beta"][name])
        assert gap <= min(tol.beta_in_se * se, tol.beta_relative * max(abs(row.estimate), se))
        assert row.se == pytest.approx(se, rel=tol.se)
        assert row.df == pytest.approx(pinned["df"][name], rel=tol.df)
        assert row.p_value == pytest.approx(pinned["p"][name], rel=tol.p_value)
    assert found.fit.loglik == pytest.approx(pinned["loglik"], abs=tol.loglik_absolute)


def test_spread_beside_chance_by_hand(result: RuptureOutcome) -> None:
    table = result.spread.set_index("measure")
    rows, found = result.prepared.frame, result.found
    drawn = found.analysis.chance.patients
    noise: dict[str, list[float]] = {"excess_ruptures": [], "excess_repaired": []}
    for patient in rows["id"]:
        ruptures, repaired = drawn[:2, found.ratings.patients.index(patient)].astype(float)
        noise["excess_ruptures"].append(np.mean((ruptures - ruptures.mean()) ** 2))
        left = repaired - ruptures * repaired.mean() / ruptures.mean()
        noise["excess_repaired"].append(np.mean((left - left.mean()) ** 2))
    for name, values in noise.items():
        assert table.loc[name, "variance"] == pytest.approx(np.var(rows[name], ddof=1))
        assert table.loc[name, "by_chance"] == pytest.approx(np.mean(values))
        assert table.loc[name, "ratio"] == pytest.approx(
            np.var(rows[name], ddof=1) / np.mean(values)
        )
    assert "times as much as in ratings without ruptures" in " ".join(result.notes)


def test_excesses_vary_as_by_chance_where_nothing_happened() -> None:
    """Of 400 patients the variance has a standard error of 7%."""
    rng = np.random.default_rng(8)
    frame = pd.DataFrame(
        {
            "id": np.repeat(np.arange(400), 12), "visit": np.tile(np.arange(12), 400),
            "wai": rng.normal(50, 6, 4800), "phq": np.repeat(rng.normal(10, 3, 400), 12),
            "phq_intake": np.repeat(rng.normal(15, 3, 400), 12),
        }
    )  # fmt: skip
    ratios = fit(frame, ALONE, scale=None, step=None, simulations=199).spread["ratio"]
    assert ratios.tolist() == pytest.approx([1.0, 1.0], abs=0.2)
