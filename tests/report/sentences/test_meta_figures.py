"""Sentences about fitted lines and profiles of meta-analyses."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

import alliance_stats as al

YI = [0.20, 0.35, 0.08, 0.52, 0.31, 0.12]
VI = [0.010, 0.020, 0.012, 0.035, 0.008, 0.014]


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {"yi": YI, "vi": VI, "year": [1990, 1995, 2001, 2004, 2011, 2019],
         "dose": [-1.5, 0.0, 1.0, 2.0, 3.0, 4.5]}
    )  # fmt: skip


def words(result: Any) -> str:
    return " ".join(al.report_text(result).split())


def test_a_line_without_a_trend_is_inconclusive(frame: pd.DataFrame) -> None:
    fit = al.fit_meta(frame, measure="ZCOR", mods="year + dose")
    text = words(al.meta.regression_lines(fit, "year"))
    assert text.startswith("Across 6 studies, the fitted effect went from r = ")
    assert "at year = 1990 to r = " in text
    assert "at year = 2019, with the mean of dose. Whether effects go with year is " in text
    assert "is inconclusive (b = " in text
    assert "this is an association" in text
    assert "predict" not in text


@pytest.mark.parametrize(("sign", "said"), [(1, "larger"), (-1, "smaller")])
def test_a_line_with_a_trend(frame: pd.DataFrame, sign: int, said: str) -> None:
    frame = frame.assign(yi=sign * 0.1 * frame["dose"] + 0.001 * frame["yi"])
    text = words(al.meta.regression_lines(al.fit_meta(frame, mods="dose"), "dose"))
    assert f"Effects were {said} with higher dose (b = " in text
    assert "at dose = −1.50" in text


def test_a_bent_line_has_no_single_slope(frame: pd.DataFrame) -> None:
    fit = al.fit_meta(frame, mods="dose + I(dose^2)")
    text = words(al.meta.regression_lines(fit, "dose"))
    assert "higher dose" not in text
    assert "inconclusive" not in text


def test_profiles(frame: pd.DataFrame) -> None:
    text = words(al.fit_meta(frame).profile())
    assert text.startswith("Across 6 studies, the profile likelihood gave τ² = 0.0")
    assert "95% CI [0.000, " in text
