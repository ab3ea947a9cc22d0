"""The plain frame of the forest plot of several studies: a group of lines for every effect."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from alliance_stats.meta.univariate.forest import forest_frame
from alliance_stats.meta.univariate.result import MetaResult


def forest_of(
    metas: Mapping[str, MetaResult], words: Mapping[str, str], conf_level: float
) -> pd.DataFrame:
    """The columns of `forest_frame`; with several effects each is a group with its own mean."""
    frames = [
        forest_frame(meta, conf_level).assign(group=words[effect]) for effect, meta in metas.items()
    ]
    whole = pd.concat(frames, ignore_index=True)
    if len(metas) == 1:
        return whole.assign(group="")
    return whole.assign(row=whole["row"].replace("mean", "subgroup"))
