"""Lengths, dropout, days and flat ratings are as asked; results are the published ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats.simulate import describe_study, simulate_sessions, solve_parameters
from alliance_stats.simulate.ending import dropout_probability, end_therapies
from alliance_stats.simulate.parameters import SessionParameters
from alliance_stats.simulate.process import draw_deviations, draw_people, latent_alliance
from alliance_stats.simulate.sessions import _defaults
from alliance_stats.simulate.streams import spawn_streams
from alliance_stats.simulate.structure import draw_structure

LARGE: dict[str, Any] = {"n_patients": 30_000, "n_therapists": 3_000}


@pytest.fixture(scope="module")
def found() -> dict[str, float]:
    """A large draw with another seed than the one the parameters were solved with."""
    return describe_study(simulate_sessions(**LARGE, rng=21))


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("early_alliance_r", -0.30, -0.26),
        ("dropout_share", 0.19, 0.21),
        ("dropout_d", 0.51, 0.59),
        ("alliance_at_maximum", 0.13, 0.17),
        ("flat_patients", 0.05, 0.10),
        ("outcome_change_d", -1.05, -0.95),
        ("intake_mean", 14.8, 15.2),
        ("intake_sd", 5.2, 5.6),
        ("sessions_median", 9, 9),
        ("sessions_largest", 25, 25),
        ("caseload_largest", 35, 40),
        ("missing_ratings", 0.013, 0.017),
        ("ongoing_share", 0.040, 0.050),
    ],
)
def test_results_are_the_published_ones(
    found: dict[str, float], name: str, low: float, high: float
) -> None:
    assert low <= found[name] <= high


def test_dropout_hazard_by_regression_on_the_latent_alliance() -> None:
    """Newton steps of a complementary log-log regression recover both parameters."""
    given = SessionParameters(**{k: v for k, v in _defaults().items() if k != "rng"} | LARGE)  # type: ignore[arg-type]
    streams = spawn_streams(22)
    people = draw_people(given, streams)
    structure = draw_structure(given, people.pace, streams)
    alliance = latent_alliance(
        given, structure, people, draw_deviations(given, structure, people, streams)
    )
    ending = end_therapies(given, structure, alliance, streams)
    patient, session = structure.patient, structure.session
    last = np.bincount(patient[ending.reached])
    at_risk = ending.reached & (session < structure.planned[patient])
    at_risk &= ~(ending.ongoing[patient] & (session == last[patient]))  # censored after it
    event = (ending.dropped_out[patient] & (session == last[patient]))[at_risk]
    x = np.column_stack([np.ones(at_risk.sum()), (alliance[at_risk] - 48.4) / 9])
    b = np.array([-4.0, 0.0])
    for _ in range(12):
        rate = np.exp(x @ b)
        p = -np.expm1(-rate)
        score = x * (rate * (1 - p) / p * (event - p) / (1 - p))[:, None]
        information = (x * (rate**2 * (1 - p) / p)[:, None]).T @ x
        b = b + np.linalg.solve(information, score.sum(axis=0))
    se = np.sqrt(np.diag(np.linalg.inv(information)))
    assert abs(b[0] - np.log(-np.log1p(-0.020))) < 4 * se[0]
    assert abs(b[1] - -0.53) < 4 * se[1]
    assert se[1] < 0.02
    np.testing.assert_allclose(dropout_probability(given, np.array([48.4])), 0.020)


def test_nobody_returns_after_the_end() -> None:
    options: dict[str, Any] = {"missing_sessions": 0, "study_end": 0, "rng": 23}
    frame = simulate_sessions(**LARGE, **options).frame
    kept = simulate_sessions(**LARGE, **options, dropout_hazard=0).frame
    assert (kept["ended"] == "agreed").all()
    sizes = pd.DataFrame(
        {"left": frame.groupby("patient").size(), "planned": kept.groupby("patient").size()}
    )
    ended = frame.groupby("patient")["ended"].first()
    assert (sizes["left"] < sizes["planned"]).equals(ended == "dropout")
    common = frame.merge(kept, on=["patient", "session"], suffixes=("", "_kept"))
    assert len(common) == len(frame)
    assert (common["phq9_intake"] == common["phq9_intake_kept"]).all()


def planned_and_ended(share: float) -> pd.DataFrame:
    """Planned and reached sessions of every patient, with how therapy ended."""
    given = SessionParameters(
        **{k: v for k, v in _defaults().items() if k != "rng"} | LARGE | {"study_end": share}  # type: ignore[arg-type]
    )
    streams = spawn_streams(28)
    people = draw_people(given, streams)
    structure = draw_structure(given, people.pace, streams)
    alliance = latent_alliance(
        given, structure, people, draw_deviations(given, structure, people, streams)
    )
    ending = end_therapies(given, structure, alliance, streams)
    reached = np.bincount(structure.patient[ending.reached])
    return pd.DataFrame(
        {"planned": structure.planned, "reached": reached, "ended": ending.ended, "u": people.u}
    )


def test_study_ends_for_a_share_of_patients_at_a_random_session() -> None:
    share = 0.3
    cut, whole = planned_and_ended(share), planned_and_ended(0)
    assert set(whole["ended"]) == {"agreed", "dropout"}
    assert cut["planned"].equals(whole["planned"])
    ongoing = cut["ended"] == "ongoing"
    assert (cut["reached"] < cut["planned"])[ongoing].all()
    assert (cut["reached"] <= whole["reached"]).all()
    rest = ["reached", "ended"]
    pd.testing.assert_frame_equal(cut.loc[~ongoing, rest], whole.loc[~ongoing, rest])
    stayed = (whole["ended"] == "agreed") & (whole["planned"] > 1)
    n = int(stayed.sum())
    assert abs(ongoing[stayed].mean() - share) < 4 * np.sqrt(share * (1 - share) / n)
    place = ((cut["reached"] - 1) / (cut["planned"] - 2))[ongoing & stayed & (cut["planned"] == 12)]
    assert abs(place.mean() - 0.5) < 4 * place.std() / np.sqrt(len(place))
    assert sorted((place * 10).round().unique()) == list(range(11))


def test_end_of_the_study_depends_on_nothing_else() -> None:
    """Among patients who would have stayed, who is cut is tied neither to length nor to u."""
    cut, whole = planned_and_ended(0.3), planned_and_ended(0)
    stayed = (whole["ended"] == "agreed") & (whole["planned"] > 1)
    ongoing = (cut["ended"] == "ongoing")[stayed].astype(float)
    for name in ("planned", "u"):
        assert abs(ongoing.corr(cut.loc[stayed, name])) < 4 / np.sqrt(stayed.sum())


def test_end_of_the_study_changes_no_other_draw() -> None:
    options: dict[str, Any] = {"therapist_ratings": True, "therapist_free": 0.2, "rng": 29}
    cut = simulate_sessions(**LARGE, **options, study_end=0.2)
    whole = simulate_sessions(**LARGE, **options, study_end=0)
    both = cut.frame.merge(whole.frame, on=["patient", "session"], suffixes=("", "_whole"))
    assert len(both) == len(cut.frame) < len(whole.frame)
    for name in ("therapist", "week", "wai_total", "phq9", "phq9_intake", "wai_therapist"):
        pd.testing.assert_series_equal(both[name], both[f"{name}_whole"], check_names=False)
    n = (cut.frame.groupby("patient")["ended"].first() == "ongoing").sum()
    assert f"{n:,} of 30,000 patients had not ended therapy when" in " ".join(cut.report.messages)
    assert "study closed" not in " ".join(whole.report.messages)


def test_dropout_without_an_alliance_effect_is_uninformative() -> None:
    found = describe_study(simulate_sessions(**LARGE, dropout_alliance_effect=0, rng=24))
    assert abs(found["dropout_d"]) < 0.06
    assert np.isnan(describe_study(simulate_sessions(dropout_hazard=0, rng=1))["dropout_d"])


def test_length_is_tied_to_improvement() -> None:
    given = SessionParameters(**{k: v for k, v in _defaults().items() if k != "rng"} | LARGE)  # type: ignore[arg-type]
    streams = spawn_streams(25)
    people = draw_people(given, streams)
    planned = draw_structure(given, people.pace, streams).planned
    ranks = pd.Series(planned).corr(pd.Series(people.c), method="spearman")
    assert ranks == pytest.approx(6 / np.pi * np.arcsin(0.40 / 2), abs=0.02)
    assert np.median(planned) == 11


def test_days_are_irregular_and_in_order() -> None:
    frame = simulate_sessions(**LARGE, missing_sessions=0, rng=26).frame
    days = frame["week"] * 7
    shift = days.round() - 7 * (frame["session"] - 1)
    assert (days - days.round()).abs().max() < 0.04
    assert (frame.loc[frame["session"] == 1, "week"] == 0).all()
    assert shift.abs().max() == 3
    assert shift[frame["session"] > 1].std() == pytest.approx(1.5, abs=0.06)
    gaps = frame.groupby("patient")["week"].diff().dropna()
    assert gaps.min() > 0
    weekly = simulate_sessions(day_sd=0, rng=1).frame
    assert (weekly["week"] == weekly["session"] - 1).all()


def test_flat_patients_repeat_their_first_rating() -> None:
    options: dict[str, Any] = {"alliance_range": None, "missing_ratings": 0, "rng": 27}
    flat = simulate_sessions(**LARGE, **options).frame
    varied = simulate_sessions(**LARGE, flat_patients=0, **options).frame
    assert describe_study(simulate_sessions(flat_patients=0.9999, **options))["flat_patients"] == 1
    ratings = flat.groupby("patient")["wai_total"].agg(["size", "nunique"])
    share = (ratings["nunique"][ratings["size"] > 1] == 1).mean()
    assert share == pytest.approx(0.05, abs=4 * np.sqrt(0.05 * 0.95 / 30_000))
    first = flat["session"] == 1
    pd.testing.assert_frame_equal(flat[first], varied[first])


def test_describe_study_by_hand() -> None:
    sessions = simulate_sessions(n_patients=4, n_therapists=2, rng=1)
    frame = pd.DataFrame(
        {
            "therapist": ["T1"] * 7 + ["T2"] * 2,
            "patient": [*"aaabbbb", *"cd"],
            "session": [1, 2, 4, 1, 2, 3, 6, 1, 1],
            "week": [0, 1.1, 3, 0, 1, 1.9, 5, 0, 0],
            "wai_total": [60, 60, 60, 40, 44, 50, np.nan, 30, 32],
            "phq9": [20, 10, 5, 12, 12, 10, 0, 9, 7],
            "phq9_intake": [22, 22, 22, 14, 14, 14, 14, 10, 8],
            "ended": ["agreed"] * 7 + ["dropout"] * 2,
        }
    )
    object.__setattr__(sessions, "frame", frame)
    found = describe_study(sessions)
    assert found["alliance_at_maximum"] == 3 / 8
    assert found["flat_patients"] == 0.5
    assert found["outcome_at_minimum"] == 1 / 9
    assert found["dropout_share"] == 0.5
    stay, leave = np.array([60, 134 / 3]), np.array([30, 32])
    pooled = np.sqrt((stay.var(ddof=1) + leave.var(ddof=1)) / 2)
    assert found["dropout_d"] == pytest.approx((stay.mean() - 31) / pooled)
    change = np.array([-17, -14, -1, -1]).mean() / np.std([22, 14, 10, 8], ddof=1)
    assert found["outcome_change_d"] == pytest.approx(change)
    assert found["missed_sessions"] == pytest.approx(1 - 9 / 12)
    assert (found["caseload_median"], found["caseload_largest"]) == (2, 2)
    assert found["caseload_cv"] == 0
    assert found["sessions_cv"] == pytest.approx(np.std([4, 6, 1, 1], ddof=1) / 3)
    assert found["day_sd"] == pytest.approx(7 * np.std([0.1, 0, 0, -0.1, 0], ddof=1))
    assert found["dropout_rate"] == 2 / 12
    assert found["alliance_first_mean"] == np.mean([60, 40, 30, 32])
    assert found["alliance_first_sd"] == pytest.approx(np.std([60, 40, 30, 32], ddof=1))
    assert found["outcome_last_sd"] == pytest.approx(np.std([5, 0, 9, 7], ddof=1))
    alliance, outcome = np.array([40, 44, 50]) - 134 / 3, np.array([12, 12, 10]) - 34 / 4
    lagged = np.corrcoef([0, *alliance[:2]], [10 - 35 / 3, *outcome[1:]])[0, 1]
    reverse = np.corrcoef([20 - 35 / 3, *outcome[:2]], [0, *alliance[1:]])[0, 1]
    assert found["lagged_correlation"] == pytest.approx(lagged)
    assert found["reverse_correlation"] == pytest.approx(reverse)


def test_patients_in_therapy_when_the_study_closes_are_no_completers() -> None:
    """They count in the dropout share's base and in neither group of the dropout difference."""
    sessions = simulate_sessions(n_patients=400, n_therapists=20, study_end=0.4, rng=30)
    ended = sessions.frame.groupby("patient")["ended"].first()
    means = sessions.frame.groupby("patient")["wai_total"].mean()
    stay, leave = means[ended == "agreed"].dropna(), means[ended == "dropout"].dropna()
    found = describe_study(sessions)
    assert found["dropout_share"] == (ended == "dropout").sum() / 400
    assert found["ongoing_share"] == (ended == "ongoing").sum() / 400 > 0.2
    squares = ((stay - stay.mean()) ** 2).sum() + ((leave - leave.mean()) ** 2).sum()
    pooled = np.sqrt(squares / (len(stay) + len(leave) - 2))
    assert found["dropout_d"] == pytest.approx((stay.mean() - leave.mean()) / pooled)


@pytest.mark.slow
def test_the_defaults_are_the_solution() -> None:
    defaults = _defaults()
    for name, value in solve_parameters().items():
        assert value == pytest.approx(defaults[name], rel=0.012), name
