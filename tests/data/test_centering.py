from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from alliance_stats import ArgumentError, DataError
from alliance_stats.data import center
from alliance_stats.data.centering import (
    DERIVED_SUFFIXES,
    center_within,
    centered_columns,
    derived_name,
    grand_name,
)


def three_levels(rng: np.random.Generator, n_therapists: int = 6) -> pd.DataFrame:
    """Unbalanced, unsorted, with missing ratings, a patient without any, and unknown therapists."""
    rows = []
    patient = 0
    for therapist in range(n_therapists):
        for _ in range(int(rng.integers(1, 5))):
            for session in range(1, int(rng.integers(1, 8)) + 1):
                rows.append((f"p{patient}", f"t{therapist}", session, rng.normal(5, 2)))
            patient += 1
    frame = pd.DataFrame(rows, columns=["patient", "therapist", "session", "wai"])
    frame["wai"] = frame["wai"].mask(rng.random(len(frame)) < 0.15)
    frame.loc[frame["patient"] == "p3", "wai"] = np.nan
    frame["therapist"] = frame["therapist"].mask(rng.random(len(frame)) < 0.1)
    frame.loc[frame["patient"] == "p5", "therapist"] = None
    return frame.sample(frac=1, random_state=3)


def mean_of(values: list[float]) -> float:
    known = [v for v in values if v == v]
    return sum(known) / len(known) if known else float("nan")


def naive(frame: pd.DataFrame, x: str, weighting: str) -> dict[str, list[float]]:
    """The definitions of the derived columns, row by row."""
    patients = frame["patient"].unique()
    of_patient = {p: mean_of(frame.loc[frame["patient"] == p, x].tolist()) for p in patients}
    of_therapist = {}
    for therapist in frame["therapist"].dropna().unique():
        rows = frame[frame["therapist"] == therapist]
        of_therapist[therapist] = (
            mean_of([of_patient[p] for p in rows["patient"].unique()])
            if weighting == "patients"
            else mean_of(rows[x].tolist())
        )
    grand = mean_of(list(of_patient.values()))
    grand_therapists = mean_of(list(of_therapist.values()))
    out: dict[str, list[float]] = {
        k: [] for k in ("within", "between", "patient_between", "therapist_between", "grand")
    }
    for value, p, t in zip(frame[x], frame["patient"], frame["therapist"], strict=True):
        therapist_mean = of_therapist.get(t, float("nan"))
        out["within"].append(value - of_patient[p])
        out["between"].append(of_patient[p] - grand)
        out["patient_between"].append(of_patient[p] - therapist_mean)
        out["therapist_between"].append(therapist_mean - grand_therapists)
        out["grand"].append(value - grand)
    return out


def test_two_levels_equal_the_definition(rng: np.random.Generator) -> None:
    frame = three_levels(rng)
    expected = naive(frame, "wai", "patients")
    got = center(frame, "wai")
    np.testing.assert_allclose(got["wai_within"], expected["within"], atol=1e-12)
    np.testing.assert_allclose(got["wai_between"], expected["between"], atol=1e-12)
    assert list(got.columns) == [*frame.columns, "wai_within", "wai_between"]


@pytest.mark.parametrize("weighting", ["patients", "sessions"])
def test_three_levels_equal_the_definition(rng: np.random.Generator, weighting: str) -> None:
    frame = three_levels(rng)
    expected = naive(frame, "wai", weighting)
    got = center(frame, "wai", therapist="therapist", therapist_mean=weighting)  # type: ignore[arg-type]
    for effect, column in centered_columns("wai", therapist=True):
        np.testing.assert_allclose(got[column], expected[effect], atol=1e-12, err_msg=effect)


def test_therapist_means_of_patients_and_of_sessions_differ(rng: np.random.Generator) -> None:
    frame = three_levels(rng)
    by_patients = center(frame, "wai", therapist="therapist")
    by_sessions = center(frame, "wai", therapist="therapist", therapist_mean="sessions")
    gap = (by_patients["wai_therapist_between"] - by_sessions["wai_therapist_between"]).abs()
    assert gap.max() > 0.01


def test_grand_mean_is_the_mean_of_patient_means(rng: np.random.Generator) -> None:
    frame = three_levels(rng)
    got = center(frame, "wai", method="cgm")
    np.testing.assert_allclose(
        got["wai_grand"], naive(frame, "wai", "patients")["grand"], atol=1e-12
    )
    assert list(got.columns) == [*frame.columns, "wai_grand"]


def test_missing_ratings_and_therapists_stay_missing_where_they_must(
    rng: np.random.Generator,
) -> None:
    frame = three_levels(rng)
    got = center(frame, "wai", therapist="therapist")
    pd.testing.assert_series_equal(got["wai_within"].isna(), frame["wai"].isna(), check_names=False)
    pd.testing.assert_series_equal(
        got["wai_therapist_between"].isna(), frame["therapist"].isna(), check_names=False
    )
    two = center(frame, "wai")
    no_rating = frame["patient"] == "p3"
    pd.testing.assert_series_equal(two["wai_between"].isna(), no_rating, check_names=False)


def test_parts_add_up_to_the_rating(rng: np.random.Generator) -> None:
    frame = three_levels(rng).dropna()
    got = center(frame, "wai", therapist="therapist")
    parts = got["wai_within"] + got["wai_patient_between"] + got["wai_therapist_between"]
    assert (frame["wai"] - parts).std() < 1e-12


def test_input_is_not_changed_and_read_only_arrays_are_fine(rng: np.random.Generator) -> None:
    frame = three_levels(rng)
    before = frame.copy(deep=True)
    center(frame, "wai", therapist="therapist")
    assert_frame_equal(frame, before)
    values = np.arange(6.0)
    values.setflags(write=False)
    patients = np.array([0, 0, 1, 1, 2, 2])
    patients.setflags(write=False)
    locked = pd.DataFrame({"patient": patients, "wai": values}, copy=False)
    assert center(locked, "wai")["wai_within"].tolist() == [-0.5, 0.5] * 3
    np.testing.assert_array_equal(values, np.arange(6.0))


def test_row_order_and_labels_of_units_do_not_matter(rng: np.random.Generator) -> None:
    frame = three_levels(rng)
    got = center(frame, "wai", therapist="therapist")
    shuffled = center(frame.sample(frac=1, random_state=9), "wai", therapist="therapist")
    assert_frame_equal(got, shuffled.loc[got.index], atol=1e-12, rtol=0)
    patients = {p: i for i, p in enumerate(sorted(frame["patient"].unique(), reverse=True))}
    relabelled = frame.assign(
        patient=pd.Categorical(frame["patient"].map(patients)),
        therapist=frame["therapist"].astype(object),
    )
    again = center(relabelled, "wai", therapist="therapist")
    for _, column in centered_columns("wai", therapist=True):
        np.testing.assert_allclose(again[column], got[column], atol=1e-12)


def test_index_labels_may_repeat() -> None:
    frame = pd.DataFrame({"patient": [1, 1, 2], "wai": [1.0, 3.0, 9.0]}, index=[5, 5, 5])
    assert center(frame, "wai")["wai_within"].tolist() == [-1.0, 1.0, 0.0]


def test_several_columns_and_integer_and_nullable_ratings() -> None:
    frame = pd.DataFrame(
        {
            "id": ["a", "a", "b"],
            "wai": [1, 3, 9],
            "phq": pd.array([4, None, 6], dtype="Int64"),
        }
    )
    got = center(frame, ["wai", "phq"], by="id")
    assert list(got.columns[3:]) == ["wai_within", "wai_between", "phq_within", "phq_between"]
    assert got["wai_between"].tolist() == [-3.5, -3.5, 3.5]
    np.testing.assert_array_equal(got["phq_within"], [0.0, np.nan, 0.0])


def test_one_session_a_patient_has_no_within_part() -> None:
    frame = pd.DataFrame({"patient": [1, 2, 3], "wai": [0.1, 0.2, 0.6]})
    got = center(frame, "wai")
    assert (got["wai_within"] == 0).all()
    np.testing.assert_allclose(got["wai_between"], [-0.2, -0.1, 0.3])


def test_one_patient_a_therapist_has_no_patient_part() -> None:
    frame = pd.DataFrame({"patient": [1, 1, 2, 2], "t": ["x", "x", "y", "y"], "wai": [1, 2, 5, 8]})
    got = center(frame, "wai", therapist="t")
    assert (got["wai_patient_between"] == 0).all()
    assert got["wai_therapist_between"].tolist() == [-2.5, -2.5, 2.5, 2.5]


@pytest.mark.parametrize("suffix", [*DERIVED_SUFFIXES, "_within_lag1", "_patient_between_lag12"])
def test_centred_names_are_refused(suffix: str) -> None:
    frame = pd.DataFrame({"patient": [1, 1, 2], f"wai{suffix}": [1.0, 2.0, 3.0]})
    with pytest.raises(DataError, match="is centred already: its name ends in .*such as 'wai'"):
        center(frame, f"wai{suffix}")


def test_centring_twice_is_refused_also_under_another_name(rng: np.random.Generator) -> None:
    once = center(three_levels(rng), "wai")
    with pytest.raises(DataError, match="'wai_within' is centred already: its name"):
        center(once, "wai_within")
    renamed = once.rename(columns={"wai_within": "deviation"})
    with pytest.raises(DataError, match="'deviation' is centred already: the means of all"):
        center(renamed, "deviation")
    with pytest.raises(DataError, match="derived columns exist already: wai_within, wai_between"):
        center(once, "wai")


def test_a_raw_lag_and_a_constant_and_nearly_centred_ratings_are_not_refused() -> None:
    frame = pd.DataFrame(
        {
            "patient": [1, 1, 2, 2],
            "wai_lag1": [1.0, 2, 3, 5],
            "zero": [0.0] * 4,
            "near": [-1.0, 1 + 1e-4, -1, 1],
        }
    )
    got = center(frame, ["wai_lag1", "zero", "near"])
    assert (got["zero_within"] == 0).all()
    assert got["near_between"].iloc[0] > 0


def test_patient_with_several_therapists_is_refused_with_counts() -> None:
    frame = pd.DataFrame(
        {"patient": ["Ann", "Ann", "Bob"], "therapist": ["x", "y", "x"], "wai": [1.0, 2, 3]}
    )
    with pytest.raises(DataError, match="1 of 2 patients is seen by more than one") as error:
        center(frame, "wai", therapist="therapist")
    assert "Ann" not in str(error.value)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"column": "wia"}, DataError, "column 'wia' not found. Did you mean 'wai'"),
        ({"column": "note"}, DataError, "'note' is not numeric: 3 cells of 3 cannot be read"),
        ({"column": "empty"}, DataError, "'empty' has no observed value in 3 rows"),
        ({"column": "endless"}, DataError, "'endless' holds 1 infinite value, first at row 1"),
        ({"column": []}, ArgumentError, "names no column or one twice"),
        ({"column": ["wai", "wai"]}, ArgumentError, "names no column or one twice"),
        ({"column": "patient"}, ArgumentError, "one column is named twice"),
        ({"column": "wai", "by": "id"}, DataError, "column 'id' not found"),
        ({"column": "wai", "by": "gap"}, DataError, "'gap' is missing in 1 row, first at row 2"),
        ({"column": "wai", "therapist": "patient"}, ArgumentError, "named twice"),
        ({"column": "wai", "method": "grand"}, ArgumentError, "Allowed: 'cwc', 'cgm'"),
        ({"column": "wai", "therapist_mean": "all"}, ArgumentError, "Allowed: 'patients'"),
        (
            {"column": "wai", "therapist_mean": "sessions"},
            ArgumentError,
            "would be ignored: no therapist is given",
        ),
        (
            {"column": "wai", "therapist": "t", "method": "cgm"},
            ArgumentError,
            "therapist would be ignored",
        ),
    ],
)
def test_errors(arguments: dict[str, object], kind: type[Exception], message: str) -> None:
    frame = pd.DataFrame(
        {
            "patient": [1, 1, 2],
            "t": [1, 1, 2],
            "gap": ["a", "a", None],
            "wai": [1.0, 2.0, 3.0],
            "note": ["Ann", "Bob", "Cy"],
            "empty": [np.nan] * 3,
            "endless": [1.0, np.inf, 2.0],
        }
    )
    with pytest.raises(kind, match=message) as error:
        center(frame, **arguments)  # type: ignore[arg-type]
    assert "Ann" not in str(error.value)


def test_frame_must_be_a_frame() -> None:
    with pytest.raises(ArgumentError, match="frame is a list, not a DataFrame"):
        center([1, 2], "wai")  # type: ignore[arg-type]


def test_names() -> None:
    assert derived_name("wai", "within") == "wai_within"
    assert derived_name("wai", "between") == "wai_between"
    assert derived_name("wai", "patient_between") == "wai_patient_between"
    assert derived_name("wai", "therapist_between") == "wai_therapist_between"
    assert grand_name("wai") == "wai_grand"
    assert centered_columns("wai", therapist=True) == (
        ("within", "wai_within"),
        ("patient_between", "wai_patient_between"),
        ("therapist_between", "wai_therapist_between"),
    )


def test_arrays_give_the_columns_of_the_frame(rng: np.random.Generator) -> None:
    values = rng.normal(size=30)
    patient = np.repeat(np.arange(10), 3)
    frame = pd.DataFrame({"patient": patient, "wai": values})
    parts = center_within(values, patient)
    np.testing.assert_array_equal(parts["within"], center(frame, "wai")["wai_within"])
    np.testing.assert_array_equal(parts["between"], center(frame, "wai")["wai_between"])
