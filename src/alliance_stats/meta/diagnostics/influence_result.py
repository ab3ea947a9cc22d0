"""MetaInfluence: what every study or effect size does to a meta-analysis, as a value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.views import ResultView
from alliance_stats.meta.diagnostics.answers import (
    Answer,
    call_of,
    components_of,
    levels_of,
    title_of,
)
from alliance_stats.meta.diagnostics.labels import By
from alliance_stats.meta.diagnostics.multilevel_refits import MultilevelRefits
from alliance_stats.meta.diagnostics.panels import plot_frame
from alliance_stats.meta.diagnostics.r_code import influence_code
from alliance_stats.meta.diagnostics.refits import Refits
from alliance_stats.meta.diagnostics.rules import beyond, far_by_chance
from alliance_stats.meta.diagnostics.words import MEASURE_WORDS
from alliance_stats.meta.shown import result_html, result_text

SHOWN = 10
_PRINTED = (
    "study", "effect", "k", "rstudent", "dffits", "cooks_distance", "cov_ratio", "hat", "weight",
    "flagged",
)  # fmt: skip


@dataclass(frozen=True, eq=False, repr=False)
class MetaInfluence:
    """How a meta-analysis changes when each study, or each effect size, is left out.

    Made by `influence`. Nothing is rounded.

    Attributes
    ----------
    result : MetaResult or MultilevelMetaResult
        The meta-analysis of all effects.
    by : str
        What is left out: ``study`` or ``effect``.
    refits : Refits
        The fits without each, as arrays.
    names : DataFrame
        ``study effect label`` of what is left out.
    table : DataFrame
        See `tidy`.
    dfbetas : array (n, p)
        Change of every coefficient in standard errors.
    limits : mapping of str to float
        Above which studies or effects are marked, by measure.
    messages : tuple of str
        Effects far from the others; what changes the result; what could not be fitted.
    """

    result: Answer
    by: By
    refits: Refits
    names: pd.DataFrame
    table: pd.DataFrame
    dfbetas: np.ndarray
    limits: dict[str, float]
    messages: tuple[str, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """One row a study or effect size left out, in the order of the data.

        Returns
        -------
        DataFrame
            ``study effect`` (the effect within its study; empty where there is one), ``k`` effect
            sizes left out; ``cooks_distance``: change of all coefficients; ``cov_ratio``:
            determinant of their covariance without it over that with it; ``tau2_without
            q_without``; ``weight`` (shares); ``flagged``. By effect also ``residual`` y − xβ,
            ``rstandard`` the same in standard deviations; ``rstudent``: y minus what the other
            effects predict, in standard deviations; and with one effect a study ``dffits``: change
            of the fitted value; ``hat``.
        """
        return self.table.copy()

    def changes(self) -> pd.DataFrame:
        """One row a study or effect left out, and coefficient.

        Returns
        -------
        DataFrame
            ``study effect term estimate se change dfbetas``: the coefficient without it, its
            standard error, the coefficient of all effects minus it, and that in standard errors.
        """
        p = self.result.studies.p
        names = self.names
        table = names.loc[names.index.repeat(p), ["study", "effect"]].reset_index(drop=True)
        return table.assign(
            term=list(self.result.term_names) * len(names),
            estimate=self.refits.beta.ravel(),
            se=self.refits.se.ravel(),
            change=(self.result.beta - self.refits.beta).ravel(),
            dfbetas=self.dfbetas.ravel(),
        )

    def components(self) -> pd.DataFrame:
        """The variances between studies without each: ``study effect tau2[…]``, one a column.

        Of a single τ² it is ``tau2``.
        """
        names = self.names[["study", "effect"]]
        if not isinstance(self.refits, MultilevelRefits):
            return names.assign(tau2=self.refits.tau2)
        columns = components_of(self.result)
        return pd.concat([names, pd.DataFrame(self.refits.components, columns=columns)], axis=1)

    def glance(self) -> pd.DataFrame:
        """One row: how many effects, how many are marked, the most extreme values.

        ``far_by_chance`` of `n_far` effects would lie as far if nothing were special about any.
        """
        far = None
        if "rstudent" in self.table:
            measures = {"rstudent": self.table["rstudent"].to_numpy()}
            far = beyond(measures, self.dfbetas, self.limits)["rstudent"]
        return pd.DataFrame(
            {
                "by": [self.by],
                "n": [len(self.names)],
                "k": [self.result.studies.k],
                "n_studies": [self.result.studies.n_studies],
                "method": [self.result.method],
                "n_flagged": [int(self.table["flagged"].sum())],
                "n_far": [np.nan if far is None else int(far.sum())],
                "far_by_chance": [
                    np.nan if far is None else far_by_chance(len(far), self.result.studies.p)
                ],
                "n_undefined": [int((~self.refits.defined).sum())],
                "max_cooks_distance": [self.table["cooks_distance"].max()],
                "max_dfbetas": [float(np.abs(np.nan_to_num(self.dfbetas)).max())],
            }
        )

    def largest(self, n: int = SHOWN) -> pd.DataFrame:
        """The `n` rows with the largest Cook's distance."""
        table = self.table.sort_values("cooks_distance", ascending=False, kind="stable").head(n)
        return table.reset_index(drop=True)

    def to_r(self) -> str:
        """R code of metafor that prints the same digits.

        Raises
        ------
        UnsupportedError
            Where metafor has no such function: whole studies with several effects of `fit_meta`.
        """
        return influence_code(self.result, self.by)

    def view(self) -> ResultView:
        """Return what the report room may see of this."""
        return ResultView(
            kind="meta_influence",
            title=f"Influence of each {self.by}: {title_of(self.result)}",
            terms=pd.DataFrame(),
            fit=self.glance(),
            plot=plot_frame(self.result, self.names, self.table, self.dfbetas, self.limits),
            levels=levels_of(self.result),
            messages=self.messages,
            refit=f"al.meta.influence({call_of(self.result)}, by={self.by!r})",
            labels={**MEASURE_WORDS, "measure": self.result.measure or "", "by": self.by},
            tables={"Largest Cook's distances": self._printed()},
        )

    def _printed(self) -> pd.DataFrame:
        table = self.largest()
        names = [name for name in _PRINTED if name in table]
        if (table["effect"] == "").all():
            names.remove("effect")
        if (table["k"] == 1).all():
            names.remove("k")
        return table[names]

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        noun = "effect size" if self.by == "effect" else "study"
        n = len(self.names)
        which = f", the {SHOWN} that change it most" if n > SHOWN else ""
        return f"Influence of each of {counted(n, noun)}{which}", [self._printed()], self.messages
