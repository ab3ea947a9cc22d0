"""Tables of several studies: mean effects with tests, and heterogeneity."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats._base.checks import one_of, probability
from alliance_stats.models.participants.fitted import FittedStudies
from alliance_stats.models.participants.study import Scale


def tidy(
    self: FittedStudies, *, conf_level: float = 0.95, scale: Scale | None = None
) -> pd.DataFrame:
    """Mean effects over studies, on every scale.

    Parameters
    ----------
    conf_level : float
    scale : str, optional
        Only this one.

    Returns
    -------
    DataFrame
        Columns ``effect unit group`` and those of every tidy table; ``group`` is the scale.
    """
    probability(conf_level, name="conf_level")
    if scale is not None:
        one_of(scale, self.scales, name="scale")
    tables = []
    for (effect, own), meta in self.metas.items():
        if scale in (None, own):
            table = meta.tidy(conf_level=conf_level).assign(term=f"mean {effect}")
            table.insert(0, "group", own)
            table.insert(0, "unit", self.units[effect])
            table.insert(0, "effect", effect)
            tables.append(table)
    return pd.concat(tables, ignore_index=True)


def glance(self: FittedStudies) -> pd.DataFrame:
    """One row an effect and scale: ``effect group`` and the summary of its meta-analysis.

    ``pi_low`` and ``pi_high`` hold the true effect of a new study with 95% probability.
    """
    tables = []
    for (effect, scale), meta in self.metas.items():
        ends = meta.prediction_interval()[["pi_low", "pi_high"]]
        table = pd.concat([meta.glance().drop(columns="n_dropped"), ends], axis=1)
        table.insert(0, "tau", float(np.sqrt(meta.tau2)))
        table.insert(0, "group", scale)
        table.insert(0, "effect", effect)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
