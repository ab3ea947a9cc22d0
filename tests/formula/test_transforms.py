"""Transformed columns equal R's to the digits printed; R 4.2.2, x as below."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alliance_stats._base.errors import DataError
from alliance_stats.formula import Factor
from alliance_stats.formula.transforms import transform

X = np.array([1.5, 2, 3.25, 4, 5.5, 7, 7.5, 9])

# Cases: the R call, the factor, its columns one after the other (dput with 15 digits).
FROM_R = {
    "poly(x, 3)": (
        Factor("x", "poly", 3),
        "-0.481935004137424 -0.412466895432931 -0.238796623671697 -0.134594460614956 "
        "0.0738098654985245 0.282214191612005 0.351682300316499 0.56008662642998 "
        "0.455135953043118 0.224125995078891 -0.203748794338691 -0.357856452794051 "
        "-0.435183035515596 -0.204657972651573 -0.0594048082334389 0.581589115411341 "
        "-0.3867470627166 0.0287430862093904 0.438624639685362 0.373561819568763 "
        "-0.07761663386396 -0.415896034531221 -0.391366081026388 0.430696266674653",
    ),
    "scale(x)": (
        Factor("x", "scale"),
        "-1.27508016904451 -1.09128482936242 -0.631796480157189 -0.356103470634052 "
        "0.195282548412222 0.746668567458496 0.930463907140588 1.48184992618686",
    ),
    "splines::bs(x, df = 5)": (
        Factor("x", "bs", 5),
        "0 0.511875 0.454453125 0.208333333333333 0.0133333333333333 0 0 0 "
        "0 0.0645833333333333 0.472135416666667 0.587121212121212 "
        "0.375757575757576 0.0775757575757575 0.0327272727272727 0 "
        "0 0.00166666666666667 0.0714583333333334 0.203168044077135 "
        "0.522754820936639 0.4566391184573 0.315371900826446 0 "
        "0 0 0 0.00137741046831956 0.0881542699724518 0.457785123966942 0.587900826446281 0 "
        "0 0 0 0 0 0.00800000000000003 0.0640000000000001 1",
    ),
    "splines::bs(x, df = 3)": (
        Factor("x", "bs", 3),
        "0 0.174222222222222 0.411444444444444 0.444444444444444 "
        "0.348444444444444 0.156444444444444 0.096 0 "
        "0 0.0124444444444444 0.125222222222222 0.222222222222222 "
        "0.398222222222222 0.430222222222222 0.384 0 "
        "0 0.000296296296296296 0.0127037037037037 0.037037037037037 "
        "0.151703703703704 0.39437037037037 0.512 1",
    ),
}


@pytest.mark.parametrize("call", FROM_R)
def test_columns_equal_those_of_r(call: str) -> None:
    factor, expected = FROM_R[call]
    found = np.concatenate(transform(X, factor)[0])
    np.testing.assert_allclose(found, np.array(expected.split(), dtype=float), rtol=0, atol=2e-14)


def test_splines_of_tied_values_equal_those_of_r() -> None:
    # R: s <- c(1,1,2,2,2,2,2,3,3,4,5,6); bs(s, df = 6); inner knots 2, 2, 3.25
    s = np.array([1, 1, 2, 2, 2, 2, 2, 3, 3, 4, 5, 6], dtype=float)
    columns, _ = transform(s, Factor("s", "bs", 6))
    expected = {
        1: [0, 0.555555555555556, 0.00444444444444444, 0, 0, 0],
        2: [0, 0.444444444444444, 0.605555555555556, 0.181818181818182, 0.0227272727272727, 0],
        3: [0, 0, 0.34, 0.462809917355372, 0.194214876033058, 0],
        4: [0, 0, 0.05, 0.335086401202104, 0.525356874530428, 0],
        5: [0, 0, 0, 0.0202854996243426, 0.257700976709241, 1],
    }
    first_of_value = [0, 2, 7, 9, 10, 11]
    np.testing.assert_array_equal(columns[0], 0)
    for number, values in expected.items():
        np.testing.assert_allclose(columns[number][first_of_value], values, atol=2e-14)


@pytest.mark.parametrize(
    ("factor", "expected"),
    [
        (Factor("x"), X),
        (Factor("x", "log"), np.log(X)),
        (Factor("x", "exp"), np.exp(X)),
        (Factor("x", "sqrt"), X**0.5),
        (Factor("x", "I", 3), X * X * X),
    ],
)
def test_plain_transformations(factor: Factor, expected: np.ndarray) -> None:
    ((column,), _) = transform(X, factor)
    np.testing.assert_allclose(column, expected, rtol=1e-14)


@given(
    st.integers(1, 8),
    st.floats(-1e6, 1e6),
    st.floats(1e-3, 1e3),
    st.integers(0, 2**32 - 1),
)
def test_polynomials_are_orthonormal_wherever_x_lies(
    degree: int, shift: float, stretch: float, seed: int
) -> None:
    x = np.random.default_rng(seed).permutation(np.linspace(0, 1, 40) ** 2)
    columns = np.column_stack(transform(shift + stretch * x, Factor("x", "poly", degree))[0])
    np.testing.assert_allclose(columns.T @ columns, np.eye(degree), atol=1e-12)
    np.testing.assert_allclose(columns.sum(axis=0), 0, atol=1e-11)
    assert (columns[np.argmax(x)] > 0).all()


def test_high_degree_stays_orthonormal() -> None:
    columns = np.column_stack(transform(np.arange(2000.0), Factor("x", "poly", 20))[0])
    np.testing.assert_allclose(columns.T @ columns, np.eye(20), atol=1e-12)


@pytest.mark.parametrize("df", [3, 4, 9])
def test_splines_sum_to_one_without_the_first(df: int) -> None:
    x = np.linspace(0, 1, 200)
    total = np.sum(transform(x, Factor("x", "bs", df))[0], axis=0)
    knot = np.quantile(x, 1 / (df - 2))
    np.testing.assert_allclose(total, 1 - np.clip(1 - x / knot, 0, None) ** 3, atol=1e-12)


@pytest.mark.parametrize(
    ("values", "factor", "message"),
    [
        ([1, 0, -2, 3], Factor("x", "log"), r"^log\(x\) .*2 rows of 4 .*first at row 1"),
        ([1, -1, 2], Factor("x", "sqrt"), r"^sqrt\(x\) .*1 row of 3 negative"),
        ([1, 1000], Factor("x", "exp"), r"exp\(x\) is too large to compute: 1 row of 2"),
        ([1, 1e200], Factor("x", "I", 2), r"I\(x\^2\) is too large to compute: 1 row of 2"),
        ([4, 4, 4], Factor("x", "scale"), "at least 2 different values: 1 value in 3 rows"),
        ([1, 2, 2, 1], Factor("x", "poly", 2), "at least 3 different values: 2 values in 4 rows"),
        ([4, 4, 4], Factor("x", "bs", 3), "1 different value in 3 rows"),
        ([0] * 9 + [1, 2], Factor("x", "bs", 5), "no room for its 2 inner knots"),
        ([0] + [1] * 9 + [2], Factor("x", "bs", 8), "no room for its 5 inner knots"),
    ],
)
def test_undefined_transformations_say_how_many_rows(
    values: list[float], factor: Factor, message: str
) -> None:
    with pytest.raises(DataError, match=message):
        transform(np.array(values, dtype=float), factor)


@pytest.mark.parametrize("factor", [case[0] for case in FROM_R.values()] + [Factor("x", "I", 2)])
def test_input_is_neither_changed_nor_needed_writeable(factor: Factor) -> None:
    x = X.copy()
    x.flags.writeable = False
    for column in transform(x, factor)[0]:
        assert not np.shares_memory(column, x)
    np.testing.assert_array_equal(x, X)


@pytest.mark.parametrize("value", [1e160, -1e200])
def test_constants_that_overflow_are_refused(value: float) -> None:
    with pytest.raises(DataError, match=r"^scale\(x\) is too large .*overflow in 3 rows"):
        transform(np.array([0.0, value, 2 * value]), Factor("x", "scale"))
