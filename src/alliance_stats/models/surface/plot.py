"""What the figure of a response surface draws: heights on a grid, what was observed, lines."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.surface.geometry import surface_height
from alliance_stats.models.surface.prepare import PreparedSurface

#: Points of the grid along each axis, and of a line.
GRID, LINE = 45, 61
#: Points of observed pairs that are drawn at most.
MOST_POINTS = 4000


def surface_frame(
    fit: MixedModelResult, prepared: PreparedSurface, b: np.ndarray, ridge: tuple[float, float]
) -> pd.DataFrame:
    """The frame of `plot_surface`.

    Parameters
    ----------
    b : ndarray (5,)
        b1 … b5 with the raw sign.
    ridge : (float, float)
        p10 and p11.

    Returns
    -------
    DataFrame
        Columns ``layer x y z inside``: layers ``grid`` (in rows of y), ``points``, ``hull``,
        ``congruence``, ``incongruence`` and ``ridge``. Other columns of the model are at their
        means; between patients x and y are scores, within patients deviations.
    """
    x, y, _ = prepared.points()
    shift = prepared.midpoint if prepared.level == "between" else 0.0
    level = height_at_means(fit, prepared)
    low, high = float(min(x.min(), y.min())), float(max(x.max(), y.max()))
    side = np.linspace(low, high, GRID)
    hull = convex_hull(np.column_stack([x, y]))
    gx, gy = (v.ravel() for v in np.meshgrid(side, side))
    line = np.linspace(low, high, LINE)
    middle = 0.0
    half = min(middle - low, high - middle)
    across = np.linspace(-half, half, LINE)
    layers = {
        "grid": (gx, gy),
        "points": tuple(_unique(x, y)),
        "hull": tuple(np.vstack([hull, hull[:1]]).T),
        "congruence": (line, line),
        "incongruence": (across, -across),
        "ridge": _ridge(ridge, low, high),
    }
    parts = [
        pd.DataFrame(
            {
                "layer": name,
                "x": px + shift,
                "y": py + shift,
                "z": level + surface_height(b, px, py),
                "inside": in_hull(hull, px, py),
            }
        )
        for name, (px, py) in layers.items()
    ]
    return pd.concat(parts, ignore_index=True)


def height_at_means(fit: MixedModelResult, prepared: PreparedSurface) -> float:
    """The outcome at x = y = 0, all other columns of the model at their means over the rows."""
    means = fit.column_means()
    others = [name for name in fit.names if name not in prepared.names]
    return float(sum(fit.beta[name] * means[name] for name in others))


def _unique(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Pairs that occur, each once; every k-th of very many."""
    pairs = np.unique(np.column_stack([x, y]), axis=0)
    return pairs[:: 1 + len(pairs) // MOST_POINTS].T


def _ridge(ridge: tuple[float, float], low: float, high: float) -> tuple[np.ndarray, np.ndarray]:
    """Points of the first principal axis inside the square; none where it is not known."""
    p10, p11 = ridge
    if not (np.isfinite(p10) and np.isfinite(p11)):
        return np.empty(0), np.empty(0)
    x = np.linspace(low, high, 4 * LINE)
    y = p10 + p11 * x
    kept = (y >= low) & (y <= high)
    return x[kept], y[kept]


def convex_hull(points: np.ndarray) -> np.ndarray:
    """Corners (k, 2) of the convex hull of points (n, 2), counter-clockwise (Andrew, 1979).

    >>> convex_hull(np.array([[0, 0], [2, 0], [1, 1], [2, 2], [0, 2]])).tolist()
    [[0, 0], [2, 0], [2, 2], [0, 2]]
    """
    ordered = np.unique(points, axis=0)
    if len(ordered) < 3:
        return ordered
    return np.array([*_chain(ordered), *_chain(ordered[::-1])])


def _chain(points: np.ndarray) -> list[np.ndarray]:
    """One side of the hull without its last point."""
    found: list[np.ndarray] = []
    for point in points:
        while len(found) > 1 and _turn(found[-2], found[-1], point) <= 0:
            found.pop()
        found.append(point)
    return found[:-1]


def _turn(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> float:
    """Above zero where the way from a over b to c turns left."""
    return float((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]))


def in_hull(hull: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Which points lie in the hull or on its border."""
    following = np.roll(hull, -1, axis=0)
    side = following - hull
    cross = side[:, :1] * (y - hull[:, 1:]) - side[:, 1:] * (x - hull[:, :1])
    size = np.abs(hull).max() + 1.0
    return np.asarray((cross >= -1e-9 * size**2).all(axis=0))
