"""What results of many refits of one mean have in common: tables, the view, how they show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats._base.views import ResultView
from alliance_stats.meta.diagnostics.answers import Answer, call_of, levels_of, title_of
from alliance_stats.meta.diagnostics.labels import By
from alliance_stats.meta.diagnostics.pooled import drawn, pooled_table
from alliance_stats.meta.diagnostics.refits import Refits
from alliance_stats.meta.shown import result_html, result_text

#: Columns of `tidy()` that reports know.
STANDARD = ("estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high")
_PRINTED = ("label", "k", "estimate", "ci_low", "ci_high", "tau2", "i2", "q")
#: Rows printed.
SHOWN = 30


@dataclass(frozen=True, eq=False, repr=False)
class RefitResult:
    """A mean effect in many subsets of the effect sizes.

    Attributes
    ----------
    result : MetaResult or MultilevelMetaResult
        The meta-analysis of all effects.
    refits : Refits
        Those of the subsets, as arrays.
    names : DataFrame
        One row a subset: what was left out, or added.
    by : str
        What was left out, or added: ``study`` or ``effect``.
    said : str
        The arguments of the call, after the result.
    messages : tuple of str
    """

    kind: ClassVar[str]
    function: ClassVar[str]
    heading: ClassVar[str]

    result: Answer
    refits: Refits
    names: pd.DataFrame
    by: By
    said: str
    messages: tuple[str, ...] = ()

    def tidy(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """One row a subset of the effect sizes.

        Returns
        -------
        DataFrame
            ``study effect label`` (of `cumulative` also ``order``), ``estimate se statistic df
            p_value ci_low ci_high``, the prediction interval ``pi_low pi_high``, ``tau2 i2 h2 q
            q_df q_p`` and the number ``k`` of effect sizes; of several variances (``tau2`` is their
            sum) also each by its name. NaN where a subset cannot be fitted.
        """
        probability(conf_level, name="conf_level")
        return pooled_table(self.names, self.refits, self.result, conf_level)

    def glance(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """One row: the mean of all effects, and its range over the subsets."""
        whole = self.result.tidy(conf_level=conf_level).iloc[0]
        back = self.result.scale.back
        mean = float(whole["estimate"])
        beta = self.refits.beta[:, 0]
        return pd.DataFrame(
            {
                "k": [self.result.studies.k],
                "n_studies": [self.result.studies.n_studies],
                "n_subsets": [len(self.names)],
                "method": [self.result.method],
                "estimate": [mean],
                "ci_low": [float(whole["ci_low"])],
                "ci_high": [float(whole["ci_high"])],
                "shown": [mean if back is None else float(back(np.array(mean)))],
                "lowest": [np.nanmin(beta) if (~np.isnan(beta)).any() else np.nan],
                "highest": [np.nanmax(beta) if (~np.isnan(beta)).any() else np.nan],
                "n_undefined": [int(np.isnan(beta).sum())],
            }
        )

    def view(self, *, conf_level: float = 0.95) -> ResultView:
        """Return what the report room may see of this."""
        table = self.tidy(conf_level=conf_level)
        scale = self.result.scale
        terms = table[["label", *STANDARD]].rename(columns={"label": "study"})
        terms.insert(1, "term", "(Intercept)")
        return ResultView(
            kind=self.kind,
            title=f"{self.heading}: {title_of(self.result)}",
            terms=terms,
            fit=self.glance(conf_level=conf_level),
            plot=drawn(table, self.result),
            levels=levels_of(self.result),
            messages=self.messages,
            refit=f"al.meta.{self.function}({call_of(self.result)}{self.said})",
            labels={
                "measure": self.result.measure or "",
                "measure_words": scale.words,
                "shown_words": scale.shown_words,
                "shown_symbol": scale.symbol,
                "null": repr(scale.null),
                "by": self.by,
                "estimate": "Estimate",
            },
            conf_level=conf_level,
        )

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        table = self.tidy()[list(_PRINTED)].rename(columns={"label": "study"})
        more = len(table) - SHOWN
        notes = (f"{more:,} further rows: see tidy().",) if more > 0 else ()
        heading = f"{self.heading}: {title_of(self.result)}"
        return heading, [table.head(SHOWN)], (*notes, *self.messages)
