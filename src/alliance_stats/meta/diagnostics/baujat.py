"""al.meta.baujat: which studies make effects heterogeneous, and which change the result.

Baujat, Mahé, Pignon & Hill (2002, Stat. Med. 21, 2641–2652) for equal effects: the contribution to
Q, and the squared change of the mean over its variance without the study. Of random effects and
moderators (Viechtbauer, 2021, in Schmid, Stijnen & White, Handbook of meta-analysis, 219–254): the
squared Pearson residual, and the squared change of the study's own fitted value over its variance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import chdtri

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats._base.errors import UnsupportedError
from alliance_stats._base.views import ResultView
from alliance_stats.meta.diagnostics.answers import call_of, levels_of, title_of
from alliance_stats.meta.diagnostics.labels import names_of
from alliance_stats.meta.diagnostics.r_code import baujat_code
from alliance_stats.meta.diagnostics.refits import refit
from alliance_stats.meta.diagnostics.subsets import Subsets
from alliance_stats.meta.diagnostics.words import cannot_be_fitted
from alliance_stats.meta.shown import result_html, result_text
from alliance_stats.meta.univariate.result import MetaResult

#: Points are named above these: what one effect in twenty exceeds by chance, the median of χ²(1).
LIMITS = {"x": float(chdtri(1, 0.05)), "y": float(chdtri(1, 0.5))}
SHOWN = 10


@dataclass(frozen=True, eq=False, repr=False)
class MetaBaujat:
    """Contribution of effects to heterogeneity, and their influence.

    Made by `baujat`. Nothing is rounded.

    Attributes
    ----------
    result : MetaResult
        The meta-analysis of all effects.
    table : DataFrame
        See `tidy`.
    messages : tuple of str
    """

    result: MetaResult
    table: pd.DataFrame
    messages: tuple[str, ...] = ()

    def tidy(self) -> pd.DataFrame:
        """One row an effect size, in the order of the data.

        Returns
        -------
        DataFrame
            ``study effect label x y flagged``: `x` is the squared Pearson residual, with equal
            effects the contribution to Q; `y` the squared change of the fitted value over its
            variance without the effect; `flagged` where x is above 3.84 or y above 0.455.
        """
        return self.table.copy()

    def glance(self) -> pd.DataFrame:
        """One row: how many effects, how many are named, the sum of x."""
        return pd.DataFrame(
            {
                "k": [self.result.studies.k],
                "method": [self.result.method],
                "n_flagged": [int(self.table["flagged"].sum())],
                "total_x": [self.table["x"].sum()],
                "q": [self.result.q],
            }
        )

    def to_r(self) -> str:
        """R code of metafor that prints the same digits."""
        return baujat_code(self.result)

    def view(self) -> ResultView:
        """Return what the report room may see of this."""
        equal = self.result.method == "EE"
        return ResultView(
            kind="meta_baujat",
            title=f"Heterogeneity and influence: {title_of(self.result)}",
            terms=pd.DataFrame(),
            fit=self.glance(),
            plot=self.table.copy(),
            levels=levels_of(self.result),
            messages=self.messages,
            refit=f"al.meta.baujat({call_of(self.result)})",
            labels={
                "x": "Contribution to Q" if equal else "Squared Pearson residual",
                "y": "Influence on the mean"
                if self.result.mean_only
                else "Influence on the fitted value",
                "measure": self.result.measure or "",
            },
        )

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        table = self.table.sort_values("x", ascending=False, kind="stable").head(SHOWN)
        heading = f"{self.view().labels['x']} (x) and influence (y), largest x first"
        shown = table[["label", "x", "y", "flagged"]].rename(columns={"label": "study"})
        return heading, [shown.reset_index(drop=True)], self.messages


def baujat(result: MetaResult) -> MetaBaujat:
    """Which effects contribute to heterogeneity, and which change the pooled result.

    Parameters
    ----------
    result : MetaResult
        With ``method="EE"`` this is the display that Baujat and others proposed: x sums to Q.

    Returns
    -------
    MetaBaujat

    Raises
    ------
    UnsupportedError
        If `result` is no result of `fit_meta`.

    References
    ----------
    Baujat, B., Mahé, C., Pignon, J.-P., & Hill, C. (2002). A graphical method for exploring
    heterogeneity in meta-analyses. Statistics in Medicine, 21(18), 2641–2652.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({
    ...     "study": ["Abel 2001", "Bond 2003", "Cole 2005", "Dorn 2010", "Ekman 2012"],
    ...     "yi": [0.20, 0.25, 0.18, 0.92, 0.31],
    ...     "vi": [0.010, 0.020, 0.012, 0.015, 0.020]})
    >>> found = al.meta.baujat(al.fit_meta(frame, method="EE"))
    >>> found.tidy()[["study", "x", "y"]].round(2).to_numpy().tolist()[3]
    ['Dorn 2010', 21.26, 5.0]
    """
    if not isinstance(result, MetaResult):
        raise UnsupportedError(
            f"baujat takes a result of fit_meta; this is a {type(result).__name__}. Fit the effect "
            "sizes with fit_meta; influence(result) takes studies with several effects."
        )
    studies = result.studies
    refits = refit(result, Subsets(np.arange(studies.k)))
    change = result.fitted - (studies.x * refits.beta).sum(axis=1)
    variance = np.einsum("kp,kpq,kq->k", studies.x, refits.covariance, studies.x)
    names = names_of(result, "effect")
    with np.errstate(divide="ignore", invalid="ignore"):
        x = (studies.yi - result.fitted) ** 2 / (studies.vi + result.tau2)
        y = change**2 / variance
        table = names.assign(x=x, y=y, flagged=(x > LIMITS["x"]) | (y > LIMITS["y"]))
    labels = names["label"].to_numpy(dtype=object)
    found = (_named(table), cannot_be_fitted(labels, refits))
    return MetaBaujat(result, table, tuple(sentence for sentence in found if sentence))


def _named(table: pd.DataFrame) -> str:
    labels = table.loc[table["flagged"], "label"]
    n = len(labels)
    if not n:
        return ""
    return (
        f"{counted(n, 'effect')} {agree(n, 'lies', 'lie')} far from the others or "
        f"{agree(n, 'changes', 'change')} the result much: {name_list(labels)}. Look at what is "
        "special about such studies before anything is left out."
    )
