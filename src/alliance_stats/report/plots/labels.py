"""Names beside points of a scatter, joined to them by a line where there is no room beside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from alliance_stats.report.plots.beside import text_width
from alliance_stats.report.plots.style import MARK_COLOUR, TEXT_SIZE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Points between a mark and its name: beside it, and at the end of a short line to it.
_NEAR, _FAR = 4.0, (14.0, 24.0, 36.0, 50.0)
_AROUND = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1),
           (1, 0.5), (-1, 0.5), (1, -0.5), (-1, -0.5))  # fmt: skip
#: Half the size of a mark, in points.
_MARK = 2.5


def name_points(
    axis: Axes, x: np.ndarray, y: np.ndarray, names: Sequence[str], *, size: float = TEXT_SIZE - 1
) -> list[str]:
    """Write the names that are not empty beside their points, the first ones first.

    No name covers a mark or another name; those that find no room are left out, and returned.
    Set the limits of the axes before.
    """
    axis.figure.draw_without_rendering()  # type: ignore[union-attr]  # settles the layout
    scale = 72.0 / axis.figure.dpi
    places = axis.transData.transform(np.column_stack([x, y])) * scale
    corners = np.array([axis.bbox.x0, axis.bbox.y0, axis.bbox.x1, axis.bbox.y1]) * scale
    marks = [np.array([*(p - _MARK), *(p + _MARK)]) for p in places if np.isfinite(p).all()]
    taken, lines = list(marks), np.empty((0, 2))
    labels: list[np.ndarray] = []
    left_out: list[str] = []
    for place, name in zip(places, names, strict=True):
        if not name:
            continue
        width, height = text_width(name, size), 1.15 * size
        box = _room(place, (width, height), taken, labels, lines, corners)
        if box is None:
            left_out.append(name)
            continue
        taken.append(box)
        labels.append(box)
        lines = np.vstack([lines, _line(place, box)])
        _write(axis, place, box, name, size)
    return left_out


def _room(
    place: np.ndarray, extent: tuple[float, float], taken: Sequence[np.ndarray],
    labels: Sequence[np.ndarray], lines: np.ndarray, corners: np.ndarray,
) -> np.ndarray | None:  # fmt: skip
    """The first box for a name that touches nothing, nor does the line to it."""
    others = np.array(taken)
    for box in _boxes(place, *extent):
        inside = (box[:2] >= corners[:2]).all() and (box[2:] <= corners[2:]).all()
        apart = (
            (box[2] <= others[:, 0]) | (others[:, 2] <= box[0])
            | (box[3] <= others[:, 1]) | (others[:, 3] <= box[1])
        )  # fmt: skip
        free = inside and apart.all() and not _within(lines, box).any()
        own = _line(place, box)
        if free and not any(_within(own, label).any() for label in labels):
            return box
    return None


def _line(place: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Points along the line from a mark to its name; none where the name is next to it."""
    end = np.clip(place, box[:2], box[2:])
    if np.hypot(*(end - place)) <= 2.0 * _NEAR:
        return np.empty((0, 2))
    return np.asarray(place + np.linspace(0.1, 0.95, 15)[:, None] * (end - place))


def _within(points: np.ndarray, box: np.ndarray) -> np.ndarray:
    """Which points lie in a box."""
    return np.asarray(((points >= box[:2]) & (points <= box[2:])).all(axis=1))


def _boxes(place: np.ndarray, width: float, height: float) -> Iterator[np.ndarray]:
    """Boxes around a point, the nearest first."""
    for distance in (_NEAR, *_FAR):
        for along, up in _AROUND:
            middle_x = place[0] + along * distance + np.sign(along) * width / 2.0
            middle_y = place[1] + up * (distance + height / 2.0) * (1.0 if along == 0 else 0.8)
            yield np.array([
                middle_x - width / 2.0, middle_y - height / 2.0,
                middle_x + width / 2.0, middle_y + height / 2.0,
            ])  # fmt: skip


def _write(axis: Axes, place: np.ndarray, box: np.ndarray, name: str, size: float) -> None:
    """A name in its box, with a line to its point where that is not next to it."""
    middle = 0.5 * (box[:2] + box[2:])
    at = axis.transData.inverted().transform(place * axis.figure.dpi / 72.0)
    x, y = float(at[0]), float(at[1])
    near = np.clip(place, box[:2], box[2:])
    axis.annotate(
        name, (x, y), tuple(middle - place), textcoords="offset points", ha="center", va="center",
        fontsize=size, parse_math=False, zorder=5,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.4, "alpha": 0.85},
    )  # fmt: skip
    if np.hypot(*(near - place)) > 2.0 * _NEAR:
        axis.annotate(
            "", (x, y), tuple(near - place), textcoords="offset points", zorder=1.8,
            arrowprops={"arrowstyle": "-", "color": MARK_COLOUR, "linewidth": 0.4, "shrinkA": 0,
                        "shrinkB": _MARK},
        )  # fmt: skip
