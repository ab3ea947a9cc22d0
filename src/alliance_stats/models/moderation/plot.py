"""What the figure of a moderation model draws: slopes, and their differences within the bounds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alliance_stats.lmm.marginal.johnson_neyman import JohnsonNeyman
from alliance_stats.models.layers import LINE_POINTS

_COLUMNS = ["effect", "side", "layer", "label", "x", "y", "low", "high", "bound"]


def moderation_frame(
    slopes: pd.DataFrame, equivalence: pd.DataFrame, bands: Mapping[str, JohnsonNeyman]
) -> pd.DataFrame:
    """Slopes (left) and differences (right) of every moderated effect.

    Parameters
    ----------
    slopes : DataFrame
        A row a slope, with the group it holds in.
    equivalence : DataFrame
        A row a difference.
    bands : mapping
        For a continuous moderator the slope along it, by effect.

    Returns
    -------
    DataFrame
        Columns ``effect side layer label x y low high bound``. ``side`` is ``slopes`` or
        ``differences``. A row of layer ``points`` is an estimate ``x`` with its interval (95%; of
        differences that of the equivalence test, whose bounds are ±``bound``); of ``line`` the
        slope ``y`` at ``x`` with its 95% band; of ``ends`` where a Johnson–Neyman region ends.
    """
    rows: list[tuple[object, ...]] = []
    nan = float("nan")
    for effect in dict.fromkeys(equivalence["effect"]):
        if effect in bands:
            rows += _band_rows(effect, bands[effect])
        else:
            for s in slopes[slopes["effect"] == effect].itertuples():
                rows.append(
                    (effect, "slopes", "points", s.group, s.estimate, nan, s.ci_low, s.ci_high, nan)
                )
        for d in equivalence[equivalence["effect"] == effect].itertuples():
            rows.append(
                (
                    effect, "differences", "points", d.comparison, d.estimate, nan,
                    d.tost_low, d.tost_high, d.smallest_effect,
                )
            )  # fmt: skip
    return pd.DataFrame(rows, columns=_COLUMNS)


def _band_rows(effect: str, found: JohnsonNeyman) -> list[tuple[object, ...]]:
    """The slope along a moderator, thinned, and the ends of its regions."""
    band = found.band
    kept = np.unique(np.linspace(0, len(band) - 1, LINE_POINTS).round().astype(int))
    values = band[[found.moderator, "estimate", "ci_low", "ci_high"]].to_numpy(float)[kept]
    nan = float("nan")
    rows: list[tuple[object, ...]] = [
        (effect, "slopes", "line", found.moderator, x, y, low, high, nan)
        for x, y, low, high in values
    ]
    rows += [
        (effect, "slopes", "ends", found.moderator, x, nan, nan, nan, nan) for x in found.bounds
    ]
    return rows
