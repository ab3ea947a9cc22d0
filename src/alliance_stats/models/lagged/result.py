"""LaggedResult: what two lagged equations say about which of alliance and outcome comes first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import ResultView
from alliance_stats.data.sessions import SessionData
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.lagged.bias import bias_table, empty_bias_table, large_bias
from alliance_stats.models.lagged.effects import EFFECTS, lagged_table
from alliance_stats.models.lagged.prepare import PreparedLags
from alliance_stats.models.lagged.r_code import lagged_r_code
from alliance_stats.models.lagged.sensitivity import sensitivity_rows
from alliance_stats.models.lagged.shown import path_frame
from alliance_stats.models.lagged.specification import LaggedSpecification
from alliance_stats.models.lagged.standardised import standardised_paths
from alliance_stats.models.notes import few_units_notes, time_note
from alliance_stats.models.shown import headline
from alliance_stats.models.timing import timing_words


@dataclass(frozen=True, eq=False, repr=False)
class LaggedResult:
    """Whether the alliance predicts the later outcome, and the outcome the later alliance.

    Made by `fit_lagged`.

    Attributes
    ----------
    fits : mapping of str to MixedModelResult
        The mixed model of the ``outcome`` and of the ``alliance``.
    prepared : PreparedLags
        The sessions, centred and lagged.
    specification : LaggedSpecification
    sessions : SessionData
        The sessions as given, for the sensitivity rows.
    bias_simulations : int
        Simulated studies behind each row of `bias`.
    seed : int or SeedSequence
        Of these studies.
    path : tuple of str
        What ``random_slopes="auto"`` did.
    """

    fits: Mapping[str, MixedModelResult]
    prepared: PreparedLags
    specification: LaggedSpecification
    sessions: SessionData
    bias_simulations: int
    seed: int | np.random.SeedSequence
    path: tuple[str, ...] = ()

    @property
    def about_fits(self) -> tuple[str, ...]:
        """What a reader must know about a singular or failed fit, by equation."""
        return tuple(
            f"{equation.response}: {text}"
            for equation in self.prepared.equations
            for text in self.fits[equation.side].about_fit
        )

    @property
    def messages(self) -> tuple[str, ...]:
        """Sessions lost, changes of therapist; singular or failed fits; a large bias."""
        return (*self.prepared.messages(), *self.path, *self._messages_of_fits())

    def _messages_of_fits(self) -> list[str]:
        return [
            f"{equation.response}: {text}"
            for equation in self.prepared.equations
            for text in self.fits[equation.side].messages
        ]

    @property
    def formulas(self) -> dict[str, str]:
        """Both models in lme4's syntax, over the columns of `prepared.frame`, by side."""
        return {side: fit.formula for side, fit in self.fits.items()}

    @property
    def effects(self) -> pd.DataFrame:
        """The rows of `tidy` that are paths or autoregressions."""
        return self.tidy().head(len(EFFECTS))

    def tidy(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Both paths, both autoregressions, then the other fixed effects of both equations.

        Parameters
        ----------
        conf_level : float
        ddf : {"satterthwaite", "kenward-roger", "normal"}

        Returns
        -------
        DataFrame
            Columns ``effect unit`` and those of every tidy table. ``effect`` is
            ``alliance_to_outcome``, ``outcome_to_alliance``, ``outcome_autoregression``,
            ``alliance_autoregression``, or empty; ``term`` is ``phq9 ~ wai_total_within_lag1``:
            the column predicted, then the coefficient. ``estimate`` has the raw sign, in units of
            the rating predicted per unit of the predictor.
        """
        probability(conf_level, name="conf_level")
        return lagged_table(self.fits, self.prepared, conf_level, ddf)

    def glance(self) -> pd.DataFrame:
        """One row an equation: ``response``, then the summary of its fit."""
        tables = []
        for equation in self.prepared.equations:
            table = self.fits[equation.side].glance().rename(columns={"bic_groups": "bic_patients"})
            table["n_dropped"] = sum(self.prepared.dropped[equation.side].values())
            table.insert(0, "response", equation.response)
            tables.append(table)
        return pd.concat(tables, ignore_index=True)

    @cached_property
    def bias(self) -> pd.DataFrame:
        """Bias of both paths in simulated studies of this design, computed once, when asked for.

        A study has the patients, sessions, gaps and missing ratings of the data and is fitted by
        the same model. Its truth is a bivariate autoregressive process, without trends and with
        the same paths for all patients, whose parameters are such that studies give the estimates
        on average; the path looked at is then set to zero, or to its estimate.

        Returns
        -------
        DataFrame
            One row a path and truth, one an autoregression: ``effect``, ``unit``, ``truth`` (a
            path is ``zero``, or as large as the ``estimate``; an autoregression is ``matched``:
            its studies give the estimate), ``true`` and ``mean`` value,
            ``bias`` = mean − true, its Monte Carlo error ``mc_error``, ``bias_in_se`` (in standard
            errors of the fit), ``rejected`` (the share of studies with p < .05, z test),
            ``nickell`` (−(1 + φ)/(T − 1) of an autoregression φ with T ratings a patient) and
            ``n_studies``. Without rows where ``bias_simulations=0``.
        """
        if not self.bias_simulations:
            return empty_bias_table()
        return bias_table(self.fits, self.prepared, n=self.bias_simulations, rng=self.seed)

    @property
    def biased(self) -> dict[str, float]:
        """Paths whose simulated bias exceeds half a standard error, and the bias in those errors.

        No test of such a path is reported.
        """
        return large_bias(self.bias)

    def effect_sizes(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Effects in standard deviations within patients.

        The standard deviations are those between sessions of a model with random intercepts
        only, treated as known: the interval carries the uncertainty of b alone.

        Returns
        -------
        DataFrame
            Columns ``effect unit estimate ci_low ci_high sd_alliance sd_outcome``.
        """
        table = self.tidy(conf_level=conf_level, ddf=ddf).head(len(EFFECTS))
        return standardised_paths(table, self.prepared).drop(columns="per_unit")

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """The effects under other choices about trends and gaps.

        Columns ``model`` and those of `effects`. Rows: without time; with a line common to all
        patients; with a time slope of each patient; with each patient's own line taken out of
        both ratings before; with treatment length (sessions attended and their product with time);
        with the other way to bridge gaps.
        """
        return sensitivity_rows(self.fits, self.prepared, self.specification, self.sessions)

    def to_r(self, *, data: str = "sessions.csv") -> str:
        """R code that centres, lags and fits both equations from the file of sessions on.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the sessions as given, with the columns of the roles.

        Raises
        ------
        UnsupportedError
            If sessions count for another therapist than the file says, or a name or label is
            none that R can hold.
        """
        return lagged_r_code(self.fits, self.prepared, self.specification, data)

    def view(self, *, ddf: Ddf = "satterthwaite") -> ResultView:
        """Return what the report room may see of this result.

        Parameters
        ----------
        ddf
            As in `tidy`, for every test and interval of the report.
        """
        first = self.prepared.equations[0]
        sizes = standardised_paths(self.tidy(ddf=ddf).head(len(EFFECTS)), self.prepared)
        return ResultView(
            kind="lagged",
            title=self._title,
            terms=self.tidy(ddf=ddf),
            fit=self._whole(),
            plot=path_frame(sizes, self.bias),
            levels=level_counts(self.counts()),
            notes=self.notes,
            messages=self.messages,
            refit=self._call(),
            labels=role_labels(
                self.prepared.roles,
                formula="; ".join(self.formulas.values()),
                ddf=ddf,
                verb="predicts",
                time=self.specification.time,
                step=str(first.step),
                **self._path_labels(),
                **self._change_labels(),
            ),
            tables={
                "Standardised effects": sizes.drop(columns="per_unit"),
                "Bias in studies of this design": self.bias,
                "Sensitivity": self.sensitivity
                if ddf == "satterthwaite"
                else sensitivity_rows(
                    self.fits, self.prepared, self.specification, self.sessions, ddf
                ),
                "Fit of both equations": self.glance(),
            },
        )

    def _path_labels(self) -> dict[str, str]:
        """Which session of which rating predicts which, and which paths are biased."""
        found = {"timing": timing_words(self.prepared.roles)}
        for equation in self.prepared.equations:
            found[f"{equation.cross_effect}_path"] = equation.words()
            found[f"{equation.cross_effect}_lag"] = str(equation.lag)
        for effect, in_se in self.biased.items():
            found[f"{effect}_biased"] = f"{in_se:.17g}"
        return found

    def _change_labels(self) -> dict[str, str]:
        changes = self.prepared.changes
        words = "" if changes is None else changes.words()
        return {"therapist_changes": words} if words else {}

    def counts(self) -> dict[str, int]:
        """Sessions, patients and therapists in one equation or both."""
        return self.prepared.counts()

    def _whole(self) -> pd.DataFrame:
        """One row about both equations together."""
        fits = list(self.fits.values())
        return pd.DataFrame(
            {
                "method": ["REML" if fits[0].reml else "ML"],
                "converged": [all(fit.converged for fit in fits)],
                "singular": [any(fit.singular for fit in fits)],
            }
        )

    @property
    def _title(self) -> str:
        roles = self.prepared.roles
        return f"Which comes first, {roles.alliance} or {roles.outcome}"

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        prepared, roles = self.prepared, self.prepared.roles
        paths = "; ".join(equation.words() for equation in prepared.equations)
        ratings = {r: int(prepared.frame[r].notna().sum()) for r in (roles.alliance, roles.outcome)}
        counted = " and ".join(f"{n:,} ratings of {rating}" for rating, n in ratings.items())
        notes = [
            f"Order: {timing_words(roles)}. {paths}.",
            f"Within patients: centred on the patient's mean of all {counted}, then lagged "
            f"({self._gap_words()}). Each equation holds the predictor's parts between units; a "
            "rating's own mean is what is predicted, so it is not among the predictors.",
        ]
        said = self.prepared.messages()
        for equation in prepared.equations:
            words = f"{equation.response}: {prepared.pairs_words(equation)}"
            notes += [] if words in said else [words]
        notes.append(time_note(self.specification.time, prepared.time))
        notes += self._bias_notes()
        return (*notes, *few_units_notes(self.counts(), reml=self.specification.reml))

    def _gap_words(self) -> str:
        if self.prepared.gap == "previous":
            before = "the session before" if self.prepared.step == 1 else "an earlier session"
            return f"{before}, however long ago"
        return f"session t − {self.prepared.step} exactly"

    def _bias_notes(self) -> list[str]:
        """The size of the bias of this design, on the same page as the paths."""
        if not self.bias_simulations:
            return ["The bias of this design was not simulated."]
        biased = self.biased
        if not biased:
            return [
                "Bias in simulated studies of this design: less than half a standard error for "
                "both paths (result.bias)."
            ]
        words = [
            f"{effect} by {in_se:+.1f} standard errors".replace("-", "−")
            for effect, in_se in biased.items()
        ]
        return [
            f"Biased for this design: {' and '.join(words)} in simulated studies (result.bias). "
            "Do not test it with this model; a random-intercept cross-lagged panel model or a "
            "dynamic panel model (fit_cross_lagged) does not centre on observed means."
        ]

    def _call(self) -> str:
        """The call that fits this model again."""
        chosen, prepared = self.specification, self.prepared
        slopes = chosen.slopes["outcome"]
        same = slopes == chosen.slopes["alliance"]
        parts = ["sessions", f"step={prepared.step}", f"gap={prepared.gap!r}"]
        parts.append(f"time={chosen.time!r}")
        if chosen.time_column != "session":
            parts.append(f"time_column={chosen.time_column!r}")
        wanted = repr({unit: list(names) for unit, names in slopes.items()}) if same else "'auto'"
        parts.append(f"random_slopes={wanted}")
        if prepared.therapist_change != "raise":
            parts.append(f"therapist_change={prepared.therapist_change!r}")
        seed = self.seed if isinstance(self.seed, int) else "rng"
        parts += [f"reml={chosen.reml}", f"bias_simulations={self.bias_simulations}", f"rng={seed}"]
        return f"al.fit_lagged({', '.join(parts)})"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        """Heading, tables and sentences, in text as in HTML."""
        heading = headline(self._title, self.counts())
        tables = [self.tidy(), *([self.bias] if self.bias_simulations else [])]
        return heading, tables, (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())
