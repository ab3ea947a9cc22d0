"""Principal axes of a response surface with intervals, by the cluster bootstrap."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.random import RandomSource
from alliance_stats.lmm.resampling.clusters import clusters_of
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.intervals import expanded_interval
from alliance_stats.models.surface.geometry import AXES, surface_axes

#: With fewer draws of an axis no interval is given.
FEWEST_DRAWS = 50


@dataclass(frozen=True, eq=False)
class SurfaceDraws:
    """Coefficients of the surface in data of clusters drawn again.

    Attributes
    ----------
    b : ndarray (n, 5)
        b1 … b5 of every draw; NaN where a fit failed. Without draws n is 0.
    cluster : str
        What was drawn.
    n_clusters : int
    effective : float
        Number of clusters of equal size that are worth as much.
    messages : tuple of str
    """

    b: np.ndarray
    cluster: str
    n_clusters: int
    effective: float
    messages: tuple[str, ...]


def draw_surfaces(
    fit: MixedModelResult, names: tuple[str, ...], *, n: int, rng: RandomSource | None
) -> SurfaceDraws:
    """Draw the highest units with all their rows n times, and fit the model to each draw."""
    clusters = clusters_of(fit.criterion)
    b = np.empty((0, len(names)))
    messages: tuple[str, ...] = ()
    if n and rng is not None:
        found = fit.bootstrap(n, kind="cluster", rng=rng)
        b, messages = found.draws[list(names)].to_numpy(dtype=float), found.messages
    shown = tuple(message for message in messages if "undefined" not in message)
    return SurfaceDraws(b, clusters.name, clusters.n, clusters.effective, shown)


def axes_table(b: np.ndarray, draws: SurfaceDraws, conf_level: float) -> pd.DataFrame:
    """Stationary point and axes of b1 … b5 (5,) with intervals; see `SurfaceResult.axes`."""
    estimate, drawn = surface_axes(b), surface_axes(draws.b)
    ends, undefined = np.full((2, len(AXES)), np.nan), np.zeros(len(AXES), dtype=int)
    for k in range(len(AXES)):
        own = drawn[:, k]
        known = own[~np.isnan(own)]
        undefined[k] = len(own) - len(known)
        if len(known) >= FEWEST_DRAWS and not np.isnan(estimate[k]):
            ends[:, k] = _ends(known, conf_level, draws.effective)
    return pd.DataFrame(
        {
            "term": AXES,
            "estimate": estimate,
            "ci_low": ends[0],
            "ci_high": ends[1],
            "n_undefined": undefined,
        }
    )


def _ends(values: np.ndarray, conf_level: float, n: float) -> np.ndarray:
    """Ends of the percentile interval; vertical axes count as the far ends they are."""
    limits = np.finfo(float).max / 4.0
    ends = expanded_interval(np.clip(values, -limits, limits), conf_level, n)
    return np.where(np.abs(ends) >= limits, np.sign(ends) * np.inf, ends)
