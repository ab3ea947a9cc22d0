"""MediationResult: what goes with the alliance through a mediator, level by level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from alliance_stats._base.checks import probability
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.mediation.confounding import zero_confounding
from alliance_stats.models.mediation.draws import Draws
from alliance_stats.models.mediation.effects import mediation_table, proportions
from alliance_stats.models.mediation.estimates import LevelEstimates
from alliance_stats.models.mediation.notes import CONTEMPORANEOUS, mediation_notes
from alliance_stats.models.mediation.prepare import PreparedMediation
from alliance_stats.models.mediation.r_code import mediation_r_code
from alliance_stats.models.mediation.sensitivity import sensitivity_rows
from alliance_stats.models.mediation.shown import effect_frame
from alliance_stats.models.mediation.specification import MediationFits, MediationSpecification
from alliance_stats.models.mediation.standardised import standardised_effects
from alliance_stats.models.notes import few_units_notes, time_note
from alliance_stats.models.shown import headline


@dataclass(frozen=True, eq=False, repr=False)
class MediationResult:
    """How much of what goes with the alliance goes through a mediator.

    Made by `fit_mediation`.

    Attributes
    ----------
    fits : MediationFits
        The models of ``mediator`` and ``outcome`` and, where paths vary, the ``joint`` one.
    prepared : PreparedMediation
        The sessions, centred and lagged.
    specification : MediationSpecification
    estimates : tuple of LevelEstimates
        Paths and their sampling covariance, a level each.
    draws : Draws
        Behind the intervals of effects.
    path : tuple of str
        What ``random_slopes="auto"`` did.
    """

    fits: MediationFits
    prepared: PreparedMediation
    specification: MediationSpecification
    estimates: tuple[LevelEstimates, ...]
    draws: Draws
    path: tuple[str, ...] = ()

    @property
    def about_fits(self) -> tuple[str, ...]:
        """What a reader must know about a singular or failed fit, by model."""
        return self._of_fits("about_fit")

    @property
    def messages(self) -> tuple[str, ...]:
        """Sessions lost, changes of therapist; singular or failed fits; failed refits."""
        own = self._of_fits("messages")
        return (*self.prepared.messages(), *self.path, *own, *self.draws.messages)

    def _of_fits(self, which: str) -> tuple[str, ...]:
        found = []
        for name, fit in self.fits.named().items():
            said = "both equations" if name == "joint" else fit.criterion.design.formula.response
            found += [f"{said}: {text}" for text in getattr(fit, which)]
        return tuple(found)

    @property
    def formulas(self) -> dict[str, str]:
        """The models in lme4's syntax: over `prepared.frame`, the joint one over stacked rows."""
        return {name: fit.formula for name, fit in self.fits.named().items()}

    def tidy(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Total, indirect and direct effect, the paths a and b and their covariance, by level.

        Parameters
        ----------
        conf_level : float
        ddf : {"satterthwaite", "kenward-roger", "normal"}
            For the tests of paths. Kenward–Roger is not possible within patients where both
            equations are one model.

        Returns
        -------
        DataFrame
            Columns ``effect unit`` and those of every tidy table. ``effect`` is the level and the
            row: ``within_indirect``, ``patient_between_a`` …; within patients the indirect effect
            is ab + cov(a, b) where both paths vary, and ``within_covariance`` is that covariance.
            ``estimate`` has the raw sign. The standard errors of total and indirect effects are
            of second order, their interval and p are of the draws: p is one minus the level of
            the widest interval without zero.
        """
        probability(conf_level, name="conf_level")
        return mediation_table(
            self.fits, self.prepared, self.estimates, self.draws.values, conf_level, ddf
        )

    def glance(self) -> pd.DataFrame:
        """One row a model: ``response``, then the summary of its fit."""
        lost = {side: sum(causes.values()) for side, causes in self.prepared.dropped.items()}
        tables = []
        for name, fit in self.fits.named().items():
            table = fit.glance().rename(columns={"bic_groups": "bic_patients"})
            both = name == "joint"
            table.insert(0, "response", "both" if both else fit.criterion.design.formula.response)
            dropped = sum(lost.values()) if both else {str(k): v for k, v in lost.items()}[name]
            tables.append(table.assign(n_dropped=dropped))
        return pd.concat(tables, ignore_index=True)

    def effect_sizes(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Effects and paths in standard deviations of their own level.

        Each is multiplied by the standard deviation of where it starts and divided by that of
        where it ends, as components of a model with random intercepts only (a predictor that is
        one value a patient: over patients), taken as known. A predictor of two categories is not
        standardised: its effects are differences between the two.

        Returns
        -------
        DataFrame
            Columns ``effect unit estimate ci_low ci_high sd_from sd_to``.
        """
        return standardised_effects(self.tidy(conf_level=conf_level, ddf=ddf), self.prepared)

    def proportion_mediated(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Share of the total effect that is indirect, where that has a meaning.

        Returns
        -------
        DataFrame
            One row a level: ``effect unit estimate ci_low ci_high reason``. Not a number, with the
            reason, unless the interval of the total effect leaves out zero and both effects have
            one sign.
        """
        probability(conf_level, name="conf_level")
        return proportions(self.estimates, self.draws.values, conf_level)

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """Total and indirect effects under other choices, computed when first asked for.

        Columns ``model`` and those of `tidy`. Rows: without time; with treatment length (sessions
        attended and their product with time); where both equations are one model, the product of
        the paths of two models.
        """
        return sensitivity_rows(
            self.fits, self.prepared, self.specification, self.estimates, self.draws
        )

    @cached_property
    def confounding(self) -> pd.DataFrame:
        """How strong confounding would have to be to leave no indirect effect within patients.

        Returns
        -------
        DataFrame
            One row: ``effect``, ``unit``, ``rho`` (the correlation of the residuals of mediator
            and outcome, from what moves both in a session, at which the indirect effect would be
            zero) and, where there is no such number, the ``reason``. It is the sensitivity
            parameter of Imai, Keele & Tingley (2010), and needs path b to be the same for all
            patients.

        References
        ----------
        Imai, K., Keele, L., & Tingley, D. (2010). A general approach to causal mediation
        analysis. Psychological Methods, 15, 309–334.
        """
        return zero_confounding(self.fits, self.prepared, self.specification)

    def to_r(self, *, data: str = "sessions.csv") -> str:
        """R code that centres, lags and fits all models from the file of sessions on.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the sessions as given, with the columns of the roles
            and the mediator.

        Raises
        ------
        UnsupportedError
            If sessions count for another therapist than the file says, or a name or label is
            none that R can hold.
        """
        return mediation_r_code(self.fits, self.prepared, self.specification, data)

    def view(self, *, ddf: Ddf = "satterthwaite") -> ResultView:
        """Return what the report room may see of this result.

        Parameters
        ----------
        ddf
            As in `tidy`, for the tests of paths.
        """
        chain = self.prepared.chain
        sizes = self.effect_sizes(ddf=ddf)
        return ResultView(
            kind="mediation",
            title=self._title,
            terms=self.tidy(ddf=ddf),
            fit=self._whole(),
            plot=effect_frame(sizes, self.prepared),
            levels=level_counts(self.prepared.counts()),
            notes=self.notes,
            messages=self.messages,
            refit=self._call(),
            labels=role_labels(
                self.prepared.roles,
                formula="; ".join(self.formulas.values()),
                ddf=ddf,
                verb="association",
                time=self.specification.time,
                predictor=chain.predictor,
                mediator=chain.mediator,
                design=chain.design,
                order=chain.words(),
                levels=" ".join(self.prepared.levels),
                draws=self.draws.interval,
                caution=CONTEMPORANEOUS if chain.contemporaneous else "",
                **self._change_labels(),
            ),
            tables={
                "Standardised effects": sizes,
                "Proportion mediated": self.proportion_mediated().rename(
                    columns={"estimate": "proportion"}
                ),
                "Confounding": self.confounding,
                "Sensitivity": self.sensitivity,
                "Random effects": pd.concat(
                    [fit.var_corr().assign(model=name) for name, fit in self.fits.named().items()],
                    ignore_index=True,
                ),
            },
        )

    def _whole(self) -> pd.DataFrame:
        """One row about all models."""
        fits = self.fits.named().values()
        counts = self.prepared.counts()
        return pd.DataFrame(
            {
                "n_obs": [counts["session"]],
                "n_dropped": [len(self.prepared.frame) - counts["session"]],
                "method": ["REML" if self.specification.reml else "ML"],
                "converged": [all(fit.converged for fit in fits)],
                "singular": [any(fit.singular for fit in fits)],
            }
        )

    def _change_labels(self) -> dict[str, str]:
        changes = self.prepared.changes
        words = "" if changes is None else changes.words()
        return {"therapist_changes": words} if words else {}

    @property
    def _title(self) -> str:
        chain = self.prepared.chain
        return f"{chain.predictor} and {chain.outcome} through {chain.mediator}"

    @cached_property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        found = mediation_notes(self.fits, self.prepared, self.specification, self.draws)
        time = time_note(self.specification.time, self.prepared.time)
        few = few_units_notes(
            self.prepared.counts(), reml=self.specification.reml,
            structured=self.fits.joint is not None,
        )  # fmt: skip
        return (*found, time, *few)

    def _call(self) -> str:
        """The call that fits this model again."""
        chosen, prepared = self.specification, self.prepared
        chain = prepared.chain
        parts = ["sessions", f"mediator={chain.mediator!r}"]
        if not chain.session_level:
            name = chain.predictor
            if prepared.categories:
                name = name.removesuffix(f"_{prepared.categories[1]}")
            parts.append(f"predictor={name!r}")
        if chain.contemporaneous:
            parts.append("contemporaneous=True")
        else:
            parts += [f"mediator_at={chain.moments[1]!r}", f"step={chain.step}"]
        parts.append(f"time={chosen.time!r}")
        if chosen.time_column != "session":
            parts.append(f"time_column={chosen.time_column!r}")
        parts.append(f"random_slopes={ ({u: list(p) for u, p in chosen.slopes.items()})!r}")
        if prepared.therapist_change != "raise":
            parts.append(f"therapist_change={prepared.therapist_change!r}")
        number = "n_draws" if self.draws.interval == "monte-carlo" else "n_boot"
        seed = self.draws.seed if isinstance(self.draws.seed, int) else "rng"
        parts += [f"reml={chosen.reml}", f"interval={self.draws.interval!r}"]
        parts += [f"{number}={self.draws.n}", f"rng={seed}"]
        return f"al.models.fit_mediation({', '.join(parts)})"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        """Heading, tables and sentences, in text as in HTML."""
        heading = headline(self._title, self.prepared.counts())
        return heading, [self.tidy()], (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())
