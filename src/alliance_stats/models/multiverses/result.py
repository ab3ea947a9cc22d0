"""MultiverseResult: the estimates of all specifications, described, divided and tested jointly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from alliance_stats._base.checks import is_whole, probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import TIDY_COLUMNS, ResultView
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.models.effects import UNITS
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.multiverses.choices import (
    HEADINGS,
    Options,
    option_label,
    specifications_words,
)
from alliance_stats.models.multiverses.estimand import PLACES
from alliance_stats.models.multiverses.flips import Flips
from alliance_stats.models.multiverses.grid import Grid
from alliance_stats.models.multiverses.influence import influence_table
from alliance_stats.models.multiverses.joint import joint_table
from alliance_stats.models.multiverses.plot import curve_frame
from alliance_stats.models.multiverses.questions import MODELS, quietly
from alliance_stats.models.multiverses.r_code import rows_and_fit, specification_r_code
from alliance_stats.models.multiverses.rows import UNITS as COUNTED
from alliance_stats.models.multiverses.rows import USABLE, Row, rows_table
from alliance_stats.models.multiverses.sources import sessions_of
from alliance_stats.models.multiverses.summary import summary_table
from alliance_stats.models.multiverses.words import call_of, effect_of, messages_of, notes_of
from alliance_stats.models.shown import headline

#: Specifications that a printed result shows, besides the first.
_SHOWN = {"lowest": 0.0, "median": 0.5, "highest": 1.0}


def _as_word(heading: str) -> str:
    """A heading inside a sentence: ``Time`` is ``time``, ``SD`` stays."""
    return heading if heading[:2].isupper() else heading[:1].lower() + heading[1:]


@dataclass(frozen=True, eq=False, repr=False)
class MultiverseResult:
    """One question under every combination of choices.

    Made by `multiverse`. Specifications are numbered from 0, in the order of `tidy`; number 0 has
    the first option of every choice, unless that combination is excluded.

    Attributes
    ----------
    grid : Grid
        The choices, the specifications and what was excluded.
    rows : tuple of Row
    sessions : SessionData
        As given.
    fixed : dict
        Options that all specifications have in common, as given.
    flips : Flips or None
        The draws of the joint test.
    draws : ndarray (n, m, 2)
        Estimate and t of every specification in every draw.
    """

    grid: Grid
    rows: tuple[Row, ...]
    sessions: SessionData
    fixed: dict[str, Any]
    flips: Flips | None
    draws: np.ndarray

    @property
    def roles(self) -> Roles:
        """Roles of the sessions."""
        if self.sessions.roles is None:
            raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
        return self.sessions.roles

    def tidy(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """One row a specification.

        Returns
        -------
        DataFrame
            ``specification``, a column for every varied choice with the option's label, ``effect``
            and the columns of every tidy table, ``n_sessions n_patients n_therapists``,
            ``status`` (``ok``, ``singular``, ``not converged``, ``failed``) and ``note`` (why).
            Tests are those of the fitting function: Satterthwaite's degrees of freedom, or the
            residual ones of least squares. Estimates have the raw sign.
        """
        probability(conf_level, name="conf_level")
        effect, term = effect_of(self.grid.question, self.roles)
        table = rows_table(self.rows, term, conf_level)
        table.insert(0, "effect", effect)
        for place, (name, labels) in enumerate(self._labels.items()):
            table.insert(place, name, labels)
        table.insert(0, "specification", np.arange(len(table)))
        return table

    @cached_property
    def _labels(self) -> dict[str, list[str]]:
        """The option of every specification, by choice."""
        return {
            name: [option_label(name, options[name]) for options in self.grid.rows]
            for name in self.grid.names
        }

    @cached_property
    def _usable(self) -> np.ndarray:
        return np.array([row.status in USABLE for row in self.rows])

    @property
    def summary(self) -> pd.DataFrame:
        """One row that describes the estimates: range, median, shares by sign and interval.

        Shares of specifications are no evidence of their own: all of them use the same data. Fits
        that failed or did not converge do not count.
        """
        return summary_table(self.tidy())

    @cached_property
    def influence(self) -> pd.DataFrame:
        """Which choice moves the estimate most: shares of the variance of the estimates.

        Columns ``choice with_choice share range way``. Where every combination is there (``way``
        is "analysis of variance"): main effects, pairs, and the rest. Otherwise Shapley values of
        the main effects. ``range`` is the distance between the largest and smallest mean of a
        choice's options, in units of the estimate.
        """
        kept = np.flatnonzero(self._usable)
        codes = [
            [self.grid.choices[name].index(self.grid.rows[k][name]) for name in self.grid.names]
            for k in kept
        ]
        estimate = np.array([self.rows[k].estimate for k in kept])
        return influence_table(estimate, np.array(codes), self.grid.names)

    @cached_property
    def joint_test(self) -> pd.DataFrame:
        """Three tests that there is no effect in any specification; empty without permutations.

        Columns ``test observed null_low null_high draws p_value``: the median estimate, the
        larger of the shares that are significant (p < .05) above and below zero, and Stouffer's z;
        the range that holds 95% of the draws without the effect; and the two-sided p.
        """
        kept = self._usable
        values = np.array([(row.estimate, row.se, row.df) for row in self.rows])[kept]
        estimate, se, df = values.T
        table = joint_table(estimate, estimate / se, df, self.draws[kept])
        return table if self.flips is not None else table.iloc[:0]

    @property
    def excluded(self) -> pd.DataFrame:
        """Combinations of options that were left out: columns ``rule n``."""
        return pd.DataFrame(list(self.grid.excluded.items()), columns=["rule", "n"])

    def specification(self, number: int) -> Any:
        """The full result of one specification: its fitting function called with its options.

        Parameters
        ----------
        number : int
            As in the column ``specification`` of `tidy`.

        Returns
        -------
        AllianceResult, LaggedResult, OutcomeResult or RuptureOutcome

        Raises
        ------
        ArgumentError
            For a number that is none.
        """
        options = self.options(number)
        data = sessions_of(self.sessions, self.roles, options)
        return quietly(MODELS[self.grid.question], data, options)

    def options(self, number: int) -> Options:
        """All options of one specification, those that do not vary too."""
        if not is_whole(number) or not 0 <= number < len(self.rows):
            raise ArgumentError(
                f"there is no specification {number!r}: they are numbered from 0 to "
                f"{len(self.rows) - 1:,}, as in tidy()."
            )
        return dict(self.grid.rows[number])

    def data(self, number: int) -> pd.DataFrame:
        """The rows of one specification, with the columns of its formula: what `to_r` reads."""
        return rows_and_fit(self.specification(number))[0]

    def to_r(self, number: int = 0, *, data: str = "data.csv") -> str:
        """R code that fits one specification to its rows.

        Parameters
        ----------
        number : int
            As in the column ``specification`` of `tidy`; the first of the grid unless given.
        data : str
            The CSV file that R shall read: ``result.data(number).to_csv("data.csv",
            index=False)``.

        Raises
        ------
        ArgumentError
            For a number that is none.
        """
        return specification_r_code(self.specification(number), data)

    def glance(self) -> pd.DataFrame:
        """One row: how many specifications, how their fits went, draws of the joint test."""
        names = ["n_specifications", "n_ok", "n_singular", "n_not_converged", "n_failed"]
        table = self.summary[names]
        return table.assign(
            n_excluded=sum(self.grid.excluded.values()),
            n_draws=0 if self.flips is None else len(self.flips.signs),
        )

    def view(self) -> ResultView:
        """Return what the report room may see of this result.

        Its ``terms`` are the first specification and those with the lowest, median and highest
        estimate; ``plot`` holds all.
        """
        question = self.grid.question
        tables = {"All specifications": self.summary, "What moves the estimate": self.influence}
        if self.flips is not None:
            tables["Joint test"] = self.joint_test
        if self.grid.excluded:
            tables["Excluded combinations"] = self.excluded
        unit = {"lagged": "session", "ruptures": "patient"}.get(question)
        unit = unit or UNITS[effect_of(question, self.roles)[0]]
        return ResultView(
            kind="multiverse",
            title=self._title,
            terms=self._chosen().assign(unit=unit)[["effect", "unit", *TIDY_COLUMNS]],
            fit=self.glance(),
            plot=curve_frame(self.tidy(), {name: HEADINGS[name] for name in self.grid.names}),
            levels=level_counts(self.counts()),
            notes=self.notes,
            messages=self.messages,
            refit=call_of(self.grid, self.fixed, self.draws.shape[1]),
            labels=role_labels(
                self.roles, formula="", ddf="satterthwaite", question=question,
                verb="predicts" if question in ("lagged", "outcome") else "association",
                unit="" if self.flips is None else self.flips.unit,
                effect=effect_of(question, self.roles)[0],
                choices=self._choices(),
            ),
            tables=tables,
        )  # fmt: skip

    def _choices(self) -> str:
        """``time (linear, log); estimation (REML, ML)``: what differs between specifications."""
        table = self.tidy()
        return "; ".join(
            f"{_as_word(HEADINGS[name])} ({', '.join(map(str, table[name].unique()))})"
            for name in self.grid.names
        )

    def _chosen(self) -> pd.DataFrame:
        """The first specification, and those with the lowest, median and highest estimate."""
        table = self.tidy()
        order = table[self._usable].sort_values("estimate", kind="stable")["specification"]
        found = {"first specification": 0}
        for name, place in _SHOWN.items():
            found[name] = int(order.iloc[int(place * (len(order) - 1))])
        chosen = table.iloc[list(found.values())].reset_index(drop=True)
        return chosen.assign(term=[f"{name} (number {number})" for name, number in found.items()])

    def counts(self) -> dict[str, int]:
        """Most sessions, patients and therapists that a specification has."""
        most = np.array([row.counts for row in self.rows]).max(axis=0)
        return {unit: int(n) for unit, n in zip(COUNTED, most, strict=True) if n}

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        return notes_of(self.grid, self.fixed, self.flips, self.roles)

    @property
    def messages(self) -> tuple[str, ...]:
        """Specifications that failed, did not converge or are singular, with counts."""
        return messages_of(self.rows, self.draws[self._usable])

    @property
    def _title(self) -> str:
        roles, place = self.roles, PLACES[self.grid.question]
        size = specifications_words(len(self.rows))
        return f"{roles.alliance} and {roles.outcome} {place}: {size}"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        """Heading, tables (of what moves the estimate without pairs) and sentences."""
        alone = self.influence[self.influence["with_choice"] == ""].drop(columns="with_choice")
        tables = [self.summary, self._chosen()[list(TIDY_COLUMNS)], alone]
        if self.flips is not None:
            tables.append(self.joint_test)
        return headline(self._title, self.counts()), tables, (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())
