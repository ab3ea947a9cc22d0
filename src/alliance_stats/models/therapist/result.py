"""TherapistResult: whose alliance goes with outcome, and how much therapists differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from alliance_stats._base.checks import is_whole, one_of, probability
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats._base.random import RandomSource
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.explained.shares import VarianceShares
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.effects import effects_table
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.latent_slopes import slope_profiles, slopes_table
from alliance_stats.models.outcome.prepare import PreparedPatients, sessions_words
from alliance_stats.models.shown import headline
from alliance_stats.models.therapist.caseload import (
    caseload_sizes,
    caseload_table,
    means_table,
)
from alliance_stats.models.therapist.fits import TherapistFits
from alliance_stats.models.therapist.people import (
    MODELS,
    alliance_of_therapists,
    effects_frame,
    n_top,
    plot_frame,
    ranks_frame,
)
from alliance_stats.models.therapist.r_code import therapist_r_code
from alliance_stats.models.therapist.shares import reduction_table, shares_table
from alliance_stats.models.therapist.slope_test import slope_table
from alliance_stats.models.therapist.words import about_fits, call_of, notes_of

#: Draws of the therapists' effects for their ranks.
N_DRAWS = 10_000
#: Fewer draws do not show the ends of an interval.
LEAST_DRAWS = 100


@dataclass(frozen=True, eq=False, repr=False)
class TherapistResult:
    """Whether the therapist's or the patient's alliance goes with outcome.

    Made by `fit_therapist`.

    Attributes
    ----------
    fits : TherapistFits
        The models behind it.
    prepared : PreparedPatients
        One row a patient.
    """

    fits: TherapistFits
    prepared: PreparedPatients

    @property
    def fit(self) -> MixedModelResult:
        """The model with the alliance, as asked for."""
        return self.fits.model

    @property
    def before(self) -> MixedModelResult:
        """The model of the same patients without the alliance."""
        return self.fits.before

    @property
    def after(self) -> MixedModelResult:
        """The model with the alliance and a random intercept only; `fit` without random slopes."""
        return self.fits.after

    @property
    def formula(self) -> str:
        """The model in R's syntax, over the columns of `prepared.frame`."""
        return self.fit.formula

    @property
    def has_slopes(self) -> bool:
        """Whether the coefficient between patients may differ between therapists."""
        return self.fits.model is not self.fits.after

    @cached_property
    def about_fit(self) -> tuple[str, ...]:
        """Singular or failed fits, a variance that rose, an interval without ends."""
        return about_fits(self.fits, self.prepared, self.shares(), self.reduction)

    @property
    def messages(self) -> tuple[str, ...]:
        """Dropped patients, therapists of one patient, and `about_fit`."""
        return (*self.prepared.messages(), *self._singles(), *self.about_fit)

    def _singles(self) -> list[str]:
        n, total = int(self.caseloads["n_single"].iloc[0]), len(caseload_sizes(self.prepared))
        if not n:
            return []
        have = "has one patient" if n == 1 else "have one patient each"
        return [
            f"{n:,} of {total:,} therapists {have} in the model: they tell nothing about patients "
            "of one therapist, and count between therapists only."
        ]

    def tidy(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Coefficients between patients, between therapists and their difference; the controls.

        Parameters
        ----------
        conf_level : float
        ddf : {"satterthwaite", "kenward-roger", "normal"}

        Returns
        -------
        DataFrame
            Columns ``effect unit`` and those of every tidy table. ``effect`` is
            ``patient_between``, ``therapist_between``, ``contextual`` (therapist − patient) or
            empty; ``estimate`` has the raw sign.
        """
        probability(conf_level, name="conf_level")
        return effects_table(self.fit, self.prepared.effects, conf_level, ddf)

    def glance(self) -> pd.DataFrame:
        """One row: `fit`, caseloads, therapist ICC before and after the alliance."""
        table = self.fit.glance().drop(columns="bic_groups")
        icc, caseloads = self.shares()["icc"].to_numpy(), self.caseloads.iloc[0]
        return table.assign(
            n_dropped=sum(self.prepared.dropped.values()),
            n_therapists=int(caseloads["n_therapists"]),
            ptr=float(caseloads["ptr"]),
            icc_before=icc[0],
            icc_after=icc[1],
        )

    @cached_property
    def caseloads(self) -> pd.DataFrame:
        """One row: ``n_patients n_therapists ptr median least most n_single``.

        ``ptr`` is the patient-therapist ratio, patients over therapists; ``n_single`` counts
        therapists with one patient in the model.
        """
        return caseload_table(self.prepared)

    def shares(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Therapists' share of variance: of the outcome before and after, of the alliance.

        Returns
        -------
        DataFrame
            Rows ``before``, ``after`` and ``alliance``; columns ``model formula var_therapist
            var_patient icc ci_low ci_high statistic df df_rest p_value``. The interval of the ICC
            is exact for normal effects whatever the caseloads (see *Notes* of `fit_therapist`);
            its ends are both 0 where therapists differ less than chance would make them. The test
            is of no variance between therapists: F of therapists as fixed effects.
        """
        probability(conf_level, name="conf_level")
        return shares_table(self.fits, conf_level=conf_level)

    @cached_property
    def reduction(self) -> pd.DataFrame:
        """How much less variance is left after the alliance.

        Rows ``therapist`` and ``patient``; columns ``unit variance_before variance explained``.
        ``explained`` is 1 − variance/variance_before, NaN where there was none, and negative where
        the variance rose.
        """
        return reduction_table(self.fits)

    def variance_shares(
        self, *, bootstrap: int | None = None, rng: RandomSource | None = None
    ) -> VarianceShares:
        """The shares of both models with bootstrap intervals, also of what is explained.

        Responses are drawn from the model with the alliance, the alliance held as it is, and both
        models are fitted to them.

        Parameters
        ----------
        bootstrap : int, optional
            Refits, 1,000 for instance.
        rng : int, SeedSequence or Generator, optional
            For the bootstrap, which needs it.
        """
        return self.after.variance_shares(before=self.before, bootstrap=bootstrap, rng=rng)

    @cached_property
    def alliance_means(self) -> pd.DataFrame:
        """One row: how reliable observed therapist means of the alliance are, and what that does.

        Columns ``icc`` (of the alliance), ``caseload`` (harmonic mean), ``reliability`` of a mean
        of that many patients, and the contextual coefficient (therapist − patient)
        ``observed``, ``latent``, and ``expected`` of observed means if the latent one is true:
        reliability × latent.
        """
        table, slopes = self.tidy(), self.fits.latent.slopes
        observed = table.loc[table["effect"] == "contextual", "estimate"].iloc[0]
        return means_table(
            self.prepared, icc=float(self.shares()["icc"].iloc[-1]), observed=float(observed),
            latent=float(slopes[1] - slopes[0]),
        )  # fmt: skip

    @cached_property
    def comparison(self) -> pd.DataFrame:
        """Effects with observed and with latent therapist means; ``means`` and columns of `tidy`.

        Latent ones are of one model of alliance and outcome by maximum likelihood, given the same
        controls, with profile intervals; an interval without ends is infinite and has no test.
        """
        effects = self.prepared.effects
        latent = slopes_table(
            self.fits.latent, effects, 0.95, slope_profiles(self.fits.latent, 0.95)
        )
        observed = self.tidy()
        observed = observed[observed["effect"] != ""]
        parts = [observed.assign(means="observed"), latent.assign(means="latent")]
        table = pd.concat(parts, ignore_index=True)
        return table[["means", *[name for name in table.columns if name != "means"]]]

    @cached_property
    def slope_differences(self) -> pd.DataFrame | None:
        """Whether the coefficient between patients differs between therapists; None unless asked.

        One row: ``sd`` and ``variance`` of the coefficient over therapists, and the
        likelihood-ratio test against no differences: ``statistic df p_value reference``. The test
        is NaN where the smaller model is singular, because its law is not known there;
        ``al.compare_models(result.after, result.fit, bootstrap=999, rng=1)`` has one.
        """
        return slope_table(self.fits, self.prepared) if self.has_slopes else None

    def therapist_effects(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """Predicted effect of every therapist before and after the alliance.

        Returns
        -------
        DataFrame
            One row a model and therapist: ``model therapist n observed shrinkage estimate se
            ci_low ci_high excludes_average``. ``observed`` is the mean of what the fixed part
            leaves of the therapist's patients, ``estimate`` that mean times ``shrinkage``, in
            units of the outcome with its raw sign. ``se`` and the interval (normal) are
            conditional on the estimated variances; where no variance is estimated all are zero.
            Models have random intercepts only.
        """
        probability(conf_level, name="conf_level")
        return effects_frame(self.fits, self.prepared, conf_level)

    def ranks(
        self, *, rng: RandomSource, model: str = "after", top: float = 0.25,
        n_draws: int = N_DRAWS, conf_level: float = 0.95,
    ) -> pd.DataFrame:  # fmt: skip
        """Ranks of the therapists with their uncertainty; 1 is the best outcome.

        Parameters
        ----------
        rng : int, SeedSequence or Generator
            For the draws.
        model : {"after", "before"}
            Ranks after or before the alliance is in the model.
        top : float
            Share of the therapists that counts as top.
        n_draws : int
            Draws from the conditional distribution of all effects.
        conf_level : float

        Returns
        -------
        DataFrame
            ``model therapist n rank rank_low rank_high p_top``: the mean rank over the draws, its
            interval, and the probability to be in the top share. All NaN where no variance
            between therapists is estimated.

        Raises
        ------
        DataError
            Without the role ``outcome_better``.
        """
        one_of(model, MODELS, name="model")
        probability(top, name="top")
        probability(conf_level, name="conf_level")
        _check_draws(n_draws)
        better = self.prepared.roles.outcome_better
        if better is None:
            raise DataError(
                f"which direction of '{self.prepared.roles.outcome}' is improvement is not known, "
                "so therapists have no order. Give roles=Roles(outcome_better='lower') or 'higher'."
            )
        effects = self.therapist_effects()
        return ranks_frame(
            effects[effects["model"] == model], sign=-1 if better == "lower" else 1, top=top,
            n_draws=n_draws, conf_level=conf_level, rng=rng,
        )  # fmt: skip

    def n_top(self, top: float = 0.25) -> int:
        """How many therapists are the top share."""
        return n_top(len(caseload_sizes(self.prepared)), top)

    @property
    def therapists(self) -> pd.DataFrame:
        """One row a therapist: ``therapist n alliance_mean reliability`` of that mean."""
        return alliance_of_therapists(self.prepared, float(self.alliance_means["icc"].iloc[0]))

    def to_r(self, *, data: str = "sessions.csv") -> str:
        """R code that makes the patients of the file of sessions and fits the models by lme4.

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
        >>> result = al.models.fit_therapist(al.load_example("sessions"))
        >>> print(result.to_r().splitlines()[0])
        library(lme4)
        """
        return therapist_r_code(self.fits, self.prepared, data=data)

    def view(self, *, ddf: Ddf = "satterthwaite") -> ResultView:
        """Return what the report room may see of this result; `ddf` as in `tidy`."""
        roles = self.prepared.roles
        effects = self.therapist_effects()
        return ResultView(
            kind="therapist",
            title=self._title,
            terms=self.tidy(ddf=ddf),
            fit=self.glance(),
            plot=plot_frame(effects),
            levels=level_counts(self.prepared.counts()),
            notes=self.notes,
            messages=self.messages,
            refit=call_of(self.prepared, has_slopes=self.has_slopes),
            labels=role_labels(
                roles, formula=self.formula, ddf=ddf, verb="association",
                window=sessions_words(self.prepared.window),
                first_session=str(self.prepared.window[0]),
                controls="change" if len(self.prepared.controls) > 1 else "intake",
            ),
            tables=self._tables(),
        )  # fmt: skip

    def _tables(self) -> dict[str, pd.DataFrame]:
        """Further tables in print order."""
        shares = self.shares().drop(columns="formula")
        tables = {
            "Therapists' share of variance": shares,
            "Variance left after the alliance": self.reduction,
            "Caseloads": self.caseloads,
            "Observed means of therapists": self.alliance_means,
            "Observed and latent means": self.comparison,
        }
        if self.slope_differences is not None:
            tables["Differences of the coefficient between therapists"] = self.slope_differences
        return tables

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        return notes_of(self.prepared, has_slopes=self.has_slopes)

    @property
    def _title(self) -> str:
        roles = self.prepared.roles
        return f"Therapists, early {roles.alliance} and post-treatment {roles.outcome}"

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        heading = headline(self._title, self.prepared.counts())
        shares = self.shares()[["model", "var_therapist", "icc", "ci_low", "ci_high", "p_value"]]
        return heading, [self.tidy(), shares, self.caseloads], (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())


def _check_draws(n_draws: int) -> None:
    whole = is_whole(n_draws)
    if not whole or n_draws < LEAST_DRAWS:
        raise ArgumentError(
            f"n_draws={n_draws!r} is not a usable number of draws. "
            f"Give a whole number from {LEAST_DRAWS}, such as {N_DRAWS}."
        )
