"""AllianceResult: what a model says about alliance and outcome, within and between."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats._base.printing import format_number
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.confounding.ask import confounding_of
from alliance_stats.models.confounding.result import ConfoundingResult
from alliance_stats.models.effect_size import standardised
from alliance_stats.models.effects import UNITS, effects_table
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.notes import few_units_notes, time_note
from alliance_stats.models.prepare import PreparedSessions
from alliance_stats.models.shown import headline
from alliance_stats.models.specification import Specification
from alliance_stats.models.within_between.adjusted import adjusted_frame
from alliance_stats.models.within_between.r_code import within_between_r_code
from alliance_stats.models.within_between.sensitivity import sensitivity_rows


@dataclass(frozen=True, eq=False, repr=False)
class AllianceResult:
    """How the alliance goes with outcome within and between patients.

    Made by `fit_within_between`.

    Attributes
    ----------
    fit : MixedModelResult
        The mixed model behind it.
    prepared : PreparedSessions
        The rows of the model, centred.
    specification : Specification
    path : tuple of str
        What ``random_slopes="auto"`` did.
    """

    fit: MixedModelResult
    prepared: PreparedSessions
    specification: Specification
    path: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[str, ...]:
        """Changes of therapist, dropped sessions; singular or failed fits."""
        return (*self.prepared.messages(), *self.path, *self.fit.messages)

    @property
    def formula(self) -> str:
        """The model in lme4's syntax, over the centred columns of `prepared.frame`."""
        return self.fit.formula

    @property
    def effects(self) -> pd.DataFrame:
        """The rows of `tidy` that are effects of the alliance (without contextual ones)."""
        table = self.tidy()
        return table[table["effect"].isin(UNITS)].reset_index(drop=True)

    def tidy(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Effects of the alliance, contextual differences, then the other fixed effects.

        Parameters
        ----------
        conf_level : float
        ddf : {"satterthwaite", "kenward-roger", "normal"}

        Returns
        -------
        DataFrame
            Columns ``effect unit`` and those of every tidy table. ``effect`` is ``within``,
            ``between`` (or ``patient_between``, ``therapist_between``), ``contextual``, or empty;
            ``estimate`` is in outcome units per alliance unit, with the raw sign.
        """
        probability(conf_level, name="conf_level")
        return effects_table(self.fit, self.prepared.effects, conf_level, ddf)

    def glance(self) -> pd.DataFrame:
        """One row about the whole model; ``bic`` counts sessions, ``bic_patients`` patients.

        With ``therapist_change="dyad"`` ``bic_patients`` counts patient-therapist pairs.
        """
        table = self.fit.glance().rename(columns={"bic_groups": "bic_patients"})
        table["n_dropped"] = sum(self.prepared.dropped.values())
        return table

    def effect_sizes(
        self,
        *,
        outcome_reliability: float | None = None,
        conf_level: float = 0.95,
        ddf: Ddf = "satterthwaite",
    ) -> pd.DataFrame:
        """Effects in standard deviations of their own level.

        The standard deviations are the components of two models without predictors (random
        intercepts only), treated as known: the interval carries the uncertainty of b alone.

        Parameters
        ----------
        outcome_reliability : float, optional
            Reliability of the outcome for one patient, such as .85. Adds ``points_per_rc`` to
            the within row: alliance points that go with one reliable change of a patient's
            outcome (Jacobson & Truax, 1991). It is not defined between patients.
        conf_level, ddf
            As in `tidy`.

        Returns
        -------
        DataFrame
            Columns ``effect unit estimate ci_low ci_high sd_alliance sd_outcome``.
        """
        table = self.tidy(conf_level=conf_level, ddf=ddf)
        return standardised(table, self.prepared, outcome_reliability=outcome_reliability)

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """The effects under other choices: without time, with treatment length.

        After ``residual=`` also with independent residuals.

        Columns ``model`` and those of `effects`.
        """
        return sensitivity_rows(self.fit, self.prepared, self.specification)

    def confounding(
        self,
        effect: str = "within",
        *,
        q: float = 1.0,
        alpha: float = 0.05,
        benchmarks: Sequence[str] | None = None,
        kd: Sequence[float] = (1, 2, 3),
        ky: Sequence[float] | None = None,
    ) -> ConfoundingResult:
        """How strong a time-varying confounder would have to be to explain the within effect away.

        The within effect is free of everything that does not change in a patient; what changes
        from session to session and moves both ratings (a good week, say) can still make it. This
        asks how much of both such an unmeasured variable would have to explain.

        Parameters
        ----------
        effect : {"within"}
        q : float
            Share of the effect that is to be explained away.
        alpha : float
            Level of the test whose significance is to be lost.
        benchmarks : list of str, optional
            Columns of the sessions that vary within patients. They enter the model, centred
            within patients, and a confounder is compared with them: k times as strong.
        kd, ky : sequence of float
            Multiples k with the alliance, and with the outcome (by default the same).

        Returns
        -------
        ConfoundingResult
            ``tidy()``, ``bounds``, ``contours()``; `report.plot_confounding` draws it.

        Raises
        ------
        UnsupportedError
            For another effect.
        DataError
            If a benchmark is missing, or does not vary within patients.
        ArgumentError
            For q, alpha, kd or ky out of range.

        Notes
        -----
        Partial R² is t²/(t² + df) with the t of the coefficient over its standard error under
        independent errors and df = sessions − patients − predictors that vary within patients: the
        algebra of the regression with a dummy for every patient. The degrees of freedom of the
        mixed model's test are no residual degrees of freedom and have no place in it. Both rows of
        ``tidy()`` agree where effects do not differ between patients; where they do, the mixed
        model's is an approximation.

        References
        ----------
        Cinelli, C., & Hazlett, C. (2020). Making sense of sensitivity: Extending omitted variable
        bias. *Journal of the Royal Statistical Society: Series B*, 82(1), 39-67.

        Examples
        --------
        >>> import alliance_stats as al
        >>> result = al.fit_within_between(al.load_example("process"))
        >>> found = result.confounding(benchmarks=["motivation"])
        >>> found.tidy()["model"].tolist()
        ['mixed model', 'within regression']
        >>> found.bounds["k"].tolist()
        [1.0, 2.0, 3.0]
        """
        return confounding_of(
            self.fit, self.prepared, self.specification, effect=effect, q=q, alpha=alpha,
            benchmarks=benchmarks, kd=kd, ky=ky,
        )  # fmt: skip

    def to_r(self, *, data: str = "sessions.csv") -> str:
        """R code that centres the sessions, fits the model with lme4 and prints the same digits.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the sessions as they were given.

        Raises
        ------
        UnsupportedError
            For covariates, correlated residuals, and patients with several therapists: there
            ``result.fit.to_r()`` reads the centred rows, ``result.prepared.frame``.

        Examples
        --------
        >>> import alliance_stats as al
        >>> result = al.fit_within_between(al.load_example("sessions"))
        >>> print(result.to_r().splitlines()[0])
        library(lme4)
        """
        return within_between_r_code(self.fit, self.prepared, self.specification, data)

    def view(self, *, ddf: Ddf = "satterthwaite") -> ResultView:
        """Return what the report room may see of this result.

        Parameters
        ----------
        ddf
            As in `tidy`, for every test and interval of the report: give
            ``coef_table(result.view(ddf="kenward-roger"))`` instead of ``coef_table(result)``.
        """
        roles = self.prepared.roles
        return ResultView(
            kind="within_between",
            title=self._title,
            terms=self.tidy(ddf=ddf),
            fit=self.glance(),
            plot=adjusted_frame(self.fit, self.prepared, ddf),
            levels=level_counts(self.prepared.counts()),
            notes=self.notes,
            messages=self.messages,
            refit=self._call(),
            labels=role_labels(
                roles,
                formula=self.formula,
                ddf=ddf,
                verb="association",
                time=self.specification.time,
                **self._change_labels(),
                **({"residual": self._residual_words()} if self.fit.residual else {}),
            ),
            tables={
                "Standardised effects": self.effect_sizes(ddf=ddf),
                "Sensitivity": self.sensitivity
                if ddf == "satterthwaite"
                else sensitivity_rows(self.fit, self.prepared, self.specification, ddf),
                "Random effects": self.fit.var_corr(),
            },
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        roles, chosen = self.prepared.roles, self.specification
        ratings = f"{self.prepared.n_ratings:,}"
        available = chosen.mean_rows == "available"
        means = f"all {ratings} observed ratings" if available else f"the {ratings} in the model"
        notes = [f"{roles.alliance}{self._centring_words()} from {means}.", *self._no_change_note()]
        if roles.therapist is not None:
            pairs = self.prepared.therapist_change in ("dyad", "crossed")
            of = "pair means" if pairs else "patient means"
            of = of if chosen.therapist_mean == "patients" else "sessions"
            notes.append(f"Therapist means are means of {of}.")
        notes.append(time_note(self.specification.time, self.prepared.time))
        if chosen.covariates:
            notes.append(f"Held constant: {', '.join(chosen.covariates)}.")
        if self.fit.residual is not None:
            notes.append(self._residual_words())
        if not self.prepared.length_identified:
            notes.append(
                "Patients' numbers of sessions differ too little for a sensitivity row with "
                "treatment length."
            )
        structured = self.fit.residual is not None
        notes += few_units_notes(self.prepared.counts(), reml=self.fit.reml, structured=structured)
        return tuple(notes)

    def _centring_words(self) -> str:
        """Within what the alliance was centred, up to the source of the means."""
        return {
            "dyad": " centred within patient-therapist pairs; their means",
            "crossed": ", less the mean of the session's therapist, centred within patients; means",
        }.get(self.prepared.therapist_change, " centred within patients; patient means")

    def _no_change_note(self) -> list[str]:
        """Say that a choice about changes of therapist makes no difference."""
        changes = self.prepared.changes
        if changes is None or changes.way == "raise" or changes.n_changed:
            return []
        return [
            "No patient was seen by more than one therapist: "
            f"therapist_change={changes.way!r} makes no difference."
        ]

    def _change_labels(self) -> dict[str, str]:
        """Labels about patients who change their therapist, where they matter."""
        changes = self.prepared.changes
        if changes is None or changes.way == "raise":
            return {}
        pair = {"patient_dots": "patient-therapist pair"} if changes.way == "dyad" else {}
        return {"therapist_change": changes.way, "therapist_changes": changes.words(), **pair}

    def _residual_words(self) -> str:
        """The structure of the residuals with its ρ, or nothing."""
        if self.fit.residual is None:
            return ""
        rho = format_number(self.fit.residual.rho)
        by_session = self.specification.residual == "ar1"
        apart = "from one session to the next" if by_session else f"over 1 {self.prepared.clock}"
        return (
            "Residuals of a patient's sessions follow a first-order autoregression "
            f"(ρ = {rho} {apart})."
        )

    def _call(self) -> str:
        """The call that fits this model again."""
        chosen = self.specification
        parts = ["sessions", f"time={chosen.time!r}"]
        if chosen.time_column != "session":
            parts.append(f"time_column={chosen.time_column!r}")
        parts.append(f"random_slopes={ ({u: list(e) for u, e in chosen.slopes.items()})!r}")
        parts.append(f"mean_rows={chosen.mean_rows!r}")
        if self.prepared.roles.therapist is not None:
            parts.append(f"therapist_mean={chosen.therapist_mean!r}")
        if self.prepared.therapist_change != "raise":
            parts.append(f"therapist_change={self.prepared.therapist_change!r}")
        parts.append(f"reml={chosen.reml}")
        if chosen.residual is not None:
            parts.append(f"residual={chosen.residual!r}")
        if self.prepared.also:
            parts.append(f"covariates={list(self.prepared.also)!r}")
            if set(chosen.covariates) <= set(self.prepared.also):
                parts.append("covariate_parts='raw'")
        return f"al.fit_within_between({', '.join(parts)})"

    @property
    def _title(self) -> str:
        roles = self.prepared.roles
        return f"{roles.alliance} and {roles.outcome} within and between patients"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        """Heading, tables and sentences, in text as in HTML."""
        heading = headline(self._title, self.prepared.counts())
        return heading, [self.tidy()], (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())
