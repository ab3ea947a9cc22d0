"""The geometry of z = b0 + b1 x + b2 y + b3 x² + b4 xy + b5 y².

Edwards, J. R., & Parry, M. E. (1993), Acad. Manage. J. 36(6): along the line of congruence y = x
the surface is b0 + a1 x + a2 x², along that of incongruence y = −x it is b0 + a3 x + a4 x². The
principal axes are the eigenvectors of the matrix of second derivatives; the first is that of the
larger eigenvalue, the ridge of a surface that falls on both sides of it.
"""

from __future__ import annotations

import numpy as np

#: Linear combinations of b1 … b5.
COMBINATIONS = {
    "a1": (1.0, 1.0, 0.0, 0.0, 0.0),
    "a2": (0.0, 0.0, 1.0, 1.0, 1.0),
    "a3": (1.0, -1.0, 0.0, 0.0, 0.0),
    "a4": (0.0, 0.0, 1.0, -1.0, 1.0),
    "a5": (0.0, 0.0, 1.0, 0.0, -1.0),
}
AXES = ("stationary_x", "stationary_y", "p10", "p11", "p20", "p21")
#: |4 b3 b5 − b4²| below this share of the size of its terms is taken for no curvature.
FLAT = 1e-12


def surface_axes(b: np.ndarray) -> np.ndarray:
    """Stationary point and principal axes (…, 6) of coefficients b1 … b5 (…, 5), as in `AXES`.

    The axes are y = p10 + p11 x and y = p20 + p21 x. NaN where the surface has no stationary point
    or, curving alike in all directions, no axes; a vertical axis has the slope ±inf.

    >>> round(float(surface_axes(np.array([0.0, 0.0, -1.0, 2.0, -1.1]))[3]), 2)
    0.95
    """
    b1, b2, b3, b4, b5 = np.moveaxis(np.asarray(b, dtype=float), -1, 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        det = 4.0 * b3 * b5 - b4**2
        flat = np.abs(det) <= FLAT * (4.0 * np.abs(b3 * b5) + b4**2)
        det = np.where(flat, np.nan, det)
        x0 = (b2 * b4 - 2.0 * b1 * b5) / det
        y0 = (b1 * b4 - 2.0 * b2 * b3) / det
        first, second = _slopes(b3, b4, b5)
        axes = [x0, y0, y0 - first * x0, first, y0 - second * x0, second]
    return np.stack(np.broadcast_arrays(*axes), axis=-1)


def _slopes(b3: np.ndarray, b4: np.ndarray, b5: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slopes of both axes, each by the formula that takes no difference of like numbers."""
    gap = b5 - b3
    root = np.hypot(gap, b4)
    wide = np.abs(gap) + root
    steep, level = np.sign(b4) * wide / np.abs(b4), b4 / wide
    first = np.where(gap >= 0, steep, level)
    second = np.where(gap >= 0, -level, -steep)
    vertical = (b4 == 0) & (root > 0)
    first = np.where(vertical, np.where(gap > 0, np.inf, 0.0), first)
    second = np.where(vertical, np.where(gap > 0, 0.0, np.inf), second)
    none = root == 0
    return np.where(none, np.nan, first), np.where(none, np.nan, second)


def surface_height(b: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Height over b0 of b1 … b5 (5,) at points x and y."""
    return np.asarray(b[0] * x + b[1] * y + b[2] * x**2 + b[3] * x * y + b[4] * y**2)
