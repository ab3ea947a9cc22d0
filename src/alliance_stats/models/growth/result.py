"""GrowthResult: the course of alliance and outcome over the sessions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.models.growth.ceiling import Ceiling
from alliance_stats.models.growth.early import EarlyRate
from alliance_stats.models.growth.parallel import ParallelGrowth
from alliance_stats.models.growth.plot import growth_frame
from alliance_stats.models.growth.prepare import PreparedGrowth
from alliance_stats.models.growth.r_code import early_r_code
from alliance_stats.models.growth.shapes import Course, shape_table
from alliance_stats.models.growth.tables import (
    course_rows,
    early_rows,
    factor_rows,
    sensitivity_rows,
)
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.shown import headline

Shape = Literal["auto", "linear", "log", "quadratic", "piecewise"]
_POST = (
    "Shapes were compared on the data that they are tested on (smallest BIC): tests and intervals "
    "of the course are post-selection, and too optimistic."
)


@dataclass(frozen=True, eq=False, repr=False)
class GrowthResult:
    """The course of alliance and outcome over the sessions.

    Made by `fit_growth`.

    Attributes
    ----------
    prepared : PreparedGrowth
        The rows of the models.
    alliance, outcome : Course
        Every shape by ML, and the reported one by REML.
    early : EarlyRate or str
        The model of early alliance and later rate, or why there is none.
    parallel : ParallelGrowth or str
        Both courses in one model, or why there is none.
    ceiling : Ceiling
        Ratings at the maximum, and the slope with and without censoring there.
    asked : str
        ``shape`` as asked for.
    time_column : str
    """

    prepared: PreparedGrowth
    alliance: Course
    outcome: Course
    early: EarlyRate | str
    parallel: ParallelGrowth | str
    ceiling: Ceiling
    asked: Shape
    time_column: str

    @property
    def courses(self) -> tuple[Course, Course]:
        """Alliance, then outcome."""
        return self.alliance, self.outcome

    @property
    def post_selection(self) -> bool:
        """Whether the reported shapes were chosen by looking at the data."""
        return self.asked == "auto"

    @property
    def about_data(self) -> tuple[str, ...]:
        """Changes of therapist, dropped sessions, shapes and parts left out."""
        early = self.early if isinstance(self.early, str) else self.early.message
        parallel = self.parallel if isinstance(self.parallel, str) else ""
        return (*self.prepared.messages(), *(text for text in (early, parallel) if text))

    @property
    def messages(self) -> tuple[str, ...]:
        """What was dropped or left out; singular or failed fits of what is reported."""
        fits = [(f"Course of {c.column}", c.fit) for c in self.courses]
        if isinstance(self.early, EarlyRate):
            fits.append(("Early alliance and later rate", self.early.fit))
        if isinstance(self.parallel, ParallelGrowth):
            fits.append(("Parallel growth", self.parallel.fit))
        found = [f"{name}: {text}" for name, fit in fits for text in fit.about_fit]
        if not self.ceiling.converged:
            found.append("The model with censoring at the maximum did not converge.")
        return (*self.about_data, *found)

    @property
    def formula(self) -> str:
        """The reported models in lme4's syntax, over the columns of `prepared.frame`."""
        early = [self.early.fit.formula] if isinstance(self.early, EarlyRate) else []
        return "; ".join([*(course.fit.formula for course in self.courses), *early])

    @cached_property
    def shapes(self) -> pd.DataFrame:
        """Every shape of both variables by ML.

        Columns ``variable shape n_parameters loglik aic bic bic_patients delta_bic converged
        singular chosen``; ``chosen`` says how the reported shape came to be reported. ``bic``
        counts ratings.
        """
        return shape_table(self.courses, post_selection=self.post_selection)

    @property
    def factors(self) -> pd.DataFrame:
        """Variances and correlations of the growth factors, by variable."""
        return factor_rows(self.courses)

    def correlations(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Correlations over patients of where alliance and outcome start and how they change.

        From one model of both variables. Intervals by Fisher's z and the delta method.

        Returns
        -------
        DataFrame
            Columns ``factor correlation se ci_low ci_high``; empty where there is no such model.
        """
        probability(conf_level, name="conf_level")
        if isinstance(self.parallel, str):
            return pd.DataFrame(columns=["factor", "correlation", "se", "ci_low", "ci_high"])
        return self.parallel.correlations(conf_level)

    def tidy(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """The mean course of both variables, then early alliance and the later rate.

        Parameters
        ----------
        conf_level : float
        ddf : {"satterthwaite", "kenward-roger", "normal"}

        Returns
        -------
        DataFrame
            Columns ``effect unit group`` and those of every tidy table; ``group`` is the variable.
            ``effect`` is ``alliance_start``, ``alliance_trend``, ``alliance_bend`` (the quadratic
            term, or the change of slope at the break), the same of the outcome, and
            ``early_rate`` (or ``patient_between_rate`` and ``therapist_between_rate``): how the
            outcome's change per session after the early window differs per point of early
            alliance.
        """
        probability(conf_level, name="conf_level")
        tables = [
            course_rows(course, self.prepared.shapes[course.shape], conf_level, ddf)
            for course in self.courses
        ]
        if isinstance(self.early, EarlyRate):
            outcome = self.prepared.roles.outcome
            tables.append(early_rows(self.early, outcome, conf_level, ddf))
        return pd.concat(tables, ignore_index=True)

    def glance(self) -> pd.DataFrame:
        """One row a reported model: both courses, and early alliance with later rate."""
        fits = {course.column: (course.shape, course.fit) for course in self.courses}
        if isinstance(self.early, EarlyRate):
            fits["early alliance and later rate"] = ("linear", self.early.fit)
        tables = []
        for name, (shape, fit) in fits.items():
            table = fit.glance().rename(columns={"bic_groups": "bic_patients"})
            table.insert(0, "shape", shape)
            table.insert(0, "model", name)
            tables.append(table)
        return pd.concat(tables, ignore_index=True)

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """Trends and rates with treatment length, rates given the early outcome.

        Columns ``model`` and those of `tidy`.
        """
        return self._sensitivity("satterthwaite")

    def _sensitivity(self, ddf: Ddf) -> pd.DataFrame:
        early = self.early if isinstance(self.early, EarlyRate) else None
        return sensitivity_rows(self.prepared, self.courses, early, ddf)

    def to_r(self, *, data: str = "data.csv") -> str:
        """R code of the reported courses, and of early alliance and later rate, with lme4.

        The model of parallel growth has none.

        Parameters
        ----------
        data : str
            The CSV file that R shall read, written with
            ``result.prepared.frame.to_csv(path, index=False)``.
        """
        parts = [course.fit.to_r(data=data) for course in self.courses]
        if isinstance(self.early, EarlyRate):
            parts.append(early_r_code(self.early, self.prepared, data))
        return "\n".join(parts)

    def view(self, *, ddf: Ddf = "satterthwaite") -> ResultView:
        """Return what the report room may see of this result; `ddf` as in `tidy`."""
        roles = self.prepared.roles
        fit = self.glance()
        return ResultView(
            kind="growth",
            title=self._title,
            terms=self.tidy(ddf=ddf),
            fit=pd.DataFrame({"converged": [bool(fit["converged"].all())]}),
            plot=growth_frame(self.prepared, self.courses),
            levels=level_counts(self.prepared.counts()),
            notes=self.notes,
            messages=self.messages,
            refit=self._call(),
            labels=role_labels(
                roles,
                formula=self.formula,
                ddf=ddf,
                verb="association",
                time=self.prepared.time,
                clock=self.prepared.clock,
                shape_alliance=self.alliance.shape,
                shape_outcome=self.outcome.shape,
                post_selection="yes" if self.post_selection else "",
                break_at=f"{self.prepared.break_at:g}",
                window="sessions {}–{}".format(*self.prepared.early_window),
                ceiling=self.ceiling.words(roles.alliance),
            ),
            tables={
                "Shapes": self.shapes,
                "Growth factors": self.factors,
                "Parallel growth": self.correlations(),
                "Ceiling": self.ceiling.rows,
                "Sensitivity": self.sensitivity
                if ddf == "satterthwaite"
                else self._sensitivity(ddf),
                "Models": fit,
            },
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        low, high = self.prepared.early_window
        notes = [
            f"Time counts {self.prepared.clock} since the patient's first session; shapes are "
            "compared by ML, the reported ones fitted by REML.",
            *([_POST] if self.post_selection else []),
        ]
        if "piecewise" in self.prepared.shapes:
            notes.append(f"The break of the piecewise shape is at {self.prepared.break_at:g}.")
        if isinstance(self.early, EarlyRate):
            notes.append(
                f"Early alliance is the mean of sessions {low}–{high}; the rate of change is that "
                f"of the sessions after {high}, so that it is measured later."
            )
        if isinstance(self.parallel, ParallelGrowth):
            x, y = self.parallel.shapes
            notes.append(
                "Parallel growth: one model of both variables, with correlated starts and rates "
                f"({x} time of the alliance, {y} time of the outcome) and correlated residuals of "
                "the same session."
            )
        notes.append(self.ceiling.words(self.prepared.roles.alliance))
        return tuple(notes)

    def _call(self) -> str:
        """The call that fits this model again."""
        parts = ["sessions", f"shape={self.asked!r}"]
        if self.asked in ("auto", "piecewise") and "piecewise" in self.prepared.shapes:
            parts.append(f"break_at={self.prepared.break_at:g}")
        if self.time_column != "session":
            parts.append(f"time_column={self.time_column!r}")
        parts.append(f"early_window={self.prepared.early_window}")
        if self.ceiling.given:
            parts.append(f"alliance_max={self.ceiling.limit:g}")
        changes = self.prepared.changes
        if changes is not None and changes.way != "raise":
            parts.append(f"therapist_change={changes.way!r}")
        return f"al.fit_growth({', '.join(parts)})"

    @property
    def _title(self) -> str:
        roles = self.prepared.roles
        return f"Course of {roles.alliance} and {roles.outcome}"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        """Heading, tables and sentences, in text as in HTML."""
        heading = headline(self._title, self.prepared.counts())
        return heading, [self.tidy(), self.shapes], (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())
