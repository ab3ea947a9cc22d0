"""PerspectivesResult: what goes with the outcome, by who rated the alliance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.printing import format_fixed
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import ResultView
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.effects import UNITS
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.notes import few_units_notes, time_note
from alliance_stats.models.perspectives.counts import alone_messages
from alliance_stats.models.perspectives.model import PLACES, Perspectives, fit_together
from alliance_stats.models.perspectives.r_code import perspectives_r_code
from alliance_stats.models.perspectives.tables import (
    alone_table,
    correlation_table,
    explained_table,
    rating_sds,
    sizes_table,
    tests_table,
    together_table,
)
from alliance_stats.models.prepare import LENGTH, time_term
from alliance_stats.models.shown import headline

Scale = Literal["points", "sd"]
#: Variance inflation from which a sentence warns.
MUCH_OVERLAP = 5.0


@dataclass(frozen=True, eq=False, repr=False)
class PerspectivesResult:
    """How the alliance as several raters see it goes with the outcome.

    Made by `fit_perspectives`.

    Attributes
    ----------
    fit : MixedModelResult
        The model of all perspectives.
    alone : mapping of str to MixedModelResult
        The models of one perspective, in the same sessions.
    given : Perspectives
        The sessions, the parts of every rating and the choices.
    ratings : DataFrame
        Sessions with an outcome that each perspective rated, that it alone rated, and that all
        rated: ``perspective column rated alone complete``.
    """

    fit: MixedModelResult
    alone: Mapping[str, MixedModelResult]
    given: Perspectives
    ratings: pd.DataFrame

    @property
    def messages(self) -> tuple[str, ...]:
        """Dropped sessions and who rated them; overlap; singular or failed fits."""
        prepared = self.given.prepared
        return (
            *prepared.messages(), *alone_messages(self.ratings), *self.overlap_messages,
            *self.fit.messages,
        )  # fmt: skip

    @property
    def formula(self) -> str:
        """The model of all perspectives in lme4's syntax, over ``given.prepared.frame``."""
        return self.fit.formula

    @property
    def effects(self) -> pd.DataFrame:
        """The rows of `tidy` that are parts of a rating."""
        table = self.tidy()
        return table[table["effect"] != ""].reset_index(drop=True)

    def tidy(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Coefficients of all perspectives in one model, then the other fixed effects.

        Parameters
        ----------
        conf_level : float
        ddf : {"satterthwaite", "kenward-roger", "normal"}

        Returns
        -------
        DataFrame
            Columns ``effect unit perspective`` and those of every tidy table; ``effect`` is
            ``within``, ``between`` (or ``patient_between``, ``therapist_between``), or empty.
        """
        probability(conf_level, name="conf_level")
        return together_table(self.fit, self.given, conf_level, ddf)

    def comparison(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Every perspective alone and beside the others.

        Returns
        -------
        DataFrame
            Column ``model`` (``alone``, ``together``) and those of `tidy`; the rows of one part
            follow each other.
        """
        probability(conf_level, name="conf_level")
        together = together_table(self.fit, self.given, conf_level, ddf)
        together = together[together["effect"] != ""]
        alone = alone_table(self.alone, self.given, conf_level, ddf)
        table = pd.concat([alone, together], keys=["alone", "together"], names=["model", "row"])
        table = table.sort_index(level="row", kind="stable").reset_index("model")
        return table.reset_index(drop=True)

    def tests(self, *, scale: Scale = "points", ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """F tests by level: whether all perspectives together go with the outcome, and differ.

        Parameters
        ----------
        scale : {"points", "sd"}
            Whether "all equal" means equal per point of the ratings, which must then share a
            scale, or per standard deviation of their own level (taken as known).
        ddf
            As in `tidy`.

        Returns
        -------
        DataFrame
            Columns ``effect unit hypothesis F df_numerator df_denominator p_value``.
        """
        one_of(scale, ("points", "sd"), name="scale")
        return tests_table(self.fit, self.given, self._sds if scale == "sd" else None, ddf)

    @cached_property
    def _sds(self) -> dict[str, dict[str, float]]:
        return rating_sds(self.given)

    def effect_sizes(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Coefficients in standard deviations of their own level, taken as known.

        Returns
        -------
        DataFrame
            Columns ``effect unit perspective estimate ci_low ci_high sd_rating sd_outcome``.
        """
        return sizes_table(self.tidy(conf_level=conf_level, ddf=ddf), self._sds)

    def correlations(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """How the perspectives go together, pair by pair, at every level.

        Returns
        -------
        DataFrame
            Columns ``effect unit perspective with_perspective estimate ci_low ci_high observed``:
            the correlation of latent parts (maximum likelihood, time in the model) with an
            interval on Fisher's z, NaN where it is perfect or undefined; and of observed parts.
        """
        probability(conf_level, name="conf_level")
        return correlation_table(self.given, conf_level)

    @cached_property
    def explained(self) -> pd.DataFrame:
        """Explained shares of the outcome's variance at every level.

        From the variances that the models imply (Rights & Sterba, 2019), with the same random part
        in all. Columns ``effect unit perspective share unique``: what a perspective explains
        without the others, and what only it explains. Row ``together``: all perspectives. Row
        ``shared``: what more than one would explain; negative where they hide each other's part.
        """
        return explained_table(self.fit, self.given)

    @cached_property
    def overlap(self) -> pd.DataFrame:
        """Variance inflation of every coefficient by the other perspectives of its level.

        Columns ``effect unit perspective vif se_factor``: the standard error is ``se_factor`` times
        that without overlap.
        """
        rows = [
            (effect, UNITS[effect], name, float(vif), float(np.sqrt(vif)))
            for effect, factors in self.given.inflation.items()
            for name, vif in zip(self.given.columns, factors, strict=True)
        ]
        return pd.DataFrame(rows, columns=["effect", "unit", "perspective", "vif", "se_factor"])

    @property
    def overlap_messages(self) -> tuple[str, ...]:
        """A sentence for every level at which perspectives overlap much."""
        found = []
        for effect, factors in self.given.inflation.items():
            worst = int(np.argmax(factors))
            vif = float(factors[worst])
            if vif >= MUCH_OVERLAP:
                place, name = PLACES[effect].capitalize(), list(self.given.columns)[worst]
                found.append(
                    f"{place} the {name} rating is so much like the others that its standard "
                    f"error is {format_fixed(np.sqrt(vif), 1)} times as large as without them "
                    f"(VIF {format_fixed(vif, 1)}): read the joint test, and each perspective "
                    "alone."
                )
        return tuple(found)

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """The coefficients under other choices: without time (or with), with treatment length.

        Columns ``model`` and those of `effects`.
        """
        given, chosen = self.given, self.given.specification
        timed = chosen.time != "none"
        other = replace(given, specification=replace(chosen, time="none" if timed else "linear"))
        fits = {
            "as fitted": self.fit,
            "without time" if timed else "with linear time": fit_together(other),
        }
        if given.prepared.length_identified:
            base = given if timed else other
            kind = base.specification.time
            time = given.prepared.time if kind == "factor" else time_term(kind, given.prepared)
            length = quote_name(LENGTH)
            extra = [length, f"{length}:{quote_name(str(time))}"]
            fits["with treatment length"] = fit_together(base, extra=extra)
        tables = []
        for model, fit in fits.items():
            table = together_table(fit, given, 0.95, "satterthwaite")
            table = table[table["effect"] != ""]
            table.insert(0, "model", model)
            tables.append(table)
        return pd.concat(tables, ignore_index=True)

    def glance(self) -> pd.DataFrame:
        """One row about the model of all perspectives."""
        table = self.fit.glance().rename(columns={"bic_groups": "bic_patients"})
        table["n_dropped"] = sum(self.given.prepared.dropped.values())
        return table

    def to_r(self, *, data: str = "sessions.csv") -> str:
        """R code that centres the ratings and fits all models with lme4, from the file on.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the sessions as given.

        Raises
        ------
        UnsupportedError
            If patients have several therapists, ``therapist_mean="sessions"``, or a name is none
            that R can hold.
        """
        return perspectives_r_code(self.fit, self.alone, self.given, data)

    def view(self, *, ddf: Ddf = "satterthwaite") -> ResultView:
        """Return what the report room may see of this result.

        Parameters
        ----------
        ddf
            As in `tidy`, for every test and interval of the coefficients.
        """
        comparison = self.comparison(ddf=ddf)
        return ResultView(
            kind="perspectives",
            title=self._title,
            terms=self.tidy(ddf=ddf),
            fit=self.glance(),
            plot=_plot_frame(comparison),
            levels=level_counts(self.given.prepared.counts()),
            notes=self.notes,
            messages=self.messages,
            refit=self._call(),
            labels=role_labels(
                self.given.prepared.roles,
                formula=self.formula,
                ddf=ddf,
                verb="association",
                time=self.given.specification.time,
                perspectives=", ".join(self.given.columns),
            ),
            tables={
                "Alone and together": comparison,
                "Joint tests": self.tests(ddf=ddf),
                "Explained variance": self.explained,
                "Correlations of the perspectives": self.correlations(),
                "Overlap": self.overlap,
                "Standardised effects": self.effect_sizes(ddf=ddf),
                "Sensitivity": self.sensitivity,
                "Ratings": self.ratings,
                "Random effects": self.fit.var_corr(),
            },
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        prepared, chosen = self.given.prepared, self.given.specification
        available = chosen.mean_rows == "available"
        means = "all observed ratings" if available else "the ratings in the model"
        named = ", ".join(f"{name} ({column})" for name, column in self.given.columns.items())
        notes = [
            f"Perspectives: {named}. Each was centred within patients; means from {means}.",
            "Coefficients hold the other perspectives constant. What perspectives share is "
            "credited to none of them.",
            self._overlap_words(),
            time_note(chosen.time, prepared.time),
        ]
        notes += few_units_notes(prepared.counts(), reml=self.fit.reml)
        return tuple(notes)

    def _overlap_words(self) -> str:
        """How much the ratings overlap, in words."""
        largest = max(float(factors.max()) for factors in self.given.inflation.values())
        if largest >= MUCH_OVERLAP:
            return "Perspectives overlap much at one level: see the messages."
        return (
            "Overlap of the perspectives makes standard errors at most "
            f"{format_fixed(np.sqrt(largest), 2)} times as large (VIF {format_fixed(largest, 2)})."
        )

    def _call(self) -> str:
        """The call that fits this model again."""
        chosen = self.given.specification
        parts = ["sessions", f"perspectives={dict(self.given.columns)!r}", f"time={chosen.time!r}"]
        if chosen.time_column != "session":
            parts.append(f"time_column={chosen.time_column!r}")
        parts.append(f"random_slopes={ ({u: list(e) for u, e in chosen.slopes.items()})!r}")
        parts.append(f"mean_rows={chosen.mean_rows!r}")
        if self.given.prepared.roles.therapist is not None:
            parts.append(f"therapist_mean={chosen.therapist_mean!r}")
        if self.given.prepared.therapist_change != "raise":
            parts.append(f"therapist_change={self.given.prepared.therapist_change!r}")
        return f"al.models.fit_perspectives({', '.join(parts)}, reml={chosen.reml})"

    @property
    def _title(self) -> str:
        names = list(self.given.columns)
        said = f"{', '.join(names[:-1])} and {names[-1]}"
        return f"Alliance rated by {said}, and {self.given.prepared.roles.outcome}"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        heading = headline(self._title, self.given.prepared.counts())
        return heading, [self.comparison(), self.tests()], (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())


def _plot_frame(comparison: pd.DataFrame) -> pd.DataFrame:
    """What the figure draws: ``panel perspective model x x_low x_high``."""
    return pd.DataFrame(
        {
            "panel": comparison["effect"].to_numpy(),
            "perspective": comparison["perspective"].to_numpy(),
            "model": comparison["model"].to_numpy(),
            "x": comparison["estimate"].to_numpy(),
            "x_low": comparison["ci_low"].to_numpy(),
            "x_high": comparison["ci_high"].to_numpy(),
        }
    )
