"""The likelihood of selected effects against integration and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr, ndtri

from alliance_stats.meta.bias.selection.likelihood import SelectionLikelihood
from alliance_stats.meta.bias.selection.weights import (
    CENSORED,
    WeightFunction,
    beta_weights,
    p_values,
    step_weights,
)

STEPS = np.array([0.025, 0.1, 0.5])
BETA, TAU2 = np.array([0.2, -0.1]), 0.03
ETA = {"steps": np.array([-0.3, -0.8, 0.4]), "beta": np.array([-0.35, -0.4])}
KINDS = [(kind, two) for kind in ("steps", "beta") for two in (False, True)]


def weigh(kind: str, z: np.ndarray, two_sided: bool) -> WeightFunction:
    if kind == "beta":
        return beta_weights(z, two_sided=two_sided)
    return step_weights(p_values(z, "two.sided" if two_sided else "greater"), STEPS,
                        two_sided=two_sided)  # fmt: skip


def naive_weight(kind: str, z: float, two_sided: bool) -> float:
    p = 2.0 * ndtr(-abs(z)) if two_sided else ndtr(-z)
    if kind == "steps":
        return float(np.exp(np.r_[0.0, ETA["steps"]])[np.sum(p > STEPS)])
    a, b = ETA["beta"]
    p = min(max(p, CENSORED), 1.0 - CENSORED)
    return float(p**a * (1.0 - p) ** b)


@pytest.fixture
def effects(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    v = rng.uniform(0.005, 0.2, 12)
    x = np.column_stack([np.ones(12), rng.standard_normal(12)])
    return x @ BETA + np.sqrt(v + TAU2) * rng.standard_normal(12), v, x


def make(effects: tuple[np.ndarray, ...], kind: str, two_sided: bool) -> SelectionLikelihood:
    y, v, x = effects
    return SelectionLikelihood(y, v, x, weigh(kind, y / np.sqrt(v), two_sided))


def breaks(two_sided: bool) -> np.ndarray:
    """Points on the axis of z where weights jump or bend."""
    p = np.r_[STEPS, CENSORED, 1.0 - CENSORED, 0.4, 0.9]
    z = -ndtri(p / 2.0) if two_sided else -ndtri(p)
    return np.unique(np.r_[-40.0, z, -z, 40.0])


@pytest.mark.parametrize(("kind", "two_sided"), KINDS)
def test_value_by_integration(effects: tuple[np.ndarray, ...], kind: str, two_sided: bool) -> None:
    y, v, x = effects
    total, ends = 0.0, breaks(two_sided)
    for yi, vi, mean in zip(y, v, x @ BETA, strict=True):
        s, sigma = np.sqrt(vi + TAU2), np.sqrt(vi)

        def density(z: float, mean: float = mean, s: float = s, sigma: float = sigma) -> float:
            t = (sigma * z - mean) / s
            return float(np.exp(-0.5 * t * t) / np.sqrt(2.0 * np.pi) * sigma / s)

        area = sum(
            quad(lambda z: naive_weight(kind, z, two_sided) * density(z), low, high,
                 epsabs=1e-13, epsrel=1e-11, limit=300)[0]
            for low, high in zip(ends[:-1], ends[1:], strict=True)
        )  # fmt: skip
        z = yi / sigma
        total += np.log(naive_weight(kind, z, two_sided) * density(z) / sigma / area)
    found = make(effects, kind, two_sided).expand(BETA, TAU2, ETA[kind])
    assert found.value == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize(("kind", "two_sided"), KINDS)
def test_derivatives(effects: tuple[np.ndarray, ...], kind: str, two_sided: bool) -> None:
    likelihood, at = make(effects, kind, two_sided), np.r_[BETA, TAU2, ETA[kind]]

    def expand(u: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
        found = likelihood.expand(u[:2], u[2], u[3:])
        return found.value, found.gradient, found.hessian

    h = 1e-6 * np.eye(len(at))
    slopes = [(expand(at + d)[0] - expand(at - d)[0]) / 2e-6 for d in h]
    curves = [(expand(at + d)[1] - expand(at - d)[1]) / 2e-6 for d in h]
    _, gradient, hessian = expand(at)
    np.testing.assert_allclose(gradient, slopes, rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(hessian, curves, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize(("kind", "two_sided"), KINDS)
def test_without_selection_it_is_the_normal_likelihood(
    effects: tuple[np.ndarray, ...], kind: str, two_sided: bool
) -> None:
    y, v, x = effects
    s2 = v + TAU2
    normal = -0.5 * (np.log(2.0 * np.pi * s2) + (y - x @ BETA) ** 2 / s2).sum()
    found = make(effects, kind, two_sided).expand(BETA, TAU2, np.zeros_like(ETA[kind]))
    assert found.value == pytest.approx(normal, rel=1e-12)


def test_a_step_belongs_to_the_interval_below_it() -> None:
    function = step_weights(np.array([0.025, 0.0251, 0.9]), np.array([0.025]), two_sided=False)
    assert function.own[:, 0].tolist() == [0.0, 1.0, 1.0]
