"""Viechtbauer (2005), J. Educ. Behav. Stat. 30(3): estimators of τ²; pages 271 and 272."""

from __future__ import annotations

import pandas as pd
import pytest

import alliance_stats as al

ESTIMATORS = ("HS", "HE", "DL", "ML", "REML", "EB", "SJ")
FIRST = pd.DataFrame(
    {
        "yi": [-0.581, 0.530, 0.771, 1.031, 0.553, 0.295, 0.078, 0.573, -0.176, -0.232],
        "vi": [0.023, 0.052, 0.060, 0.115, 0.095, 0.203, 0.200, 0.211, 0.051, 0.040],
    }
)
SECOND = pd.DataFrame(
    {
        "yi": [
            0.100, -0.162, -0.090, -0.049, -0.046, -0.010, -0.431, -0.261, 0.134, 0.019, 0.175,
            0.056, 0.045, 0.103, 0.121, -0.482, 0.290, 0.342,
        ],
        "vi": [
            0.016, 0.015, 0.050, 0.050, 0.032, 0.052, 0.036, 0.024, 0.034, 0.033, 0.031,
            0.034, 0.039, 0.167, 0.134, 0.096, 0.016, 0.035,
        ],
    }
)  # fmt: skip
#: τ², I² in percent and H², in the order of ESTIMATORS.
PAGE_271 = [
    (0.228, 77.23, 4.39), (0.148, 68.80, 3.21), (0.277, 80.44, 5.11), (0.197, 74.51, 3.92),
    (0.223, 76.84, 4.32), (0.192, 74.05, 3.85), (0.199, 74.75, 3.96),
]  # fmt: skip
PAGE_272 = [
    (0.010, 22.93, 1.30), (0.000, 0.00, 1.00), (0.013, 27.53, 1.38), (0.013, 28.45, 1.40),
    (0.016, 32.02, 1.47), (0.010, 23.72, 1.31), (0.025, 42.67, 1.74),
]  # fmt: skip
CASES = [(FIRST, *case) for case in zip(ESTIMATORS, PAGE_271, strict=True)]
CASES += [(SECOND, *case) for case in zip(ESTIMATORS, PAGE_272, strict=True)]


@pytest.mark.parametrize(("data", "method", "published"), CASES)
def test_estimators(data: pd.DataFrame, method: str, published: tuple[float, float, float]) -> None:
    fit = al.fit_meta(data, method=method, test="z").glance().iloc[0]  # type: ignore[arg-type]
    tau2, i2, h2 = published
    assert fit["tau2"] == pytest.approx(tau2, abs=5e-4)
    assert 100 * fit["i2"] == pytest.approx(i2, abs=5e-3)
    assert fit["h2"] == pytest.approx(h2, abs=5e-3)
