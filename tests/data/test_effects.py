"""load_effects: study names as text, what is missing, what is written in two ways."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError, DataError, DataWarning


def quiet(x: str | Path | pd.DataFrame, study: str = "study") -> pd.DataFrame:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return al.load_effects(x, study=study)


def said(x: str | Path | pd.DataFrame) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        al.load_effects(x)
    return [str(each.message) for each in caught]


def test_a_file_keeps_zeros_and_words(tmp_path: Path) -> None:
    path = tmp_path / "effects.csv"
    path.write_text("study,r,n\n007, .28,103\n008,n.s.,53\n 010 ,-.1,44\n")
    effects = quiet(path)
    assert effects["study"].tolist() == ["007", "008", "010"]
    z = al.effect_sizes(effects.iloc[[0, 2]], ri="r", ni="n")
    assert z["yi"].tolist() == np.arctanh([0.28, -0.1]).tolist()
    with pytest.warns(DataWarning, match="not reported though the sample size is, in study 008"):
        al.effect_sizes(effects, ri="r", ni="n")


def test_numbers_of_studies_become_text() -> None:
    frame = pd.DataFrame({"study": [1, 2, 10], "r": 0.2})
    assert quiet(frame)["study"].tolist() == ["1", "2", "10"]
    assert quiet(frame.assign(study=[1.0, 2.5, 10.0]))["study"].tolist() == ["1", "2.5", "10"]
    assert quiet(frame.assign(study=pd.Categorical(["a ", "b", "a"])))["study"].tolist()[0] == "a"
    assert frame["study"].tolist() == [1, 2, 10]


def test_a_clean_frame_says_nothing() -> None:
    assert said(pd.DataFrame({"study": ["A", "A", "B"], "r": 0.2})) == []


def test_missing_cells_are_counted() -> None:
    frame = pd.DataFrame({"study": ["A", "A", "B"], "r": [0.1, None, None], "n": [9, 9, None]})
    assert said(frame) == ["3 effects of 2 studies; missing: r 2, n 1."]


def test_names_written_in_two_ways_are_pointed_out() -> None:
    frame = pd.DataFrame(
        {"study": ["Smith 2001", "smith  2001", "Smith, 2001", "Smith 2001a", "Smith 2001b"]}
    )
    (message,) = said(frame.assign(r=0.1))
    assert message.startswith(
        "Names of studies that differ only in how they are written: 'Smith 2001' and "
        "'smith  2001' and 'Smith, 2001'. "
    )


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"missing in 2 rows, at rows 1, 2 \(counted from 0\)"):
        al.load_effects(pd.DataFrame({"study": ["A", None, "  "], "r": 0.1}))
    with pytest.raises(DataError, match="column 'study' not found. Did you mean 'Studie'"):
        al.load_effects(pd.DataFrame({"Studie": ["A"], "r": 0.1}))
    with pytest.raises(DataError, match="the data are empty"):
        al.load_effects(pd.DataFrame({"study": []}))
    with pytest.raises(ArgumentError, match="x is a int"):
        al.load_effects(3)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="not found"):
        al.load_effects(tmp_path / "none.csv")
