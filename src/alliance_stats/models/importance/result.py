"""ImportanceResult: how much each predictor explains, and whether the alliance explains most."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.importance.plot import importance_frame
from alliance_stats.models.importance.prepare import PreparedImportance
from alliance_stats.models.importance.r_code import importance_r_code
from alliance_stats.models.importance.specification import ImportanceSpecification, call_words
from alliance_stats.models.importance.subsets import Explained
from alliance_stats.models.importance.tables import (
    conditional_table,
    dominance_table,
    predictors_table,
    subsets_table,
    weights_table,
)
from alliance_stats.models.importance.verdict import verdict_table
from alliance_stats.models.importance.words import draw_messages, importance_notes
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.shown import headline


@dataclass(frozen=True, eq=False, repr=False)
class ImportanceResult:
    """How much of the outcome each predictor explains, within and between patients.

    Made by `fit_importance`.

    Attributes
    ----------
    fit : MixedModelResult
        The model with all predictors.
    base : MixedModelResult
        The model with time alone.
    prepared : PreparedImportance
        The rows of all models, centred.
    specification : ImportanceSpecification
    explained : Explained
        R² of every subset of predictors, of the data and of every draw.
    """

    fit: MixedModelResult
    base: MixedModelResult
    prepared: PreparedImportance
    specification: ImportanceSpecification
    explained: Explained

    @property
    def messages(self) -> tuple[str, ...]:
        """Changes of therapist, dropped sessions; singular or failed fits; draws."""
        return (*self.prepared.messages(), *self.about_fit)

    @property
    def about_fit(self) -> tuple[str, ...]:
        """A singular or failed fit; few units to draw; draws that failed."""
        return (*self.fit.about_fit, *draw_messages(self.explained))

    @property
    def formula(self) -> str:
        """The model with all predictors, over the columns of `prepared.frame`."""
        return self.fit.formula

    def tidy(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """General dominance weights of each level, then the differences of each pair.

        Parameters
        ----------
        conf_level : float

        Returns
        -------
        DataFrame
            Columns ``effect unit``, those of every tidy table and ``share``. ``effect`` is
            ``within`` or ``between``; ``term`` a predictor, or ``first - second``. ``estimate`` is
            in R² of the level; ``share`` is the weight over the sum of the level's weights.
            Standard errors are those of the draws; intervals are their percentiles, expanded for
            the number of clusters (Hesterberg, 2015); ``p_value``, of differences only, is below
            α where the interval of level 1 − α leaves out zero.
        """
        probability(conf_level, name="conf_level")
        return weights_table(self.explained, self.prepared, conf_level)

    def predictors(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """R² of each predictor ``alone`` (over time), and ``added`` to all others.

        Parameters
        ----------
        conf_level : float

        Returns
        -------
        DataFrame
            Columns ``effect unit term share alone alone_low alone_high added added_low
            added_high``.
        """
        probability(conf_level, name="conf_level")
        return predictors_table(self.explained, self.prepared, conf_level)

    @property
    def conditional(self) -> pd.DataFrame:
        """Mean gain in R² when added to 0, 1, … others: ``others_0`` …, and their mean."""
        return conditional_table(self.explained, self.prepared)

    @cached_property
    def dominance(self) -> pd.DataFrame:
        """Complete, conditional and general dominance of every pair, and how often draws agree.

        ``d`` is 1 where the first dominates the second, 0 where the second dominates the first,
        ½ where neither does. ``reproducibility`` is the share of draws with the same ``d``.
        """
        return dominance_table(self.explained, self.prepared)

    @property
    def subsets(self) -> pd.DataFrame:
        """R² of every model: columns ``effect n_predictors predictors r2 gain``."""
        return subsets_table(self.explained, self.prepared)

    @cached_property
    def variance(self) -> pd.DataFrame:
        """Shares of sessions, patients and therapists before and after the predictors.

        Before is the model with time alone. Columns ``unit``, ``variance share icc``, the same
        with ``_before``, and ``explained``. These shares say where outcomes differ, not what
        explains it: they are not to be ranked with the weights.
        """
        table = self.fit.variance_shares(before=self.base).table.copy()
        units = {columns[0]: unit for unit, columns in self.prepared.groups.items()}
        table["unit"] = [units.get(name, "session") for name in table["unit"]]
        return table.iloc[::-1].sort_values(
            "unit", key=lambda u: u.map({"session": 0, "patient": 1, "therapist": 2})
        ).reset_index(drop=True)  # fmt: skip

    @cached_property
    def verdicts(self) -> pd.DataFrame:
        """Whether the alliance explains more than every other predictor, one row a level.

        ``biggest`` is ``shown`` if the 95% intervals of all its differences lie above zero,
        ``contradicted`` if one lies below, else ``not shown``.
        """
        return verdict_table(self.tidy(), self.prepared)

    def glance(self) -> pd.DataFrame:
        """One row: size, R² of each level (all predictors, and time alone), models, draws."""
        row: dict[str, object] = {
            "n_obs": self.fit.n_obs,
            "n_dropped": sum(self.prepared.dropped.values()),
        }
        for level, r2 in self.explained.r2.items():
            row |= {f"r2_{level}": float(r2[-1]), f"r2_{level}_time": float(r2[0])}
        row |= {
            "n_models": sum(map(len, self.explained.r2.values())),
            "n_draws": self.explained.n_boot,
            "n_failed": self.explained.n_failed,
            "method": "REML",
            "converged": self.fit.converged,
            "singular": self.fit.singular,
        }
        return pd.DataFrame([row])

    def to_r(self, *, data: str = "sessions.csv") -> str:
        """R code that fits every model with lme4 and prints R² and weights.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the sessions, one row each, as in
            ``sessions.frame.to_csv(path, index=False)``.

        Raises
        ------
        UnsupportedError
            Where patients of several therapists were given to the first one.
        """
        return importance_r_code(self.prepared, self.specification, self.fit.n_obs, data)

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        table = self.tidy()
        return ResultView(
            kind="importance",
            title=self._title,
            terms=table.drop(columns="share"),
            fit=self.glance(),
            plot=importance_frame(table, self.prepared),
            levels=level_counts(self.prepared.counts()),
            notes=self.notes,
            messages=self.messages,
            refit=call_words(self.prepared, self.specification, self.explained.n_boot),
            labels=role_labels(
                self.prepared.roles,
                formula=self.formula,
                ddf="",
                verb="association",
                time=self.specification.time,
                subject=self.prepared.alliance,
                cluster=self.explained.cluster if self.explained.draws is not None else "",
                estimate="R²",
            ),
            tables={
                "Is the alliance the biggest predictor?": self.verdicts,
                "Alone and in addition to all others": self.predictors(),
                "Conditional dominance": self.conditional,
                "Dominance of pairs": self.dominance,
                "Where outcomes differ": self.variance,
            },
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        return importance_notes(self.explained, self.prepared, self.specification)

    @property
    def _title(self) -> str:
        return f"Importance for {self.prepared.roles.outcome} within and between patients"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        """Heading, tables and sentences, in text as in HTML."""
        heading = headline(self._title, self.prepared.counts())
        table = self.tidy().drop(columns=["statistic", "df"]).rename(columns={"estimate": "weight"})
        return heading, [table, self.verdicts], (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())
