"""begg_test: do ranks of effects go with ranks of their variances?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Unpack

import numpy as np
import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.meta.bias.kendall import RankCorrelation, rank_correlation
from alliance_stats.meta.bias.r_code import call_on_effects
from alliance_stats.meta.bias.source import (
    Columns,
    Given,
    Source,
    common_effect,
    read_source,
    refuse_dependent,
    refuse_raw_correlations,
)
from alliance_stats.meta.bias.views import OPEN, bias_view, call_words, headline, tidy_frame
from alliance_stats.meta.shown import result_html, result_text

#: Fewer studies than this, and the test finds very little (Begg & Mazumdar, 1994).
FEW = 25


@dataclass(frozen=True, eq=False, repr=False)
class BeggResult:
    """Whether large effects go with large variances. Made by `begg_test`.

    Attributes
    ----------
    source : Source
        The effect sizes.
    correlation : RankCorrelation
        Kendall's τ_b of standardised effects and sampling variances.
    """

    source: Source
    correlation: RankCorrelation

    @property
    def messages(self) -> tuple[str, ...]:
        """Dropped rows; few studies; no test."""
        studies, said = self.source.studies, []
        if np.isnan(self.correlation.tau):
            said.append("All sampling variances (or effects) are equal: there is nothing to rank.")
        elif studies.k < FEW:
            said.append(
                f"Only {studies.k} studies: with fewer than {FEW} the rank test finds very little, "
                "and an inconclusive result says nothing."
            )
        return (*studies.messages(), *said)

    def tidy(self) -> pd.DataFrame:
        """One row, ``asymmetry``: Kendall's τ, with z where p is not exact."""
        found = self.correlation
        return tidy_frame(
            [
                {
                    "effect": "asymmetry",
                    "term": "Kendall's tau",
                    "estimate": found.tau,
                    "statistic": found.statistic,
                    "df": np.nan if found.exact else np.inf,
                    "p_value": found.p_value,
                }
            ]
        )

    def glance(self) -> pd.DataFrame:
        """One row: sizes, τ, p, and whether p is exact."""
        studies, found = self.source.studies, self.correlation
        return pd.DataFrame(
            [
                {
                    "k": studies.k,
                    "n_dropped": studies.n_dropped,
                    "tau": found.tau,
                    "p_value": found.p_value,
                    "exact": found.exact,
                }
            ]
        )

    def to_r(self) -> str:
        """R code that does the same test with metafor, its data typed out."""
        return call_on_effects(self.source, "ranktest")

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        how = "exact, from all orders" if self.correlation.exact else "from a normal approximation"
        return (f"Kendall's τ of standardised effects and sampling variances; p {how}.", OPEN)

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        return bias_view(
            "meta_begg",
            self._title,
            self.source,
            terms=self.tidy(),
            fit=self.glance(),
            notes=self.notes,
            messages=self.messages,
            refit=call_words("begg_test", self.source, {}),
        )

    @property
    def _title(self) -> str:
        return f"Rank correlation test of {self.source.scale.words}"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        return headline(self._title, self.source), [self.glance()], (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())


def begg_test(given: Given, **columns: Unpack[Columns]) -> BeggResult:
    """Test whether standardised effects go with their variances, by ranks.

    It assumes less than `egger_test` and finds less. Moderators play no part in it.

    Parameters
    ----------
    given : DataFrame or fitted meta-analysis
        One effect a study.
    **columns
        Of a frame: `yi`, `vi`, `study`, `measure`, as in `fit_meta`.

    Returns
    -------
    BeggResult
        With an exact p value where neither effects nor variances are tied.

    Raises
    ------
    UnsupportedError
        If a study has several effects, or effects are correlations that were not transformed.

    References
    ----------
    Begg, C. B., & Mazumdar, M. (1994). Operating characteristics of a rank correlation test for
    publication bias. Biometrics, 50, 1088–1101.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({
    ...     "yi": [0.20, 0.35, 0.08, 0.52, 0.31], "vi": [0.010, 0.020, 0.012, 0.030, 0.025]})
    >>> found = al.meta.begg_test(frame).correlation
    >>> round(found.tau, 2), round(found.p_value, 4)
    (0.6, 0.2333)
    """
    source = read_source(given, columns)
    refuse_raw_correlations(source)
    refuse_dependent(source, "the rank correlation test")
    studies = source.studies
    mean, variance = common_effect(studies)
    standardised = (studies.yi - mean) / np.sqrt(studies.vi - variance)
    return BeggResult(source, rank_correlation(standardised, studies.vi))
