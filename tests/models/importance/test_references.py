"""fit_importance against one lmer a subset (tests/reference/make_importance_references.R)."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import alliance_stats as al
from alliance_stats.models.importance.result import ImportanceResult

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "importance"


def analysis(case: str) -> ImportanceResult:
    if case == "treatment_log_time":
        frame = al.load_example("therapist_free").frame
        roles = al.Roles(alliance="wai_total", outcome="phq9", treatment="treatment")
        asked = {"predictors": ["phq9_intake", "treatment"], "time": "log"}
    else:
        frame = al.load_example("dyads").frame
        three = {"therapist": "therapist"} if case == "therapists" else {}
        roles = al.Roles(
            alliance="wai_total", outcome="phq9", alliance_therapist="wai_therapist",
            baseline="phq9_intake", **three,
        )  # fmt: skip
        asked = {}
    if case == "groups_without_time":
        asked = {
            "predictors": ["wai_total", "wai_therapist", "week", "phq9_intake"], "time": "none",
            "groups": {"alliance": ["wai_total", "wai_therapist"]}, "mean_rows": "fitted",
        }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_importance(frame, roles, n_boot=0, **asked)  # type: ignore[arg-type]


@pytest.mark.parametrize("case", ["therapists", "groups_without_time", "treatment_log_time"])
def test_r2_of_every_subset_and_weights(case: str, tol: SimpleNamespace) -> None:
    result = analysis(case)
    expected: dict[str, Any] = json.loads((FOLDER / f"{case}.json").read_text("utf-8"))
    assert result.fit.n_obs == expected["n"]
    table = result.tidy()
    for level in ("within", "between"):
        values = expected[level]
        names = np.atleast_1d(values["names"]).tolist()
        assert result.explained.r2[level] == pytest.approx(values["r2"], abs=tol.r2)
        own = table[table["effect"] == level].iloc[: len(names)]
        assert own["term"].tolist() == names
        weights = np.atleast_1d(values["weights"])
        assert own["estimate"].to_numpy() == pytest.approx(weights, abs=tol.r2)
