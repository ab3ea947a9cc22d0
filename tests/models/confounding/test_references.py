"""Confounding against the lines of to_r, as R runs them (make_confounding_references.R)."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError, UnsupportedError
from alliance_stats.models import ConfoundingResult

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "confounding"
#: Place of the first of five therapists, among whom no variance is estimated at zero.
FIRST = 13
#: Options of the model and of the question, by case.
CASES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "therapists": ({"random_slopes": {}}, {"benchmarks": ["motivation", "adherence"]}),
    "lines": (
        {"time": "patient", "random_slopes": {}},
        {"benchmarks": ["motivation"], "q": 0.5, "alpha": 0.1, "kd": (1, 2), "ky": (2, 3)},
    ),
    "factor": ({"time": "factor", "random_slopes": {}}, {}),
}


def asked(case: str) -> ConfoundingResult:
    """The question to the patients of five therapists of the process study."""
    model, question = CASES[case]
    data = al.load_example("process")
    some = data.frame["therapist"].isin(data.frame["therapist"].unique()[FIRST : FIRST + 5])
    roles = data.roles if case == "therapists" else replace(data.roles, therapist=None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = al.fit_within_between(data.frame[some], roles, **model)
        return fit.confounding(**question)


@pytest.mark.parametrize("case", CASES)
def test_lines_of_to_r_give_our_digits(case: str, tol: SimpleNamespace) -> None:
    result = asked(case)
    assert result.to_r(data=f"{case}.csv") == (FOLDER / f"{case}.R").read_text("utf-8")
    rows = pd.read_csv(FOLDER / f"{case}.csv")
    assert len(rows) == len(result.prepared.frame)
    pinned = json.loads((FOLDER / f"{case}.json").read_text("utf-8"))
    for expected, row in zip(pinned["rows"], result.tidy().to_dict("records"), strict=True):
        assert abs(row["estimate"] - expected["estimate"]) <= tol.beta_in_se * expected["se"]
        assert row["se"] == pytest.approx(expected["se"], rel=tol.se)
        assert row["df"] == pytest.approx(expected["df"], rel=tol.df)
        for name in ("partial_r2", "robustness", "robustness_alpha"):
            assert row[name] == pytest.approx(expected[name], rel=tol.se), name
    table = result.bounds.to_dict("records")
    assert len(table) == len(pinned["bounds"])
    for expected, row in zip(pinned["bounds"], table, strict=True):
        assert f"{row['benchmark']}_within" == expected["_row"]
        for name in ("r2_alliance", "r2_outcome"):
            assert row[name] == pytest.approx(expected[name], rel=tol.closed_form)
        for name in ("estimate", "ci_low", "ci_high"):
            assert abs(row[name] - expected[name]) <= tol.beta_in_se * expected["se"]
        assert row["se"] == pytest.approx(expected["se"], rel=tol.se)
        assert row["k"] == expected["k"]
        assert row["statistic"] == pytest.approx(expected["statistic"], rel=tol.statistic)


def test_to_r_refuses() -> None:
    data = al.load_example("process")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        few = data.frame[data.frame["patient"].isin(data.frame["patient"].unique()[:60])]
        correlated = al.fit_within_between(few, data.roles, residual="ar1").confounding()
    with pytest.raises(UnsupportedError, match="without Satterthwaite's degrees of freedom"):
        correlated.to_r()
    with pytest.raises(ArgumentError, match="no file name"):
        asked("factor").to_r(data="")


def test_what_moves_with_the_therapist_is_held_constant_where_they_cross() -> None:
    data = al.load_example("process")
    frame = data.frame[data.frame["treatment"] == "cbt"].copy()
    patient, therapists = frame["patient"].iloc[0], frame["therapist"].unique()
    frame.loc[(frame["patient"] == patient) & (frame["session"] > 3), "therapist"] = therapists[-1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = {"therapist_change": "crossed", "random_slopes": {}}
        crossed = al.fit_within_between(frame, data.roles, **given).confounding()
        pairs = al.fit_within_between(
            frame, data.roles, therapist_change="dyad", random_slopes={}
        ).confounding()
    held = 'factor(d[["patient"]]) + session_since_start + wai_total_patient_between'
    assert held in crossed.to_r()
    assert 'interaction(d[["therapist"]], d[["patient"]], drop = TRUE) + session' in pairs.to_r()
