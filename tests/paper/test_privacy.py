"""Small cells: nothing that a paper writes shows one, nor gives it away by subtraction."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace

import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import DataError
from alliance_stats._base.views import ResultView
from alliance_stats.paper.parts import parts_of
from alliance_stats.paper.privacy import suppress
from alliance_stats.paper.results import flatten
from alliance_stats.paper.small_counts import without_small_counts
from alliance_stats.paper.stored import Stored


def view(**tables: pd.DataFrame) -> ResultView:
    none = pd.DataFrame()
    levels = pd.DataFrame({"unit": ["session", "patient"], "n": [90, 30]})
    return ResultView("x", "", none, none, None, levels, tables=tables)


def test_small_cells_are_suppressed_with_a_reason() -> None:
    table = pd.DataFrame(
        {"group": ["a", "b", "c"], "n_patients": [12, 3, 0], "mean": [1.0, 2.0, 3.0]}
    )
    events = pd.DataFrame({"session": [1, 2], "at_risk": [40, 30], "dropout": [2, 9],
                           "hazard": [0.05, 0.3]})  # fmt: skip
    seen, gone = suppress(view(groups=table, events=events), 5)
    flat = flatten("q", seen, gone, 5)
    assert flat.values["q.groups.a.n_patients"] == 12
    assert flat.values["q.groups.b.n_patients"] is None
    assert flat.values["q.groups.b.mean"] is None
    assert flat.values["q.groups.c.n_patients"] == 0
    assert flat.values["q.events.1.dropout"] is None
    assert flat.values["q.events.1.hazard"] is None
    assert flat.values["q.events.1.at_risk"] == 40
    assert flat.values["q.events.2.hazard"] == 0.3
    assert flat.missing["q.groups.b.mean"] == "suppressed: fewer than 5 patients"
    assert seen.plot is None


def test_a_study_of_few_patients_gives_nothing() -> None:
    levels = pd.DataFrame({"unit": ["session", "patient"], "n": [40, 4]})
    terms = pd.DataFrame({"term": ["x"], "estimate": [1.0], "p_value": [0.5]})
    with pytest.raises(DataError, match="rests on fewer than 5 patients"):
        suppress(ResultView("x", "", terms, pd.DataFrame(), None, levels), 5)


def test_tables_and_sentences_hold_no_suppressed_number(stored: Stored) -> None:
    """In the example two patients always answered the same: nobody shall see it."""
    flat = (
        al.describe_levels(al.load_example("sessions"))
        .view()
        .tables["Ratings within and between patients"]
    )
    assert flat.loc[flat["Variable"] == "phq9", "Flat"].tolist() == [2]
    start = "sample.ratings_within_and_between_patients.phq9"
    assert stored.values[f"{start}.flat"] is None
    assert stored.reason(f"{start}.flat") == "suppressed: fewer than 5 patients"
    table = stored.parts["sample"]["tables"]["ratings_within_and_between_patients"]
    (row,) = (row for row in table["rows"] if row[0] == "phq9")
    assert row[table["headings"].index("Flat")] == "–"
    assert stored.parts["sample"]["text"] == []
    assert stored.figure("sample") is None


def test_what_is_left_of_a_total_gives_nothing_away() -> None:
    """Two suppressed cells hide each other, in a row, in a column, and among those at risk."""
    row = pd.DataFrame({"group": ["x"], "n": [27], "better": [9], "same": [15], "worse": [3]})
    column = pd.DataFrame({"group": ["a", "b", "c"], "n_patients": [3, 8, 19]})
    risk = pd.DataFrame({"session": [1, 2, 3, 4], "at_risk": [30, 28, 20, 14]})
    flat = flatten("q", suppress(view(row=row, column=column, risk=risk), 5)[0], [], 5).values
    assert (flat["q.row.x.n"], flat["q.row.x.same"]) == (27, 15)
    assert flat["q.row.x.worse"] is flat["q.row.x.better"] is None
    assert flat["q.column.a.n_patients"] is flat["q.column.b.n_patients"] is None
    assert flat["q.column.c.n_patients"] == 19
    assert [flat[f"q.risk.{k}.at_risk"] for k in (1, 2, 3, 4)] == [30, None, 20, 14]


def test_counts_that_add_up_to_nothing_known_stay() -> None:
    table = pd.DataFrame({"group": ["a", "b", "c"], "n_patients": [3, 8, 11], "mean": [1.0] * 3})
    seen, gone = suppress(view(groups=table), 5)
    assert {cell.row for cell in gone} == {0}
    assert seen.tables["groups"]["n_patients"].tolist()[1:] == [8, 11]


def test_few_events_of_a_fit_are_suppressed() -> None:
    fit = pd.DataFrame({"n_obs": [90], "n_events": [3]})
    seen, gone = suppress(replace(view(), fit=fit), 5)
    flat = flatten("q", seen, gone, 5)
    assert flat.values["q.fit.n_events"] is None
    assert flat.missing["q.fit.n_events"] == "suppressed: fewer than 5 patients"
    assert flat.values["q.fit.n_obs"] == 90


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1 of 70 patients have no rating.", "fewer than 5 of 70 patients have no rating."),
        ("66 of 70 patients came.", "more than 65 of 70 patients came."),
        ("40 of 70 patients left out (few: 36, all equal: 4).", "40 of 70 patients left out."),
        ("6 of 70 patients left out (a: 6, WAI (P): 0).", None),
        ("3 of 90 sessions dropped (x missing: 3).", None),
        ("of 24 therapists, 2 had more", None),
        ("two new patients", "fewer than 5 new patients"),
        ("3 dyads", "fewer than 5 dyads"),
        ("at least 1 a patient, 1 to 4 patients a therapist", None),
        ("95% CI [1, 2], t(3) = 2.1 in patients", None),
        ("1,004 patients, 240 patients, PHQ-9 of patients", None),
        ("fewer than 3 patients", None),
    ],
)
def test_sentences_without_small_counts(text: str, wanted: str | None) -> None:
    assert without_small_counts(text, 5) == (wanted or text)


def test_no_small_count_is_left_in_what_a_paper_prints() -> None:
    """Of 70 patients: 4 whose ratings were all equal, and sessions after which 2 or 3 left."""
    example = al.load_example("sessions")
    some = example.frame["patient"].drop_duplicates().sample(70, random_state=1)
    few = al.load_sessions(example.frame[example.frame["patient"].isin(some)], example.roles)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ruptures = al.models.fit_ruptures(few).view()
        events = al.models.fit_event(few).view()
    assert any("all ratings equal: 4" in message for message in ruptures.messages)
    shown = json.dumps(parts_of(suppress(ruptures, 5)[0], suppressed=False, smallest=5))
    assert "40 of 70 patients left out." in shown
    assert "all ratings equal" not in shown
    before = events.tables["Events by session"]
    after = suppress(events, 5)[0].tables["Events by session"]
    assert ((before["dropout"] > 0) & (before["dropout"] < 5)).any()
    for column in ("dropout", "agreed"):
        assert not ((after[column] > 0) & (after[column] < 5)).any()
    steps = after["at_risk"].dropna().diff().abs()
    assert not ((steps > 0) & (steps < 5)).any()
    assert after["session"].tolist() == before["session"].tolist()
