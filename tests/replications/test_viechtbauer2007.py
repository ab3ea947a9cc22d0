"""Viechtbauer (2007), Stat. Med. 26(1): confidence intervals of τ²; Table II, page 44.

Diuretics in pregnancy and pre-eclampsia: nine trials (Collins et al., 1985).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2

import alliance_stats as al

DIGITS_3 = 5e-4
COUNTS = pd.DataFrame(
    {
        "study": [f"Trial {i}" for i in range(1, 10)],
        "ai": [14, 21, 14, 6, 12, 138, 15, 6, 65],
        "n1i": [131, 385, 57, 38, 1011, 1370, 506, 108, 153],
        "ci": [14, 17, 24, 18, 35, 175, 20, 2, 40],
        "n2i": [136, 134, 48, 40, 760, 1336, 524, 103, 102],
    }
)


@pytest.fixture(scope="module")
def trials() -> pd.DataFrame:
    return al.effect_sizes(COUNTS, measure="OR")


@pytest.mark.parametrize(
    ("method", "tau2"), [("DL", 0.230), ("ML", 0.239), ("REML", 0.301), ("SJ", 0.456)]
)
def test_estimates(trials: pd.DataFrame, method: str, tau2: float) -> None:
    result = al.fit_meta(trials, method=method)  # type: ignore[arg-type]
    assert result.tau2 == pytest.approx(tau2, abs=DIGITS_3)


def ends(table: pd.DataFrame) -> list[float]:
    return list(table.set_index("parameter").loc["tau2", ["ci_low", "ci_high"]])


def test_q_profile(trials: pd.DataFrame) -> None:
    assert ends(al.fit_meta(trials).confint()) == pytest.approx([0.072, 2.203], abs=DIGITS_3)


@pytest.mark.parametrize(("method", "interval"), [("ML", [0.027, 1.131]), ("REML", [0.043, 1.475])])
def test_profile_likelihood(trials: pd.DataFrame, method: str, interval: list[float]) -> None:
    result = al.fit_meta(trials, method=method)  # type: ignore[arg-type]
    assert ends(result.confint(method="profile")) == pytest.approx(interval, abs=DIGITS_3)


@pytest.mark.parametrize(
    ("method", "interval"), [("ML", [-0.101, 0.578]), ("REML", [-0.131, 0.732])]
)
def test_wald(trials: pd.DataFrame, method: str, interval: list[float]) -> None:
    """From the standard error of τ²; the paper uses 1.96."""
    fit = al.fit_meta(trials, method=method).glance().iloc[0]  # type: ignore[arg-type]
    found = fit["tau2"] + np.array([-1.96, 1.96]) * fit["se_tau2"]
    assert found.tolist() == pytest.approx(interval, abs=DIGITS_3)


def test_sidik_jonkman(trials: pd.DataFrame) -> None:
    """(k − 1)τ²/χ² of the estimator of Sidik and Jonkman."""
    tau2 = al.fit_meta(trials, method="SJ").tau2
    found = [8 * tau2 / chi2.isf(0.025, 8), 8 * tau2 / chi2.isf(0.975, 8)]
    assert found == pytest.approx([0.208, 1.675], abs=DIGITS_3)
