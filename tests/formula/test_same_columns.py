"""Design columns of new rows: the fitted rows' columns again, whatever the new rows hold."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats.formula import DesignColumns, design_columns, parse_formula, same_columns

REFERENCE = Path(__file__).parents[1] / "reference" / "formula"
FROM_R: dict[str, Any] = json.loads((REFERENCE / "new_rows.json").read_text())["cases"]
N = 60


def sessions() -> pd.DataFrame:
    rng = np.random.default_rng(7)
    return pd.DataFrame(
        {
            "x": rng.gamma(4.0, size=N) + 0.1,
            "z": rng.uniform(0, 3, size=N),
            "k": rng.integers(1, 4, size=N),
            "g": rng.choice(["cbt", "pdt", "wait"], size=N),
            "b": rng.random(N) < 0.4,
            "c": pd.Categorical(rng.choice([2.0, 10.0], size=N), categories=[10.0, 5.0, 2.0]),
        }
    )


FRAME = sessions()


def design(right: str, frame: pd.DataFrame = FRAME) -> DesignColumns:
    fixed = parse_formula(f"y ~ {right}").fixed
    return design_columns(fixed.terms, fixed.intercept, frame)


# ---------------------------------------------------------------- as R's predict


@pytest.mark.parametrize("rows", ["inside", "outside"])
@pytest.mark.parametrize("right", FROM_R)
@pytest.mark.filterwarnings("ignore:.*extended beyond the fitted rows")
def test_columns_and_predictions_equal_those_of_r(
    right: str, rows: str, tol: SimpleNamespace
) -> None:
    fitted, new = (pd.read_csv(REFERENCE / f"{name}.csv") for name in ("fitted", rows))
    columns = design(right, fitted)
    found = same_columns(columns.memory, new).matrix
    expected = np.array(FROM_R[right][rows]["columns"]).T
    gap = np.abs(found - expected).max(axis=0)
    assert (gap <= tol.closed_form * np.abs(expected).max(axis=0)).all()
    beta = np.linalg.lstsq(columns.matrix, fitted["y"].to_numpy(), rcond=None)[0]
    predicted = FROM_R[right][rows]["predicted"]
    np.testing.assert_allclose(found @ beta, predicted, rtol=tol.closed_form)


def test_constants_are_those_of_the_fitted_rows() -> None:
    memory = design("scale(x) + bs(z, df = 5)").memory
    scale, splines = (factor.constants for factor in memory.factors)
    assert scale == pytest.approx((FRAME["x"].mean(), FRAME["x"].std()), rel=1e-14)
    z = FRAME["z"]
    inner = [z.quantile(1 / 3), z.quantile(2 / 3)]
    assert splines == pytest.approx([*[z.min()] * 4, *inner, *[z.max()] * 4], rel=1e-14)


@pytest.mark.parametrize("degree", [1, 4, 9])
def test_polynomials_go_on_as_polynomials(degree: int) -> None:
    """New values: the one polynomial of that degree through the fitted ones, by interpolation."""
    x = np.cos(np.pi * np.arange(degree + 1) / degree) + 3
    fitted = pd.DataFrame({"x": x})
    new = np.linspace(1.5, 4.5, 13)
    memory = design(f"0 + poly(x, {degree})", fitted).memory
    found = same_columns(memory, pd.DataFrame({"x": new})).matrix
    at_nodes = np.vander(x - 3, degree + 1)
    weights = np.linalg.solve(at_nodes, design(f"0 + poly(x, {degree})", fitted).matrix)
    expected = np.vander(new - 3, degree + 1) @ weights
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


# ---------------------------------------------------------------- invariance

FACTORS = (
    *("x", "z", "g", "b", "c", "C(k)", "C(g,'wait')", "log(x)", "sqrt(z)", "exp(z)", "I(x^2)"),
    *("scale(x)", "scale(z)", "poly(x,2)", "poly(z,5)", "bs(x,df=4)", "bs(z,df=6)"),
)


@st.composite
def formulas(draw: st.DrawFn) -> str:
    """Sums of products of up to three factors, of different columns, with or without intercept."""
    by_column: dict[str, str] = {}
    for factor in draw(st.lists(st.sampled_from(FACTORS), min_size=1, max_size=4)):
        column = factor if len(factor) == 1 else factor.split("(")[1][0]
        by_column.setdefault(column, factor)
    factors = list(by_column.values())
    term = st.lists(st.sampled_from(factors), min_size=1, max_size=3, unique=True).map(":".join)
    terms = draw(st.lists(term, min_size=1, max_size=4))
    return " + ".join([draw(st.sampled_from("01")), *terms])


@settings(max_examples=150)
@given(formulas(), st.lists(st.integers(0, N - 1), min_size=1, max_size=20))
def test_columns_are_those_of_the_fitted_rows(right: str, rows: list[int]) -> None:
    """All rows again, and any rows in any order, with repetitions or only one."""
    fitted = design(right)
    np.testing.assert_array_equal(same_columns(fitted.memory, FRAME).matrix, fitted.matrix)
    some = same_columns(fitted.memory, FRAME.iloc[rows])
    assert (some.names, some.term_of_column) == (fitted.names, fitted.term_of_column)
    assert some.memory == fitted.memory
    np.testing.assert_allclose(some.matrix, fitted.matrix[rows], rtol=1e-13, atol=1e-13)


@settings(max_examples=80)
@given(formulas(), st.data())
def test_missing_values_are_missing_in_the_columns_that_use_them(
    right: str, data: st.DataObject
) -> None:
    fitted = design(right)
    column = data.draw(st.sampled_from(fitted.memory.columns))
    rows = data.draw(st.lists(st.integers(0, N - 1), min_size=1, unique=True))
    holed = FRAME.astype({"b": object, "k": float})
    holed.loc[rows, column] = np.nan
    found = same_columns(fitted.memory, holed, missing="nan").matrix
    gone = np.isnan(found)
    assert set(np.flatnonzero(gone.any(axis=1))) == set(rows)
    np.testing.assert_array_equal(found[~gone], fitted.matrix[~gone])
    uses = [_uses(name, column) for name in fitted.names]
    np.testing.assert_array_equal(gone[rows], np.tile(uses, (len(rows), 1)))
    with pytest.raises(DataError, match=f"column '{column}' is missing in {len(rows)} of 60 rows"):
        same_columns(fitted.memory, holed)


def _uses(name: str, column: str) -> bool:
    """Whether a part of a design column's name is x, x[level], log(x), bs(x, df = 4)1 …"""
    return any(
        part == column or part.startswith(f"{column}[") or f"({column}" in part
        for part in name.split(":")
    )


# ---------------------------------------------------------------- rows unlike the fitted ones


def test_one_level_is_coded_against_the_remembered_ones() -> None:
    new = pd.DataFrame({"g": ["pdt", "pdt"], "x": [1.0, 2.0], "b": [True, True]})
    for right, expected in {
        "g": [[1, 1, 0]] * 2,
        "0 + g": [[0, 1, 0]] * 2,
        "C(g, 'wait')": [[1, 0, 1]] * 2,
        "b": [[1, 1]] * 2,
        "x + g:x": [[1, 1, 1, 0], [1, 2, 2, 0]],
    }.items():
        np.testing.assert_array_equal(same_columns(design(right).memory, new).matrix, expected)


LIKE_G = ["str", "string", object, "category", pd.CategoricalDtype(["none", "wait", "pdt", "cbt"])]


@pytest.mark.parametrize("dtype", LIKE_G)
def test_labels_count_not_the_kind_of_column(dtype: object) -> None:
    fitted = design("g * x")
    new = FRAME.assign(g=FRAME["g"].astype(dtype))  # type: ignore[call-overload]
    np.testing.assert_array_equal(same_columns(fitted.memory, new).matrix, fitted.matrix)


@pytest.mark.parametrize("dtype", ["int8", float, "float32", "Int64", "Float64", "category", str])
def test_numbers_of_groups_are_recognised(dtype: str) -> None:
    fitted = design("C(k) + c")
    new = FRAME.assign(k=FRAME["k"].astype(dtype), c=FRAME["c"].astype(str).astype("category"))
    new["c"] = new["c"].cat.rename_categories({"10.0": "10", "2.0": "2"})
    np.testing.assert_array_equal(same_columns(fitted.memory, new).matrix, fitted.matrix)
    other = design("C(k)", FRAME.assign(k=FRAME["k"].astype(dtype)))
    np.testing.assert_array_equal(same_columns(other.memory, FRAME).matrix, other.matrix)


@pytest.mark.parametrize("dtype", ["float32", "Int64", "Float64", "int64[pyarrow]", object])
def test_a_column_wholly_missing_is_missing_whatever_its_kind(dtype: str) -> None:
    for right in ("x", "log(x)", "poly(x, 2)", "bs(x, df = 4)", "g", "C(k)"):
        memory = design(f"0 + {right}").memory
        new = pd.DataFrame({c: pd.Series([None] * 3, dtype=dtype) for c in memory.columns})
        assert np.isnan(same_columns(memory, new, missing="nan").matrix).all()
        with pytest.raises(DataError, match="is missing in 3 of 3 rows"):
            same_columns(memory, new)


def test_splines_warn_beyond_the_fitted_range() -> None:
    frame = pd.DataFrame({"x": np.linspace(1, 9, 40)})
    memory = design("bs(x, df = 4)", frame).memory
    new = pd.DataFrame({"x": [0.5, 1, 4, 9, 9.25, 12, np.nan]})
    seen = "bs.x, df = 4. is extended beyond the fitted rows: 3 rows of 7 lie outside 1 to 9"
    with pytest.warns(DataWarning, match=seen):
        found = same_columns(memory, new, missing="nan").matrix
    assert np.isnan(found[:, 1:]).any(axis=1).tolist() == [False] * 6 + [True]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        same_columns(memory, frame)
        same_columns(design("poly(x, 2)", frame).memory, new, missing="nan")


@pytest.mark.parametrize(
    ("right", "column", "message"),
    [
        ("x", {"xx": [1.0]}, "column 'x' not found. Did you mean 'xx'"),
        ("g", {"g": ["cbt", "CBT", "secret", "CBT"]}, "'g' holds 2 levels that did not occur in "),
        ("g", {"g": ["cbt", "CBT"]}, "1 row of 2, first at row 1 .* 3 levels: cbt, pdt, wait. Cor"),
        ("C(k)", {"k": [1, 4, 1.5]}, "'k' holds 2 levels .* 2 rows of 3, .* 3 levels: 1, 2, 3"),
        ("b", {"b": ["yes", "no"]}, "holds 2 levels .* levels: False, True"),
        ("b", {"b": [1, 0]}, "'b' was categorical .* has type int64 .*astype..category"),
        ("g", {"g": [1.5, 2]}, "column 'g' was categorical in the fitted rows and has type float"),
        ("x", {"x": ["4.5", "a"]}, "column 'x' was numeric in the fitted rows and has type"),
        ("x", {"x": [True, False]}, "'x' was numeric .* type bool in these. .*to_numeric"),
        ("x", {"x": pd.Categorical([1, 2])}, "'x' was numeric .* type category"),
        ("scale(x)", {"x": ["1", "2"]}, "but holds numbers. Convert it with pandas.to_numeric"),
        ("scale(x)", {"x": ["many", "2"]}, "'x' is not numeric: 1 cell of 2 cannot be read"),
        ("x", {"x": pd.date_range("2020", periods=2)}, "dates"),
        ("C(k)", {"k": pd.date_range("2020", periods=2)}, "dates"),
        ("x", {"x": [1, np.inf, -np.inf]}, "'x' holds 2 infinite values, first at row 1"),
        ("log(x)", {"x": [1, np.nan, -3, 0]}, r"log\(x\) .*: 2 rows of 4 .*, first at row 2"),
        ("sqrt(z)", {"z": [1, -3.0]}, "1 row of 2 negative"),
        ("exp(z)", {"z": [1, np.nan, 800]}, "too large to compute: 1 row of 3 overflow"),
        ("poly(x, 3)", {"x": [1, 1e200, np.nan]}, "too large to compute: 1 row of 3 overflow"),
        ("x", {"x": []}, "no rows"),
    ],
)
def test_rows_that_cannot_be_used_are_refused(
    right: str, column: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        same_columns(design(right).memory, pd.DataFrame(column), missing="nan")
    assert not any(cell in str(caught.value) for cell in ("secret", "CBT", "many"))


def test_many_levels_may_be_identifiers_and_are_only_counted() -> None:
    frame = pd.DataFrame({"patient": [f"secret{i}" for i in range(20)]})
    with pytest.raises(DataError, match="Fitted were 20 levels. Correct") as caught:
        same_columns(design("patient", frame).memory, pd.DataFrame({"patient": ["secret99"]}))
    assert "secret" not in str(caught.value)


def test_other_refusals() -> None:
    memory = design("x").memory
    with pytest.raises(ArgumentError, match="missing='drop' is not known"):
        same_columns(memory, FRAME, missing="drop")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="not a DataFrame"):
        same_columns(memory, {"x": [1]})  # type: ignore[arg-type]
    with pytest.raises(DataError, match="'x' occurs 2 times"):
        same_columns(memory, pd.concat([FRAME, FRAME[["x"]]], axis=1))


def test_too_many_rows_are_refused_before_memory_fills(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = design("x").memory
    monkeypatch.setattr("alliance_stats.formula.columns.MAX_CELLS", 2 * N - 1)
    with pytest.raises(DataError, match="too large: 60 rows and 2 columns. Give .* several parts"):
        same_columns(memory, FRAME)


def test_levels_that_look_alike_are_refused() -> None:
    frame = pd.DataFrame({"q": pd.Categorical([1, "1", 2], categories=[1, "1", 2])})
    with pytest.raises(DataError, match="'q' has levels that look alike.*3 levels, 2 different"):
        design("q", frame)


# ---------------------------------------------------------------- the memory itself


def test_memory_is_a_small_value_without_rows() -> None:
    right = "poly(x, 4) * g + bs(z, df = 6) + scale(x) + C(k)"
    fitted = design(right)
    again = design(right, FRAME.copy())
    assert again.memory == fitted.memory
    assert hash(again.memory) == hash(fitted.memory)
    assert design(right, FRAME.iloc[1:]).memory != fitted.memory
    many = design(right, pd.concat([FRAME] * 50, ignore_index=True)).memory
    assert len(pickle.dumps(many)) < len(pickle.dumps(fitted.memory)) + 100 < 4000
    assert copy.deepcopy(fitted.memory) == fitted.memory
    with pytest.raises(AttributeError):
        fitted.memory.names = ()  # type: ignore[misc]


def test_memory_names_the_columns_it_needs() -> None:
    assert design("log(x) * g + x + 1").memory.columns == ("x", "g")
    assert design("1").memory.columns == ()
    found = same_columns(design("1").memory, pd.DataFrame({"unused": [1, 2]}))
    np.testing.assert_array_equal(found.matrix, [[1], [1]])


def test_columns_left_of_a_random_term() -> None:
    for text in ("(x + g | patient)", "(0 + scale(x) | patient)", "(0 + g:x | patient)"):
        (term,) = parse_formula(f"y ~ 1 + {text}").random
        fitted = design_columns(term.terms, term.intercept, FRAME)
        some = same_columns(fitted.memory, FRAME.iloc[[5]])
        np.testing.assert_array_equal(some.matrix, fitted.matrix[[5]])


def test_matrix_is_contiguous_by_column_and_read_only_and_the_frame_unchanged() -> None:
    frame = FRAME.copy()
    found = same_columns(design("x * g").memory, frame).matrix
    assert found.flags.f_contiguous
    assert not found.flags.writeable
    assert not np.shares_memory(found, frame["x"].to_numpy())
    pd.testing.assert_frame_equal(frame, FRAME)


def test_new_rows_load_neither_formulaic_nor_scipy_stats() -> None:
    code = (
        "import pandas as pd, sys; from alliance_stats.formula import *;"
        "f = parse_formula('y ~ x * log(z)').fixed; d = pd.DataFrame({'x': [1., 2.], 'z': [1, 2]});"
        "same_columns(design_columns(f.terms, True, d).memory, d);"
        "print([m for m in ('formulaic', 'scipy', 'scipy.stats') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
