"""OutcomeResult: what a model says about early alliance and the post-treatment outcome."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted, name_list, one_of, probability
from alliance_stats._base.errors import DataError, UnsupportedError
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.meta.studies import MEASURE, SIZES
from alliance_stats.models.effects import effects_table
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.notes import FEW
from alliance_stats.models.outcome.correlations import (
    Bootstrap,
    correlation_table,
    observed_correlations,
)
from alliance_stats.models.outcome.patient_fit import PatientFit
from alliance_stats.models.outcome.plot import outcome_frame
from alliance_stats.models.outcome.prepare import PreparedPatients, sessions_words
from alliance_stats.models.outcome.r_code import patients_r_code
from alliance_stats.models.shown import headline


@dataclass(frozen=True, eq=False, repr=False)
class OutcomeResult:
    """How the early alliance predicts the post-treatment outcome.

    Made by `fit_outcome`.

    Attributes
    ----------
    fit : MixedModelResult or LinearFit
        The model behind it: with a therapist role a mixed model, else least squares.
    prepared : PreparedPatients
        One row a patient.
    bootstrap : Bootstrap or None
        The correlations in every resample; None without ``rng=``.
    """

    fit: PatientFit
    prepared: PreparedPatients
    bootstrap: Bootstrap | None = None

    @property
    def messages(self) -> tuple[str, ...]:
        """Dropped patients; resamples that could not be used; singular or failed fits."""
        return (*self.prepared.messages(), *self._bootstrap_message(), *self.fit.messages)

    @property
    def formula(self) -> str:
        """The model in R's syntax, over the columns of `prepared.frame`."""
        return self.fit.formula

    @property
    def effects(self) -> pd.DataFrame:
        """The rows of `tidy` that are effects of the alliance (without the contextual one)."""
        return self.tidy().head(len(self.prepared.effects))

    def tidy(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Effects of the early alliance, then intercept, intake and early change.

        Parameters
        ----------
        conf_level : float
        ddf : {"satterthwaite", "kenward-roger", "normal"}
            Without therapists the degrees of freedom are the residual ones, which are exact;
            ``"normal"`` gives z tests.

        Returns
        -------
        DataFrame
            Columns ``effect unit`` and those of every tidy table. ``effect`` is
            ``early_alliance``, or ``patient_between``, ``therapist_between`` and ``contextual``
            (their difference) when split, or empty; ``estimate`` has the raw sign.
        """
        probability(conf_level, name="conf_level")
        return effects_table(self.fit, self.prepared.effects, conf_level, ddf)

    def glance(self) -> pd.DataFrame:
        """One row about the whole model; ``bic`` counts patients."""
        table = self.fit.glance().drop(columns="bic_groups", errors="ignore")
        return table.assign(n_dropped=sum(self.prepared.dropped.values()))

    def effect_sizes(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Coefficients in standard deviations over the patients in the model (standardised b).

        The standard deviations are treated as known: the interval carries the uncertainty of b
        alone. The sign is that of b.

        Returns
        -------
        DataFrame
            Columns ``effect unit estimate ci_low ci_high sd_alliance sd_outcome``.
        """
        table = self.tidy(conf_level=conf_level, ddf=ddf).head(len(self.prepared.effects))
        frame = self.prepared.frame
        columns = [column for _, column in self.prepared.effects]
        sd_alliance = frame[columns].std(ddof=1).to_numpy()
        sd_outcome = float(frame[self.prepared.post].std(ddof=1))
        sizes = table[["effect", "unit", "estimate", "ci_low", "ci_high"]].copy()
        for name in ("estimate", "ci_low", "ci_high"):
            sizes[name] *= sd_alliance / sd_outcome
        return sizes.assign(sd_alliance=sd_alliance, sd_outcome=sd_outcome)

    def correlations(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Zero-order, partial and semi-partial correlations of early alliance and outcome.

        They are correlations over patients. With the role ``outcome_better`` positive means that
        a better early alliance goes with a better outcome; without it they have the raw sign.

        Parameters
        ----------
        conf_level : float

        Returns
        -------
        DataFrame
            Columns ``effect kind r ci_low ci_high n n_controls interval``. ``kind`` is
            ``zero-order``, ``partial`` (intake, early change and, when split, the other part held
            constant in both) or ``semi-partial`` (in the early alliance only). With therapists
            intervals are percentiles of a bootstrap over therapists. Without, zero-order and
            partial use Fisher's z, semi-partial a bootstrap over patients. Without ``rng=``
            bootstrap intervals are missing.
        """
        probability(conf_level, name="conf_level")
        return correlation_table(
            self.prepared, self.bootstrap, sign=self._sign, conf_level=conf_level
        )

    def to_effect(self, *, kind: Literal["zero-order", "partial"] = "zero-order") -> pd.DataFrame:
        """One effect for a meta-analysis: Fisher's z, positive for a better outcome.

        Parameters
        ----------
        kind : {"zero-order", "partial"}
            The correlation as it is, or with intake and early change held constant. The two are
            different quantities and are not pooled with each other.

        Returns
        -------
        DataFrame
            One row: ``es_measure`` (ZCOR or ZPCOR), ``yi``, ``vi`` = 1/(n − k − 3), ``ni``
            (patients in the model) and ``n_controls`` (k; 0 for zero-order). ``vi`` takes patients
            as independent, as published effects do.

        Raises
        ------
        DataError
            Without the role ``outcome_better``.
        UnsupportedError
            For an alliance that is split between patients and therapists.
        """
        one_of(kind, ("zero-order", "partial"), name="kind")
        if self.prepared.split != "none":
            raise UnsupportedError(
                "an effect for a meta-analysis is that of the whole early alliance, and here it "
                "is split between patients and therapists. Fit with split='none'."
            )
        if self.prepared.roles.outcome_better is None:
            raise DataError(
                f"which direction of '{self.prepared.roles.outcome}' is improvement is not known, "
                "so an effect would have no sign. Give roles=Roles(outcome_better='lower') or "
                "'higher'."
            )
        partial = kind == "partial"
        r = self._sign * float(observed_correlations(self.prepared)[0, int(partial)])
        n, k = len(self.prepared.frame), len(self.prepared.controls) if partial else 0
        return pd.DataFrame(
            {
                MEASURE: ["ZPCOR" if partial else "ZCOR"],
                "yi": [float(np.arctanh(r))],
                "vi": [1.0 / (n - k - 3)],
                SIZES: [n],
                "n_controls": [k],
            }
        )

    @property
    def _sign(self) -> int:
        """1, or -1 where a lower outcome is better."""
        return -1 if self.prepared.roles.outcome_better == "lower" else 1

    def to_r(self, *, data: str = "patients.csv") -> str:
        """R code that fits the model to the patients, as ``prepared.frame`` holds them.

        Write them first: ``result.prepared.frame.to_csv("patients.csv", index=False)``.

        Parameters
        ----------
        data : str
            The CSV file that R shall read.

        Raises
        ------
        ArgumentError
            If `data` is no file name.

        Examples
        --------
        >>> import alliance_stats as al
        >>> result = al.fit_outcome(al.load_example("sessions"))
        >>> print(result.to_r().splitlines()[0])
        library(lme4)
        """
        prepared = self.prepared
        return patients_r_code(self.fit, prepared.frame, prepared.post, prepared.predictors, data)

    def view(self, *, ddf: Ddf = "satterthwaite") -> ResultView:
        """Return what the report room may see of this result.

        Parameters
        ----------
        ddf
            As in `tidy`, for every test and interval of coefficients in the report.
        """
        roles, fit = self.prepared.roles, self.fit
        tables = {
            "Standardised effects": self.effect_sizes(ddf=ddf),
            "Correlations": self.correlations(),
        }
        if isinstance(fit, MixedModelResult):
            tables["Random effects"] = fit.var_corr()
        return ResultView(
            kind="outcome",
            title=self._title,
            terms=self.tidy(ddf=ddf),
            fit=self.glance(),
            plot=outcome_frame(self.fit, self.prepared, ddf),
            levels=level_counts(self.prepared.counts()),
            notes=self.notes,
            messages=self.messages,
            refit=self._call(),
            labels=role_labels(
                roles,
                formula=self.formula,
                ddf=ddf if ddf == "normal" or "Random effects" in tables else "residual",
                verb="predicts",
                window=sessions_words(self.prepared.window),
                first_session=str(self.prepared.window[0]),
                **self._change_labels(),
            ),
            tables=tables,
        )

    def _change_labels(self) -> dict[str, str]:
        """What was made of patients who change their therapist, where there are any."""
        changes = self.prepared.changes
        words = "" if changes is None else changes.words()
        return {"therapist_changes": words} if words else {}

    @property
    def _title(self) -> str:
        roles = self.prepared.roles
        return f"Early {roles.alliance} and post-treatment {roles.outcome}"

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        return (*self._data_notes(), *self._correlation_notes(), *self._few_notes())

    def _data_notes(self) -> list[str]:
        prepared, roles = self.prepared, self.prepared.roles
        low, high = prepared.window
        ratings = int(prepared.frame["n_ratings"].sum())
        notes = [
            f"Early alliance: mean {roles.alliance} over {sessions_words(prepared.window)}, from "
            f"{counted(ratings, 'rating')}, at least {prepared.min_ratings} a patient.",
            f"Post-treatment score: the last {roles.outcome} after session {high}. Early change: "
            f"{roles.outcome} at session {low} minus {roles.baseline}.",
        ]
        if roles.outcome_at == "after":
            notes.append(
                f"{roles.outcome} is rated after the session: what the alliance of session {low} "
                "did in that session counts as early change."
            )
        if prepared.split == "therapist":
            notes.append(
                "Therapist means are means of the early alliance of the patients in the model."
            )
        return notes

    def _correlation_notes(self) -> list[str]:
        roles = self.prepared.roles
        sign = (
            "Correlations are signed so that positive means a better outcome; b has the raw sign."
            if roles.outcome_better
            else "Correlations have the raw sign: the role outcome_better is not given."
        )
        if self.bootstrap is None:
            which = "correlations need" if roles.therapist else "the semi-partial correlation need"
            unit = "therapists" if roles.therapist else "patients"
            return [sign, f"Intervals of {which} a bootstrap over {unit}: give rng=1, say."]
        of = "of all" if roles.therapist else "of semi-partial"
        return [
            sign,
            f"Intervals {of} correlations: percentiles of {self.bootstrap.n_boot:,} resamples of "
            f"{self.bootstrap.unit}s.",
        ]

    def _few_notes(self) -> list[str]:
        n = self.prepared.counts().get("therapist", FEW)
        if n >= FEW:
            return []
        return [
            f"Only {name_list([counted(n, 'therapist')])}: a bootstrap over so few gives intervals "
            "that tend to be too narrow, and tests of what differs between them rest on few units."
        ]

    def _bootstrap_message(self) -> tuple[str, ...]:
        if self.bootstrap is None or not self.bootstrap.n_unused:
            return ()
        return (
            f"{self.bootstrap.n_unused:,} of {self.bootstrap.n_boot:,} resamples have columns that "
            "do not vary or depend on each other and were left out of the intervals.",
        )

    def _call(self) -> str:
        """The call that fits this model again."""
        prepared = self.prepared
        parts = [
            "sessions", f"alliance_window={prepared.window}", f"min_ratings={prepared.min_ratings}",
            f"split={prepared.split!r}",
        ]  # fmt: skip
        if prepared.changes is not None and prepared.changes.way != "raise":
            parts.append(f"therapist_change={prepared.changes.way!r}")
        if self.bootstrap is not None:
            seed = "rng" if self.bootstrap.seed is None else str(self.bootstrap.seed)
            parts += [f"rng={seed}", f"n_boot={self.bootstrap.n_boot}"]
        return f"al.fit_outcome({', '.join(parts)})"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        """Heading, tables and sentences, in text as in HTML."""
        heading = headline(self._title, self.prepared.counts())
        correlations = self.correlations().drop(columns=["n", "n_controls"])
        return heading, [self.tidy(), correlations], (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())
