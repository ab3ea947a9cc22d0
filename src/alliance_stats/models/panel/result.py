"""CrossLaggedResult: what a panel model says about alliance and outcome over sessions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import ResultView
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.panel.plot import path_frame
from alliance_stats.models.panel.prepare import PreparedPanel
from alliance_stats.models.panel.r_code import panel_r_code
from alliance_stats.models.panel.spec import Choices
from alliance_stats.models.panel.tables import (
    effects_table,
    long_run_table,
    stable_table,
    tests_table,
)
from alliance_stats.models.panel.words import (
    call_words,
    dropped_words,
    equality_notes,
    estimation_note,
    model_notes,
    path_words,
    waves_note,
    waves_words,
)
from alliance_stats.models.shown import headline
from alliance_stats.sem.result import SemResult
from alliance_stats.sem.views import fit_sentence

TITLES = {
    "ri-clpm": "random-intercept cross-lagged panel model",
    "clpm": "cross-lagged panel model",
    "dpm": "dynamic panel model",
    "lcm-sr": "latent curve model with structured residuals",
}


@dataclass(frozen=True, eq=False, repr=False)
class CrossLaggedResult:
    """How alliance and outcome predict each other from session to session.

    Made by `fit_cross_lagged`.

    Attributes
    ----------
    fit : SemResult
        The structural equation model behind it, with every parameter.
    prepared : PreparedPanel
        One row a patient, one column a rating of a wave.
    choices : Choices
    """

    fit: SemResult
    prepared: PreparedPanel
    choices: Choices

    @property
    def messages(self) -> tuple[str, ...]:
        """Patients left out; improper, unidentified or failed fits."""
        return (*self.about_data, *self.fit.about_fit)

    @property
    def about_data(self) -> tuple[str, ...]:
        """Patients left out, and what was made of those with several therapists."""
        dropped = dropped_words(self.prepared, self.choices, self.fit.n_obs)
        return tuple(filter(None, (*dropped, self.prepared.about_therapists)))

    @property
    def paths(self) -> tuple[str, ...]:
        """The cross-lagged paths in words, by the order of measurement."""
        return path_words(self.prepared, self.choices)

    def tidy(self, *, conf_level: float = 0.95, standardised: bool = False) -> pd.DataFrame:
        """Cross-lagged effects, then autoregressions.

        Parameters
        ----------
        conf_level : float
        standardised : bool
            Give effects in standard deviations of the two variables of the path (of deviations
            within patients where the model has them), one row a wave, with standard errors by
            the delta method.

        Returns
        -------
        DataFrame
            Columns ``effect`` (``alliance_to_outcome``, ``outcome_to_alliance``,
            ``alliance_autoregression``, ``outcome_autoregression``), ``group`` with `groups`, and
            those of every tidy table. One row an effect where it is equal over time, else one a
            wave; ``term`` names the path.
        """
        probability(conf_level, name="conf_level")
        return effects_table(self.fit, self.prepared, conf_level, standardised=standardised)

    def long_run(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Where a lasting change ends: b/(1 − φ), with delta standard errors.

        The change of the one if the other stayed one unit higher for good, its own path b and
        the autoregression φ of what it leads to given. Effects that differ over time have none.
        Missing where φ is 1 or more.

        Parameters
        ----------
        conf_level : float

        Returns
        -------
        DataFrame
            The columns of `tidy`.
        """
        probability(conf_level, name="conf_level")
        return long_run_table(self.fit, self.prepared, conf_level)

    def stable(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Variances and covariances of what is stable in patients, with correlations.

        Parameters
        ----------
        conf_level : float

        Returns
        -------
        DataFrame
            The columns of every tidy table and ``correlation``. No rows for ``model="clpm"``.
        """
        probability(conf_level, name="conf_level")
        return stable_table(self.fit, conf_level)

    @cached_property
    def tests(self) -> pd.DataFrame:
        """Likelihood-ratio tests of equal lagged effects: over time, and between groups.

        Columns ``test chi2 df p_value``; scaled with ``estimator="mlr"`` (Satorra &
        Bentler, 2001). The other model is fitted when this is first asked for.
        """
        return tests_table(self.fit, self.prepared, self.choices)

    def glance(self) -> pd.DataFrame:
        """One row about the whole model: that of the structural equation model, and patients."""
        table = self.fit.glance()
        table["n_dropped"] = self.prepared.counts["patients"] - self.fit.n_obs
        table.insert(0, "model", self.choices.model)
        table.insert(1, "n_waves", self.prepared.panel.n_waves)
        return table

    def to_r(self, *, data: str = "sessions.csv") -> str:
        """R code that lays the sessions out by waves and fits the same model with lavaan.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the sessions, one row each, as in
            ``sessions.frame.to_csv(path, index=False)``.

        Raises
        ------
        UnsupportedError
            If a name is none that lavaan's syntax can hold.
        """
        return panel_r_code(self.fit, self.prepared, data)

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        tables = {
            "Standardised effects": self.tidy(standardised=True),
            "Long-run effects": self.long_run(),
            "Stable differences between patients": self.stable(),
            "Tests of equal effects": self.tests,
        }
        return ResultView(
            kind="cross_lagged",
            title=self._title,
            terms=self.tidy(),
            fit=self.glance(),
            plot=path_frame(self.fit, self.prepared),
            levels=level_counts(self._counts),
            notes=self.notes,
            messages=self.messages,
            refit=call_words(self.prepared, self.choices),
            labels=role_labels(
                self.prepared.roles,
                formula="",
                ddf="normal",
                verb="predicts",
                model=self.choices.model,
                model_words=TITLES[self.choices.model],
                paths="; ".join(self.paths),
                waves=waves_words(self.prepared),
                missing=self.choices.missing,
                fit=self._fit_words,
            ),
            tables={name: table for name, table in tables.items() if len(table)},
        )

    @property
    def _counts(self) -> dict[str, int]:
        counts = {"patient": self.fit.n_obs}
        if self.fit.n_clusters:
            counts["therapist"] = self.fit.n_clusters
        return counts

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        return (
            f"Paths by the order of measurement: {'; '.join(self.paths)}.",
            waves_note(self.prepared),
            estimation_note(self.fit, self.choices),
            *equality_notes(self.tests, self.choices),
            f"Fit: {self._fit_words}.",
            *model_notes(self.prepared, self.choices),
        )

    @property
    def _fit_words(self) -> str:
        """The test of the model and its indices, where there is something to test."""
        if not self.fit.statistic.df:
            return "exact, because the model has as many parameters as moments (df = 0)"
        return fit_sentence(self.fit)

    @property
    def _title(self) -> str:
        roles = self.prepared.roles
        return f"{roles.alliance} and {roles.outcome}: {TITLES[self.choices.model]}"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        """Heading, tables and sentences, in text as in HTML."""
        heading = headline(self._title, self._counts)
        table = self.tidy().drop(columns="df").rename(columns={"statistic": "z"})
        return heading, [table], (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())
