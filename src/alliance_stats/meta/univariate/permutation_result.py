"""PermutationResult: p values of a meta-analysis that rest on no distribution."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.random import RandomSource
from alliance_stats._base.views import ResultView
from alliance_stats.meta.shown import result_html, result_text
from alliance_stats.meta.univariate.fitted import FittedMeta
from alliance_stats.meta.univariate.permutation import Permuted, permute
from alliance_stats.meta.univariate.tables import tidy
from alliance_stats.meta.univariate.term_tests import moderator_test
from alliance_stats.meta.univariate.views import levels_of, title_of


@dataclass(frozen=True, eq=False, repr=False)
class PermutationResult:
    """Permutation tests of a mean effect or of moderators.

    Made by ``result.permutation_test()``.

    Attributes
    ----------
    of : FittedMeta
        The meta-analysis tested.
    permuted : Permuted
        The statistics of every permutation.
    """

    of: FittedMeta
    permuted: Permuted

    @property
    def exact(self) -> bool:
        """Whether every permutation was tried."""
        return self.permuted.exact

    @property
    def n_permutations(self) -> int:
        """Permutations, the data themselves among them."""
        return len(self.permuted.statistics)

    @property
    def messages(self) -> tuple[str, ...]:
        """Those of the meta-analysis."""
        return self.of.messages

    def tidy(self) -> pd.DataFrame:
        """Coefficients with p values of permutations, in the columns of every tidy table.

        With moderators the intercept is left out: permuting studies says nothing about it.
        Intervals are missing.
        """
        table = tidy(self.of)
        if not self.of.mean_only:
            of_column = np.array(self.of.studies.moderators.term_of_column)
            table = table[of_column >= 0].reset_index(drop=True)
        p_values = self.permuted.p_values[: len(table)]
        return table.assign(p_value=p_values, ci_low=np.nan, ci_high=np.nan)

    def moderator_test(self) -> pd.DataFrame:
        """The tests of `MetaResult.moderator_test` with p values of permutations."""
        table = moderator_test(self.of)
        return table.assign(p_value=self.permuted.p_values[-len(table) :])

    def glance(self) -> pd.DataFrame:
        """One row: effect sizes, method, permutations, whether they are all."""
        return pd.DataFrame(
            {
                "k": [self.of.studies.k],
                "method": [self.of.method],
                "test": [self.of.test],
                "n_permutations": [self.n_permutations],
                "exact": [self.exact],
            }
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What was permuted, and how often."""
        what = "signs of the effects" if self.of.mean_only else "studies against their moderators"
        n = f"{self.n_permutations:,}"
        which = f"all {n}" if self.exact else f"{n} random"
        return (
            f"Permutation test over {which} permutations of the {what}, τ² ({self.of.method}) "
            "estimated anew in each.",
        )

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        tables = {} if self.of.mean_only else {"Moderators": self.moderator_test()}
        return ResultView(
            kind="meta_permutation",
            title=f"Permutation test of a {_lower(title_of(self.of))}",
            terms=self.tidy(),
            fit=self.glance(),
            plot=None,
            levels=levels_of(self.of),
            notes=self.notes,
            messages=self.messages,
            labels={"estimate": "Estimate"},
            tables=tables,
        )

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        view = self.view()
        table = view.terms.drop(columns=["ci_low", "ci_high"])
        return view.title, [table, *view.tables.values()], (*view.notes, *view.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())


def _lower(title: str) -> str:
    return title[:1].lower() + title[1:]


def permutation_test(
    self: FittedMeta, *, n: int = 5000, rng: RandomSource | None = None
) -> PermutationResult:
    """Test the mean, or moderators, against what permutations of the data give.

    The mean is tested by flipping signs of effects, moderators by giving studies each other's
    moderators. All permutations are tried where there are at most 10,000 (13 studies for a mean);
    else `n` are drawn at random, the data counted among them.

    Parameters
    ----------
    n : int
        Random permutations, where not all are tried.
    rng : int, SeedSequence or Generator, optional
        Needed where permutations are drawn.

    Raises
    ------
    ArgumentError
        If permutations must be drawn and `rng` is not given, or `n` is no number from 100.
    """
    return PermutationResult(self, permute(self, n, rng))
