from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alliance_stats import DataError, DataWarning, Roles, load_example, load_sessions
from alliance_stats.data.duplicates import duplicate_patients


def sessions(rng: np.random.Generator, n: int = 20) -> pd.DataFrame:
    rows = [
        (f"p{p}", s, int(rng.integers(12, 61)), int(rng.integers(0, 28)))
        for p in range(n)
        for s in range(1, int(rng.integers(2, 9)))
    ]
    return pd.DataFrame(rows, columns=["patient", "session", "alliance", "outcome"])


def with_copies(frame: pd.DataFrame, patients: list[str]) -> pd.DataFrame:
    copies = [frame[frame["patient"] == p].assign(patient=f"{p} again") for p in patients]
    return pd.concat([frame, *copies], ignore_index=True)


def naive(frame: pd.DataFrame) -> int:
    series = []
    for _, rows in frame.groupby("patient", sort=False):
        rows = rows.dropna(subset=["alliance", "outcome"], how="all").sort_values("session")
        flat = rows["alliance"].nunique() < 2 or rows["outcome"].nunique() < 2
        if len(rows) >= 4 and not flat:
            cells = rows[["session", "alliance", "outcome"]].fillna(-1)
            series.append(tuple(cells.itertuples(index=False, name=None)))
    return len(series) - len(set(series))


def test_patients_entered_twice_are_counted_as_by_a_naive_loop(rng: np.random.Generator) -> None:
    frame = sessions(rng)
    frame["alliance"] = frame["alliance"].mask(rng.random(len(frame)) < 0.2)
    sizes = frame["patient"].value_counts()
    long, short = sizes.index[0], sizes.index[-1]
    assert sizes[long] >= 6 > 4 > sizes[short]
    for copied, n in (([], 0), ([long], 1), ([long, short], 1), ([long, long], 1)):
        doubled = with_copies(frame, copied)
        if copied == [long, long]:
            doubled.loc[len(doubled) - sizes[long] :, "patient"] = "third"
            n = 2
        shuffled = doubled.sample(frac=1, random_state=1)
        assert duplicate_patients(shuffled, Roles()) == naive(doubled) == n


def test_equal_sums_are_no_equal_ratings() -> None:
    frame = pd.DataFrame(
        {
            "patient": ["a"] * 4 + ["b"] * 4,
            "session": [1, 2, 3, 4] * 2,
            "alliance": [4, 5, 6, 7, 7, 6, 5, 4],
            "outcome": [1, 2, 3, 4, 4, 3, 2, 1],
        }
    )
    assert duplicate_patients(frame, Roles()) == 0


def test_flat_and_short_series_may_agree_by_chance(rng: np.random.Generator) -> None:
    flat = pd.DataFrame(
        {
            "patient": np.repeat(["a", "b"], 6),
            "session": [1, 2, 3, 4, 5, 6] * 2,
            "alliance": 60,
            "outcome": [3, 2, 1, 3, 2, 1] * 2,
        }
    )
    assert duplicate_patients(flat, Roles()) == 0
    assert duplicate_patients(flat.assign(alliance=[1, 2, 3, 4, 5, 6] * 2), Roles()) == 1
    three = flat[flat["session"] <= 3].assign(alliance=[1, 2, 3] * 2)
    assert duplicate_patients(three, Roles()) == 0


def test_loading_says_it_without_naming_the_patient(rng: np.random.Generator) -> None:
    frame = sessions(rng)
    longest = str(frame["patient"].value_counts().index[0])
    message = (
        "1 patient has the same alliance and outcome at the same sessions as another patient "
        "(4 sessions or more): one patient under two identifiers? They are kept; drop one if so."
    )
    with pytest.warns(DataWarning) as caught:
        report = load_sessions(with_copies(frame, [longest]), Roles()).report
    assert [str(warning.message) for warning in caught] == [message]
    assert report.duplicates.to_dict("records") == [
        {"kind": "patient with the ratings of another one", "n": 1}
    ]
    assert message in " ".join(repr(report).split())
    assert not len(load_sessions(frame, Roles()).report.duplicates)


def test_duplicate_rows_are_counted_from_a_real_file(tmp_path: Path) -> None:
    path = tmp_path / "double.csv"
    path.write_text("patient,session,alliance,outcome\na,1,5,9\na,1,5,9\nb,1,4,8\nb,1,3,8\n")
    with pytest.warns(DataWarning, match="1 row is equal to an earlier row in every column"):
        report = load_sessions(path).report
    assert report.duplicates["n"].tolist() == [1]
    assert report.messages == (
        "1 row is equal to an earlier row in every column (a double export?). Keep one of each; "
        "with roles they are refused.",
    )
    assert report.messages[0] in " ".join(repr(report).split())
    with pytest.raises(DataError, match=r"\(2 sessions occur more than once; 1 in every column\)"):
        load_sessions(path, Roles())


def test_cells_that_cannot_be_compared_are_no_duplicates() -> None:
    frame = pd.DataFrame({"patient": [1, 1], "notes": [["a"], ["a"]]})
    assert not len(load_sessions(frame).report.duplicates)


def test_examples_hold_no_duplicates() -> None:
    assert not len(load_example("sessions").report.duplicates)
