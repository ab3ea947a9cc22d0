"""multiverse of ruptures: rows equal fit_ruptures, what says nothing new is left out, refusals."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError
from alliance_stats.models.ruptures.rule import DROPS
from tests.models.multiverses.conftest import ROLES, ask

FEW = {"simulations": 49}
#: Choices, and how many of their combinations repeat another one.
CHOICES: list[tuple[dict[str, list[Any]], int]] = [
    ({"rule": ["criterion", "control_chart", "partition", "regression"],
      "drop": [None, 1.5, {"criterion": 1.5, "regression": 1.5}]}, 4),
    ({"sd": ["own", "pooled", 1.2], "lookback": [1, 2, None], "min_sessions": [8, 9]}, 0),
    ({"window": [2, 4], "tolerance": [0.5, 0.0], "therapist": ["random", "ignored"]}, 0),
    ({"rule": ["regression", "partition"], "trend": ["none", "common"], "penalty": [None, 1.5],
      "tolerance": [0.5, 1.0]}, 10),
    ({"rule": ["criterion", "control_chart"], "reliability": [None, 0.8]}, 0),
]  # fmt: skip


@pytest.fixture(scope="module")
def long_frame() -> pd.DataFrame:
    """72 patients of 12 therapists with 8 to 13 sessions, with more falls in worse outcomes."""
    rng = np.random.default_rng(21)
    sizes = rng.integers(8, 14, 72)
    patient = np.repeat(np.arange(72), sizes)
    falls = rng.random(len(patient)) < 0.15
    own = rng.normal(0, 2, 72) + 1.2 * np.bincount(patient, falls) + rng.normal(0, 1, 12)[
        np.arange(72) // 6
    ]  # fmt: skip
    frame = pd.DataFrame(
        {
            "patient": [f"P{p:02d}" for p in patient],
            "therapist": [f"T{p // 6}" for p in patient],
            "session": np.concatenate([np.arange(n) for n in sizes]) + 1,
            "wai": np.round(5 + rng.normal(0, 1, len(patient)) - 2.5 * falls, 1),
            "phq": 12 + own[patient] + rng.normal(0, 1, len(patient)),
            "intake": (15 + rng.normal(0, 3, 72))[patient],
            "week": 1.0,
        }
    )
    frame.loc[rng.random(len(frame)) < 0.03, "wai"] = np.nan
    return frame.sample(frac=1.0, random_state=2).reset_index(drop=True)


def direct(frame: pd.DataFrame, options: dict[str, Any]) -> Any:
    """`fit_ruptures` with the options as a user would write them for this rule."""
    given, rule = dict(options), options["rule"]
    roles = replace(ROLES, therapist=None) if given.pop("therapist") == "ignored" else ROLES
    drop = given.pop("drop")
    drop = drop.get(rule) if isinstance(drop, dict) else drop
    for name in ("sd", "lookback"):
        if rule != "criterion":
            del given[name]
    if rule != "partition":
        del given["penalty"]
    else:
        del given["tolerance"]
    if rule == "regression":
        del given["trend"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_ruptures(
            frame, roles, drop=DROPS[rule] if drop is None else drop, **given
        )


@pytest.mark.parametrize(("choices", "repeated"), CHOICES, ids=lambda c: "+".join(map(str, [c])))
def test_rows_equal_direct_calls(
    long_frame: pd.DataFrame, choices: dict[str, list[Any]], repeated: int, tol: SimpleNamespace
) -> None:
    result = ask("ruptures", long_frame, choices, fixed=FEW)
    assert sum(result.grid.excluded.values()) == repeated
    assert len(result.rows) == int(np.prod([len(o) for o in choices.values()])) - repeated
    for number, row in result.tidy().iterrows():
        if row["status"] == "failed":  # a chart without a rupture that differs between patients
            with pytest.raises(al.DataError):
                direct(long_frame, dict(result.options(int(str(number)))))
            continue
        found = direct(long_frame, dict(result.options(int(str(number)))))
        expected = found.tidy().iloc[0]
        assert row["effect"] == row["term"] == expected["term"] == "excess_ruptures"
        assert abs(row["estimate"] - expected["estimate"]) <= tol.beta_in_se * expected["se"]
        assert row["se"] == pytest.approx(expected["se"], rel=tol.se)
        assert row["df"] == pytest.approx(expected["df"], rel=tol.df)
        assert row["n_patients"] == len(found.prepared.frame)


def test_no_specification_is_there_twice(long_frame: pd.DataFrame) -> None:
    choices = {"rule": ["partition", "criterion"], "drop": [1.0, None, {"criterion": 2.0}],
               "sd": ["pooled", "own"]}  # fmt: skip
    result = ask("ruptures", long_frame, choices, fixed=FEW)
    estimates = result.tidy()["estimate"].round(10)
    assert estimates.is_unique and len(estimates) == 5  # 1 partition, 2 × 2 criteria
    assert result.grid.excluded == {
        "sd makes no difference there: the same specification is in already": 3,
        "drop makes no difference there: the same specification is in already": 4,
    }


def test_own_standard_deviations_need_eight_ratings(long_frame: pd.DataFrame) -> None:
    choices = {"sd": ["own", "pooled"], "min_sessions": [8, 5]}
    result = ask("ruptures", long_frame, choices, fixed=FEW)
    assert result.excluded.to_numpy().tolist() == [
        ["fewer than 8 ratings for the patient's own SD", 1]
    ]


def test_draws_are_least_squares_of_flipped_residuals(long_frame: pd.DataFrame) -> None:
    roles = replace(ROLES, therapist=None)
    choices = {"sd": ["own", "pooled"], "min_sessions": [8, 10]}
    result = ask("ruptures", long_frame, choices, roles, fixed=FEW, permutations=39, rng=3)
    flips = result.flips
    assert flips is not None and flips.unit == "patient" and flips.n_units == 72
    for number in range(4):
        rows = result.data(number)
        x = np.column_stack([np.ones(len(rows)), rows[["excess_ruptures", "excess_repaired"]],
                             rows["intake"]])  # fmt: skip
        others = np.delete(x, 1, axis=1)
        y = rows["phq_post"].to_numpy()
        residual = y - others @ np.linalg.lstsq(others, y, rcond=None)[0]
        signs = flips.signs[:, [flips.of_patient[p] for p in rows["patient"]]]
        for draw in (0, 20, 38):
            beta, rss = np.linalg.lstsq(x, signs[draw] * residual, rcond=None)[:2]
            se = np.sqrt(rss[0] / (len(x) - 4) * np.linalg.inv(x.T @ x)[1, 1])
            assert result.draws[number, draw] == pytest.approx([beta[1], beta[1] / se], rel=1e-8)


def test_joint_test_sees_an_effect_and_resumes(long_frame: pd.DataFrame, tmp_path: Path) -> None:
    choices = {"rule": ["criterion", "partition"], "window": [2, 3]}
    path = tmp_path / "curve.npz"
    given = {"fixed": FEW, "permutations": 99, "rng": 2}
    roles = replace(ROLES, therapist=None)
    result = ask("ruptures", long_frame, choices, roles, checkpoint=path, **given)
    again = ask("ruptures", long_frame, choices, roles, checkpoint=path, **given)
    np.testing.assert_array_equal(result.draws, again.draws)
    pd.testing.assert_frame_equal(result.tidy(), again.tidy())
    assert result.joint_test.set_index("test").loc["Stouffer's z", "p_value"] <= 0.05
    with pytest.raises(al.DataError, match="checkpoint of another multiverse"):
        ask("ruptures", long_frame, {"window": [2, 3]}, roles, checkpoint=path, **given)


@pytest.mark.parametrize(
    ("choices", "words"),
    [
        ({"measure": ["raw", "excess"]}, "other quantities than ruptures beyond chance"),
        ({"outliers": ["keep", "drop_2sd"]}, "low ratings are what ruptures are found in"),
        ({"min_ratings": [1, 3]}, "min_sessions"),
        ({"alliance_window": [(1, 5), (1, 9)]}, "another quantity than those in all of it"),
        ({"autocorrelation": ["widen", "refuse"]}, "no other estimate"),
        ({"scale": [None, "observed"]}, r"fixed=\{'scale': \(12, 84\)\}"),
        ({"simulations": [99, 999]}, r"fixed=\{'simulations': 1999\}"),
        ({"rng": [1, 2]}, "no choice of analysis"),
        ({"covariates": [[], ["week"]]}, "adjusts for intake"),
        ({"rule": ["criterion", "chart"]}, "rule='chart'"),
        ({"drop": [1, 0]}, "drop=0 is not a number above 0"),
        ({"drop": [None, {}]}, "names no rule"),
        ({"drop": [None, {"criterium": 2}]}, "Did you mean 'criterion'"),
        ({"drop": [None, {"criterion": -1}]}, "drop of rule 'criterion'=-1"),
        ({"sd": ["own", "pooledd"]}, "Did you mean 'pooled'"),
        ({"window": [2, 0]}, "window=0 is not a number of sessions"),
        ({"tolerance": [0.5, -1]}, "tolerance=-1 is not a number from 0"),
        ({"min_sessions": [8, 2]}, "min_sessions=2"),
        ({"reliability": [None, 1.2]}, "not above 0 and at most 1"),
        ({"penalty": [None, 0]}, "penalty=0 is not a number above 0"),
    ],
)
def test_refuses(long_frame: pd.DataFrame, choices: Any, words: str) -> None:
    with pytest.raises(ArgumentError, match=words):
        ask("ruptures", long_frame, choices)


def test_refuses_too_few_therapists_and_no_intake(long_frame: pd.DataFrame) -> None:
    few = long_frame.assign(therapist=long_frame["patient"].str[-1])
    few["therapist"] = few["therapist"].replace({"9": "8"})
    with pytest.raises(ArgumentError, match="question='ruptures' need 10 therapists or more"):
        ask("ruptures", few, {"window": [2, 3]}, permutations=39, rng=1)
    with pytest.raises(ArgumentError, match="the role 'baseline' is not given"):
        ask("ruptures", long_frame, {"window": [2, 3]}, replace(ROLES, baseline=None), fixed=FEW)


def test_what_is_said_and_shown(long_frame: pd.DataFrame) -> None:
    drop = {"criterion": 1.5, "control_chart": 2.0}
    result = ask("ruptures", long_frame, {"drop": [None, drop], "lookback": [1, None]}, fixed=FEW)
    assert result.tidy()["drop"].tolist()[-1] == "criterion 1.5, control chart 2"
    assert result.tidy()["lookback"].tolist()[:2] == ["session before", "all sessions before"]
    view = result.view()
    assert view.labels["verb"] == "association" and view.terms["unit"].eq("patient").all()
    assert "fixed={'simulations': 49}" in str(view.refit)
    assert "'control_chart': 2.0" in str(view.refit)
    text = al.report_text(result)
    assert "coefficient of a rupture of wai beyond chance for phq after therapy" in text
    assert "so that more ruptures than by chance went with" in text
    one = result.specification(1)
    assert isinstance(one, al.models.RuptureOutcome)
    assert "nobs(m) == 69" in result.to_r(1) and len(result.data(1)) == 69
