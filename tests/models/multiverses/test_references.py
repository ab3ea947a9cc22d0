"""Specifications against lmer and lm (tests/reference/make_multiverse_references.R)."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import alliance_stats as al
from alliance_stats.models.multiverses.flips import Flips, flipped
from alliance_stats.models.multiverses.questions import MODELS

FILE = Path(__file__).resolve().parents[2] / "reference" / "multiverse" / "specifications.json"
SLOPES = {"random_slopes": [{}, {"patient": ["within"]}]}
#: Question, choices, and the options of the specification that R fits.
CASES: dict[str, tuple[str, dict[str, list[Any]], dict[str, Any]]] = {
    "within_drop_log_ml": (
        "within", SLOPES | {"outliers": ["keep", "drop_2sd"], "time": ["linear", "log"],
                            "reml": [True, False]},
        {"random_slopes": {}, "outliers": "drop_2sd", "time": "log", "reml": False},
    ),
    "between_drop_log_ml": (
        "between", SLOPES | {"outliers": ["keep", "drop_2sd"], "time": ["linear", "log"],
                             "reml": [True, False]},
        {"random_slopes": {}, "outliers": "drop_2sd", "time": "log", "reml": False},
    ),
    "within_winsorise_slope": (
        "within", SLOPES | {"outliers": ["keep", "winsorise_2sd"]},
        {"random_slopes": {"patient": ("within",)}, "outliers": "winsorise_2sd"},
    ),
    "within_few_ignored_patient": (
        "within", SLOPES | {"min_ratings": [1, 8], "therapist": ["random", "ignored"],
                            "time": ["linear", "patient"], "mean_rows": ["available", "fitted"]},
        {"random_slopes": {}, "min_ratings": 8, "therapist": "ignored", "time": "patient",
         "mean_rows": "fitted"},
    ),
    "lagged_previous": (
        "lagged", {"gap": ["strict", "previous"], "random_slopes": [{}, {"patient": ["cross"]}]},
        {"gap": "previous", "random_slopes": {}},
    ),
    "outcome_ignored": (
        "outcome", {"alliance_window": [(3, 5), (2, 4)], "therapist": ["random", "ignored"]},
        {"alliance_window": (2, 4), "therapist": "ignored"},
    ),
    "outcome_random": (
        "outcome", {"alliance_window": [(3, 5), (2, 4)], "therapist": ["random", "ignored"]},
        {"alliance_window": (2, 4), "therapist": "random"},
    ),
}  # fmt: skip


def expected(case: str) -> dict[str, float]:
    values: dict[str, float] = json.loads(FILE.read_text("utf-8"))["cases"][case]
    return values


@pytest.mark.parametrize("case", list(CASES))
def test_specification_equals_r(case: str, tol: SimpleNamespace) -> None:
    question, choices, asked = CASES[case]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = al.models.multiverse(
            question,
            al.load_example("sessions"),
            choices,
            progress=False,  # type: ignore[arg-type]
        )
    number = next(
        k for k, options in enumerate(result.grid.rows)
        if all(options[name] == option for name, option in asked.items())
    )  # fmt: skip
    row, values = result.tidy().iloc[number], expected(case)
    assert max(row["n_sessions"], row["n_patients"] * (question == "outcome")) == values["n"]
    assert abs(row["estimate"] - values["estimate"]) <= tol.beta_in_se * values["se"]
    assert row["se"] == pytest.approx(values["se"], rel=tol.se)
    if row["status"] == "ok":
        assert row["df"] == pytest.approx(values["df"], rel=tol.df)


def test_draw_equals_r(tol: SimpleNamespace) -> None:
    """Signs + and − in turn, of therapists in the order of first appearance."""
    sessions = al.load_example("sessions")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = al.models.multiverse(
            "within", sessions, {"time": ["linear", "log"]}, permutations=39, rng=1, progress=False
        )
    drawn = result.flips
    assert drawn is not None
    signs = np.where(np.arange(drawn.n_units) % 2 == 0, 1.0, -1.0)[None]
    flips = Flips(signs, drawn.unit, drawn.of_patient, drawn.of_therapist, drawn.therapist)
    model, options = MODELS["within"], result.options(0)
    prepared = model.prepare(sessions, options)
    estimate, t = flipped(model.estimate(prepared, options, None), flips)[0]
    values = expected("draw")
    assert abs(estimate - values["estimate"]) <= tol.beta_in_se * values["se"]
    assert estimate / t == pytest.approx(values["se"], rel=tol.se)
