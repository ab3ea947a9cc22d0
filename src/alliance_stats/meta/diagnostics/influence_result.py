"""MetaInfluence: what every effect size does to a meta-analysis, as a value."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.views import ResultView
from alliance_stats.meta.diagnostics.labels import names_of
from alliance_stats.meta.diagnostics.refits import Refits
from alliance_stats.meta.diagnostics.rules import beyond
from alliance_stats.meta.diagnostics.words import MEASURE_WORDS
from alliance_stats.meta.shown import result_html, result_text
from alliance_stats.meta.univariate.fitted import FittedMeta
from alliance_stats.meta.univariate.views import call_of, levels_of, title_of

#: Measures of the plot frame, DFBETAS apart.
DRAWN = (
    "rstudent", "dffits", "cooks_distance", "cov_ratio", "tau2_without", "q_without", "hat",
    "weight",
)  # fmt: skip
SHOWN = 10
_PRINTED = ("study", "effect", "rstudent", "dffits", "cooks_distance", "hat", "weight", "flagged")


@dataclass(frozen=True, eq=False, repr=False)
class MetaInfluence:
    """How a meta-analysis changes when each effect size is left out.

    Made by `influence`. Nothing is rounded.

    Attributes
    ----------
    result : MetaResult
        The meta-analysis of all effects.
    refits : Refits
        Those without each effect, as arrays.
    table : DataFrame
        See `tidy`.
    dfbetas : array (k, p)
        Change of every coefficient in standard errors without the effect.
    limits : mapping of str to float
        Above which effects are marked, by measure.
    messages : tuple of str
        Effects far from the others; effects that change the result; what could not be fitted.
    """

    result: FittedMeta
    refits: Refits
    table: pd.DataFrame
    dfbetas: np.ndarray
    limits: dict[str, float]
    messages: tuple[str, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """One row an effect size, in the order of the data.

        Returns
        -------
        DataFrame
            ``study effect`` (the effect within its study; empty where there is one);
            ``residual`` y − xβ, ``rstandard`` the same in standard deviations; ``rstudent``: y
            minus what the other effects predict, in standard deviations; ``dffits``: change of the
            fitted value; ``cooks_distance``: change of all coefficients; ``cov_ratio``: determinant
            of their covariance without the effect over that with it; ``tau2_without q_without``;
            ``hat``; ``weight`` (shares); ``flagged``.
        """
        return self.table.copy()

    def changes(self) -> pd.DataFrame:
        """One row an effect size and coefficient.

        Returns
        -------
        DataFrame
            ``study effect term estimate se change dfbetas``: the coefficient without the effect,
            its standard error, the coefficient of all effects minus it, and that in standard
            errors.
        """
        p = self.result.studies.p
        names = names_of(self.result.studies.study, "effect")
        table = names.loc[names.index.repeat(p), ["study", "effect"]].reset_index(drop=True)
        return table.assign(
            term=list(self.result.term_names) * len(names),
            estimate=self.refits.beta.ravel(),
            se=self.refits.se.ravel(),
            change=(self.result.beta - self.refits.beta).ravel(),
            dfbetas=self.dfbetas.ravel(),
        )

    def glance(self) -> pd.DataFrame:
        """One row: how many effects, how many are marked, the most extreme values."""
        marks = beyond(self.table, self.dfbetas, self.limits)
        return pd.DataFrame(
            {
                "k": [self.result.studies.k],
                "n_studies": [self.result.studies.n_studies],
                "method": [self.result.method],
                "test": [self.result.test],
                "n_flagged": [int(self.table["flagged"].sum())],
                "n_far": [int(marks["rstudent"].sum())],
                "n_undefined": [int((~self.refits.defined).sum())],
                "max_rstudent": [self.table["rstudent"].abs().max()],
                "max_cooks_distance": [self.table["cooks_distance"].max()],
                "max_dfbetas": [float(np.abs(np.nan_to_num(self.dfbetas)).max())],
            }
        )

    def largest(self, n: int = SHOWN) -> pd.DataFrame:
        """The `n` effects with the largest Cook's distance."""
        table = self.table.sort_values("cooks_distance", ascending=False, kind="stable").head(n)
        return table.reset_index(drop=True)

    def view(self) -> ResultView:
        """Return what the report room may see of this."""
        return ResultView(
            kind="meta_influence",
            title=f"Influence of each effect: {title_of(self.result)}",
            terms=pd.DataFrame(),
            fit=self.glance(),
            plot=plot_frame(self),
            levels=levels_of(self.result),
            messages=self.messages,
            refit=f"al.meta.influence({call_of(self.result)})",
            labels={**MEASURE_WORDS, "measure": self.result.measure or ""},
            tables={"Largest Cook's distances": self._printed()},
        )

    def _printed(self) -> pd.DataFrame:
        table = self.largest()[list(_PRINTED)]
        return table.drop(columns="effect") if (table["effect"] == "").all() else table

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        k = counted(self.result.studies.k, "effect size")
        which = f", the {SHOWN} that change it most" if self.result.studies.k > SHOWN else ""
        return f"Influence of each of {k}{which}", [self._printed()], self.messages


def plot_frame(self: MetaInfluence) -> pd.DataFrame:
    """One row an effect and measure: what a figure of panels draws.

    Returns
    -------
    DataFrame
        ``measure term study effect label value reference limit flagged influential``: `term` names
        the coefficient of DFBETAS; `reference` is the value of all effects, or of no influence;
        `limit` the size above which a value is `flagged` (NaN: it has none); `influential` says
        whether the effect is marked by any measure.
    """
    names = names_of(self.result.studies.study, "effect")
    parts = [
        _panel(self, names, name, "", self.table[name].to_numpy(dtype=float)) for name in DRAWN
    ]
    terms = zip(self.result.term_names, self.dfbetas.T, strict=True)
    parts += [_panel(self, names, "dfbetas", term, values) for term, values in terms]
    return pd.concat(parts, ignore_index=True)


def _panel(
    self: MetaInfluence, names: pd.DataFrame, measure: str, term: str, values: np.ndarray
) -> pd.DataFrame:
    limit = self.limits.get(measure, np.nan)
    with np.errstate(invalid="ignore"):
        flagged = np.abs(values) > limit
    head = pd.DataFrame({"measure": measure, "term": term}, index=names.index)
    return pd.concat([head, names], axis=1).assign(
        value=values,
        reference=_reference(self.result, measure),
        limit=limit,
        flagged=flagged,
        influential=self.table["flagged"],
    )


def _reference(result: FittedMeta, measure: str) -> float:
    k, p = result.studies.k, result.studies.p
    of_all = {
        "cov_ratio": 1.0,
        "tau2_without": result.tau2,
        "q_without": result.q,
        "hat": p / k,
        "weight": 1.0 / k,
    }
    return of_all.get(measure, 0.0)
