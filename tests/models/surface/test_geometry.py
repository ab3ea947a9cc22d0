"""The geometry of a surface, its conditions and its hull, apart from any fit."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance_stats.models.surface.conditions import CONDITIONS, conditions_table, verdict_of
from alliance_stats.models.surface.geometry import COMBINATIONS, surface_axes, surface_height
from alliance_stats.models.surface.plot import convex_hull, in_hull


@pytest.mark.parametrize("seed", range(20))
def test_axes_are_the_eigenvectors_through_the_stationary_point(seed: int) -> None:
    b = np.random.default_rng(seed).normal(size=5)
    hessian = np.array([[2 * b[2], b[3]], [b[3], 2 * b[4]]])
    point = np.linalg.solve(hessian, -b[:2])
    vectors = np.linalg.eigh(hessian)[1]
    first, second = vectors[1] / vectors[0] @ np.eye(2)[::-1]
    expected = [*point, point[1] - first * point[0], first, point[1] - second * point[0], second]
    np.testing.assert_allclose(surface_axes(b), expected, rtol=1e-8)
    assert first * second == pytest.approx(-1.0)


def test_the_stationary_point_is_where_the_surface_is_flat() -> None:
    b = np.array([0.3, -0.2, -0.5, 0.4, -0.7])
    x, y = surface_axes(b)[:2]
    step = 1e-5
    for dx, dy in ((step, 0), (0, step)):
        up, down = (surface_height(b, x + s * dx, y + s * dy) for s in (1, -1))
        assert up - down == pytest.approx(0.0, abs=1e-12)


def test_swapping_the_ratings_turns_the_axes_over() -> None:
    b = np.array([0.3, -0.2, -0.5, 0.4, -0.7])
    axes, swapped = surface_axes(b), surface_axes(b[[1, 0, 4, 3, 2]])
    np.testing.assert_allclose(swapped[:2], axes[1::-1])
    assert swapped[3] == pytest.approx(1 / axes[3])
    assert swapped[2] == pytest.approx(-axes[2] / axes[3])


def test_a_congruence_surface_has_its_ridge_on_the_line_of_congruence() -> None:
    """z = −c(x − y)² − d(x + y)²: with d > 0 there is one top, on the line."""
    c, d = 1.0, 0.1
    b = np.array([0, 0, -c - d, 2 * (c - d), -c - d])
    axes = surface_axes(b)
    np.testing.assert_allclose(axes, [0, 0, 0, 1, 0, -1], atol=1e-12)
    a = {name: np.dot(weights, b) for name, weights in COMBINATIONS.items()}
    assert a["a3"] == a["a1"] == a["a5"] == 0
    assert a["a4"] == pytest.approx(-4 * c)
    assert a["a2"] == pytest.approx(-4 * d)


def test_surfaces_without_axes() -> None:
    assert np.isnan(surface_axes(np.array([1.0, 1.0, 0, 0, 0]))).all()  # a plane
    assert np.isnan(surface_axes(np.array([1.0, 1.0, -1, 2, -1]))[:3]).all()  # a level ridge
    bowl = surface_axes(np.array([0.0, 0.0, -1, 0, -1]))
    assert bowl[:2].tolist() == [0, 0]
    assert np.isnan(bowl[2:]).all()  # curved alike in all directions
    upright = surface_axes(np.array([0.0, 0.0, -2, 0, -1]))
    assert upright[3] == np.inf
    assert upright[5] == 0
    assert surface_axes(np.zeros((3, 5))).shape == (3, 6)


def table_of(**changed: tuple[float, float]) -> pd.DataFrame:
    """Conditions from intervals; by default those of strict congruence."""
    ends = {"p10": (-1, 1), "p11": (0.8, 1.2), "a3": (-1, 1), "a4": (-3, -1)} | dict.fromkeys(
        ("a1", "a2", "a5"), (-1.0, 1.0)
    )
    rows = [
        {"name": name, "estimate": np.mean(pair), "ci_low": pair[0], "ci_high": pair[1]}
        for name, pair in (ends | changed).items()
    ]
    table = pd.DataFrame(rows)
    improved = table[table["name"].str.startswith("a")].rename(columns={"name": "effect"})
    axes = table[table["name"].str.startswith("p")].rename(columns={"name": "term"})
    return conditions_table(improved, axes)


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [
        ({}, "shown, strict"),
        ({"a1": (0.1, 1.0)}, "shown, broad"),
        ({"a2": (-1.0, -0.1)}, "shown, broad"),
        ({"a5": (0.1, 0.2)}, "shown, broad"),
        ({"a4": (-3.0, 0.1)}, "not shown"),
        ({"a4": (1.0, 3.0)}, "not shown"),
        ({"a3": (0.1, 1.0)}, "not shown"),
        ({"p10": (0.1, 1.0)}, "not shown"),
        ({"p11": (1.01, 9.0)}, "not shown"),
        ({"p11": (np.nan, np.nan)}, "not decided"),
        ({"p11": (np.nan, np.nan), "a4": (-1.0, 1.0)}, "not shown"),
    ],
)
def test_verdicts(changed: dict[str, tuple[float, float]], verdict: str) -> None:
    table = table_of(**changed)
    assert table["condition"].tolist() == list(CONDITIONS)
    assert verdict_of(table) == verdict


def test_only_the_curvature_is_called_met() -> None:
    table = table_of(a4=(-3.0, -1.0)).set_index("condition")["status"]
    assert table["a4"] == "met"
    assert set(table.drop("a4")) == {"not contradicted"}
    assert table_of(a4=(1, 3)).set_index("condition").loc["a4", "status"] == "contradicted"


def test_hulls() -> None:
    points = np.random.default_rng(1).normal(size=(200, 2))
    hull = convex_hull(points)
    assert in_hull(hull, *points.T).all()
    assert not in_hull(hull, np.array([9.0]), np.array([9.0])).any()
    following = np.roll(hull, -1, axis=0)
    area = 0.5 * (hull[:, 0] * following[:, 1] - following[:, 0] * hull[:, 1]).sum()
    from scipy.spatial import ConvexHull

    assert area == pytest.approx(ConvexHull(points).volume)
    assert len(convex_hull(np.array([[0.0, 0.0], [1.0, 1.0]]))) == 2
