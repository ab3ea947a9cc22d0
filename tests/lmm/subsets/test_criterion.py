"""The deviance of subsets against the dense likelihood, its derivatives against differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.design.build import build_design
from alliance_stats.lmm.subsets.criterion import SubsetCriterion
from alliance_stats.lmm.subsets.sums import group_sums

RANDOM = {1: "(1 | patient)", 2: "(1 | patient) + (1 | therapist)"}
#: Subsets of (1, a, b, c).
MASKS = np.array([[1, 1, 1, 1], [1, 0, 1, 0], [1, 0, 0, 0], [1, 1, 0, 1]], dtype=bool)
THETA = np.array([[1.3, 0.4], [0.2, 0.05], [3.0, 0.0], [0.8, 1.5]])


def criterion(
    frame: pd.DataFrame, factors: int, weights: np.ndarray | None = None
) -> SubsetCriterion:
    design = build_design(f"y ~ a + b + c + {RANDOM[factors]}", frame)
    groups = group_sums(Criterion(design))
    counts = np.ones(groups.n_clusters) if weights is None else weights
    return SubsetCriterion(groups.draw(counts), MASKS)


def dense(frame: pd.DataFrame, mask: np.ndarray, theta: np.ndarray) -> tuple[float, float]:
    """log|V| + log|X'V⁻¹X| + m log r² and σ², for centred and scaled columns."""
    columns = np.array([np.ones(len(frame)), *(frame[name] for name in "abc")])
    columns[1:] -= columns[1:].mean(axis=1, keepdims=True)
    columns[1:] /= np.sqrt((columns[1:] ** 2).mean(axis=1, keepdims=True))
    x, y = columns[mask].T, frame["y"].to_numpy(dtype=float)
    y = (y - y.mean()) / y.std()
    v = np.eye(len(y))
    for name, value in zip(("patient", "therapist"), theta, strict=False):
        codes = frame[name].to_numpy()
        v += value * (codes[:, None] == codes)
    inverse = np.linalg.inv(v)
    xx = x.T @ inverse @ x
    rest = y - x @ np.linalg.solve(xx, x.T @ inverse @ y)
    square = float(rest @ inverse @ rest)
    m = len(y) - x.shape[1]
    value = np.linalg.slogdet(v)[1] + np.linalg.slogdet(xx)[1] + m * np.log(square / m)
    return float(value), square / m


@pytest.mark.parametrize("factors", [1, 2])
def test_deviance_is_the_dense_one(frame: pd.DataFrame, factors: int) -> None:
    found = criterion(frame, factors).evaluate(THETA[:, :factors], np.arange(4))
    expected = np.array(
        [dense(frame, mask, theta[:factors]) for mask, theta in zip(MASKS, THETA, strict=True)]
    )
    assert found.value == pytest.approx(expected[:, 0], rel=1e-10)
    assert found.sigma2 == pytest.approx(expected[:, 1], rel=1e-10)
    assert (found.beta[~MASKS] == 0.0).all()


@pytest.mark.parametrize("factors", [1, 2])
def test_derivatives_are_those_of_the_value(frame: pd.DataFrame, factors: int) -> None:
    weights = np.random.default_rng(1).integers(0, 3, 90 if factors == 1 else 12).astype(float)
    own = criterion(frame, factors, weights)
    theta, rows, step = THETA[:, :factors] + 0.01, np.arange(4), 1e-4
    found = own.evaluate(theta, rows)
    for k in range(factors):
        move = np.zeros(factors)
        move[k] = step
        up, down = own.evaluate(theta + move, rows), own.evaluate(theta - move, rows)
        slope = (up.value - down.value) / (2 * step)
        assert found.slope[:, k] == pytest.approx(slope, rel=1e-4, abs=1e-5)
        curve = (up.slope - down.slope) / (2 * step)
        assert found.hessian[:, k] == pytest.approx(curve, rel=1e-4, abs=1e-4)
    assert (np.linalg.eigvalsh(found.expected) > 0).all()
