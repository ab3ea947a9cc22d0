"""RuptureResult: ruptures that were found, beside those that chance brings about."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import ResultView
from alliance_stats.data.roles import Roles
from alliance_stats.models.labels import level_counts
from alliance_stats.models.ruptures.analysis import Analysis
from alliance_stats.models.ruptures.plot import ruptures_frame
from alliance_stats.models.ruptures.ratings import Ratings
from alliance_stats.models.ruptures.rule import DROPS, LEAST_OWN, TOLERANCE, WINDOW, Rule
from alliance_stats.models.ruptures.tables import (
    chance_table,
    patients_table,
    ruptures_table,
    tidy_table,
)
from alliance_stats.models.ruptures.words import messages_of, notes_of, repair_words, rule_words
from alliance_stats.models.shown import headline


@dataclass(frozen=True, eq=False, repr=False)
class RuptureResult:
    """Ruptures of the alliance, their repair, and what chance brings about.

    Made by `find_ruptures`.

    Attributes
    ----------
    ratings : Ratings
        The ratings that were judged.
    rule : Rule
    analysis : Analysis
        What the rule finds in them and in simulated ratings without ruptures.
    roles : Roles
    seed : int or None
        The seed, if it was a number.
    """

    ratings: Ratings
    rule: Rule
    analysis: Analysis
    roles: Roles
    seed: int | None = None

    @property
    def messages(self) -> tuple[str, ...]:
        """Patients left out; an autocorrelation that cannot be matched."""
        return messages_of(self.analysis, self.ratings)

    @cached_property
    def ruptures(self) -> pd.DataFrame:
        """One row a rupture.

        The patient's identifier, ``start`` and ``lowest_session``, ``repair`` (session of the
        repair) and ``resolved_at`` (first later session at the level before, within the window or
        not); ``level`` before and ``lowest`` rating, ``depth`` in points and ``depth_sd``;
        ``length`` in session numbers until resolved; ``repaired`` and ``resolved``. Unresolved
        ones have ``resolved`` False: the level is not reached again in the ratings there are.
        """
        return ruptures_table(self.analysis, self.ratings, self.rule, self.roles.patient)

    def patients(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """One row a patient: counts beside what chance brings about in ratings like theirs.

        Columns: the identifier, ``n_ratings mean sd ruptures repaired resolved unrepaired
        expected expected_low expected_high excess p_value expected_repaired expected_resolved``.
        Tests are one a patient and not adjusted for their number.
        """
        probability(conf_level, name="conf_level")
        return patients_table(self.analysis, self.ratings, self.roles.patient, conf_level)

    @property
    def chance(self) -> pd.DataFrame:
        """Counts of the study beside their expectations, ranges of 95%.

        Rows ``ruptures repaired resolved unrepaired patients`` (with a rupture) and
        ``share_repaired``; columns ``measure observed expected expected_low expected_high excess
        p_value``.
        """
        return chance_table(self.analysis, 0.95)

    def tidy(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Excesses over chance, one row a measure; ``p_value`` is one-sided and by simulation.

        ``se`` is the standard deviation of the excess in studies without ruptures, ``statistic``
        the excess in its units; there are no degrees of freedom.
        """
        probability(conf_level, name="conf_level")
        return tidy_table(self.analysis, conf_level)

    def glance(self) -> pd.DataFrame:
        """One row: sizes, counts by chance and not, autocorrelation."""
        counts, null = self.ratings.counts(), self.analysis.null
        measures, expected = self.analysis.measures, self.analysis.chance.expected
        return pd.DataFrame(
            {
                "n_obs": [counts["session"]],
                "n_patients": [counts["patient"]],
                "rupture_rule": [self.rule.name],
                "n_ruptures": [int(measures[0])],
                "expected": [float(expected[0])],
                "p_value": [float(self.analysis.p_values[0])],
                "ruptures_a_patient": [float(measures[0]) / counts["patient"]],
                "autocorrelation": [null.autocorrelation],
                "rho": [null.rho],
                "simulations": [self.analysis.chance.measures.shape[1]],
                "n_dropped": [sum(self.ratings.dropped.values())],
            }
        )

    def view(self) -> ResultView:
        """Return what the report room may see of this result; patients are numbered in it."""
        return ResultView(
            kind="ruptures",
            title=self._title,
            terms=pd.DataFrame(),  # no coefficients: counts stand beside chance in a table
            fit=self.glance(),
            plot=ruptures_frame(self.analysis, self.ratings, self.rule),
            levels=level_counts(self.ratings.counts()),
            notes=self.notes,
            messages=self.messages,
            refit=self.refit,
            labels={
                "alliance": self.roles.alliance,
                "session": self.roles.session,
                "rule": self.rule.name,
                "rupture": rule_words(self.rule),
                "repair": repair_words(self.rule),
            },
            tables={"Beside chance": self.chance},
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        return notes_of(self.analysis, self.ratings, self.rule)

    @property
    def refit(self) -> str:
        """The call that finds these ruptures again."""
        rule, scale = self.rule, self.analysis.null.scale
        given = {
            "rule": (rule.name, None),
            "drop": (rule.drop, DROPS[rule.name]),
            "sd": (rule.sd, "own"),
            "lookback": (rule.lookback, 1),
            "window": (rule.window, WINDOW),
            "tolerance": (rule.tolerance, TOLERANCE),
            "penalty": (rule.penalty, None),
            "autocorrelation": (rule.autocorrelation, "widen"),
            "min_sessions": (rule.min_sessions, LEAST_OWN),
            "reliability": (self.analysis.null.reliability, 1.0),
            "trend": (self.analysis.null.trend, "own" if rule.trend else "none"),
        }
        parts = [f"{name}={value!r}" for name, (value, usual) in given.items() if value != usual]
        if self.ratings.ends == "as given":
            parts.append(f"scale=({scale.low:g}, {scale.high:g})")
        elif self.ratings.ends == "no ends":
            parts.append("scale=None")
        n = self.analysis.chance.measures.shape[1]
        if n != 999:
            parts.append(f"simulations={n}")
        parts.append("rng=rng" if self.seed is None else f"rng={self.seed}")
        return f"al.models.find_ruptures(sessions, {', '.join(parts)})"

    @property
    def _title(self) -> str:
        return f"Ruptures of {self.roles.alliance} beside chance"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        """Heading, table and sentences, in text as in HTML."""
        heading = headline(self._title, self.ratings.counts())
        return heading, [self.chance], (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())
