"""Deviance, gradient and both Hessians of every algebra equal those of whole matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from alliance_stats.meta.multilevel.blocks import BlockPrecision
from alliance_stats.meta.multilevel.crossed import CrossedPrecision
from alliance_stats.meta.multilevel.fit_layout import starting_point
from alliance_stats.meta.multilevel.layout import Layout
from alliance_stats.meta.multilevel.nested import NestedPrecision
from tests.meta.multilevel.designs import dense_deviance, dense_parts, effects, layout_of

MODELS: list[tuple[str | list[str], float, str | None, type]] = [
    ("study/effect", 0.0, None, NestedPrecision),
    ("study/effect", 0.6, None, NestedPrecision),
    ("study", 0.4, None, NestedPrecision),
    ("lab/study/effect", 0.5, None, NestedPrecision),
    (["study/effect", "measure"], 0.6, None, CrossedPrecision),
    (["study", "measure", "lab"], 0.0, None, CrossedPrecision),
    ("outcome | study", 0.5, "UN", BlockPrecision),
    ("outcome | study", 0.5, "CS", BlockPrecision),
    ("outcome | study", 0.5, "HCS", BlockPrecision),
    ("outcome | lab", 0.0, "DIAG", BlockPrecision),
    ("outcome | lab", 0.3, "ID", BlockPrecision),
    (["outcome | study", "study/effect", "measure"], 0.3, "UN", CrossedPrecision),
]


def point_of(layout: Layout, seed: int = 3) -> np.ndarray:
    theta = starting_point(layout)
    theta = theta * np.random.default_rng(seed).uniform(0.7, 1.3, len(theta)) + 0.01
    return layout.parameters.natural(theta)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize(("random", "rho", "structure", "algebra"), MODELS)
def test_against_whole_matrices(
    random: str | Sequence[str], rho: float, structure: str | None, algebra: type, reml: bool
) -> None:
    layout = layout_of(effects(15), random, rho, structure, mods="x")
    natural = point_of(layout)
    point = layout.problem(reml).at(natural)
    assert isinstance(point.precision, algebra)
    v, directions = dense_parts(layout)
    w = np.linalg.inv(v + sum(t * q for t, q in zip(natural, directions, strict=True)))
    x, y = layout.columns[0], layout.y
    p = w - w @ x @ np.linalg.solve(x.T @ w @ x, x.T @ w)
    own = p if reml else w
    moved = [q @ p @ y for q in directions]
    gradient = [np.trace(own @ q) - y @ p @ z for q, z in zip(directions, moved, strict=True)]
    expected = np.array([[np.trace(own @ a @ own @ b) for a in directions] for b in directions])
    average = np.array([[a @ p @ b for a in moved] for b in moved])
    np.testing.assert_allclose(point.deviance, dense_deviance(layout, natural, reml), rtol=1e-11)
    np.testing.assert_allclose(point.gradient, gradient, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(point.expected, expected, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(point.observed, 2 * average - expected, rtol=1e-7, atol=1e-6)
    np.testing.assert_allclose(point.precision.diagonal, np.diag(w), rtol=1e-9)


def test_given_covariances_enter_as_they_are() -> None:
    frame = effects(12)
    v = np.sqrt(np.outer(frame["vi"], frame["vi"])) * 0.3
    v[np.not_equal.outer(frame["study"].to_numpy(), frame["study"].to_numpy())] = 0.0
    np.fill_diagonal(v, frame["vi"])
    given = layout_of(frame, "study/effect", None, covariance=v)
    constant = layout_of(frame, "study/effect", 0.3)
    natural = np.array([0.02, 0.05])
    assert isinstance(given.precision_at(natural), BlockPrecision)
    found = [layout.problem(True).at(natural).deviance for layout in (given, constant)]
    np.testing.assert_allclose(*found, rtol=1e-12)
