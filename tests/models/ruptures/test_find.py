"""find_ruptures: tables by hand, what it says, what it refuses."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.models.ruptures.result import RuptureResult

ROLES = al.Roles(patient="id", session="visit", alliance="wai", outcome="phq")


@pytest.fixture
def frame(rng: np.random.Generator) -> pd.DataFrame:
    """30 patients with 6 to 14 sessions in any order; some sessions are not rated."""
    counts = rng.integers(6, 15, 30)
    patient = np.repeat(np.arange(30), counts)
    visit = np.concatenate([np.arange(n) for n in counts]) + 1
    wai = np.rint(50 + rng.normal(0, 5, 30)[patient] + rng.normal(0, 5, len(patient)))
    frame = pd.DataFrame(
        {"id": [f"P{p}" for p in patient], "visit": visit, "wai": wai, "phq": 10.0}
    )
    frame.loc[rng.choice(len(frame), 20, replace=False), "wai"] = np.nan
    return frame.sample(frac=1.0, random_state=3).reset_index(drop=True)


def find(frame: pd.DataFrame, **options: Any) -> RuptureResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.find_ruptures(frame, ROLES, **({"simulations": 49} | options))


def patient_of(*ratings: float, first: int = 1) -> pd.DataFrame:
    """One patient with these ratings, and two others whose ratings vary."""
    rng = np.random.default_rng(4)
    parts = [
        pd.DataFrame({"id": "A", "visit": np.arange(first, first + len(ratings)), "wai": ratings})
    ]
    for name in "BC":
        wai = np.rint(50 + 5 * rng.normal(size=10))
        parts.append(pd.DataFrame({"id": name, "visit": np.arange(1, 11), "wai": wai}))
    return pd.concat(parts, ignore_index=True).assign(phq=10.0)


def test_a_rupture_by_hand() -> None:
    """From session 3 on: a fall from 50 to 40 at 5, lowest 38 at 6, regained at 9."""
    ratings = (50, 50, 40, 38, 44, 44, 50, 51, 50, 50)
    result = find(patient_of(*ratings, first=3), tolerance=0.2, window=3)
    row = result.ruptures.query("id == 'A'").iloc[0]
    sd = np.std(ratings, ddof=1)
    assert (row["start"], row["lowest_session"], row["resolved_at"]) == (5, 6, 9)
    assert pd.isna(row["repair"])
    assert (row["level"], row["lowest"], row["depth"], row["length"]) == (50, 38, 12, 4)
    assert row["depth_sd"] == pytest.approx(12 / sd)
    assert not row["repaired"]
    assert row["resolved"]
    wider = find(patient_of(*ratings, first=3), tolerance=0.2, window=4).ruptures.iloc[0]
    assert (wider["repair"], wider["repaired"]) == (9, True)


def test_unresolved_at_the_end() -> None:
    result = find(patient_of(50, 51, 50, 49, 50, 51, 50, 38, 39))
    row = result.ruptures.query("id == 'A'").iloc[-1]
    assert (row["start"], row["resolved"], row["repaired"]) == (8, False, False)
    assert pd.isna(row["resolved_at"])
    assert np.isnan(row["length"])


@pytest.mark.parametrize("rule", ["criterion", "control_chart", "partition", "regression"])
def test_tables_agree_with_each_other(frame: pd.DataFrame, rule: str) -> None:
    result = find(frame, rule=rule, drop=1.0)
    patients, chance = result.patients(), result.chance.set_index("measure")
    ruptures = result.ruptures
    assert len(ruptures) == patients["ruptures"].sum() == chance.loc["ruptures", "observed"] > 0
    assert ruptures["repaired"].sum() == patients["repaired"].sum()
    assert ruptures["resolved"].sum() == patients["resolved"].sum()
    assert (patients["unrepaired"] == patients["ruptures"] - patients["repaired"]).all()
    assert chance.loc["patients", "observed"] == ruptures["id"].nunique()
    assert chance.loc["ruptures", "expected"] == pytest.approx(patients["expected"].sum())
    assert (ruptures["depth"] > 0).all()
    assert (chance["excess"] == chance["observed"] - chance["expected"]).all()
    assert (patients["n_ratings"] >= 8).all()
    table = result.tidy()
    assert tuple(table.columns) == ("effect", "unit", *TIDY_COLUMNS)
    assert ((table["ci_low"] <= table["estimate"]) & (table["estimate"] <= table["ci_high"])).all()
    assert len(result.glance()) == 1


def test_order_of_rows_and_names_do_not_matter(frame: pd.DataFrame) -> None:
    first = find(frame)
    other = frame.sort_values(["id", "visit"])
    again = find(other.assign(id=pd.Categorical(other["id"])))
    counts = [
        r.patients()
        .assign(id=lambda t: t["id"].astype(str))
        .set_index("id")["ruptures"]
        .sort_index()
        for r in (first, again)
    ]
    pd.testing.assert_series_equal(*counts)


def test_patients_left_out_are_counted(frame: pd.DataFrame) -> None:
    frame.loc[frame["id"] == "P4", "wai"] = 50.0
    few = int((frame.dropna(subset="wai").groupby("id").size() < 8).sum())
    flat = int((frame.dropna(subset="wai").groupby("id").size()["P4"]) >= 8)
    with pytest.warns(DataWarning, match=f"fewer than 8 ratings: {few}"):
        result = al.models.find_ruptures(frame, ROLES, simulations=19)
    assert sum(result.ratings.dropped.values()) == few + flat
    assert len(result.patients()) == 30 - few - flat


def test_pooled_sd_may_have_fewer_sessions(frame: pd.DataFrame) -> None:
    result = find(frame, sd="pooled", min_sessions=4)
    assert len(result.patients()) == 30
    assert find(frame, sd=5.0, min_sessions=4).analysis.null.same_spread


def test_what_is_printed(frame: pd.DataFrame) -> None:
    result = find(frame)
    text = repr(result)
    assert "expected low" in text
    assert "Rupture: a fall of at least 1 own SD from the session before." in text
    assert "<table>" in result._repr_html_()
    assert (
        result.view().refit
        == "al.models.find_ruptures(sessions, rule='criterion', simulations=49, rng=1)"
    )
    assert not any(f"P{n}" in str(result.view().plot.to_numpy()) for n in (1, 2))  # type: ignore[union-attr]


def test_a_rule_that_finds_nothing(rng: np.random.Generator) -> None:
    """No rupture, in the data or by chance: a share of none is missing, without a warning."""
    frame = pd.DataFrame(
        {"id": np.repeat(["A", "B"], 12), "visit": np.tile(np.arange(12), 2),
         "wai": rng.normal(size=24), "phq": np.arange(24.0)}
    )  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        result = al.models.find_ruptures(frame, ROLES, rule="control_chart", drop=9.0)
        chance = result.chance.set_index("measure")
        assert chance.loc["ruptures", ["observed", "expected", "p_value"]].tolist() == [0, 0, 1]
        assert np.isnan(chance.loc["share_repaired", ["expected", "p_value"]].astype(float)).all()
        assert result.ruptures.empty
        assert "0 ruptures" in al.report_text(result)
        assert repr(result)
        assert result.tidy()["statistic"].isna().all()


def test_a_common_trend(frame: pd.DataFrame) -> None:
    """Rising ratings fall less often than level ones, and the message says so."""
    rising = frame.assign(wai=frame["wai"] + 4 * frame["visit"])
    level, trend = find(rising), find(rising, trend="common")
    assert any("trend='common'" in message for message in level.messages)
    assert not any("trend='common'" in message for message in trend.messages)
    means = (r.chance.set_index("measure").loc["ruptures", "expected"] for r in (level, trend))
    assert next(means) != next(means)


def test_scale_and_steps(frame: pd.DataFrame) -> None:
    seen = find(frame).analysis.null.scale
    assert (seen.low, seen.high, seen.step) == (frame["wai"].min(), frame["wai"].max(), 1.0)
    free = find(frame, scale=None, step=None).analysis.null.scale
    assert (free.low, free.high, free.step) == (-np.inf, np.inf, None)
    assert find(frame, scale=(0, 100)).analysis.null.scale.high == 100
    with pytest.raises(DataError, match="beyond scale"):
        find(frame, scale=(45, 60))
    thirds = find(frame.assign(wai=frame["wai"] / 3))
    assert thirds.analysis.null.scale.step == pytest.approx(1 / 3)


def test_a_chart_of_correlated_ratings_is_refused(rng: np.random.Generator) -> None:
    walk = np.cumsum(rng.normal(size=(40, 12)), axis=1)
    frame = pd.DataFrame(
        {"id": np.repeat(np.arange(40), 12), "visit": np.tile(np.arange(12), 40),
         "wai": walk.ravel(), "phq": 1.0}
    )  # fmt: skip
    with pytest.raises(DataError, match="autocorrelation='widen'"):
        find(frame, rule="control_chart", autocorrelation="refuse")
    noise = frame.assign(wai=rng.normal(size=480))
    assert len(find(noise, rule="control_chart", autocorrelation="refuse").chance) == 6


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rule": "criterium"}, "Did you mean 'criterion'"),
        ({"rule": "partition", "tolerance": 0.5}, "would be ignored"),
        ({"rule": "regression", "sd": "pooled"}, "belongs to rule='criterion'"),
        ({"rule": "regression", "trend": "common"}, "would be ignored"),
        ({"penalty": 2.0}, "belongs to rule='partition'"),
        ({"autocorrelation": "widen"}, "belongs to rule='control_chart'"),
        ({"drop": 0}, "drop=0 is not a number above 0"),
        ({"sd": "pool"}, "sd='pool' is not known"),
        ({"sd": -1.0}, "above 0"),
        ({"lookback": 0}, "lookback=0"),
        ({"window": 1.5}, "window=1.5"),
        ({"tolerance": -0.1}, "tolerance=-0.1"),
        ({"min_sessions": 5}, "whole number from 8"),
        ({"sd": "pooled", "min_sessions": 2}, "whole number from 3"),
        ({"reliability": 1.2}, "reliability=1.2"),
        ({"reliability": 0}, "reliability=0"),
        ({"simulations": 10}, "simulations=10"),
        ({"scale": (60, 12)}, "two rising numbers"),
        ({"scale": "wide"}, "scale='wide'"),
        ({"step": "fine"}, "step='fine'"),
        ({"trend": "own"}, "trend='own'"),
    ],
)
def test_arguments_that_are_refused(
    frame: pd.DataFrame, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ArgumentError, match=message):
        find(frame, **options)


def test_data_that_cannot_be_judged(frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="fewer than 8 ratings: 30"):
        find(frame[frame["visit"] <= 6])
    with pytest.raises(DataError, match="all ratings equal"):
        find(frame.assign(wai=frame["id"].str.len() + 50.0))
    with pytest.raises(DataError, match="not whole"):
        find(frame.assign(visit=frame["visit"] + 0.5))
    with pytest.raises(DataError, match="no two neighbouring sessions"):
        find(frame.assign(visit=frame["visit"] * 2))
