"""How strong a time-varying confounder would have to be to explain a within effect away."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance_stats._base.checks import (
    name_list,
    probability,
)
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import TIDY_COLUMNS, ResultView
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.lmm.tables import test_table
from alliance_stats.models.confounding.demeaned import Demeaned
from alliance_stats.models.confounding.omitted import Coefficient, bounds
from alliance_stats.models.confounding.r_code import confounding_r_code
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.prepare import PreparedSessions
from alliance_stats.models.shown import headline
from alliance_stats.models.specification import Specification

#: Points of the contours along each side.
GRID = 61
MODELS = ("mixed model", "within regression")


@dataclass(frozen=True, eq=False, repr=False)
class ConfoundingResult:
    """Sensitivity of a within effect to a time-varying confounder that nobody measured.

    Made by `AllianceResult.confounding`.

    Attributes
    ----------
    mixed, regression : Coefficient
        The within effect of the mixed model, and of the regression within patients.
    fit : MixedModelResult
        The mixed model, with the benchmarks.
    within : Demeaned
        The columns of the regression within patients.
    prepared : PreparedSessions
    benchmarks : tuple of str
    strengths : tuple of (float, float)
        Multiples k with the alliance and with the outcome.
    q, alpha : float
    messages : tuple of str
    """

    mixed: Coefficient
    regression: Coefficient
    fit: MixedModelResult
    within: Demeaned
    prepared: PreparedSessions
    specification: Specification
    benchmarks: tuple[str, ...]
    strengths: tuple[tuple[float, float], ...]
    q: float
    alpha: float
    messages: tuple[str, ...]

    def tidy(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """The effect in both models, with what a confounder would need.

        Returns
        -------
        DataFrame
            Columns ``effect model`` and those of every tidy table, then

            * ``partial_r2``: share of the outcome's residual variance within patients that the
              alliance goes with; also the extreme scenario, what a confounder that explains all of
              the outcome would have to share with the alliance;
            * ``robustness``: RV_q, the partial R² with alliance and outcome at which a confounder
              takes away the share q of the effect;
            * ``robustness_alpha``: RV_{q,α}, the same for the test at level α.
        """
        probability(conf_level, name="conf_level")
        found = [self.mixed, self.regression]
        term = dict(self.prepared.effects)["within"]
        table = test_table(
            (term, term),
            np.array([c.estimate for c in found]),
            np.array([c.se for c in found]),
            np.array([c.df for c in found]),
            conf_level,
        )[list(TIDY_COLUMNS)]
        table.insert(0, "effect", "within")
        table.insert(1, "model", list(MODELS))
        table["partial_r2"] = [c.partial_r2 for c in found]
        table["robustness"] = [c.robustness(self.q) for c in found]
        table["robustness_alpha"] = [c.robustness_alpha(self.q, self.alpha) for c in found]
        return table

    @cached_property
    def bounds(self) -> pd.DataFrame:
        """What confounders as strong as the benchmarks, or k times as strong, would leave.

        Returns
        -------
        DataFrame
            Columns ``benchmark k r2_alliance r2_outcome estimate se statistic df p_value ci_low
            ci_high``, for the mixed model; the test is of (1 − q) times the estimate, the interval
            at 1 − α. NaN where no confounder can be that strong.
        """
        rows = []
        for place, name in enumerate(self.benchmarks):
            r2_d, r2_y = self.within.strengths(place)
            for k_d, k_y in self.strengths:
                found = bounds(r2_d, r2_y, k_d, k_y)
                rows.append((name, k_d, *found, *self._adjusted(*found)))
        columns = ["benchmark", "k", "r2_alliance", "r2_outcome", "estimate", "se", "statistic",
                   "df", "p_value", "ci_low", "ci_high"]  # fmt: skip
        return pd.DataFrame(rows, columns=columns)

    def adjust(self, r2_alliance: float, r2_outcome: float) -> pd.DataFrame:
        """What a confounder of a given strength would leave: one row, as in `bounds`.

        Parameters
        ----------
        r2_alliance : float
            Its partial R² with the alliance within patients, from 0 to below 1.
        r2_outcome : float
            Its partial R² with the outcome, alliance held constant.
        """
        for name, value in (("r2_alliance", r2_alliance), ("r2_outcome", r2_outcome)):
            if not 0 <= value <= 1 or (name == "r2_alliance" and value == 1):
                raise ArgumentError(f"{name}={value!r} is no partial R². Give one such as 0.1.")
        columns = ["r2_alliance", "r2_outcome", *self.bounds.columns[4:]]
        row = (r2_alliance, r2_outcome, *self._adjusted(r2_alliance, r2_outcome))
        return pd.DataFrame([row], columns=columns)

    def _adjusted(self, r2_d: float, r2_y: float) -> tuple[float, ...]:
        """Estimate, se, statistic, df, p and interval of the mixed model."""
        c = self.mixed
        estimate, se = float(c.adjusted(r2_d, r2_y)), float(c.adjusted_se(r2_d, r2_y))
        null = (1.0 - self.q) * c.estimate
        statistic = (estimate - null) / se if se > 0 else float("nan")
        half = c.critical(self.alpha) * se
        p = float(c.p_value(np.asarray(statistic)))
        return estimate, se, statistic, c.df - 1.0, p, estimate - half, estimate + half

    def contours(self, *, limit: float | None = None) -> pd.DataFrame:
        """The adjusted estimate and t over a grid of strengths.

        Parameters
        ----------
        limit : float, optional
            Largest partial R² of both sides. By default a little beyond RV_q and the benchmarks.

        Returns
        -------
        DataFrame
            Columns ``r2_alliance r2_outcome estimate statistic``, 61 × 61 rows.
        """
        largest = self._limit() if limit is None else limit
        if not 0 < largest < 1:
            raise ArgumentError(f"limit={limit!r} is not between 0 and 1. Give one such as 0.3.")
        side = np.linspace(0.0, largest, GRID)
        r2_d, r2_y = (values.ravel() for values in np.meshgrid(side, side))
        estimate = self.mixed.adjusted(r2_d, r2_y)
        null = (1.0 - self.q) * self.mixed.estimate
        return pd.DataFrame(
            {
                "r2_alliance": r2_d,
                "r2_outcome": r2_y,
                "estimate": estimate,
                "statistic": (estimate - null) / self.mixed.adjusted_se(r2_d, r2_y),
            }
        )

    def _limit(self) -> float:
        """Half as far again as the robustness value, or as the strongest benchmark."""
        strongest = self.bounds[["r2_alliance", "r2_outcome"]].to_numpy(dtype=float)
        largest = max(self.mixed.robustness(self.q), np.nanmax(strongest, initial=0.0))
        return float(np.clip(1.5 * largest, 0.02, 0.95))

    def glance(self) -> pd.DataFrame:
        """One row: sessions, q, α, residual degrees of freedom within patients."""
        return pd.DataFrame(
            {
                "n_obs": [len(self.prepared.frame)],
                "df_within": [self.within.df],
                "q": [self.q],
                "alpha": [self.alpha],
                "converged": [self.fit.converged],
                "singular": [self.fit.singular],
            }
        )

    def to_r(self, *, data: str = "data.csv") -> str:
        """R code that makes both rows of `tidy`, and `bounds`, from the rows of the model.

        By lmer, lm with a dummy for every patient, and the formulas of Cinelli and Hazlett in base
        R; package sensemakr is not needed. Its ``sensemakr(w, x, benchmark)`` on the `w` of the
        lines gives the row of the within regression. Write the rows first:
        ``result.prepared.frame.to_csv("data.csv", index=False)``.

        Parameters
        ----------
        data : str
            The CSV file that R shall read.

        Raises
        ------
        UnsupportedError
            For correlated residuals: R has no Satterthwaite degrees of freedom there.
        """
        return confounding_r_code(
            self.fit, self.prepared, self.specification, benchmarks=self.benchmarks,
            strengths=self.strengths, q=self.q, alpha=self.alpha, data=data,
        )  # fmt: skip

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        roles = self.prepared.roles
        tables = {"Sensitivity": self._needed()}
        if self.benchmarks:
            tables["Confounders as strong as observed variables"] = self.bounds
        return ResultView(
            kind="confounding",
            title=self._title,
            terms=self.tidy()[["effect", "model", *TIDY_COLUMNS]],
            fit=self.glance(),
            plot=self._plot(),
            levels=level_counts(self.prepared.counts()),
            notes=self.notes,
            messages=self.messages,
            labels=role_labels(
                roles, formula=self.fit.formula, ddf="satterthwaite", verb="association",
                time=self.specification.time, q=f"{self.q:g}", alpha=f"{self.alpha:g}",
            ),
            tables=tables,
        )  # fmt: skip

    def _needed(self) -> pd.DataFrame:
        """The columns of `tidy` that say what a confounder would need."""
        return self.tidy()[["model", "partial_r2", "robustness", "robustness_alpha"]]

    def _plot(self) -> pd.DataFrame:
        """What the figure draws: a grid, the robustness value, and the benchmarks.

        The strongest confounder of a benchmark has a label.
        """
        grid = self.contours().drop(columns="statistic")
        rv = self.mixed.robustness(self.q)
        point = pd.DataFrame(
            {"r2_alliance": [rv], "r2_outcome": rv, "estimate": self.mixed.adjusted(rv, rv)}
        )
        marks = self.bounds.dropna(subset=["r2_alliance"])
        strongest = ~marks.duplicated("benchmark", keep="last")
        labels = [
            f"{k:g} × {name}" if last else ""
            for name, k, last in zip(marks["benchmark"], marks["k"], strongest, strict=True)
        ]
        marks = marks[["r2_alliance", "r2_outcome", "estimate"]]
        return pd.concat(
            [
                grid.assign(layer="grid", label=""),
                point.assign(layer="robustness", label=""),
                marks.assign(layer="benchmark", label=labels),
            ],
            ignore_index=True,
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        y = self.prepared.roles.outcome
        notes = [
            "Partial R² are of what varies within patients, time held constant: a confounder that "
            "does not change within a patient is ruled out by design.",
            f"The bias rests on residual SDs of {y} and of the alliance within patients "
            f"({self.within.df:,} residual degrees of freedom), the test on the standard error of "
            "the mixed model.",
        ]
        if self.specification.slopes:
            notes.append(
                "Effects differ between patients in the mixed model; the formulas are exact for "
                "the within regression, and approximate for the mean of such effects."
            )
        if self.specification.residual is not None:
            notes.append(
                "Residuals are correlated in the mixed model, which weights sessions otherwise "
                "than the within regression: its rows are approximate."
            )
        if self.benchmarks:
            notes.append(
                f"Held constant in both models: {name_list(list(self.benchmarks))}, centred within "
                "patients. A benchmark that the alliance changes is no confounder."
            )
        return tuple(notes)

    @property
    def _title(self) -> str:
        roles = self.prepared.roles
        return f"Confounding of {roles.alliance} and {roles.outcome} within patients"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        tables = [self.tidy(), *([self.bounds] if self.benchmarks else [])]
        heading = headline(self._title, self.prepared.counts())
        return heading, tables, (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())
