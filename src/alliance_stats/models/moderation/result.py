"""ModerationResult: slopes by treatment or moderator, their differences and what these allow."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property

import pandas as pd

from alliance_stats._base.checks import name_list, one_of, probability
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import TIDY_COLUMNS, ResultView
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.marginal.johnson_neyman import JohnsonNeyman, johnson_neyman
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.moderation.contrasts import (
    claims_table,
    differences_table,
    equivalence_table,
    slopes_table,
)
from alliance_stats.models.moderation.needed import patients_table
from alliance_stats.models.moderation.plot import moderation_frame
from alliance_stats.models.moderation.prepare import PreparedModeration
from alliance_stats.models.moderation.r_code import moderation_r_code
from alliance_stats.models.moderation.sensitivity import sensitivity_rows
from alliance_stats.models.moderation.specification import ModerationSpecification
from alliance_stats.models.moderation.words import (
    bound_words,
    few_patients,
    moderator_words,
    reference_words,
    trend_words,
)
from alliance_stats.models.notes import few_units_notes, time_note
from alliance_stats.models.shown import headline

#: Power that the printed number of patients has.
POWER = 0.80


@dataclass(frozen=True, eq=False, repr=False)
class ModerationResult:
    """For whom the alliance goes with outcome, and whether slopes are equivalent.

    Made by `fit_moderation`.

    Attributes
    ----------
    fit : MixedModelResult
        The mixed model behind it.
    prepared : PreparedModeration
        The rows of the model, centred, and what is compared.
    specification : ModerationSpecification
    """

    fit: MixedModelResult
    prepared: PreparedModeration
    specification: ModerationSpecification

    @property
    def messages(self) -> tuple[str, ...]:
        """Dropped sessions, arms without therapists, slopes not compared; singular fits."""
        return (*self.prepared.messages(), *self.fit.messages)

    @property
    def formula(self) -> str:
        """The model in lme4's syntax, over the centred columns of `prepared.frame`."""
        return self.fit.formula

    def tidy(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Slopes at every level, their differences, then the other fixed effects.

        Parameters
        ----------
        conf_level : float
        ddf : {"satterthwaite", "kenward-roger", "normal"}

        Returns
        -------
        DataFrame
            Columns ``effect unit group`` and those of every tidy table. ``effect`` is ``within``,
            ``between`` (or ``patient_between``, ``therapist_between``) for a slope in ``group``,
            ``within_difference`` … for a difference, its ``group`` naming both levels (first minus
            second), or empty. Estimates are in outcome units per alliance unit, with the raw sign.
        """
        probability(conf_level, name="conf_level")
        slopes = slopes_table(self.fit, self.prepared, conf_level, ddf)
        differences = differences_table(self.fit, self.prepared, conf_level, ddf)
        columns = {column for _, column in self.prepared.effects}
        products = {f"{m.column}:" for m in self.prepared.moderated}
        rest = {
            name: {name: 1.0}
            for name in self.fit.names
            if name not in columns and not any(p in f"{name}:" for p in products)
        }
        others = self.fit.contrasts(rest, conf_level=conf_level, ddf=ddf)
        others = others.assign(effect="", unit="", group="")
        tables = [slopes, differences, others[["effect", "unit", "group", *TIDY_COLUMNS]]]
        return pd.concat([t for t in tables if len(t)], ignore_index=True)

    def glance(self) -> pd.DataFrame:
        """One row about the whole model; ``bic`` counts sessions, ``bic_patients`` patients."""
        table = self.fit.glance().rename(columns={"bic_groups": "bic_patients"})
        table["n_dropped"] = sum(self.prepared.sessions.dropped.values())
        return table

    def equivalence(self, *, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Every difference of slopes against the smallest effect that matters.

        Returns
        -------
        DataFrame
            Columns ``effect unit comparison estimate se df p_difference tost_low tost_high
            smallest_effect p_equivalence verdict``. The interval is the one at 1 − 2α; the verdict
            is ``equivalent``, ``different but negligible`` (both tests reject), ``different`` or
            ``inconclusive``. A comparison is a difference, first minus second.
        """
        table = differences_table(self.fit, self.prepared, 0.95, ddf)
        return equivalence_table(table, self.specification.smallest, self.specification.alpha)

    def claims(self, *, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """One row an effect: does it differ, and is it the same for all?

        Returns
        -------
        DataFrame
            Columns ``effect unit n_differences f df_numerator df_denominator p_interaction largest
            smallest_effect p_equivalence verdict``: the F test that all slopes are equal, the
            difference furthest from zero, and the p value of "all differences lie inside the
            bounds", the largest of the single ones.
        """
        pairs = self.equivalence(ddf=ddf)
        return claims_table(self.fit, self.prepared, pairs, self.specification.alpha, ddf)

    def patients_needed(
        self,
        *,
        power: float = POWER,
        true_difference: float | Mapping[str, float] = 0.0,
        ddf: Ddf = "satterthwaite",
    ) -> pd.DataFrame:
        """Patients with whom this design would show equivalence.

        Assumes this design's sessions a patient, patients a therapist, shares of the groups and
        estimated variances: the squared standard errors fall as 1/N and the degrees of freedom
        grow as N. For a smaller study than this one the coefficients of every group cost a
        larger share of its patients (of its therapists, for slopes between them).

        Parameters
        ----------
        power : float
            Probability of finding equivalence.
        true_difference : float or mapping
            True difference of slopes, one for all effects or by effect, smaller than the smallest
            effect that matters. With more than two groups the two that are worst for it differ,
            and the others lie midway.
        ddf
            As in `tidy`.

        Returns
        -------
        DataFrame
            Columns ``effect unit comparison smallest_effect true_difference power_now
            n_patients``, patients of every group (``n cbt``) and ``n_therapists``. With more than
            two groups also a row ``all pairs``. Not a number where the degrees of freedom are not
            defined, infinite beyond ten million.

        Raises
        ------
        ArgumentError
            If a true difference is not below the smallest effect that matters: no number of
            patients is enough then.
        """
        probability(power, name="power")
        pairs, smallest = self.equivalence(ddf=ddf), self.specification.smallest
        given = true_difference
        named = dict(given) if isinstance(given, Mapping) else dict.fromkeys(smallest, given)
        for effect, bound in smallest.items():
            value = named.get(effect, 0.0)
            if not abs(value) < bound:
                raise ArgumentError(
                    f"true_difference={value:g} of '{effect}' is not below its smallest_effect "
                    f"{bound:g}: no number of patients shows equivalence. Give a smaller one."
                )
        for name in named:
            one_of(name, tuple(smallest), name="effect of true_difference")
        true = {effect: abs(float(named.get(effect, 0.0))) for effect in smallest}
        return patients_table(
            self.fit, self.prepared, pairs, alpha=self.specification.alpha, power=power,
            true_difference=true, ddf=ddf,
        )  # fmt: skip

    def johnson_neyman(
        self, *, effect: str = "within", conf_level: float = 0.95, ddf: Ddf = "satterthwaite"
    ) -> JohnsonNeyman:
        """Where along a continuous moderator a slope differs from zero.

        Values of a moderator of patients are in its own units, within the range of the data; those
        of a moderator of sessions are deviations.

        Raises
        ------
        ArgumentError
            If `effect` is not one of the model.
        UnsupportedError
            For groups: their slopes are in `tidy`.
        """
        if self.prepared.moderator.kind == "categorical":
            raise UnsupportedError(
                f"moderator '{self.prepared.moderator.column}' is categorical and has no regions. "
                "Its slopes are in tidy()."
            )
        known = {m.effect: m for m in self.prepared.moderated}
        if effect not in known:
            raise ArgumentError(f"effect={effect!r} is not known. Allowed: {name_list(known)}.")
        moderated, frame = known[effect], self.prepared.frame
        by = frame[moderated.by]
        found = johnson_neyman(
            self.fit, slope=moderated.column, moderator=moderated.by,
            within=(float(by.min()), float(by.max())), conf_level=conf_level, ddf=ddf,
        )  # fmt: skip
        shift = moderated.points[0].raw - float(moderated.points[0].value)
        name = self.prepared.moderator.column
        band = found.band.rename(columns={moderated.by: name})
        return replace(
            found,
            moderator=name,
            bounds=tuple(bound + shift for bound in found.bounds),
            regions=found.regions.assign(
                low=found.regions["low"] + shift, high=found.regions["high"] + shift
            ),
            band=band.assign(**{name: band[name] + shift}),
        )

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """Differences of slopes under other choices about time.

        Columns ``model`` and those of `equivalence`.
        """
        return sensitivity_rows(self.fit, self.prepared, self.specification)

    def to_r(self, *, data: str = "sessions.csv") -> str:
        """R code from the file of sessions on: centring, lmer, slopes, differences, TOST.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the sessions as given, with the columns of the roles
            and the moderator.

        Raises
        ------
        UnsupportedError
            For ``variance_by_arm=True`` (R's nlme has other degrees of freedom), sessions that
            count for another therapist than the file says, or names that R cannot hold.
        """
        return moderation_r_code(self.fit, self.prepared, self.specification, data)

    def view(self, *, ddf: Ddf = "satterthwaite") -> ResultView:
        """Return what the report room may see of this result.

        Parameters
        ----------
        ddf
            As in `tidy`, for every test and interval of the report.
        """
        roles, chosen = self.prepared.roles, self.specification
        needed = self.patients_needed(ddf=ddf)
        return ResultView(
            kind="moderation",
            title=self._title,
            terms=self.tidy(ddf=ddf),
            fit=self.glance(),
            plot=self._plot(ddf),
            levels=level_counts(self.prepared.counts()),
            notes=self.notes,
            messages=self.messages,
            refit=self._call(),
            labels=role_labels(
                roles,
                formula=self.formula,
                ddf=ddf,
                verb="association",
                time=chosen.base.time,
                moderator=self.prepared.moderator.column,
                moderator_kind=self.prepared.moderator.kind,
                alpha=f"{chosen.alpha:.17g}",
                tost_level=f"{100 * (1 - 2 * chosen.alpha):g}",
            ),
            tables={
                "Tests of the interaction and of equivalence": self.claims(ddf=ddf),
                "Differences of slopes": self.equivalence(ddf=ddf),
                "Patients needed to show equivalence": needed,
                "Sensitivity": self.sensitivity
                if ddf == "satterthwaite"
                else sensitivity_rows(self.fit, self.prepared, chosen, ddf),
                "Random effects": self.fit.var_corr(),
            },
        )

    def _plot(self, ddf: Ddf) -> pd.DataFrame:
        """The frame of the figure."""
        bands = {}
        if self.prepared.moderator.kind != "categorical":
            with suppress(UnsupportedError):  # then slopes at the points are drawn
                bands = {
                    moderated.effect: self.johnson_neyman(effect=moderated.effect, ddf=ddf)
                    for moderated in self.prepared.moderated
                }
        slopes = slopes_table(self.fit, self.prepared, 0.95, ddf)
        return moderation_frame(slopes, self.equivalence(ddf=ddf), bands)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        prepared, chosen, roles = self.prepared, self.specification, self.prepared.roles
        structured = self.fit.residual is not None
        notes = [
            f"{roles.alliance} centred first, then multiplied with the moderator.",
            moderator_words(prepared),
            bound_words(chosen, roles.outcome, roles.alliance),
            reference_words(prepared),
            self._nesting_words(),
            time_note(chosen.base.time, prepared.sessions.time),
            trend_words(prepared, chosen),
            "Every group has a residual variance of its own." if structured else "",
            *few_units_notes(prepared.counts(), reml=self.fit.reml, structured=structured),
            *few_patients(prepared.patients()),
        ]
        return tuple(filter(None, notes))

    def _nesting_words(self) -> str:
        """Whether therapists work in one treatment, and what that asks of the random part."""
        words = self.prepared.nesting_words()
        if "(nested)" not in words or "within" in self.specification.base.slopes.get(
            "therapist", ()
        ):
            return words
        return (
            f"{words} Tests of differences within patients take these slopes not to vary between "
            "therapists; random_slopes={'therapist': ['within'], …} lets them."
        )

    def _call(self) -> str:
        """The call that fits this model again."""
        chosen, prepared = self.specification, self.prepared
        base = chosen.base
        parts = ["sessions", f"moderator={prepared.moderator.column!r}"]
        parts.append(f"smallest_effect={chosen.smallest!r}")
        parts.append(f"alpha={chosen.alpha!r}")
        if prepared.moderator.levels:
            parts.append(f"reference={prepared.moderator.levels[0]!r}")
        else:
            parts += self._values_call()
        parts.append(f"time={base.time!r}")
        if base.time_column != "session":
            parts.append(f"time_column={base.time_column!r}")
        parts.append(f"time_by_moderator={chosen.time_by_moderator}")
        parts.append(f"random_slopes={ ({u: list(e) for u, e in base.slopes.items()})!r}")
        parts.append(f"mean_rows={base.mean_rows!r}")
        if prepared.roles.therapist is not None:
            parts.append(f"therapist_mean={base.therapist_mean!r}")
        if prepared.sessions.therapist_change != "raise":
            parts.append(f"therapist_change={prepared.sessions.therapist_change!r}")
        if chosen.variance_by_arm:
            parts.append("variance_by_arm=True")
        parts.append(f"reml={base.reml}")
        return f"al.models.fit_moderation({', '.join(parts)})"

    def _values_call(self) -> list[str]:
        """Values at which slopes were asked for; by default none."""
        points = self.prepared.moderated[0].points
        given = tuple(point.raw for point in points)
        return [f"at={given!r}"] if all(" = " in point.label for point in points) else []

    @property
    def _title(self) -> str:
        roles = self.prepared.roles
        return f"{roles.alliance} and {roles.outcome} by {self.prepared.moderator.column}"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        """Heading, tables and sentences, in text as in HTML."""
        heading = headline(self._title, self.prepared.counts())
        slopes = slopes_table(self.fit, self.prepared, 0.95, "satterthwaite")
        tables = [slopes.drop(columns="term"), self.equivalence(), self.claims()]
        return heading, tables, (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())
