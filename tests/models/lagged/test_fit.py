"""fit_lagged: the equations it builds, what it recovers, what it refuses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.lmm.fit import fit_quietly

from .conftest import ROLES, SAME, TWO, fit, simulated


def by_hand(frame: pd.DataFrame) -> pd.DataFrame:
    """Centred and lagged with plain groupby and merge."""
    out = frame.copy()
    for name in ("wai", "phq"):
        own = out.groupby("id")[name].transform("mean")
        means = out.groupby("id").agg(who=("who", "first"), m=(name, "mean"))
        theirs = means.groupby("who")["m"].mean()
        of_therapist = out["who"].map(theirs)
        out[f"{name}_w"] = out[name] - own
        out[f"{name}_pb"] = own - of_therapist
        out[f"{name}_tb"] = of_therapist - theirs.mean()
        out[f"{name}_b"] = own - means["m"].mean()
    out["t"] = out["visit"] - out.groupby("id")["visit"].transform("min")
    earlier = out[["id", "visit", "wai_w", "phq_w"]].assign(visit=out["visit"] + 1)
    return out.merge(earlier, on=["id", "visit"], how="left", suffixes=("", "_l"))


def test_both_directions_equal_the_models_written_out(frame: pd.DataFrame) -> None:
    result, plain = fit(frame), by_hand(frame)
    outcome = "phq ~ t + wai_w_l + phq_w_l + wai_pb + wai_tb + (1 + wai_w_l | id) + (1 | who)"
    alliance = "wai ~ t + phq_w + wai_w_l + phq_pb + phq_tb + (1 + phq_w | id) + (1 | who)"
    found = result.effects["estimate"].tolist()
    expected = []
    for side, formula in (("outcome", outcome), ("alliance", alliance)):
        fitted = fit_quietly(formula, plain)
        assert result.fits[side].loglik == pytest.approx(fitted.loglik, abs=1e-7)
        expected.append(fitted.beta)
    wanted = [
        expected[0]["wai_w_l"], expected[1]["phq_w"], expected[0]["phq_w_l"], expected[1]["wai_w_l"]
    ]  # fmt: skip
    np.testing.assert_allclose(found, wanted, rtol=1e-5)


def test_tidy_has_both_equations(frame: pd.DataFrame) -> None:
    table = fit(frame).tidy()
    assert tuple(table.columns) == ("effect", "unit", *TIDY_COLUMNS)
    assert table["effect"].tolist()[:4] == [
        "alliance_to_outcome", "outcome_to_alliance", "outcome_autoregression",
        "alliance_autoregression",
    ]  # fmt: skip
    assert set(table["effect"][4:]) == {""}
    assert table["term"].is_unique
    assert table["term"].tolist()[:2] == ["phq ~ wai_within_lag1", "wai ~ phq_within"]


@pytest.mark.parametrize(
    ("moments", "terms"),
    [
        (("after", "before"), ("phq ~ wai_within_lag1", "wai ~ phq_within")),
        (("before", "after"), ("phq ~ wai_within", "wai ~ phq_within_lag1")),
        (("after", "after"), ("phq ~ wai_within_lag1", "wai ~ phq_within_lag1")),
        (("before", "before"), ("phq ~ wai_within_lag1", "wai ~ phq_within_lag1")),
    ],
)
def test_paths_follow_the_order_of_measurement(
    frame: pd.DataFrame, moments: tuple[str, str], terms: tuple[str, str]
) -> None:
    roles = replace(TWO, alliance_at=moments[0], outcome_at=moments[1])
    result = fit(frame, roles, bias_simulations=0)
    assert tuple(result.effects["term"][:2]) == terms
    assert any(note.startswith("Order: ") for note in result.notes)


def test_order_of_rows_and_names_do_not_matter(frame: pd.DataFrame) -> None:
    first = fit(frame).effects["estimate"].to_numpy()
    other = frame.sample(frac=1, random_state=9).assign(id=lambda d: "x" + d["id"].str[::-1])
    np.testing.assert_allclose(fit(other).effects["estimate"], first, rtol=1e-6)


def test_rescaling_rescales_the_paths(frame: pd.DataFrame) -> None:
    first = fit(frame).effects["estimate"].to_numpy()
    scaled = fit(frame.assign(wai=10 * frame["wai"] + 3)).effects["estimate"].to_numpy()
    np.testing.assert_allclose(scaled, first * [0.1, 10, 1, 1], rtol=1e-5)
    sizes = fit(frame).effect_sizes()["estimate"]
    again = fit(frame.assign(wai=10 * frame["wai"] + 3)).effect_sizes()["estimate"]
    np.testing.assert_allclose(again, sizes, rtol=1e-5)


def test_recovers_paths_of_long_treatments(rng: np.random.Generator) -> None:
    """With 60 sessions the bias is 1/60: truth −.2, −.2, .3, .3."""
    result = fit(simulated(rng, 120, 60), TWO, random_slopes={})
    error = (result.effects["estimate"] - [-0.2, -0.2, 0.3, 0.3]).abs()
    assert (error[:2] < 0.03).all()
    assert (error[2:] < 0.05).all()


def test_pairs_are_counted(frame: pd.DataFrame) -> None:
    with pytest.warns(DataWarning, match="no session t − 1, after a gap"):
        result = al.fit_lagged(frame, ROLES)
    for equation in result.prepared.equations:
        kept = result.prepared.keep[equation.side].sum()
        assert kept + sum(result.prepared.dropped[equation.side].values()) == len(frame)
        assert result.fits[equation.side].n_obs == kept
    assert result.glance()["n_obs"].tolist() == [f.n_obs for f in result.fits.values()]


def test_gap_previous_keeps_more_pairs(frame: pd.DataFrame) -> None:
    strict, previous = fit(frame), fit(frame, gap="previous")
    assert (previous.glance()["n_obs"] > strict.glance()["n_obs"]).all()


def test_every_second_session_needs_step_two(frame: pd.DataFrame) -> None:
    halved = frame[frame["visit"] % 2 == 1]
    with pytest.raises(DataError, match="step=2"):
        fit(halved, TWO)
    result = fit(halved, TWO, step=2, random_slopes={})
    assert result.effects["term"][0] == "phq ~ wai_within_lag2"


def test_alliance_at_every_second_session_names_the_step(frame: pd.DataFrame) -> None:
    sparse = frame.assign(wai=frame["wai"].where(frame["visit"] % 2 == 1))
    with pytest.raises(DataError, match="rating of wai of a patient are most often 2 apart"):
        fit(sparse, TWO)


@pytest.mark.parametrize("role", ["alliance_at", "outcome_at"])
def test_unknown_timing_is_refused_with_the_fix(frame: pd.DataFrame, role: str) -> None:
    with pytest.raises(ArgumentError, match=rf"'{role}' is not given.*alliance_at='after'"):
        fit(frame, replace(TWO, **{role: None}))


def test_a_constant_outcome_is_refused(frame: pd.DataFrame) -> None:
    flat = frame.assign(phq=frame.groupby("id")["phq"].transform("mean"))
    with pytest.raises(DataError, match="'phq' is constant within each of 80 patients"):
        fit(flat, TWO)


@pytest.mark.parametrize(
    ("name", "what"), [("wai_within", "centred"), ("wai_lag1", "lagged"), ("phq_lag2", "lagged")]
)
def test_centred_and_lagged_columns_are_refused(frame: pd.DataFrame, name: str, what: str) -> None:
    side = "alliance" if name.startswith("wai") else "outcome"
    source = "wai" if side == "alliance" else "phq"
    with pytest.raises(DataError, match=f"'{name}' is {what} already"):
        fit(frame.rename(columns={source: name}), replace(TWO, **{side: name}))


def test_several_rows_a_session_are_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="one row a patient and session"):
        fit(pd.concat([frame, frame.head(2)]), TWO)


def test_too_few_sessions_are_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="at most once a patient"):
        fit(frame[frame["visit"] <= 2], TWO)
    with pytest.raises(DataError, match="0 patients only"):
        fit(frame[frame["visit"] == 1], TWO)


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"step": 0}, "step=0"),
        ({"step": True}, "step=True"),
        ({"gap": "last"}, "gap='last'"),
        ({"time": "cubic"}, "time='cubic'"),
        ({"time": "none", "time_column": "time"}, "would be ignored"),
        ({"bias_simulations": 3}, "bias_simulations=3"),
        ({"random_slopes": {"patient": ["within"]}}, "cross, autoregression"),
        ({"random_slopes": {"clinic": ["cross"]}}, "unit of random_slopes"),
        ({"random_slopes": "all"}, "random_slopes='all'"),
        ({"therapist_change": "crossed"}, "not possible in fit_lagged"),
        ({"rng": -1}, "rng=-1"),
    ],
)
def test_arguments_that_are_refused(
    frame: pd.DataFrame, options: dict[str, object], match: str
) -> None:
    with pytest.raises(ArgumentError, match=match):
        fit(frame, ROLES, **options)


def test_therapist_arguments_need_therapists(frame: pd.DataFrame) -> None:
    with pytest.raises(ArgumentError, match="no therapist"):
        fit(frame, TWO, random_slopes={"therapist": ["cross"]})
    with pytest.raises(ArgumentError, match="no therapist"):
        fit(frame, TWO, therapist_change="first")


def test_a_change_of_therapist(frame: pd.DataFrame) -> None:
    moved = frame.assign(who=frame["who"].where((frame["id"] != "P3") | (frame["visit"] < 5), "T9"))
    with pytest.raises(DataError, match="therapist_change='first'"):
        fit(moved)
    result = fit(moved, therapist_change="first")
    assert any("all their sessions count" in text for text in result.messages)
    with pytest.raises(al.UnsupportedError, match="several count for their first"):
        result.to_r()


@pytest.mark.parametrize("time", ["linear", "log", "factor", "patient", "none"])
def test_time_enters_both_equations(frame: pd.DataFrame, time: str) -> None:
    result = fit(frame, TWO, time=time, random_slopes={})
    for text in result.formulas.values():
        assert ("visit_since_start" in text) == (time != "none")
    assert f"time={time!r}" in result._call()


def test_weeks_instead_of_sessions(frame: pd.DataFrame) -> None:
    weeks = fit(frame, time_column="time")
    assert weeks.prepared.time == "week_since_start"
    np.testing.assert_allclose(weeks.effects["estimate"], fit(frame).effects["estimate"], rtol=1e-5)


def test_auto_drops_a_slope_only_where_the_fit_is_singular(rng: np.random.Generator) -> None:
    frame = simulated(rng, 60, 6)
    kept, auto = fit(frame, TWO), fit(frame, TWO, random_slopes="auto")
    for equation in auto.prepared.equations:
        dropped = not auto.specification.slopes[equation.side]
        assert dropped == kept.fits[equation.side].singular
        assert dropped == any(equation.response in text for text in auto.path)


def test_same_moment_lags_both(frame: pd.DataFrame) -> None:
    words = [e.words() for e in fit(frame, SAME).prepared.equations]
    assert words == [
        "wai of session t − 1 predicts phq of session t",
        "phq of session t − 1 predicts wai of session t",
    ]
