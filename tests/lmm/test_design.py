"""From a formula and a frame to a design: what is refused, what is counted, how groups nest."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance_stats._base.errors import DataError, FormulaError, UnsupportedError
from alliance_stats.lmm.design import build_design


@pytest.fixture
def frame(rng: np.random.Generator) -> pd.DataFrame:
    patient = np.repeat([f"p{i}" for i in range(12)], 5)
    therapist = np.repeat(["t1", "t2", "t3"], 20)
    n = len(patient)
    return pd.DataFrame(
        {
            "patient": patient,
            "therapist": therapist,
            "y": rng.normal(size=n),
            "x": rng.normal(size=n),
            "w": rng.normal(size=n),
        }
    )


def test_grams_cover_all_rows(frame: pd.DataFrame) -> None:
    shuffled = frame.sample(frac=1.0, random_state=1)
    design = build_design("y ~ x + (1 + x | patient) + (1 | therapist)", shuffled)
    assert design.grams[0, 0].sum() == len(frame)
    assert [level.name for level in design.levels] == ["patient", "therapist"]
    assert [len(level.labels) for level in design.levels] == [12, 3]
    assert design.names == ("(Intercept)", "x")


def test_groups_are_sorted_by_their_parents_whatever_the_order_of_rows(
    frame: pd.DataFrame,
) -> None:
    design = build_design("y ~ x + (1 | patient) + (1 | therapist)", frame.sample(frac=1.0))
    truth = frame.drop_duplicates("patient").set_index("patient")["therapist"]
    (parents,), (starts,) = design.parents, design.starts
    assert (np.diff(parents) >= 0).all()
    assert starts[0] == 0 and (parents[starts] == np.arange(3)).all()
    for patient, parent in zip(design.levels[0].labels, parents, strict=True):
        assert truth[patient] == design.levels[1].labels[parent]


def test_incomplete_rows_are_dropped_and_counted(frame: pd.DataFrame) -> None:
    frame.loc[[0, 1, 2], "x"] = np.nan
    frame.loc[[2, 3], "y"] = np.nan
    frame.loc[[4], "therapist"] = None
    design = build_design("y ~ x + (1 | patient) + (1 | therapist)", frame)
    assert (design.n_obs, design.n_dropped) == (55, 5)
    assert design.missing == {"y": 2, "x": 2, "therapist": 1}
    assert design.rows.tolist() == list(range(5, 60))


def test_interaction_of_grouping_columns(frame: pd.DataFrame) -> None:
    frame["clinic"] = np.tile(["a", "b"], 30)
    design = build_design("y ~ x + (1 | patient:clinic)", frame)
    assert design.levels[0].name == "patient:clinic"
    assert len(design.levels[0].labels) == 24
    assert design.levels[0].labels[0] == ("p0", "a")


def test_labels_reused_across_groups_are_told_apart_by_a_slash(frame: pd.DataFrame) -> None:
    frame["patient"] = np.tile(np.repeat(["a", "b", "c", "d"], 5), 3)
    with pytest.raises(UnsupportedError, match=r"4 of 4 groups of 'patient' occur with more"):
        build_design("y ~ x + (1 | patient) + (1 | therapist)", frame)
    design = build_design("y ~ x + (1 | therapist/patient)", frame)
    assert [len(level.labels) for level in design.levels] == [12, 3]


@pytest.mark.parametrize(
    ("formula", "error", "message"),
    [
        ("y ~ x", FormulaError, "no random effects"),
        ("y ~ x + (1 + x || patient)", UnsupportedError, r"\|\|\) are not available yet"),
        ("y ~ x + (1 | patient) + (0 + x | patient)", UnsupportedError, "several random terms"),
        ("y ~ z + (1 | patient)", DataError, "column 'z' not found"),
        ("patient ~ x + (1 | therapist)", DataError, "response 'patient' is not numeric"),
        ("y ~ x + one + (1 | patient)", DataError, "predictor 'one' is constant"),
        ("y ~ x + w + both + (1 | patient)", DataError, "'both' is a linear combination"),
        ("y ~ x + (1 | clinic)", DataError, "'clinic' has 1 group"),
        ("y ~ x + (1 | row)", DataError, "cannot be told from the residual"),
        ("y ~ x + (1 + x + w | pair)", DataError, "30 groups with 3 random effects each"),
        ("flat ~ x + (1 | patient)", DataError, "response 'flat' is constant"),
        ("copy ~ x + (1 | patient)", DataError, "without any residual"),
        ("empty ~ x + (1 | patient)", DataError, "no complete row is left"),
        ("y ~ x + (1 | patient) + (1 | crossed)", UnsupportedError, "is not nested in"),
    ],
)
def test_refusals(frame: pd.DataFrame, formula: str, error: type[Exception], message: str) -> None:
    frame["one"] = 7.5
    frame["both"] = 3 * frame["x"] - frame["w"] + 2
    frame["clinic"] = "c"
    frame["row"] = range(60)
    frame["pair"] = np.arange(60) // 2
    frame["flat"] = 1e6
    frame["copy"] = 2 - frame["x"]
    frame["empty"] = np.nan
    frame["crossed"] = np.tile(["u", "v", "w", "x", "y"], 12)
    with pytest.raises(error, match=message):
        build_design(formula, frame)


def test_formulas_cannot_run_code(frame: pd.DataFrame, tmp_path: object) -> None:
    with pytest.raises(FormulaError):
        build_design("y ~ __import__('os').system('touch owned') + (1 | patient)", frame)


def test_not_a_frame() -> None:
    with pytest.raises(ValueError, match="not a DataFrame"):
        build_design("y ~ x + (1 | patient)", {"y": [1]})  # type: ignore[arg-type]


def test_the_frame_is_left_alone(frame: pd.DataFrame) -> None:
    before = frame.copy(deep=True)
    build_design("y ~ x + (1 + x | patient) + (1 | therapist)", frame)
    pd.testing.assert_frame_equal(frame, before)
