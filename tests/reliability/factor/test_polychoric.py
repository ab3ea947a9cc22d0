"""Polychoric correlations: the bivariate normal distribution, lavaan's values, recovery."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from alliance_stats.reliability.factor.polychoric import (
    bivariate_density,
    bivariate_normal,
    polychoric,
)

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "sem"


@pytest.mark.parametrize("rho", [-0.95, -0.5, 0.0, 0.3, 0.8, 0.97])
def test_bivariate_probabilities(rho: float) -> None:
    h = np.array([-2.5, -0.7, 0.0, 0.4, 1.9])
    found = bivariate_normal(h[:, None], h, np.array(rho))
    root = np.sqrt(1 - rho**2)

    def below(one: float, two: float) -> float:
        def slice_at(x: float) -> float:
            return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi) * ndtr((two - rho * x) / root)

        return quad(slice_at, -12, one, epsabs=1e-13, limit=200, points=[min(two, one)])[0]

    assert np.allclose(found, [[below(one, two) for two in h] for one in h], atol=1e-9)
    step = 1e-6
    slope = (
        bivariate_normal(h[:, None], h, np.array(rho + step))
        - bivariate_normal(h[:, None], h, np.array(rho - step))
    ) / (2 * step)
    assert np.allclose(bivariate_density(h[:, None], h, np.array(rho)), slope, atol=1e-8)


def test_thresholds_and_correlations_equal_lavaans(tol: SimpleNamespace) -> None:
    known = json.loads((FOLDER / "ordered.json").read_text(encoding="utf-8"))
    answers = pd.read_csv(FOLDER / "answers.csv")
    codes = (answers - answers.min()).to_numpy().astype(np.intp)
    found = polychoric(codes, (codes.max(axis=0) + 1).tolist())
    assert found.converged
    assert np.allclose(np.concatenate(found.thresholds), known["thresholds"], atol=1e-12)
    assert np.allclose(found.correlation, known["correlation"], atol=tol.reliability)


def test_the_correlation_of_two_dichotomies_is_tetrachoric() -> None:
    """Cut at the medians, P(both below) = 1/4 + asin(rho)/2π."""
    quarter = 0.25 + np.arcsin(0.6) / (2 * np.pi)
    n = 1_000_000
    both = round(n * quarter)
    counts = [both, n // 2 - both, n // 2 - both, both]
    codes = np.repeat([[0, 0], [0, 1], [1, 0], [1, 1]], counts, axis=0).astype(np.intp)
    assert polychoric(codes, [2, 2]).correlation[0, 1] == pytest.approx(0.6, abs=1e-5)


def test_a_category_nobody_chose_does_no_harm() -> None:
    rng = np.random.default_rng(1)
    normal = rng.normal(size=(500, 1)) + rng.normal(size=(500, 3))
    codes = np.digitize(normal, [-1, 0, 1]).astype(np.intp)
    gap = np.where(codes == 3, 4, codes)
    one, other = polychoric(codes, [4] * 3), polychoric(gap, [5] * 3)
    assert np.allclose(one.correlation, other.correlation, atol=1e-9)
