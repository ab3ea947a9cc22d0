"""Slices of the deviance: exact derivatives, and the dense deviance at any point."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.design.build import build_design
from alliance_stats.lmm.inference.block_slices import (
    CorrelationSlice,
    DeviationSlice,
    block_basis,
)
from alliance_stats.lmm.inference.slices import FixedSlice, ResidualSlice, Slice

FORMULA = "y ~ x + z + (1 + x + z | patient) + (1 + z | rater)"
Make = Callable[[Criterion], Slice]


def rows(rng: np.random.Generator) -> pd.DataFrame:
    patient = np.repeat(np.arange(12), 6)
    frame = pd.DataFrame(
        {"patient": patient, "rater": rng.integers(0, 5, 72), "w": rng.uniform(0.5, 2.0, 72)}
    )
    frame["x"], frame["z"] = rng.normal(3, 2, 72), rng.normal(size=72)
    frame["y"] = frame["x"] + rng.normal(size=12)[patient] + rng.normal(size=72)
    return frame


def criterion_of(frame: pd.DataFrame, *, reml: bool = False) -> Criterion:
    return Criterion(build_design(FORMULA, frame, weights="w"), reml)


def rows_of(criterion: Criterion, block: int, places: list[int]) -> np.ndarray:
    transforms = [b.transform for level in criterion.design.levels for b in level.blocks]
    found = transforms[block][places]
    return np.asarray(found / np.linalg.norm(found, axis=1)[:, None])


def fixed(criterion: Criterion) -> Slice:
    direction = criterion.design.transform[0]
    profile = criterion.profile(criterion.start)
    return FixedSlice(criterion, profile, direction / np.linalg.norm(direction))


def residual(criterion: Criterion) -> Slice:
    return ResidualSlice(criterion, criterion.profile(criterion.start))


def deviation(criterion: Criterion) -> Slice:
    basis = block_basis(rows_of(criterion, 0, [1]))
    return DeviationSlice(criterion, criterion.profile(criterion.start), 0, basis)


def correlation(criterion: Criterion) -> Slice:
    basis = block_basis(rows_of(criterion, 0, [0, 2]))
    return CorrelationSlice(criterion, criterion.profile(criterion.start), 0, basis)


def second_block(criterion: Criterion) -> Slice:
    basis = block_basis(rows_of(criterion, 1, [0, 1]))
    return CorrelationSlice(criterion, criterion.profile(criterion.start), 1, basis)


SLICES = [fixed, residual, deviation, correlation, second_block]


@pytest.mark.parametrize("make", SLICES)
def test_at_the_start_it_is_the_profiled_deviance(make: Make, rng: np.random.Generator) -> None:
    criterion = criterion_of(rows(rng))
    part = make(criterion)
    point = part.at(part.start, part.free)
    assert point is not None
    assert point.deviance == pytest.approx(criterion(criterion.start)[0], rel=1e-12)


@pytest.mark.parametrize("make", SLICES)
@pytest.mark.parametrize("reml", [False, True])
def test_derivatives_equal_differences(make: Make, reml: bool, rng: np.random.Generator) -> None:
    if make is fixed and reml:
        pytest.skip("fixed effects are profiled by maximum likelihood")
    criterion = criterion_of(rows(rng), reml=reml)
    part = make(criterion)
    free = part.free + rng.normal(0, 0.2, len(part.free))
    value, h = part.start + 0.1, 1e-5

    def deviance(target: float, at: np.ndarray) -> float:
        point = part.at(target, at)
        assert point is not None
        return point.deviance

    found = part.at(value, free)
    assert found is not None
    for k in range(len(free)):
        step = h * np.eye(len(free))[k]
        slope = (deviance(value, free + step) - deviance(value, free - step)) / (2 * h)
        assert found.gradient[k] == pytest.approx(slope, rel=1e-5, abs=1e-5)
    slope = (deviance(value + h, free) - deviance(value - h, free)) / (2 * h)
    assert found.slope == pytest.approx(slope, rel=1e-5, abs=1e-5)


def test_the_target_is_held(rng: np.random.Generator) -> None:
    criterion = criterion_of(rows(rng))
    transform = criterion.design.levels[0].blocks[0].transform
    parts = {"sd": deviation(criterion), "r": correlation(criterion)}
    values = {"sd": 0.7, "r": np.arcsin(-0.6)}
    for name, part in parts.items():
        free = part.free + rng.normal(0, 0.3, len(part.free))
        point = part.at(values[name], free)
        assert point is not None
        half = transform @ point.factors[0]
        sigma2 = np.exp(2 * free[0])  # a correlation is the same at any σ
        covariance = sigma2 * half @ half.T
        if name == "sd":
            unit = np.linalg.norm(transform[1])
            assert np.sqrt(covariance[1, 1]) == pytest.approx(0.7 * unit, rel=1e-10)
        else:
            both = np.sqrt(covariance[0, 0] * covariance[2, 2])
            assert covariance[0, 2] / both == pytest.approx(-0.6, rel=1e-10)
    direction = criterion.design.transform[0] / np.linalg.norm(criterion.design.transform[0])
    part = fixed(criterion)
    point = part.at(0.3, part.free)
    assert point is not None
    assert direction @ point.beta == pytest.approx(0.3, rel=1e-10)


@pytest.mark.parametrize("make", SLICES)
def test_what_is_not_defined_is_none(make: Make, rng: np.random.Generator) -> None:
    part = make(criterion_of(rows(rng)))
    assert part.at(part.start, np.full(len(part.free), 1e200)) is None
