"""Hedges, Tipton & Johnson (2010) as printed by Fisher & Tipton (2015), arXiv:1503.02220, pp. 9-13.

Robust variance estimation: nine studies of implicit attitudes (Oswald et al., 2013; correlated
effects) and fifteen treatment centres, made up by Tanner-Smith and Tipton (2013; hierarchical
effects). Weights by moments are no public method here: they are computed in this file, and the
regression with CR2 errors takes them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from tests.conftest import REFERENCE
from tests.meta.multilevel.designs import robust_regression


def moments(
    x: np.ndarray, y: np.ndarray, w: np.ndarray, forms: list[np.ndarray], parts: list[np.ndarray]
) -> np.ndarray:
    """Multiples of parts[1:] that give every quadratic form of the residuals its expectation."""
    residual = np.eye(len(y)) - x @ np.linalg.solve(x.T @ (w[:, None] * x), x.T * w)
    e = residual @ y
    middle = [residual.T @ form @ residual for form in forms]
    expected = np.array([[np.sum(m * part) for part in parts] for m in middle])
    observed = np.array([e @ form @ e for form in forms]) - expected[:, 0]
    return np.linalg.solve(expected[:, 1:], observed)


@pytest.fixture(scope="module")
def implicit() -> pd.DataFrame:
    return pd.read_csv(Path(__file__).parent / "data" / "oswald2013.csv")


@pytest.mark.parametrize(("rho", "printed"), [(0, 0.184), (0.4, 0.184), (0.6, 0.185), (0.8, 0.185)])
def test_variance_of_correlated_effects(implicit: pd.DataFrame, rho: float, printed: float) -> None:
    """Page 10: τ² hardly depends on the correlation of sampling errors."""
    assert tau2_of(implicit, rho) == pytest.approx(printed, abs=5e-4)


def tau2_of(frame: pd.DataFrame, rho: float) -> float:
    of_study = frame.groupby("study")["vi"]
    v, k = of_study.transform("mean").to_numpy(), of_study.transform("size").to_numpy()
    same = (frame["study"].to_numpy()[:, None] == frame["study"].to_numpy()).astype(float)
    errors = v[:, None] * same * (rho + (1 - rho) * np.eye(len(v)))
    w = 1 / (k * v)
    x = np.ones((len(v), 1))
    return float(moments(x, frame["yi"].to_numpy(), w, [np.diag(w)], [errors, same])[0])


def test_correlated_effects(implicit: pd.DataFrame) -> None:
    """Page 9: τ² = 0.1849812; 0.277 (0.181), t(7.84) = 1.53."""
    tau2 = tau2_of(implicit, 0.8)
    assert tau2 == pytest.approx(0.1849812, abs=5e-7)
    of_study = implicit.groupby("study")["vi"]
    w = 1 / (of_study.transform("size") * (of_study.transform("mean") + tau2)).to_numpy()
    x = np.ones((len(w), 1))
    beta, robust = robust_regression(x, implicit["yi"].to_numpy(), w, implicit["study"].to_numpy())
    se = np.sqrt(robust.covariance[0, 0])
    assert [beta[0], se] == pytest.approx([0.277, 0.181], abs=5e-4)
    assert beta[0] / se == pytest.approx(1.53, abs=5e-3)
    assert robust.df(np.array([1.0])) == pytest.approx(7.84, abs=5e-3)


def test_multilevel_model_of_the_same_studies(implicit: pd.DataFrame) -> None:
    """Correlated and hierarchical effects by likelihood: the same conclusion, a near mean."""
    row = al.fit_meta_multilevel(implicit, rho=0.8).tidy().iloc[0]
    assert row["estimate"] == pytest.approx(0.277, abs=0.05)
    assert row["ci_low"] < 0 < row["ci_high"]


def test_hierarchical_effects() -> None:
    """Pages 13 and 14: ω² = 0.1650524, τ² = 0.02479249; follow-up within and between centres."""
    frame = pd.read_csv(REFERENCE / "meta_multilevel" / "hierdat.csv")
    between = frame.groupby("study")["followup"].transform("mean")
    x = np.column_stack([np.ones(len(frame)), frame["followup"] - between, between, frame["binge"]])
    y, v, study = (frame[name].to_numpy() for name in ("yi", "vi", "study"))
    same = (study[:, None] == study).astype(float)
    found = moments(x, y, 1 / v, [np.diag(1 / v), same], [np.diag(v), same, np.eye(len(v))])
    assert found.tolist() == pytest.approx([0.02479249, 0.1650524], abs=5e-8)
    beta, robust = robust_regression(x, y, 1 / (v + found.sum()), study)
    assert beta.tolist() == pytest.approx([-0.154226, -0.000162, 0.003467, 0.666645], abs=5e-7)
    errors = np.sqrt(np.diag(robust.covariance))
    assert errors.tolist() == pytest.approx([0.147671, 0.000695, 0.002320, 0.115623], abs=5e-7)
    degrees = [robust.df(row) for row in np.eye(4)]
    assert degrees == pytest.approx([6.07, 1.30, 3.28, 4.33], abs=5e-3)
