from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import DataError
from alliance_stats.measures import first_and_last


def test_first_and_last_one_by_one(rng: np.random.Generator) -> None:
    frame = al.load_example("sessions").frame
    shuffled = frame.iloc[rng.permutation(len(frame))]
    found = first_and_last(shuffled, "phq9", keep=["therapist"]).set_index("patient")
    for patient, rows in frame.groupby("patient"):
        seen = rows.dropna(subset="phq9").sort_values("session")
        if seen.empty:
            assert patient not in found.index
            continue
        row = found.loc[patient]
        assert row["phq9_first"] == seen["phq9"].iloc[0]
        assert row["scores"] == len(seen)
        assert row["therapist"] == seen["therapist"].iloc[0]
        last = seen["phq9"].iloc[-1] if len(seen) > 1 else np.nan
        np.testing.assert_equal(row["phq9_last"], last)
    assert list(dict.fromkeys(shuffled["patient"])) == found.index.tolist()


def test_categorical_identifiers_and_wrong_columns() -> None:
    frame = pd.DataFrame(
        {"patient": pd.Categorical(["b", "a", "b"]), "session": [1, 1, 2], "x": [1.0, 2.0, 3.0]}
    )
    found = first_and_last(frame, "x")
    assert found["patient"].tolist() == ["b", "a"]
    assert found["x_last"].iloc[0] == 3
    with pytest.raises(DataError, match="column 'session' is missing in 1 rows"):
        first_and_last(frame.assign(session=[1, None, 2]), "x")
    with pytest.raises(DataError, match="column 'y' not found"):
        first_and_last(frame, "y")
