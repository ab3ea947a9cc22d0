"""Raudenbush & Bryk (1985), J. Educ. Stat. 10(2), pp. 83-92; Raudenbush (2009), Tables 16.2, 16.3.

Teacher expectancy: 19 experiments (Raudenbush, 1984; `dat.raudenbush1985` of metadat). The chapter
is that of Cooper, Hedges & Valentine, Handbook of Research Synthesis, pages 295 to 315.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

DIGITS_2, DIGITS_3, DIGITS_4 = 5e-3, 5e-4, 5e-5
#: 2009, Table 16.3: τ², mean, SE, statistic, both ends.
PLAIN = {
    "EE": [0.000, 0.060, 0.036, 1.655, -0.011, 0.132],
    "ML": [0.013, 0.078, 0.047, 1.637, -0.015, 0.171],
    "REML": [0.019, 0.084, 0.052, 1.621, -0.018, 0.185],
    "DL": [0.026, 0.089, 0.056, 1.601, -0.020, 0.199],
    "HE": [0.080, 0.114, 0.079, 1.443, -0.041, 0.270],
}
KNAPP_HARTUNG = {
    "ML": [0.013, 0.078, 0.059, 1.311, -0.047, 0.202],
    "REML": [0.019, 0.084, 0.062, 1.359, -0.046, 0.213],
    "DL": [0.026, 0.089, 0.064, 1.405, -0.044, 0.223],
    "HE": [0.080, 0.114, 0.071, 1.608, -0.035, 0.264],
}


@pytest.fixture(scope="module")
def experiments() -> pd.DataFrame:
    frame = pd.read_csv(Path(__file__).parent / "data" / "raudenbush1984.csv")
    return frame.assign(known=frame["weeks"].clip(upper=3))


def test_random_effects(experiments: pd.DataFrame) -> None:
    """1985, pages 83 to 86, and 2009, Table 16.2.

    The paper of 1985 has Q = 35.85, the chapter 35.83 as here.
    """
    result = al.fit_meta(experiments, test="z")
    row = result.tidy().iloc[0]
    assert [result.tau2, row["estimate"]] == pytest.approx([0.019, 0.084], abs=DIGITS_3)
    assert row["statistic"] == pytest.approx(1.62, abs=DIGITS_2)
    assert result.glance()["q"].item() == pytest.approx(35.83, abs=DIGITS_2)
    shrunken = result.blup()["estimate"]
    assert [shrunken.min(), shrunken.max()] == pytest.approx([-0.03, 0.25], abs=DIGITS_2)


def test_weeks_of_contact(experiments: pd.DataFrame) -> None:
    """1985, pages 90 and 92; 2009, Table 16.2: nothing is left that differs."""
    result = al.fit_meta(experiments, test="z", mods="known")
    table = result.tidy()
    assert result.tau2 == pytest.approx(0.0, abs=DIGITS_4)
    assert table["estimate"].tolist() == pytest.approx([0.407, -0.157], abs=DIGITS_3)
    assert table["statistic"].tolist() == pytest.approx([4.68, -4.39], abs=DIGITS_2)
    assert result.glance()["q"].item() == pytest.approx(16.57, abs=DIGITS_2)
    fitted = result.blup()["estimate"]
    assert fitted.max() == pytest.approx(0.41, abs=DIGITS_2)
    assert fitted.min() == pytest.approx(-0.0645, abs=DIGITS_4)  # -0.07 in the chapter


@pytest.mark.parametrize(
    ("test", "method", "published"),
    [("z", *row) for row in PLAIN.items()] + [("knha", *row) for row in KNAPP_HARTUNG.items()],
)
def test_estimators(
    experiments: pd.DataFrame, test: str, method: str, published: list[float]
) -> None:
    result = al.fit_meta(experiments, method=method, test=test)  # type: ignore[arg-type]
    row = result.tidy().iloc[0]
    names = ("estimate", "se", "statistic", "ci_low", "ci_high")
    found = [result.tau2, *(row[name] for name in names)]
    assert found == pytest.approx(published, abs=DIGITS_3)


def test_new_study_as_the_chapter_computes_it(experiments: pd.DataFrame) -> None:
    """2009, page 302: -0.19 to 0.35, the mean ± 1.96 τ without the uncertainty of the mean.

    Its mean and τ are those that were rounded before: 0.083 and √0.019.
    """
    result = al.fit_meta(experiments, test="z")
    ends = 0.083 + np.array([-1, 1]) * 1.96 * np.sqrt(0.019)
    assert ends.tolist() == pytest.approx([-0.19, 0.35], abs=DIGITS_2)
    row = result.prediction_interval(df="normal").iloc[0]
    assert [row["pi_low"], row["pi_high"]] == pytest.approx([-0.204, 0.371], abs=DIGITS_3)
