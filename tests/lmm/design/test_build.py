"""From a formula and a frame to a design: what is refused, what is counted, how groups nest."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alliance_stats._base.errors import ArgumentError, DataError, FormulaError
from alliance_stats.lmm.design.build import build_design


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
    assert design.products.grams[0, 0].sum() == len(frame)
    assert [level.name for level in design.levels] == ["patient", "therapist"]
    assert [len(level.labels) for level in design.levels] == [12, 3]
    assert design.names == ("(Intercept)", "x")


def test_groups_are_sorted_by_their_parents_whatever_the_order_of_rows(
    frame: pd.DataFrame,
) -> None:
    design = build_design("y ~ x + (1 | patient) + (1 | therapist)", frame.sample(frac=1.0))
    truth = frame.drop_duplicates("patient").set_index("patient")["therapist"]
    (parents,), (starts,) = design.products.parents, design.products.starts
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
    crossed = build_design("y ~ x + (1 | patient) + (1 | therapist)", frame)
    assert len(crossed.crossings) == 1
    assert "4 of 4 groups of 'patient' occur with more" in crossed.crossings[0]
    assert "write (… | therapist/patient)" in crossed.crossings[0]
    design = build_design("y ~ x + (1 | therapist/patient)", frame)
    assert [len(level.labels) for level in design.levels] == [12, 3]
    assert not design.crossings


@pytest.mark.parametrize(
    ("formula", "error", "message"),
    [
        ("y ~ x", FormulaError, "no random effects"),
        (
            "y ~ x + (1 | patient) + (1 + x | patient)",
            FormulaError,
            "'\\(Intercept\\)' in two terms",
        ),
        ("y ~ x + (1 + one | patient)", DataError, "'one' is constant over the 60 rows used"),
        ("y ~ x + near + (1 | patient)", DataError, "'near' is all but a linear combination"),
        ("y ~ z + (1 | patient)", DataError, "column 'z' not found"),
        ("patient ~ x + (1 | therapist)", DataError, "response 'patient' is not numeric"),
        ("y ~ x + (1 | clinic)", DataError, "'clinic' has 1 group"),
        ("y ~ x + (1 | row)", DataError, "cannot be told from the residual"),
        ("y ~ x + (1 + x + w | pair)", DataError, "30 groups with 3 random effects each"),
        ("flat ~ x + (1 | patient)", DataError, "response 'flat' is constant"),
        ("copy ~ x + (1 | patient)", DataError, "without any residual"),
        ("empty ~ x + (1 | patient)", DataError, "no complete row is left"),
    ],
)
def test_refusals(frame: pd.DataFrame, formula: str, error: type[Exception], message: str) -> None:
    frame["one"] = 7.5
    frame["near"] = 3 * frame["x"] + 1e-6 * frame["w"]
    frame["clinic"] = "c"
    frame["row"] = range(60)
    frame["pair"] = np.arange(60) // 2
    frame["flat"] = 1e6
    frame["copy"] = 2 - frame["x"]
    frame["empty"] = np.nan
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


def test_redundant_columns_are_dropped_in_the_order_of_r(frame: pd.DataFrame) -> None:
    frame["one"] = 7.5
    frame["both"] = 3 * frame["x"] - frame["w"] + 2
    frame["arm"] = np.repeat(["a", "b", "c"], 20)
    design = build_design("y ~ one + x + w + both + arm + (1 | patient)", frame)
    assert design.names == ("(Intercept)", "x", "w", "arm[b]", "arm[c]")
    assert design.redundant == ("one", "both")
    first = build_design("y ~ both + w + x + (1 | patient)", frame)
    assert first.redundant == ("x",)


def test_an_empty_cell_of_an_interaction_is_dropped(frame: pd.DataFrame) -> None:
    frame["arm"] = np.tile(["a", "b"], 30)
    frame["site"] = np.where(frame["arm"] == "a", "s", np.tile(["s", "s", "t"], 20))
    design = build_design("y ~ arm * site + (1 | patient)", frame)
    assert design.redundant == ("arm[b]:site[t]",)


def test_a_redundant_fixed_column_can_still_vary_between_groups(frame: pd.DataFrame) -> None:
    frame["copy"] = 2 * frame["x"] + 1
    design = build_design("y ~ x + copy + (1 + copy | patient)", frame)
    assert design.redundant == ("copy",)
    assert design.levels[0].effects == ("(Intercept)", "copy")


def test_several_terms_of_a_factor_are_one_level(frame: pd.DataFrame) -> None:
    design = build_design("y ~ x + (1 + x || patient) + (0 + w | patient)", frame)
    (level,) = design.levels
    assert [block.names for block in level.blocks] == [("(Intercept)",), ("x",), ("w",)]
    assert level.effects == ("(Intercept)", "x", "w")


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"weights": "w"}, DataError, "weights column 'w' has .* of zero or below"),
        ({"weights": "z"}, DataError, "column 'z' not found"),
        ({"offset": "patient"}, DataError, "column 'patient' is not numeric"),
        ({"weights": [1.0]}, ArgumentError, "weights is a list. Give the name of a column"),
    ],
)
def test_refused_weights_and_offsets(
    frame: pd.DataFrame, options: dict[str, str], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        build_design("y ~ x + (1 | patient)", frame, **options)


def test_rows_without_weight_or_offset_are_counted(frame: pd.DataFrame) -> None:
    frame["weight"], frame["known"] = 2.0, 1.0
    frame.loc[[1, 5], "weight"] = np.nan
    frame.loc[[5, 6], "known"] = np.nan
    design = build_design("y ~ x + (1 | patient)", frame, weights="weight", offset="known")
    assert design.missing == {"weight": 2, "known": 1}


def test_too_many_crossed_effects_are_refused(rng: np.random.Generator) -> None:
    n = 60_000
    frame = pd.DataFrame({"y": rng.normal(size=n), "x": rng.normal(size=n)})
    frame["a"], frame["b"] = rng.integers(0, 9_000, n), rng.integers(0, 8_000, n)
    with pytest.raises(DataError, match=r"7,\d+ random effects of crossed factors .* too many"):
        build_design("y ~ x + (1 | a) + (1 | b)", frame)


@pytest.mark.parametrize("second", ["(1 | therapist)", "(1 | rater)"], ids=["nested", "crossed"])
def test_rows_of_every_group_are_counted(second: str) -> None:
    frame = pd.read_csv(Path(__file__).parents[2] / "reference" / "prediction" / "fitted.csv")
    frame = frame.sample(frac=1.0, random_state=4)
    frame.loc[frame.index[:9], "x"] = np.nan
    design = build_design(f"y ~ x + (1 | patient) + {second}", frame)
    sizes = frame.dropna(subset=["x"]).groupby("patient").size()
    assert design.counts.tolist() == sizes.loc[list(design.levels[0].labels)].tolist()
