"""Berkey et al. (1995), Stat. Med. 14(4): BCG vaccine and latitude; page 408.

Variances are smoothed: those of all trials with the mean risks.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

DIGITS_4 = 5e-5


@pytest.fixture(scope="module")
def trials() -> pd.DataFrame:
    frame = pd.read_csv(Path(__file__).parent / "data" / "colditz1994.csv")
    treated, controls = frame["tpos"] + frame["tneg"], frame["cpos"] + frame["cneg"]
    odds, control_odds = frame["tneg"] / frame["tpos"], frame["cneg"] / frame["cpos"]
    return frame.assign(
        yi=np.log(frame["tpos"] / treated) - np.log(frame["cpos"] / controls),
        vi=odds.mean() / treated + control_odds.mean() / controls,
        north=frame["ablat"] - 33.46,
    )


def test_mean(trials: pd.DataFrame) -> None:
    result = al.fit_meta(trials, method="EB", test="z")
    row = result.tidy().iloc[0]
    assert [row["estimate"], row["se"]] == pytest.approx([-0.5429, 0.1842], abs=DIGITS_4)
    assert result.tau2 == pytest.approx(0.268, abs=5e-4)


@pytest.mark.parametrize(
    ("method", "estimates", "errors", "risks"),
    [
        ("EB", [-0.6304, -0.0268], [0.1591, 0.0110], [0.53, 0.42]),
        ("EE", [-0.5950, -0.0282], [0.0696, 0.0040], [0.55, 0.43]),
    ],
)
def test_latitude(
    trials: pd.DataFrame, method: str, estimates: list[float], errors: list[float],
    risks: list[float],
) -> None:  # fmt: skip
    """Risks are those at 33.46 and 42 degrees; intercepts of the article are off by 1 at the end.

    It prints 0.0039 where the standard error of the slope is 0.0040 (equal effects).
    """
    result = al.fit_meta(trials, method=method, test="z", mods="north")  # type: ignore[arg-type]
    table = result.tidy()
    assert table["estimate"].tolist() == pytest.approx(estimates, abs=1.2e-4)
    assert table["se"].tolist() == pytest.approx(errors, abs=DIGITS_4)
    means = result.predict(pd.DataFrame({"north": [0, 42 - 33.46]}))["estimate"]
    assert np.exp(means).round(2).tolist() == risks


def test_explained(trials: pd.DataFrame) -> None:
    """41% of the variance between studies, 0.157 left."""
    result = al.fit_meta(trials, method="EB", test="z", mods="north")
    assert result.tau2 == pytest.approx(0.157, abs=5e-4)
    assert round(100 * result.r_squared()) == 41
