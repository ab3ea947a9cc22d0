"""What moderators explain of the differences between true effects, by unit.

1 − τ²/τ²₀ with τ²₀ of the model without moderators (Raudenbush, 1994), cut at 0.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from alliance_stats._base.errors import UnsupportedError
from alliance_stats.meta.multilevel.fit_layout import fit_layout
from alliance_stats.meta.multilevel.fitted import FittedMultilevel


def explained(self: FittedMultilevel) -> pd.DataFrame:
    """Share of every variance of true effects that the moderators explain (pseudo-R²).

    Returns
    -------
    DataFrame
        ``unit term tau2_without tau2 r2``; ``r2`` is cut at 0, and NaN where nothing was to be
        explained. Variances of one unit can rise when another's falls: read them together.

    Raises
    ------
    UnsupportedError
        Without moderators.
    """
    if self.mean_only:
        raise UnsupportedError(
            "the model has no moderators that could explain anything. Give mods=."
        )
    layout = self.layout
    plain = replace(layout, x=np.ones((len(layout.y), 1)))
    null = replace(self, layout=plain, estimate=fit_layout(plain, self.method == "REML"))
    table = self.tau2[["unit", "term"]].copy()
    before, now = null.tau2["tau2"].to_numpy(), self.tau2["tau2"].to_numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(before > 0, np.maximum(1.0 - now / before, 0.0), np.nan)
    return table.assign(tau2_without=before, tau2=now, r2=share)
