"""Centring where patients change their therapist: definitions, invariances, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from alliance_stats import ArgumentError, DataError
from alliance_stats.data import center
from alliance_stats.data.therapist_change import count_changes, with_first_therapist

WAYS = ("dyad", "first", "crossed")
PARTS = ["wai_within", "wai_patient_between", "wai_therapist_between"]


@pytest.fixture
def frame(rng: np.random.Generator) -> pd.DataFrame:
    """Some patients with two or three therapists; ratings and therapists missing here and there."""
    rows = []
    for patient in range(40):
        therapist = int(rng.integers(6))
        for session in range(1, int(rng.integers(2, 9)) + 1):
            if patient % 3 == 0 and rng.random() < 0.3:
                therapist = int(rng.integers(6))
            rows.append((f"p{patient}", f"t{therapist}", session, rng.normal(5 + therapist, 2)))
    frame = pd.DataFrame(rows, columns=["patient", "therapist", "session", "wai"])
    frame["wai"] = frame["wai"].mask(rng.random(len(frame)) < 0.1)
    frame["therapist"] = frame["therapist"].mask(rng.random(len(frame)) < 0.1)
    frame.loc[frame["patient"] == "p4", "therapist"] = None
    frame.loc[frame["patient"] == "p5", "wai"] = np.nan
    return frame.sample(frac=1, random_state=3)


def centred(frame: pd.DataFrame, way: str, **options: object) -> pd.DataFrame:
    order = {"order": "session"} if way == "first" else {}
    return center(
        frame, "wai", therapist="therapist", therapist_change=way, **order, **options,
    )  # type: ignore[arg-type]  # fmt: skip


def mean_of(values: list[float]) -> float:
    known = [v for v in values if v == v]
    return sum(known) / len(known) if known else float("nan")


def known_therapists(frame: pd.DataFrame) -> dict[str, list[str]]:
    """Therapists of every patient, in the order of sessions."""
    found: dict[str, list[str]] = {p: [] for p in frame["patient"]}
    for row in frame.sort_values("session").itertuples():
        if isinstance(row.therapist, str) and row.therapist not in found[row.patient]:
            found[row.patient].append(row.therapist)
    return found


def naive_pairs(frame: pd.DataFrame) -> list[tuple[str, str] | None]:
    """The pair of every row: unknown therapists belong to the only one of the patient, if any."""
    of, pairs = known_therapists(frame), []
    for p, t in zip(frame["patient"], frame["therapist"], strict=True):
        if isinstance(t, str):
            pairs.append((p, t))
        elif len(of[p]) < 2:
            pairs.append((p, of[p][0] if of[p] else ""))
        else:
            pairs.append(None)
    return pairs


def naive_therapist_means(frame: pd.DataFrame, mean: str) -> dict[str, float]:
    pairs = naive_pairs(frame)
    ratings: dict[tuple[str, str], list[float]] = {}
    for pair, value in zip(pairs, frame["wai"], strict=True):
        if pair is not None:
            ratings.setdefault(pair, []).append(value)
    names = sorted({t for t in frame["therapist"] if isinstance(t, str)})
    if mean == "sessions":
        return {t: mean_of(frame.loc[frame["therapist"] == t, "wai"].tolist()) for t in names}
    return {t: mean_of([mean_of(v) for (_, k), v in ratings.items() if k == t]) for t in names}


def naive_dyad(frame: pd.DataFrame, mean: str) -> list[tuple[float, float, float]]:
    pairs, means = naive_pairs(frame), naive_therapist_means(frame, mean)
    grand, out, nan = mean_of(list(means.values())), [], float("nan")
    for pair, value, t in zip(pairs, frame["wai"], frame["therapist"], strict=True):
        same = [v for q, v in zip(pairs, frame["wai"], strict=True) if q == pair]
        own, theirs = (nan if pair is None else mean_of(same)), means.get(t, nan)
        out.append((value - own, own - theirs, theirs - grand))
    return out


def naive_crossed(frame: pd.DataFrame, mean: str) -> list[tuple[float, float, float]]:
    pairs, means = naive_pairs(frame), naive_therapist_means(frame, mean)
    grand, nan = mean_of(list(means.values())), float("nan")
    left = []
    for pair, value in zip(pairs, frame["wai"], strict=True):
        home = None if pair is None else pair[1]
        left.append(nan if home is None else value - (0.0 if home == "" else means[home]))
    out = []
    for p, t, value in zip(frame["patient"], frame["therapist"], left, strict=True):
        own = mean_of([v for q, v in zip(frame["patient"], left, strict=True) if q == p])
        theirs = means.get(t, nan)
        out.append((value - own, own if isinstance(t, str) else nan, theirs - grand))
    return out


@pytest.mark.parametrize("mean", ["patients", "sessions"])
@pytest.mark.parametrize(("way", "naive"), [("dyad", naive_dyad), ("crossed", naive_crossed)])
def test_the_columns_equal_their_definitions(
    frame: pd.DataFrame, way: str, naive: object, mean: str
) -> None:
    got = centred(frame, way, therapist_mean=mean)
    expected = np.array(naive(frame, mean))  # type: ignore[operator]
    np.testing.assert_allclose(got[PARTS], expected, atol=1e-12)
    assert list(got.columns) == [*frame.columns, *PARTS]
    assert_frame_equal(got[frame.columns], frame)


@pytest.mark.parametrize("mean", ["patients", "sessions"])
def test_first_equals_centring_with_the_first_therapist(frame: pd.DataFrame, mean: str) -> None:
    first = known_therapists(frame)
    assert any(len(names) > 2 for names in first.values())
    moved = frame.copy()
    known = moved["therapist"].notna()
    moved.loc[known, "therapist"] = [first[p][0] for p in moved.loc[known, "patient"]]
    plain = center(moved, "wai", therapist="therapist", therapist_mean=mean)  # type: ignore[arg-type]
    got = centred(frame, "first", therapist_mean=mean)
    np.testing.assert_allclose(got[PARTS], plain[PARTS], atol=1e-12)
    assert_frame_equal(got[frame.columns], frame)


def test_counts(frame: pd.DataFrame) -> None:
    of = known_therapists(frame)
    changed = [p for p, names in of.items() if len(names) > 1]
    counts = count_changes(frame, "patient", "therapist", "dyad")
    assert (counts.n_patients, counts.n_changed) == (40, len(changed))
    assert counts.n_pairs == sum(len(names) for names in of.values())
    _, moved = with_first_therapist(frame, "patient", "therapist", "session")
    known = frame.dropna(subset=["therapist"])
    others = [t != of[p][0] for p, t in zip(known["patient"], known["therapist"], strict=True)]
    assert moved == sum(others) > 0


@pytest.mark.parametrize("mean", ["patients", "sessions"])
@pytest.mark.parametrize("way", WAYS)
def test_all_ways_are_the_plain_one_where_nobody_changes(
    frame: pd.DataFrame, way: str, mean: str
) -> None:
    of = known_therapists(frame)
    frame = frame[[len(of[p]) < 2 for p in frame["patient"]]]
    assert frame["therapist"].isna().any()
    plain = center(frame, "wai", therapist="therapist", therapist_mean=mean)  # type: ignore[arg-type]
    got = centred(frame, way, therapist_mean=mean)
    np.testing.assert_allclose(got[PARTS], plain[PARTS], atol=1e-12)


@pytest.mark.parametrize("way", WAYS)
def test_order_of_rows_and_labels_do_not_matter(frame: pd.DataFrame, way: str) -> None:
    got = centred(frame, way)
    again = centred(frame.sample(frac=1, random_state=8), way).loc[frame.index]
    np.testing.assert_allclose(got[PARTS], again[PARTS], atol=1e-12)
    labels = frame.assign(
        patient=pd.Categorical(frame["patient"].str.replace("p", "ü")),
        therapist=frame["therapist"].map({f"t{i}": 9 - i for i in range(6)}),
    )
    np.testing.assert_allclose(centred(labels, way)[PARTS], got[PARTS], atol=1e-12)


@pytest.mark.parametrize("way", WAYS)
def test_parts_add_up_and_within_parts_sum_to_zero(frame: pd.DataFrame, way: str) -> None:
    got = centred(frame, way).dropna()
    assert (got["wai"] - got[PARTS].sum(axis=1)).std() < 1e-12
    whole = centred(frame.dropna(), way)
    unit = ["patient", "therapist"] if way == "dyad" else ["patient"]
    assert whole.groupby(unit)["wai_within"].sum().abs().max() < 1e-10
    if way == "crossed":
        assert (whole.groupby("patient")["wai_patient_between"].nunique() == 1).all()


def test_a_change_moves_the_therapist_part_only() -> None:
    """Ratings that are a therapist's level plus a patient's level have no part within patients."""
    level = {"s": 3.0, "t": 7.0}
    rows = [("a", "s", 1), ("a", "s", 2), ("a", "t", 3), ("b", "s", 1), ("b", "t", 2)]
    frame = pd.DataFrame(rows, columns=["patient", "therapist", "session"])
    frame["wai"] = frame["therapist"].map(level) + frame["patient"].map({"a": 1.0, "b": -1.0})
    got = centred(frame, "crossed")
    np.testing.assert_allclose(got["wai_within"], 0.0, atol=1e-12)
    np.testing.assert_allclose(got["wai_patient_between"], [1, 1, 1, -1, -1], atol=1e-12)
    np.testing.assert_allclose(got["wai_therapist_between"], [-2, -2, 2, -2, 2], atol=1e-12)


def test_the_refusal_counts_and_names_the_ways(frame: pd.DataFrame) -> None:
    n = sum(len(names) > 1 for names in known_therapists(frame).values())
    with pytest.raises(DataError, match=f"{n} of 40 patients are seen by more than one") as error:
        center(frame, "wai", therapist="therapist")
    for way in WAYS:
        assert f"therapist_change='{way}'" in str(error.value)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"therapist_change": "second"}, "therapist_change='second' is not known"),
        ({"therapist_change": "dyad", "therapist": None}, "would be ignored: no therapist"),
        ({"therapist_change": "first"}, "needs the order of sessions. Give order="),
        ({"therapist_change": "dyad", "order": "session"}, "order='session' would be ignored"),
        ({"order": "session"}, "order='session' would be ignored"),
    ],
)
def test_arguments(frame: pd.DataFrame, options: dict[str, object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        center(frame, "wai", **{"therapist": "therapist", **options})  # type: ignore[arg-type]


def test_a_first_therapist_must_be_known() -> None:
    frame = pd.DataFrame(
        {"patient": ["Ann"] * 3, "therapist": ["x", "y", "x"], "session": [1.0, 1.0, 2.0],
         "wai": [1.0, 2.0, 3.0]}
    )  # fmt: skip
    with pytest.raises(DataError, match="1 patient has several therapists at the earliest") as said:
        centred(frame, "first")
    assert "Ann" not in str(said.value)
    with pytest.raises(DataError, match="'session' is missing in 1 row of patients"):
        centred(frame.assign(session=[1.0, np.nan, 2.0]), "first")
    with pytest.raises(DataError, match="column 'visit' not found"):
        center(frame, "wai", therapist="therapist", therapist_change="first", order="visit")
    with pytest.raises(DataError, match="'patient' is not numeric"):
        center(frame, "wai", therapist="therapist", therapist_change="first", order="patient")
