"""d_study: Brennan's formulas by hand, needed numbers, refusals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "generalizability"
g_study, d_study = al.reliability.g_study, al.reliability.d_study


@pytest.fixture(scope="module")
def crossed() -> al.reliability.GStudyResult:
    frame = pd.read_csv(FOLDER / "brennan_3.csv")
    return g_study(frame, score="score", objects="person", facets=["item", "occasion"])


@pytest.fixture(scope="module")
def nested() -> al.reliability.GStudyResult:
    frame = pd.read_csv(FOLDER / "brennan_4.csv")
    return g_study(frame, score="score", objects="person", facets=["rater", "task"])


def test_crossed_measurement_by_hand(crossed: al.reliability.GStudyResult) -> None:
    p, i, o, pi, po, io, pio = crossed.components["variance"]
    found = d_study(crossed, n={"item": [3, 6], "occasion": 5}).table
    for row in found.itertuples():
        relative = pi / row.n_item + po / 5 + pio / (row.n_item * 5)
        absolute = relative + i / row.n_item + o / 5 + io / (row.n_item * 5)
        assert pytest.approx(p / (p + relative), rel=1e-12) == row.G
        assert pytest.approx(p / (p + absolute), rel=1e-12) == row.Phi
        assert pytest.approx(np.sqrt(relative), rel=1e-12) == row.sem_relative
        assert pytest.approx(np.sqrt(absolute), rel=1e-12) == row.sem_absolute


def test_nested_measurement_by_hand(nested: al.reliability.GStudyResult) -> None:
    p, t, pt, rt, prt = nested.components["variance"]
    row = d_study(nested, n={"rater": 2, "task": 6}).table.iloc[0]
    relative = pt / 6 + prt / 12
    assert row["G"] == pytest.approx(p / (p + relative), rel=1e-12)
    assert row["Phi"] == pytest.approx(p / (p + relative + t / 6 + rt / 12), rel=1e-12)


def test_facets_can_be_nested_anew(crossed: al.reliability.GStudyResult) -> None:
    p, i, o, pi, po, io, pio = crossed.components["variance"]
    # new items at every occasion: p × (I:O)
    found = d_study(crossed, n={"item": 4, "occasion": 2}, nested={"item": "occasion"})
    row = found.table.iloc[0]
    relative = po / 2 + (pi + pio) / 8
    assert found.design.text == "person × (item:occasion)"
    assert row["G"] == pytest.approx(p / (p + relative), rel=1e-12)
    assert row["Phi"] == pytest.approx(p / (p + relative + o / 2 + (i + io) / 8), rel=1e-12)
    # occasions of one's own: their differences are differences between persons' means
    found = d_study(crossed, n={"item": 4, "occasion": 2}, nested={"occasion": "person"})
    relative = (o + po) / 2 + pi / 4 + (io + pio) / 8
    row = found.table.iloc[0]
    assert row["G"] == pytest.approx(p / (p + relative), rel=1e-12)
    assert row["Phi"] == pytest.approx(p / (p + relative + i / 4), rel=1e-12)


def test_fixed_facets_are_part_of_the_universe(crossed: al.reliability.GStudyResult) -> None:
    p, _, o, pi, po, io, pio = crossed.components["variance"]
    row = d_study(crossed, n={"occasion": 3}, fixed=["item"]).table.iloc[0]
    universe, relative = p + pi / 4, po / 3 + pio / 12
    assert row["G"] == pytest.approx(universe / (universe + relative), rel=1e-12)
    absolute = relative + o / 3 + io / 12
    assert row["Phi"] == pytest.approx(universe / (universe + absolute), rel=1e-12)


def test_the_studys_own_numbers_give_its_coefficients(
    nested: al.reliability.GStudyResult,
) -> None:
    again = d_study(nested, n={"rater": 4, "task": 3}).tidy()
    np.testing.assert_allclose(again["estimate"], nested.tidy()["estimate"], rtol=1e-14)
    np.testing.assert_allclose(again["ci_low"], nested.tidy()["ci_low"], rtol=1e-14)


@pytest.mark.parametrize("coefficient", ["G", "Phi"])
def test_needed_is_the_first_number_that_reaches_the_goal(
    crossed: al.reliability.GStudyResult, coefficient: Any
) -> None:
    found = d_study(crossed, n={"item": range(1, 121), "occasion": [1, 2, 4]})
    needed = found.needed(0.75, coefficient=coefficient)
    for row in needed.to_dict("records"):
        table = found.table[found.table["n_occasion"] == row["n_occasion"]]
        reaching = table.loc[table[coefficient] >= 0.75, "n_item"]
        if pd.isna(row["n_item"]):
            assert reaching.empty
            assert row["limit"] < 0.75
        else:
            assert row["n_item"] == reaching.min()
            at = table.loc[table["n_item"] == row["n_item"], coefficient].item()
            assert row[coefficient] == pytest.approx(at, rel=1e-12)


def test_needed_of_one_facet_and_of_a_goal_met_by_one() -> None:
    frame = pd.read_csv(FOLDER / "brennan_3.csv").query("occasion == 1")
    study = g_study(frame, score="score", objects="person", facets=["item"])
    found = d_study(study, n={"item": [1, 2]})
    assert found.needed(0.01)["n_item"].tolist() == [1]
    assert found.needed(0.9)["limit"].tolist() == [1.0]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"n": {"items": 3}}, "n names 'items', which is no facet of the study. Did you mean"),
        ({"n": {"item": 0}}, "holds no numbers of conditions"),
        ({"n": {"item": [2.5]}}, "holds no numbers of conditions"),
        ({"n": {"item": []}}, "holds no numbers of conditions"),
        ({"n": {"item": "3"}}, "holds no numbers of conditions"),
        ({"n": {"item": range(1, 200), "occasion": range(1, 200)}}, "more than 10,000"),
        ({"n": {"item": 3}, "fixed": ["item"]}, "'item' is fixed"),
        ({"n": {"item": 3}, "fixed": "item"}, "is not a list of facets"),
        ({"n": {"item": 3}, "fixed": ["occasion", "item"]}, "holds every facet"),
        ({"n": {"item": 3}, "nested": {"item": "rater"}}, "nested names 'rater'"),
        ({"n": {"item": 3}, "nested": {"person": "item"}}, "nests the objects"),
        ({"n": {"item": 3}, "nested": {"item": "item"}}, "nested in itself"),
    ],
)
def test_refusals(
    crossed: al.reliability.GStudyResult, arguments: dict[str, Any], says: str
) -> None:
    with pytest.raises(al.ArgumentError) as caught:
        d_study(crossed, **arguments)
    assert says in str(caught.value)


def test_refusals_of_needed(crossed: al.reliability.GStudyResult) -> None:
    found = d_study(crossed, n={"item": [1, 2]})
    with pytest.raises(al.ArgumentError, match="Give 0.9 instead of 90"):
        found.needed(90)
    with pytest.raises(al.ArgumentError, match="is no random facet of the study. Did you mean"):
        found.needed(0.9, facet="occasions")
    with pytest.raises(al.ArgumentError, match="Give the result of g_study"):
        d_study(found, n={"item": 2})  # type: ignore[arg-type]


def test_result_prints_and_reports(crossed: al.reliability.GStudyResult, tmp_path: Path) -> None:
    found = d_study(crossed, n={"item": range(1, 9), "occasion": [1, 2]})
    assert "Planned measurements of score" in repr(found)
    assert "<table" in found._repr_html_()
    assert found.view().plot is not None
    assert set(found.plot["line"]) == {"1 occasion", "2 occasions"}
    assert found.glance()["n_measurements"].item() == 16
    al.save_report([crossed, found], tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text.count("<img") == 1
    assert "by the number of items" in text
