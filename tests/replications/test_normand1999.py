"""Normand (1999), Stat. Med. 18(3): Tables III and VII to IX, pages 330 and 349 to 352.

Lidocaine after heart attacks (Hine et al., 1989): differences of risks in percent; length of stay
of patients with stroke: differences of means in days.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

DIGITS_1, DIGITS_2 = 0.05, 5e-3
DEATHS, TREATED = np.array([2, 4, 6, 7, 7, 11]), np.array([39, 44, 107, 103, 110, 154])
CONTROL_DEATHS, CONTROLS = np.array([1, 4, 4, 5, 3, 4]), np.array([43, 44, 110, 100, 106, 146])


@pytest.fixture(scope="module")
def lidocaine() -> pd.DataFrame:
    risk, control = DEATHS / TREATED, CONTROL_DEATHS / CONTROLS
    variance = risk * (1 - risk) / TREATED + control * (1 - control) / CONTROLS
    return pd.DataFrame({"yi": 100 * (risk - control), "vi": 1e4 * variance})


@pytest.fixture(scope="module")
def strokes() -> pd.DataFrame:
    """Table VIII: number, mean and standard deviation under special and under routine care."""
    special = [(155, 55, 47), (31, 27, 7), (75, 64, 17), (18, 66, 20), (8, 14, 8), (57, 19, 7)]
    special += [(34, 52, 45), (110, 21, 16), (60, 30, 27)]
    routine = [(156, 75, 64), (32, 29, 4), (71, 119, 29), (18, 137, 48), (13, 18, 11), (52, 18, 4)]
    routine += [(33, 41, 34), (183, 31, 27), (52, 23, 20)]
    frame = pd.DataFrame(
        [one + other for one, other in zip(special, routine, strict=True)],
        columns=["n1i", "m1i", "sd1i", "n2i", "m2i", "sd2i"],
    )
    squares = (frame["n1i"] - 1) * frame["sd1i"] ** 2 + (frame["n2i"] - 1) * frame["sd2i"] ** 2
    sd = np.sqrt(squares / (frame["n1i"] + frame["n2i"] - 2))
    return al.effect_sizes(frame.assign(sd1i=sd, sd2i=sd), measure="MD")


def test_lidocaine(lidocaine: pd.DataFrame) -> None:
    """Tables III and VII: the three estimates of the variance are 0."""
    assert lidocaine["yi"].tolist() == pytest.approx([2.8, 0.0, 2.0, 1.8, 3.5, 4.4], abs=DIGITS_1)
    for method in ("EE", "REML", "DL"):
        result = al.fit_meta(lidocaine, method=method, test="z")  # type: ignore[arg-type]
        row = result.tidy().iloc[0]
        assert result.tau2 == 0
        assert row["estimate"] == pytest.approx(2.94, abs=DIGITS_2)
        assert [row["ci_low"], row["ci_high"]] == pytest.approx([0.4, 5.5], abs=DIGITS_1)


def test_differences_of_means(strokes: pd.DataFrame) -> None:
    """Table VIII, with one standard deviation for both groups."""
    assert strokes["yi"].tolist() == pytest.approx([-20, -2, -55, -71, -4, 1, 11, -10, 7])
    expected = [40.59, 2.05, 15.28, 150.22, 20.19, 1.22, 95.38, 8.03, 20.69]
    assert strokes["vi"].tolist() == pytest.approx(expected, abs=DIGITS_2)


@pytest.mark.parametrize(
    ("method", "published"),
    [
        ("EE", [-3.49, -5.03, -1.96, 0]),
        ("DL", [-14.10, -24.45, -3.75, 218.72]),
        ("REML", [-15.12, -32.67, 2.43, 685.20]),
    ],
)
def test_length_of_stay(strokes: pd.DataFrame, method: str, published: list[float]) -> None:
    """Table IX: mean, both ends, variance between studies."""
    result = al.fit_meta(strokes, method=method, test="z")  # type: ignore[arg-type]
    row = result.tidy().iloc[0]
    found = [row["estimate"], row["ci_low"], row["ci_high"], result.tau2]
    assert found == pytest.approx(published, abs=DIGITS_2)
