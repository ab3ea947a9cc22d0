"""InfluenceResult: what changes when each group of a unit is left out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.printing import frame_html, frame_text
from alliance_stats._base.views import ResultView

#: Groups shown in print.
SHOWN = 10


@dataclass(frozen=True, eq=False, repr=False)
class InfluenceResult:
    """How the fixed effects change when each group of a unit is left out.

    Made by `MixedModelResult.influence`. Nothing is rounded. Labels of groups are in the frames:
    they are your identifiers.

    Attributes
    ----------
    unit : str
        The grouping factor.
    refit : bool
        Whether the variances were estimated anew each time.
    groups : DataFrame
        One row a group, in the order of `ranef`: columns ``group n_rows cooks_distance mdffits
        covratio``; after refits also ``converged singular``.
    effects : DataFrame
        One row a group and fixed effect: see `tidy`.
    variances : DataFrame or None
        After refits, the variance components without each group: columns ``group unit term
        variance``.
    messages : tuple of str
        Groups without which the model cannot be fitted; failed refits.
    """

    unit: str
    refit: bool
    groups: pd.DataFrame
    effects: pd.DataFrame
    variances: pd.DataFrame | None
    messages: tuple[str, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """One row a group left out and fixed effect.

        Returns
        -------
        DataFrame
            Columns ``unit group term estimate se statistic change dfbetas se_ratio``: the
            coefficient without the group, its standard error, their ratio; the coefficient minus
            that of all rows, also in those standard errors; the standard error over that of all
            rows.
        """
        return self.effects.copy()

    def glance(self) -> pd.DataFrame:
        """One row: groups, and the most extreme values over them."""
        return pd.DataFrame(
            {
                "unit": [self.unit],
                "n_groups": [len(self.groups)],
                "refit": [self.refit],
                "max_cooks_distance": [self.groups["cooks_distance"].max()],
                "max_dfbetas": [self.effects["dfbetas"].abs().max()],
                "n_undefined": [int(self.groups["cooks_distance"].isna().sum())],
            }
        )

    def largest(self, n: int = SHOWN) -> pd.DataFrame:
        """The `n` groups with the largest Cook's distance."""
        return self.groups.sort_values("cooks_distance", ascending=False, kind="stable").head(n)

    def view(self) -> ResultView:
        """Return what the report room may see: sizes and distances, without labels."""
        return ResultView(
            kind="influence",
            title=f"Influence of each {self.unit}",
            terms=pd.DataFrame(),
            fit=self.glance(),
            plot=self.groups.drop(columns="group"),
            levels=pd.DataFrame({"unit": [self.unit], "n": [len(self.groups)]}),
            messages=self.messages,
            tables={f"Without one {self.unit} each": self._extremes()},
        )

    def _extremes(self) -> pd.DataFrame:
        """Range of every coefficient over the groups left out."""
        by_term = self.effects.groupby("term", sort=False)
        return pd.DataFrame(
            {
                "lowest": by_term["estimate"].min(),
                "highest": by_term["estimate"].max(),
                "largest_dfbetas": by_term["dfbetas"].agg(lambda v: np.abs(v).max()),
            }
        ).reset_index()

    def __repr__(self) -> str:
        how = "variances estimated anew" if self.refit else "variances kept"
        head = f"Influence of each of {len(self.groups):,} groups of '{self.unit}' ({how})"
        return "\n\n".join([head, frame_text(self._extremes()), *self.messages])

    def _repr_html_(self) -> str:
        return frame_html(self._extremes(), caption=f"Influence of each {self.unit}")
