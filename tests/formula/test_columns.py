"""Design columns: R's coding and order, refusals of data that cannot be used."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_stats._base.errors import ArgumentError, DataError, FormulaError
from alliance_stats.formula import DesignColumns, Factor, Term, design_columns, parse_formula
from alliance_stats.formula.coding import column_parts

# The data of every R call in this file.
X = [1.5, 2, 3.25, 4, 5.5, 7, 7.5, 9]
FRAME = pd.DataFrame(
    {
        "x": X,
        "z": [1, 0, 2, 1, 3, 0, 2, 1],
        "g": ["a", "b", "c", "a", "b", "c", "a", "b"],
        "h": ["u", "u", "v", "v", "u", "v", "u", "v"],
    }
)


def design(right: str, frame: pd.DataFrame = FRAME) -> DesignColumns:
    fixed = parse_formula(f"y ~ {right}").fixed
    return design_columns(fixed.terms, fixed.intercept, frame)


# R 4.2.2: colnames(model.matrix(f)), attr(model.matrix(f), "assign"), with R's ga, gb … as g[a]
FROM_R = {
    "x": ("(Intercept) x", "0 1"),
    "g*h": ("(Intercept) g[b] g[c] h[v] g[b]:h[v] g[c]:h[v]", "0 1 1 2 3 3"),
    "0+g": ("g[a] g[b] g[c]", "1 1 1"),
    "g:x": ("(Intercept) g[a]:x g[b]:x g[c]:x", "0 1 1 1"),
    "x+g:x": ("(Intercept) x x:g[b] x:g[c]", "0 1 2 2"),
    "0+g+h": ("g[a] g[b] g[c] h[v]", "1 1 1 2"),
    "x*g*h": (
        "(Intercept) x g[b] g[c] h[v] x:g[b] x:g[c] x:h[v] g[b]:h[v] g[c]:h[v] "
        "x:g[b]:h[v] x:g[c]:h[v]",
        "0 1 2 2 3 4 4 5 6 6 7 7",
    ),
    "g/h": ("(Intercept) g[b] g[c] g[a]:h[v] g[b]:h[v] g[c]:h[v]", "0 1 1 2 2 2"),
    "0+g:h": ("g[a]:h[u] g[b]:h[u] g[c]:h[u] g[a]:h[v] g[b]:h[v] g[c]:h[v]", "1 1 1 1 1 1"),
    "0+x+g": ("x g[a] g[b] g[c]", "1 2 2 2"),
    "g:z+x": ("(Intercept) x g[a]:z g[b]:z g[c]:z", "0 1 2 2 2"),
    "h+g:h": ("(Intercept) h[v] h[u]:g[b] h[v]:g[b] h[u]:g[c] h[v]:g[c]", "0 1 2 2 2 2"),
    "0+x:g": ("x:g[a] x:g[b] x:g[c]", "1 1 1"),
    "z:g+g": ("(Intercept) g[b] g[c] z:g[a] z:g[b] z:g[c]", "0 1 1 2 2 2"),
    "poly(x,2):g": (
        "(Intercept) poly(x,2)1:g[a] poly(x,2)2:g[a] poly(x,2)1:g[b] poly(x,2)2:g[b] "
        "poly(x,2)1:g[c] poly(x,2)2:g[c]",
        "0 1 1 1 1 1 1",
    ),
    "g:poly(x,2)": (
        "(Intercept) g[a]:poly(x,2)1 g[b]:poly(x,2)1 g[c]:poly(x,2)1 "
        "g[a]:poly(x,2)2 g[b]:poly(x,2)2 g[c]:poly(x,2)2",
        "0 1 1 1 1 1 1",
    ),
}


@pytest.mark.parametrize("right", FROM_R)
def test_columns_and_their_order_as_in_r(right: str) -> None:
    names, assign = FROM_R[right]
    found = design(right)
    assert [name.replace(" ", "") for name in found.names] == names.split()
    assert [str(term + 1) for term in found.term_of_column] == assign.split()


@pytest.mark.parametrize("right", FROM_R)
def test_columns_hold_what_their_names_say(right: str) -> None:
    poly = design("0 + poly(x, 2)")
    known = {"x": X, "z": FRAME["z"].to_numpy(), "(Intercept)": np.ones(8)}
    known |= dict(zip(poly.names, poly.matrix.T, strict=True))
    for name in "gh":
        known |= {f"{name}[{k}]": (FRAME[name] == k).to_numpy() for k in FRAME[name].unique()}
    found = design(right)
    for name, column in zip(found.names, found.matrix.T, strict=True):
        expected = np.prod([known[part] for part in name.split(":")], axis=0)
        np.testing.assert_array_equal(column, expected)


def test_reference_level_and_matrix_as_in_r() -> None:
    found = design("x * C(g, 'b')")
    assert found.names == ("(Intercept)", "x", "g[a]", "g[c]", "x:g[a]", "x:g[c]")
    # R: unname(c(model.matrix(~ x * relevel(g, "b"))))
    expected = [
        [1, 1, 1, 1, 1, 1, 1, 1],
        [1.5, 2, 3.25, 4, 5.5, 7, 7.5, 9],
        [1, 0, 0, 1, 0, 0, 1, 0],
        [0, 0, 1, 0, 0, 1, 0, 0],
        [1.5, 0, 0, 4, 0, 0, 7.5, 0],
        [0, 0, 3.25, 0, 0, 7, 0, 0],
    ]
    np.testing.assert_array_equal(found.matrix.T, expected)


def test_interaction_without_main_effects_spans_what_r_spans() -> None:
    # R's model.matrix(~ g:h) has one column too many, which lm and lmer then drop.
    cells = pd.DataFrame({"g": list("abc") * 4, "h": list("uuuvvv") * 2})
    found = design("g:h", cells)
    assert found.names == ("(Intercept)", "h[v]") + tuple(
        f"g[{g}]:h[{h}]" for h in "uv" for g in "bc"
    )
    assert found.term_of_column == (-1, 0, 0, 0, 0, 0)
    crossed = design("g*h", cells).matrix
    assert found.matrix.shape[1] == np.linalg.matrix_rank(found.matrix) == 6
    assert np.linalg.matrix_rank(np.hstack([found.matrix, crossed])) == 6


@pytest.mark.parametrize("right", [r for r in FROM_R if r not in {"poly(x,2):g", "g:poly(x,2)"}])
def test_coding_equals_formulaic_on_the_data(right: str) -> None:
    """The coding asked for with made-up values is the one formulaic uses on these data."""
    from formulaic import Formula
    from formulaic.parser.types import Factor as FormulaicFactor
    from formulaic.parser.types import Term as FormulaicTerm

    fixed = parse_formula(f"y ~ {right}").fixed
    terms = [
        FormulaicTerm([FormulaicFactor(f.column, eval_method="lookup") for f in term.factors])
        for term in fixed.terms
    ]
    if fixed.intercept:
        terms.insert(0, FormulaicTerm([FormulaicFactor("1", eval_method="literal")]))
    theirs = Formula(terms).get_model_matrix(FRAME, output="numpy", na_action="ignore")
    ours = design(right).matrix
    assert sorted(map(tuple, ours.T)) == sorted(map(tuple, np.asarray(theirs).T))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True).map(
            lambda t: tuple(sorted(t))
        ),
        min_size=1,
        max_size=5,
        unique=True,
    ),
    st.booleans(),
)
def test_coding_has_full_rank_and_spans_all_indicators(
    terms: list[tuple[int, ...]], intercept: bool
) -> None:
    """Factors 0 and 1 have 2 and 3 levels, 2 and 3 are numeric: the span of all products."""
    terms.sort(key=len)
    rng = np.random.default_rng(4)
    levels = (2, 3, 0, 0)
    cells = np.array([(a, b) for a in range(2) for b in range(3)] * 20)
    numbers = rng.normal(size=(len(cells), 2))

    def column(factor: int, level: int) -> np.ndarray:
        return numbers[:, factor - 2] if factor > 1 else cells[:, factor] == level

    parts = column_parts(tuple(terms), (0, 0, 1, 1), levels, intercept=intercept)
    one = [np.ones(len(cells))] if intercept else []
    ours = [*one, *(np.prod([column(*p) for p in product], axis=0) for _, product in parts)]
    every = list(one)
    for term in terms:
        blocks = [np.ones((len(cells), 1))]
        for factor in term:
            size = levels[factor] or 1
            here = np.column_stack([column(factor, k) for k in range(size)])
            blocks.append(np.einsum("ni,nj->nij", blocks[-1], here).reshape(len(cells), -1))
        every += list(blocks[-1].T)
    rank = np.linalg.matrix_rank(np.column_stack(every))
    assert len(ours) == rank == np.linalg.matrix_rank(np.column_stack([*ours, *every]))


def test_matrix_is_float_contiguous_by_column_and_read_only() -> None:
    found = design("x*g")
    assert found.matrix.dtype == np.float64
    assert found.matrix.flags.f_contiguous
    with pytest.raises(ValueError, match="read-only"):
        found.matrix[0, 0] = 2


def test_frame_is_not_changed() -> None:
    frame = FRAME.copy()
    design("scale(x) * C(g, 'c') + poly(z, 2)", frame)
    pd.testing.assert_frame_equal(frame, FRAME)


def test_intercept_only_and_nothing() -> None:
    assert design("1").names == ("(Intercept)",)
    np.testing.assert_array_equal(design("1").matrix, np.ones((8, 1)))
    assert design("0").matrix.shape == (8, 0)


G_TEXT = FRAME["g"].tolist()
LIKE_G = {
    "str": pd.Series(G_TEXT),
    "string": pd.Series(G_TEXT, dtype="string"),
    "pyarrow": pd.Series(G_TEXT, dtype="string[pyarrow]"),
    "object": pd.Series(G_TEXT, dtype=object),
    "category": pd.Series(G_TEXT, dtype="category"),
    "ordered": pd.Series(pd.Categorical(G_TEXT, ordered=True)),
    "unused": pd.Series(pd.Categorical(G_TEXT, categories=["0", "a", "aa", "b", "c", "d"])),
}


@pytest.mark.parametrize("kind", LIKE_G)
def test_every_kind_of_text_column_is_coded_alike(kind: str) -> None:
    found = design("g*x", FRAME.assign(g=LIKE_G[kind]))
    expected = design("g*x")
    assert found.names == expected.names
    np.testing.assert_array_equal(found.matrix, expected.matrix)


def test_categories_keep_their_order() -> None:
    frame = FRAME.assign(g=pd.Categorical(G_TEXT, categories=["c", "a", "b"]))
    assert design("g", frame).names == ("(Intercept)", "g[a]", "g[b]")
    assert design("C(g, 'a')", frame).names == ("(Intercept)", "g[c]", "g[b]")
    np.testing.assert_array_equal(design("0+g", frame).matrix.T, [FRAME["g"] == k for k in "cab"])


@pytest.mark.parametrize("dtype", [bool, "boolean", object])
def test_truth_values_are_categorical(dtype: type) -> None:
    frame = pd.DataFrame({"b": pd.Series([True, False, True], dtype=dtype)})
    found = design("b", frame)
    assert found.names == ("(Intercept)", "b[True]")
    assert found.matrix[:, 1].tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ([10, 9, 10], ("k[9]", "k[10]")),
        ([2.0, 1.0, 2.0], ("k[1]", "k[2]")),
        ([0.5, 1.5, 0.5], ("k[0.5]", "k[1.5]")),
        (pd.array([2, 1, 2], dtype="Int64"), ("k[1]", "k[2]")),
        (pd.Series([2, "x", 1], dtype=object), ("k[1]", "k[2]", "k[x]")),
    ],
)
def test_numbers_become_groups_in_c(values: list[float], names: tuple[str, ...]) -> None:
    assert design("0 + C(k)", pd.DataFrame({"k": values})).names == names


@pytest.mark.parametrize(
    "dtype", ["int8", "uint16", "float32", "Int64", "Float64", "int64[pyarrow]"]
)
def test_every_kind_of_number_is_read(dtype: str) -> None:
    frame = FRAME.assign(z=FRAME["z"].astype(dtype))
    np.testing.assert_array_equal(design("z", frame).matrix, design("z").matrix)


def test_read_only_columns_are_read() -> None:
    values = np.array(X)
    values.flags.writeable = False
    frame = pd.DataFrame({"x": values, "z": FRAME["z"]}, copy=False)
    np.testing.assert_array_equal(design("x:z", frame).matrix[:, 1], values * FRAME["z"])


def test_strange_names_and_levels() -> None:
    frame = pd.DataFrame(
        {'it\'s "so" x0': [1.0, 2.0, 4.0], "g]:x1[T.0": ["x0:x1[T.b]", "a", "a:b"]}
    )
    found = design('`it\'s "so" x0` * `g]:x1[T.0`', frame)
    assert found.names == (
        "(Intercept)",
        'it\'s "so" x0',
        "g]:x1[T.0[a:b]",
        "g]:x1[T.0[x0:x1[T.b]]",
        'it\'s "so" x0:g]:x1[T.0[a:b]',
        'it\'s "so" x0:g]:x1[T.0[x0:x1[T.b]]',
    )
    np.testing.assert_array_equal(found.matrix[:, -1], [1, 0, 0])


def test_transformed_columns_are_named_as_written_in_r() -> None:
    found = design("log(x) + bs(x, 3) + I(x^2)")
    assert found.names == (
        "(Intercept)",
        "log(x)",
        *(f"bs(x, df = 3){i}" for i in (1, 2, 3)),
        "I(x^2)",
    )
    assert found.term_of_column == (-1, 0, 1, 1, 1, 2)


# R 4.2.2: y <- c(3,1,4,1,5,9,2,6); dput(unname(coef(lm(f))))
@pytest.mark.parametrize(
    ("right", "coefficients"),
    [
        ("0 + x + h", [0.463571670620129, 0.83776685869197, 2.3054896645205]),
        (
            "poly(x, 2)*h",
            [2.70682725958612, -2.08869092944489, -4.36832521108861]
            + [0.809789407080544, 12.7591435195915, -0.667866806176619],
        ),
    ],
)
def test_least_squares_equal_those_of_r(right: str, coefficients: list[float]) -> None:
    y = np.array([3, 1, 4, 1, 5, 9, 2, 6], dtype=float)
    found = np.linalg.lstsq(design(right).matrix, y, rcond=None)[0]
    np.testing.assert_allclose(found, coefficients, rtol=1e-11)


@pytest.mark.parametrize(
    ("right", "column", "error", "message"),
    [
        ("w", [1] * 8, DataError, "column 'w' not found. Available: q"),
        ("q", [1, np.nan] * 4, DataError, "column 'q' is missing in 4 of 8 rows"),
        ("q", [1, np.inf] * 4, DataError, "4 infinite values"),
        ("q", ["a", None] * 4, DataError, "column 'q' is missing in 4 of 8 rows"),
        ("q", pd.Categorical(["a", None] * 4), DataError, "missing in 4 of 8 rows"),
        ("q", pd.array([1, None] * 4, dtype="Int64"), DataError, "missing in 4 of 8 rows"),
        ("q", pd.array([True, None] * 4, dtype="boolean"), DataError, "missing in 4 of 8 rows"),
        ("q", pd.Series([None] * 8, dtype=object), DataError, "missing in 8 of 8 rows"),
        ("q", ["a"] * 8, DataError, "'q' has 1 level in 8 rows, two are needed"),
        ("C(q)", [1] * 8, DataError, "'q' has 1 level"),
        ("log(q)", ["a", "b"] * 4, DataError, "'q' is not numeric"),
        ("log(q)", [1, 0] * 4, DataError, "4 rows of 8"),
        ("q", pd.date_range("2020-01-01", periods=8), DataError, "dates or durations"),
        ("C(q)", pd.date_range("2020-01-01", periods=8, tz="UTC"), DataError, "dates"),
        ("q", pd.period_range("2020", periods=8, freq="Y"), DataError, "dates"),
        ("q", pd.to_timedelta(range(8), unit="D"), DataError, "dates or durations"),
        ("q", pd.Series([1, 2] * 4, dtype=object), DataError, r"holds numbers.*pandas.to_numeric"),
        ("log(q)", pd.Categorical([1, 2] * 4), DataError, "type category but holds numbers"),
        ("log(q)", ["1", "2"] * 4, DataError, "type (str|object) but holds numbers"),
        ("q", pd.Series([1, "a"] * 4, dtype=object), DataError, "4 cells of 8 cannot be read"),
        ("q", np.ones(8) * 1j, DataError, "complex"),
        ("C(q, 'w')", ["a", "b"] * 4, FormulaError, "does not occur: .* 2 levels: a, b. Name one"),
        ("C(q, 'a')", pd.Categorical(["b", "c"] * 4, categories=list("abc")), FormulaError, "b, c"),
        ("C(q, 'a') + C(q, 'b')", ["a", "b", "c", "d"] * 2, FormulaError, r"same name: q\[c\]"),
    ],
)
def test_unusable_data_are_refused(
    right: str, column: list[object], error: type[Exception], message: str
) -> None:
    frame = pd.DataFrame({"q": column})
    with pytest.raises(error, match=message):
        design(right, frame)


def test_levels_of_what_may_be_an_identifier_are_not_shown() -> None:
    frame = pd.DataFrame({"patient": [f"secret{i}" for i in range(20)]})
    with pytest.raises(FormulaError, match="20 levels. Name one") as caught:
        design("C(patient, 'p1')", frame)
    assert "secret" not in str(caught.value)


def test_other_refusals() -> None:
    with pytest.raises(ArgumentError, match="not a DataFrame"):
        design("x", {"x": [1]})  # type: ignore[arg-type]
    with pytest.raises(DataError, match="no rows"):
        design("x", FRAME.iloc[:0])
    twice = pd.concat([FRAME, FRAME[["x"]]], axis=1)
    with pytest.raises(DataError, match="'x' occurs 2 times"):
        design("x", twice)


def test_an_identifier_as_fixed_effect_does_not_fill_the_memory() -> None:
    frame = pd.DataFrame({"patient": np.arange(30_000).astype(str), "x": 1.0})
    with pytest.raises(DataError, match="30,000 rows and up to 30,000 columns.*'patient'"):
        design("patient", frame)


def test_row_order_does_not_matter() -> None:
    order = [3, 1, 7, 0, 2, 6, 5, 4]
    shuffled = design("poly(x,2)*g + bs(z, 3) + scale(x)", FRAME.iloc[order])
    expected = design("poly(x,2)*g + bs(z, 3) + scale(x)")
    np.testing.assert_allclose(shuffled.matrix, expected.matrix[order], atol=1e-13)


def test_terms_made_by_hand() -> None:
    found = design_columns([Term((Factor("x"), Factor("z")))], False, FRAME)
    assert found.names == ("x:z",)
    np.testing.assert_array_equal(found.matrix[:, 0], FRAME["x"] * FRAME["z"])


def test_numeric_designs_do_not_load_formulaic() -> None:
    code = (
        "import pandas as pd, sys; from alliance_stats.formula import *;"
        "f = parse_formula('y ~ x * log(z)').fixed;"
        "design_columns(f.terms, True, pd.DataFrame({'x': [1., 2.], 'z': [1, 2]}));"
        "print([m for m in ('formulaic', 'scipy', 'scipy.stats') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_categorical_and_spline_designs_do_not_load_scipy_stats() -> None:
    code = (
        "import pandas as pd, sys; from alliance_stats.formula import *;"
        "f = parse_formula('y ~ g + bs(z, 3)').fixed;"
        "design_columns(f.terms, True, pd.DataFrame({'g': list('abab'), 'z': [1, 2, 3, 4]}));"
        "print('formulaic' in sys.modules, 'scipy.stats' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "True False"
