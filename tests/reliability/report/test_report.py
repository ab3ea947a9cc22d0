"""reliability_report: its numbers are those of the single functions, its words those of numbers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats._base.printing import without_zero
from alliance_stats.reliability.report.grades import CUTS, verdict

IDS = {"patient": "patient", "session": "session"}
WAI = [f"wai_{k}" for k in range(1, 13)]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return al.load_example("items").frame


@pytest.fixture(scope="module")
def report(frame: pd.DataFrame) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.reliability_report(
            frame, "wai_sr", **IDS, therapist="therapist", item_prefix="wai"
        )


def test_every_number_is_that_of_its_own_function(frame: pd.DataFrame, report: Any) -> None:
    rel, goal = al.reliability, list(al.measures.get_instrument("wai_sr").subscales["goal"])
    goal_items = [f"wai_{k}" for k in goal]
    ordered = frame.sort_values(["patient", "session"])
    first, last = (ordered.groupby("patient").nth(k) for k in (0, -1))
    scored = al.score(frame, "wai_sr", item_prefix="wai")
    means = rel.reliability_of_means(
        scored, score="wai_sr_total", patient="patient", therapist="therapist"
    ).tidy()
    nested = {**IDS, "nested": True}
    for items, score in ((WAI, "total"), (goal_items, "goal")):
        two_level = rel.multilevel_omega(ordered, items=items, cluster="patient")
        shrout = rel.multilevel_reliability(ordered, items=items, **nested)
        by_patient = rel.multilevel_reliability(
            ordered, items=items, item_means="by_patient", **nested
        )
        expected = {
            "alpha, first session": rel.cronbach_alpha(first[items]).value("alpha"),
            "omega, last session": rel.mcdonald_omega(last[items]).value("omega"),
            "omega within": two_level.value("omega_within"),
            "omega of means": two_level.value("omega_between"),
            "omega of latent means": two_level.value("omega_between_latent"),
            "RCn": shrout.value("RCn"),
            "RkRn": shrout.value("RkRn"),
            "RCn, items by patient": by_patient.value("RCn"),
        }
        for term, value in expected.items():
            assert report.value(term, score=score) == pytest.approx(value, rel=1e-8), term
    rows = report.tidy().query("term == 'reliability of mean' and group == 'total'")
    assert rows["estimate"].to_numpy() == pytest.approx(means["estimate"].to_numpy()[::-1])


def test_the_truth_of_the_simulation_lies_in_the_intervals_within(report: Any) -> None:
    codebook = al.load_example("items").codebook
    assert codebook is not None
    truth = codebook.set_index("parameter")["estimand"].astype(float)
    rows = report.tidy().query("group == 'total'").set_index("term")
    for term, name in (("omega within", "omega"), ("alpha within", "alpha")):
        value = truth[f"wai_total_{name}_within"]
        assert rows.loc[term, "ci_low"] < value < rows.loc[term, "ci_high"]


def test_intervals_are_there_and_hold_the_estimate(report: Any, frame: pd.DataFrame) -> None:
    rows = report.tidy()
    assert rows[["estimate", "ci_low", "ci_high"]].notna().all(axis=None)
    assert ((rows["ci_low"] < rows["estimate"]) & (rows["estimate"] < rows["ci_high"])).all()


def test_alpha_is_that_of_both_levels(report: Any, frame: pd.DataFrame) -> None:
    alone = al.reliability.multilevel_alpha(frame, items=WAI, cluster="patient")
    rows = report.tidy().query("group == 'total'").set_index("term")
    for term, name in (
        ("alpha within", "alpha_within"),
        ("alpha of means", "alpha_between"),
        ("alpha of latent means", "alpha_between_latent"),
    ):
        assert rows.loc[term, "estimate"] == pytest.approx(alone.value(name), rel=1e-8)


def test_order_of_rows_and_kind_of_ids_do_not_matter(frame: pd.DataFrame) -> None:
    one = al.reliability_report(frame, "phq_9", **IDS, item_prefix="phq9")
    shuffled = frame.sample(frac=1.0, random_state=3)
    shuffled["patient"] = "id " + shuffled["patient"].astype(str)
    other = al.reliability_report(shuffled, "phq_9", **IDS, item_prefix="phq9")
    assert other.tidy()["estimate"].to_numpy() == pytest.approx(
        one.tidy()["estimate"].to_numpy(), rel=1e-5
    )


def test_words_are_those_of_the_numbers(report: Any) -> None:
    for row in report.advice.itertuples():
        assert f"= {without_zero(f'{row.estimate:.2f}')}" in row.sentence
        single = "therapists" if "therapists" in row.claim else "patients"
        assert row.verdict == verdict(row.estimate, row.ci_low, row.ci_high, single=single)
    assert report.recommendation.count("\n") == len(report.advice) - 1
    text = al.report_text(report)
    assert all(line in text for line in report.recommendation.splitlines())


@pytest.mark.parametrize("cut", CUTS)
def test_a_cut_point_belongs_to_the_better_grade(cut: float) -> None:
    below = verdict(cut - 1e-9, np.nan, np.nan)
    assert verdict(cut, np.nan, np.nan) != below


def test_crossed_sessions_and_each_session(frame: pd.DataFrame) -> None:
    report = al.reliability_report(
        frame, "phq_9", **IDS, item_prefix="phq9", nested=False, at="each"
    )
    terms = set(report.tidy()["term"])
    assert {"R1F", "RkF", "R1R", "RkR", "RC", "alpha, session 8", "omega, session 3"} <= terms
    assert "change within patients" in set(report.advice["claim"])
    assert report.advice["coefficient"].iloc[-1] == "RC"


def test_sessions_needed_follow_from_one_session(report: Any) -> None:
    for row in report.tables["Sessions needed"].itertuples(index=False):
        one, goals = row[1], row[2:]
        for goal, number in zip((0.7, 0.8, 0.9), goals, strict=True):
            reached = number * one / (1 + (number - 1) * one)
            fewer = (number - 1) * one / (1 + (number - 2) * one) if number > 1 else 0.0
            assert fewer < goal <= reached + 1e-9


def test_hints_name_a_wrong_key_and_a_ceiling(frame: pd.DataFrame) -> None:
    wrong = frame.assign(
        wai_3=6 - frame["wai_3"], wai_7=frame["wai_7"].where(frame["wai_7"] < 4, 5)
    )
    with pytest.warns(DataWarning, match="'wai_3'"):
        report = al.reliability_report(wrong, "wai_sr", **IDS, item_prefix="wai")
    hints = report.tables["Items"].set_index("item")["hint"]
    assert "wrong key?" in hints["wai_3"]
    assert "most answers are the highest" in hints["wai_7"]
    assert report.recommendation.startswith("Check the scoring key first: wai_3 runs against")


def test_a_failed_fit_decides_on_nothing(frame: pd.DataFrame) -> None:
    few = frame.groupby("patient").head(1).head(13)
    report = al.reliability_report(few, "phq_9", **IDS, item_prefix="phq9")
    rows = report.tidy().set_index("term")
    assert not rows.loc["omega, first session", "sound"]
    assert not report.advice["coefficient"].str.startswith("omega").any()


def test_one_session_a_patient_gives_what_it_can(frame: pd.DataFrame) -> None:
    one = frame.groupby("patient").head(1)
    report = al.reliability_report(one, "phq_9", **IDS, item_prefix="phq9")
    assert set(report.tidy()["unit"]) <= {"one session", "patients"}
    assert any("every patient has one session" in message for message in report.messages)


def test_refusals(frame: pd.DataFrame) -> None:
    with pytest.raises(ArgumentError, match="column of the patients is not known"):
        al.reliability_report(frame, "wai_sr", item_prefix="wai")
    with pytest.raises(ArgumentError, match="sessions is a list"):
        al.reliability_report([1], "wai_sr", **IDS)
    with pytest.raises(DataError, match="1 pair of 'patient' and 'session' stands in more than"):
        al.reliability_report(pd.concat([frame, frame.head(1)]), "wai_sr", **IDS, item_prefix="wai")
    with pytest.raises(DataError, match="session 'session' is not numeric"):
        al.reliability_report(
            frame.assign(session="s" + frame["session"].astype(str)), "wai_sr", **IDS,
            item_prefix="wai",
        )  # fmt: skip
    with pytest.raises(DataError, match="coded from 0"):
        shifted = frame.assign(**{item: frame[item] - 1 for item in WAI})
        al.reliability_report(shifted, "wai_sr", **IDS, item_prefix="wai")


def test_roles_of_session_data_and_shown_forms(frame: pd.DataFrame) -> None:
    scored = al.score(al.score(frame, "wai_sr", item_prefix="wai"), "phq_9", item_prefix="phq9")
    roles = al.Roles(therapist="therapist", alliance="wai_sr_total", outcome="phq_9_total")
    report = al.reliability_report(al.load_sessions(scored, roles), "phq_9", item_prefix="phq9")
    assert "therapists" in set(report.tidy()["unit"])
    assert max(map(len, repr(report).splitlines())) <= 100
    assert "<table>" in report._repr_html_()
    assert len(al.coef_table(report).frame) == len(report.tidy())
    assert report.glance()["n_sessions"].item() == len(frame)
