from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from alliance_stats import ArgumentError, DataError, DataWarning
from alliance_stats.data import center, lag_within


def uneven(rng: np.random.Generator, n_patients: int = 40, share: float = 0.75) -> pd.DataFrame:
    """Sessions with gaps and missing ratings, some patients with one session, shuffled rows."""
    rows = [
        (f"p{patient}", session, rng.normal(), rng.normal())
        for patient in range(n_patients)
        for session in range(1, int(rng.integers(2, 12)))
        if rng.random() < share
    ]
    frame = pd.DataFrame(rows, columns=["patient", "session", "wai", "phq"])
    frame["wai"] = frame["wai"].mask(rng.random(len(frame)) < 0.15)
    return frame.sample(frac=1, random_state=5)


def naive(frame: pd.DataFrame, column: str, gap: str, step: int) -> list[float]:
    """The definition, row by row."""
    out = []
    for _, row in frame.iterrows():
        own = frame[frame["patient"] == row["patient"]].sort_values("session")
        if gap == "strict":
            found = own.loc[own["session"] == row["session"] - step, column].tolist()
        else:
            found = own.loc[own["session"] < row["session"], column].tolist()[-step:]
            found = found[:1] if len(found) == step else []
        out.append(found[0] if found else float("nan"))
    return out


def quietly(frame: pd.DataFrame, columns: Any, **arguments: Any) -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return lag_within(frame, columns, **arguments)


@pytest.mark.parametrize("gap", ["strict", "previous"])
@pytest.mark.parametrize("step", [1, 2, 3, 30])
def test_the_definition(rng: np.random.Generator, gap: str, step: int) -> None:
    frame = uneven(rng)
    lagged = quietly(frame, ["wai", "phq"], gap=gap, step=step)
    assert list(lagged.columns) == [*frame.columns, f"wai_lag{step}", f"phq_lag{step}"]
    assert_frame_equal(lagged[frame.columns.tolist()], frame)
    for column in ("wai", "phq"):
        expected = naive(frame, column, gap, step)
        np.testing.assert_array_equal(lagged[f"{column}_lag{step}"], expected)
    if step < 30:
        assert lagged[f"phq_lag{step}"].notna().any()


@pytest.mark.parametrize("gap", ["strict", "previous"])
def test_the_order_of_rows_does_not_matter(rng: np.random.Generator, gap: str) -> None:
    frame = uneven(rng)
    moved = frame.sample(frac=1, random_state=11)
    assert_frame_equal(
        quietly(moved, "wai", gap=gap).loc[frame.index], quietly(frame, "wai", gap=gap)
    )


@pytest.mark.parametrize("kind", ["category", "object", "codes", "float"])
def test_identifiers_of_any_kind(rng: np.random.Generator, kind: str) -> None:
    frame = uneven(rng)
    expected = quietly(frame, "wai")["wai_lag1"]
    numbers = frame["patient"].str[1:].astype(int)
    ids = {"codes": numbers, "float": numbers + 0.5}.get(kind)
    frame["patient"] = frame["patient"].astype(kind) if ids is None else ids
    pd.testing.assert_series_equal(quietly(frame, "wai")["wai_lag1"], expected)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int64", "float32", "float64", "Int64"])
def test_session_numbers_of_any_type(rng: np.random.Generator, dtype: str) -> None:
    frame = uneven(rng)
    expected = quietly(frame, "wai")["wai_lag1"]
    frame["session"] = frame["session"].astype(dtype)
    pd.testing.assert_series_equal(quietly(frame, "wai")["wai_lag1"], expected)


def test_the_index_is_kept_whatever_it_holds() -> None:
    frame = pd.DataFrame(
        {"patient": ["a", "b", "a", "b"], "session": [2, 1, 1, 2], "wai": [5, 1, 4, 2]},
        index=["x", "x", "y", "z"],
    )
    lagged = lag_within(frame, "wai")
    assert lagged.index.tolist() == ["x", "x", "y", "z"]
    np.testing.assert_array_equal(lagged["wai_lag1"], [4.0, np.nan, np.nan, 1.0])
    assert lagged.attrs == {}


def test_never_across_patients() -> None:
    """The last session of one patient is followed by number by the first of the next."""
    frame = pd.DataFrame({"patient": [1, 1, 2, 2], "session": [1, 2, 3, 4], "wai": range(4)})
    for gap in ("strict", "previous"):
        np.testing.assert_array_equal(
            lag_within(frame, "wai", gap=gap)["wai_lag1"], [np.nan, 0, np.nan, 2]
        )


@pytest.mark.parametrize("gap", ["strict", "previous"])
def test_nothing_is_read_from_other_patients(rng: np.random.Generator, gap: str) -> None:
    frame = uneven(rng)
    before = quietly(frame, "wai", gap=gap)["wai_lag1"]
    others = frame["patient"] >= "p2"
    changed = frame.assign(wai=frame["wai"].mask(others, -99.0))
    after = quietly(changed, "wai", gap=gap)["wai_lag1"]
    assert 0 < others.sum() < len(frame)
    pd.testing.assert_series_equal(after[~others], before[~others])
    assert set(after[others].dropna()) == {-99.0}


def test_the_input_is_not_changed(rng: np.random.Generator) -> None:
    frame = uneven(rng)
    before = frame.copy(deep=True)
    lagged = quietly(frame, "wai")
    lagged.loc[:, "wai"] = 0.0
    assert_frame_equal(frame, before)


def test_centre_first_then_lag(rng: np.random.Generator) -> None:
    frame = uneven(rng)
    lagged = quietly(center(frame, "wai"), ["wai", "wai_within"])
    own = frame.groupby("patient")["wai"].transform("mean")
    np.testing.assert_allclose(lagged["wai_within_lag1"], lagged["wai_lag1"] - own)


def test_the_order_itself_may_be_lagged() -> None:
    frame = pd.DataFrame({"patient": "a", "session": [1, 4, 5], "wai": 1.0})
    lagged = lag_within(frame, ["wai", "session"], gap="previous")
    np.testing.assert_array_equal(lagged["session"] - lagged["session_lag1"], [np.nan, 3, 1])


def test_whole_float_sessions_and_broken_ones() -> None:
    frame = pd.DataFrame({"patient": "a", "session": [1.0, 2.0, 2.5], "wai": [1, 2, 3]})
    np.testing.assert_array_equal(lag_within(frame[:2], "wai")["wai_lag1"], [np.nan, 1])
    said = r"1 number of 3 is not whole .*row 2 \(counted from 0\).*gap=\"previous\""
    with pytest.raises(DataError, match=said):
        lag_within(frame, "wai")
    lagged = lag_within(frame, "wai", gap="previous")
    np.testing.assert_array_equal(lagged["wai_lag1"], [np.nan, 1, 2])
    with pytest.raises(DataError, match="too large"):
        lag_within(frame[:2].assign(session=[1e17, 1e17 + 64]), "wai")


def test_sessions_below_zero() -> None:
    frame = pd.DataFrame({"patient": "a", "session": [-1, 0, 1], "wai": [1, 2, 3]})
    np.testing.assert_array_equal(lag_within(frame, "wai")["wai_lag1"], [np.nan, 1, 2])


def test_a_session_twice_is_refused() -> None:
    frame = pd.DataFrame({"patient": ["a", "b", "a", "a"], "session": [1, 1, 1, 2], "wai": 1.0})
    for gap in ("strict", "previous"):
        with pytest.raises(DataError, match="1 row of 4 has the patient and session of another"):
            lag_within(frame, "wai", gap=gap)


@pytest.mark.parametrize("column", ["patient", "session"])
def test_missing_identifiers_are_refused(column: str) -> None:
    frame = pd.DataFrame({"patient": ["a", "a", "b"], "session": [1.0, 2.0, 1.0], "wai": 1.0})
    frame.loc[[1, 2], column] = None
    with pytest.raises(DataError, match=f"'{column}' is missing in 2 rows, first at row 1"):
        lag_within(frame, "wai")


def every(k: int, n_patients: int = 3, n: int = 5) -> pd.DataFrame:
    """Sessions k apart."""
    sessions = np.tile(np.arange(n) * k + 1, n_patients)
    return pd.DataFrame(
        {"patient": np.repeat(np.arange(n_patients), n), "session": sessions, "wai": 1.0}
    )


def test_a_step_that_fits_hardly_any_pair_is_refused() -> None:
    frame = every(2)
    said = r"step=1 does not fit.*most often 2 apart \(12 of 12 pairs\)\. Give step=2 "
    with pytest.raises(DataError, match=said):
        lag_within(frame, "wai")
    with pytest.raises(DataError, match="step=3 does not fit"):
        lag_within(frame, "wai", step=3)
    assert lag_within(frame, "wai", step=2)["wai_lag2"].notna().sum() == 12
    assert lag_within(frame, "wai", step=4)["wai_lag4"].notna().sum() == 9
    assert lag_within(frame, "wai", gap="previous")["wai_lag1"].notna().sum() == 12


def test_a_usual_step_of_one_needs_no_more() -> None:
    frame = every(1).iloc[[0, 1, 3, 5, 6, 8]]  # 1 and 2 apart equally often
    assert quietly(frame, "wai")["wai_lag1"].notna().sum() == 2


def test_losses_by_gaps_are_counted() -> None:
    frame = every(1).drop(index=[2, 7])
    with pytest.warns(DataWarning) as caught:
        lag_within(frame, "wai")
    assert [str(w.message) for w in caught] == [
        "5 of 13 sessions have no session t − 1: 3 first sessions, 2 after a gap."
    ]
    assert caught[0].filename == __file__
    with pytest.warns(DataWarning, match="3 of 4 sessions have .*: 2 first sessions, 1 after"):
        lag_within(every(1, 2, 2).assign(session=[1, 2, 1, 3]), "wai")
    with pytest.warns(DataWarning) as caught:
        lag_within(frame, "wai", step=2)
    assert str(caught[0].message) == (
        "8 of 13 sessions have no session t − 2: 6 less than 2 after the patient's first, "
        "2 after a gap."
    )


def test_only_gaps_are_worth_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        lag_within(every(1), "wai")
        lag_within(every(1).assign(wai=np.nan), "wai")
        lag_within(every(1).drop(index=[2, 7]), "wai", gap="previous")


def test_one_session_a_patient_and_no_rows() -> None:
    frame = every(1, 4, 1)
    for given in (frame, frame.head(0)):
        for gap in ("strict", "previous"):
            lagged = lag_within(given, "wai", gap=gap)
            assert lagged["wai_lag1"].dtype == float
            assert lagged["wai_lag1"].isna().all()


def test_whole_numbers_and_missing_types() -> None:
    frame = every(1, 1, 3).assign(wai=pd.array([1, None, 3], dtype="Int64"), done=[True] * 3)
    lagged = lag_within(frame, ["wai", "done"])
    np.testing.assert_array_equal(lagged["wai_lag1"], [np.nan, 1, np.nan])
    np.testing.assert_array_equal(lagged["done_lag1"], [np.nan, 1, 1])


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        ({"columns": "wia"}, DataError, "'wia' not found. Did you mean 'wai'"),
        ({"columns": []}, ArgumentError, "names no column or one twice"),
        ({"columns": ["wai", "wai"]}, ArgumentError, "names no column or one twice"),
        ({"columns": "patient"}, ArgumentError, "'patient' is named twice"),
        ({"columns": "wai", "order": "patient"}, ArgumentError, "'patient' is named twice"),
        ({"columns": "name"}, DataError, "'name' is not numeric"),
        ({"columns": "wai", "order": "name"}, DataError, "'name' is not numeric"),
        ({"columns": "wai", "by": "who"}, DataError, "'who' not found"),
        ({"columns": "wai", "gap": "loose"}, ArgumentError, "gap='loose' is not known"),
        ({"columns": "wai", "step": 0}, ArgumentError, "step=0 is not a number of sessions back"),
        ({"columns": "wai", "step": -1}, ArgumentError, "later sessions are not looked at"),
        ({"columns": "wai", "step": 1.0}, ArgumentError, "step=1.0"),
        ({"columns": "wai", "step": True}, ArgumentError, "step=True"),
        ({"columns": ["wai", "phq"]}, DataError, "exist already: phq_lag1. Drop or rename"),
    ],
)
def test_arguments_are_checked(arguments: dict[str, Any], error: Any, said: str) -> None:
    frame = every(1).assign(name="secret", phq=1.0, phq_lag1=2.0)
    with pytest.raises(error, match=said) as caught:
        lag_within(frame, **arguments)
    assert "secret" not in str(caught.value)


def test_only_frames() -> None:
    with pytest.raises(ArgumentError, match="frame is a list, not a DataFrame"):
        lag_within([1], "wai")  # type: ignore[arg-type]
