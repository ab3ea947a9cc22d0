"""CongruenceResult: whether judgements match the truth, and follow it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.congruence.people import people_frame, plot_frame
from alliance_stats.models.congruence.prepare import PreparedRatings
from alliance_stats.models.congruence.r_code import congruence_r_code
from alliance_stats.models.congruence.tables import (
    difference_table,
    group_table,
    moderator_tests,
    standardised_table,
    tidy_table,
)
from alliance_stats.models.congruence.words import call_of, notes_of
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.paired import Scale
from alliance_stats.models.shown import headline
from alliance_stats.models.specification import Specification


@dataclass(frozen=True, eq=False, repr=False)
class CongruenceResult:
    """Directional bias and tracking of one rating by another.

    Made by `fit_congruence`.

    Attributes
    ----------
    fit : MixedModelResult
        The mixed model behind it.
    prepared : PreparedRatings
        The rows of the model, centred.
    specification : Specification
    scale : (float, float) or None
        Lowest and highest possible score, if given.
    """

    fit: MixedModelResult
    prepared: PreparedRatings
    specification: Specification
    scale: Scale | None

    @property
    def messages(self) -> tuple[str, ...]:
        """Changes of therapist, dropped sessions; singular or failed fits."""
        return (*self.prepared.sessions.messages(), *self.fit.messages)

    @property
    def formula(self) -> str:
        """The model in lme4's syntax, over the columns of `prepared.frame`."""
        return self.fit.formula

    def tidy(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Directional bias, tracking by level, contextual differences, the other fixed effects.

        Parameters
        ----------
        conf_level : float
        ddf : {"satterthwaite", "kenward-roger", "normal"}

        Returns
        -------
        DataFrame
            Columns ``effect unit`` and those of every tidy table. ``effect`` is ``bias`` (points
            by which the judgement lies above a truth at its mean, at the mean of time and
            moderators), ``within``, ``between`` (or ``patient_between``, ``therapist_between``),
            ``contextual`` or empty. Tracking is in points of the judgement per point of the truth:
            0 for none, 1 if every change is followed in full.
        """
        probability(conf_level, name="conf_level")
        return tidy_table(self.fit, self.prepared, conf_level, ddf)

    def glance(self) -> pd.DataFrame:
        """One row about the whole model, with the mean of the truth."""
        table = self.fit.glance().rename(columns={"bic_groups": "bic_patients"})
        return table.assign(
            n_dropped=sum(self.prepared.sessions.dropped.values()),
            mean_truth=self.prepared.centre,
        )

    def mean_difference(
        self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite"
    ) -> pd.DataFrame:
        """By how much the rating that is judged is higher on average.

        The difference is the outcome of a model with random intercepts and no predictor. That is
        what differences of two ratings can be used for; as predictors they are refused.

        Returns
        -------
        DataFrame
            One row, as `tidy`, with ``d d_low d_high``: over ``sd_pooled``, the root of the mean
            of both variances over the rows, treated as known.
        """
        probability(conf_level, name="conf_level")
        return difference_table(self.prepared, conf_level, ddf)

    def standardised(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Tracking in standard deviations of its level, which are treated as known.

        Columns ``effect unit estimate ci_low ci_high sd_truth sd_judgement``.
        """
        return standardised_table(self.tidy(conf_level=conf_level, ddf=ddf), self.prepared)

    def groups(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Bias and tracking in each category of the moderators; no rows without such moderators.

        Columns ``effect moderator level estimate se statistic df p_value ci_low ci_high``; other
        moderators are at their means.
        """
        probability(conf_level, name="conf_level")
        return group_table(self.fit, self.prepared, conf_level, ddf)

    def moderator_tests(self, *, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """F tests whether bias and tracking depend on each moderator; no rows without any.

        Columns ``effect moderator statistic df_numerator df_denominator p_value``.
        """
        return moderator_tests(self.fit, self.prepared, ddf)

    def people(self, unit: str = "therapist", *, conf_level: float = 0.95) -> pd.DataFrame:
        """Bias and tracking of every therapist or patient, as the model predicts them.

        Predictions are shrunken towards the average. They describe; they are no scores for a
        second model (see *Notes* of `fit_congruence`).

        Parameters
        ----------
        unit : {"therapist", "patient"}
        conf_level : float

        Returns
        -------
        DataFrame
            One row a ``quantity`` (``bias``, ``tracking``) and member: ``unit member n estimate se
            ci_low ci_high observed``. Intervals are normal and hold the error of the average and
            of the member's own effect, given the estimated variances. ``observed`` is the mean of
            judgement less truth, not shrunken, for the bias.
        """
        one_of(unit, tuple(self.prepared.sessions.groups), name="unit")
        probability(conf_level, name="conf_level")
        return people_frame(self.fit, self.prepared, unit, conf_level)

    def to_r(self, *, data: str = "sessions.csv") -> str:
        """R code that makes the columns from the file of sessions and fits the model by lme4.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the sessions as given to the fit.

        Raises
        ------
        UnsupportedError
            If patients with several therapists count for the first one.

        Examples
        --------
        >>> import alliance_stats as al
        >>> result = al.models.fit_congruence(al.load_example("dyads"))
        >>> print(result.to_r().splitlines()[0])
        library(lme4)
        """
        return congruence_r_code(self.fit, self.prepared, self.specification, data)

    def view(self, *, ddf: Ddf = "satterthwaite") -> ResultView:
        """Return what the report room may see of this result; `ddf` as in `tidy`."""
        prepared, tidy = self.prepared, self.tidy(ddf=ddf)
        return ResultView(
            kind="congruence",
            title=self._title,
            terms=tidy,
            fit=self.glance(),
            plot=plot_frame(self.people(self._unit), tidy, tracking=self._tracking_differs),
            levels=level_counts(prepared.sessions.counts()),
            notes=self.notes,
            messages=self.messages,
            refit=call_of(prepared, self.specification, self.scale),
            labels=role_labels(
                prepared.sessions.roles, formula=self.formula, ddf=ddf, verb="association",
                time=self.specification.time, truth=prepared.truth, judgement=prepared.judgement,
                outcome_better="",
            ),
            tables=self._tables(ddf),
        )  # fmt: skip

    @cached_property
    def _unit(self) -> str:
        """The highest unit: that whose members the figure shows."""
        return list(self.prepared.sessions.groups)[-1]

    @property
    def _tracking_differs(self) -> bool:
        """Whether the tracking may differ between members of the highest unit."""
        return "within" in self.specification.slopes.get(self._unit, ())

    def _tables(self, ddf: Ddf) -> dict[str, pd.DataFrame]:
        """Further tables in print order."""
        tables = {
            "Mean difference": self.mean_difference(ddf=ddf),
            "Standardised tracking": self.standardised(ddf=ddf),
            "Random effects": self.fit.var_corr(),
        }
        more = {
            "Bias and tracking by moderator": self.groups(ddf=ddf),
            "Tests of moderators": self.moderator_tests(ddf=ddf),
        }
        return tables | {name: table for name, table in more.items() if len(table)}

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        return notes_of(self.prepared, self.specification, self.scale)

    @property
    def _title(self) -> str:
        return f"Bias and tracking: {self.prepared.judgement} of {self.prepared.truth}"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        heading = headline(self._title, self.prepared.sessions.counts())
        tables = [self.tidy(), self.mean_difference()]
        return heading, tables, (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())
