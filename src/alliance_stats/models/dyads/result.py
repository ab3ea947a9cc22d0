"""DyadResult: actor and partner effects of two members, patterns, and how the members differ."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance_stats._base.checks import is_whole, probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.random import RandomSource
from alliance_stats._base.shown import result_html, result_text
from alliance_stats._base.views import ResultView
from alliance_stats.data.sessions import SessionData
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.dyads.bias import bias_table, empty_bias_table, large_bias
from alliance_stats.models.dyads.effects import dyad_table
from alliance_stats.models.dyads.equality import distinguishability_table, equality_table
from alliance_stats.models.dyads.patterns import N_DRAWS, pattern_table
from alliance_stats.models.dyads.prepare import PreparedDyads
from alliance_stats.models.dyads.r_code import dyad_r_code
from alliance_stats.models.dyads.sensitivity import sensitivity_rows
from alliance_stats.models.dyads.shown import (
    CHI_SQUARE,
    F_TEST,
    PATTERN_COLUMNS,
    path_frame,
    pattern_tests,
    refit_call,
)
from alliance_stats.models.dyads.specification import DyadSpecification
from alliance_stats.models.dyads.standardised import standardised_effects
from alliance_stats.models.dyads.variances import variance_table
from alliance_stats.models.dyads.words import bias_notes, model_notes, undefined_messages
from alliance_stats.models.labels import level_counts, role_labels
from alliance_stats.models.shown import headline

#: Fewer draws do not show the ends of an interval.
LEAST_DRAWS = 1000


@dataclass(frozen=True, eq=False, repr=False)
class DyadResult:
    """Actor and partner effects: what each of two members rates, from what both rated.

    Made by `fit_dyads`.

    Attributes
    ----------
    fit : MixedModelResult
        The mixed model of both members' rows, with a 2 × 2 residual block a session.
    prepared : PreparedDyads
        The sessions, centred, lagged and stacked.
    specification : DyadSpecification
    sessions : SessionData
        The sessions as given, for the sensitivity rows.
    bias_simulations : int
        Simulated studies behind each row of `bias`.
    seed : int or SeedSequence
        Of these studies, and of the draws of k in what is printed.
    """

    fit: MixedModelResult
    prepared: PreparedDyads
    specification: DyadSpecification
    sessions: SessionData
    bias_simulations: int
    seed: int | np.random.SeedSequence

    @property
    def messages(self) -> tuple[str, ...]:
        """Sessions lost; changes of therapist; a singular or failed fit; a k that is undefined."""
        undefined = undefined_messages(self._patterns)
        return (*self.prepared.messages(), *self.fit.messages, *undefined)

    @property
    def formula(self) -> str:
        """The model in lme4's syntax, over the columns of ``prepared.frame``."""
        return self.fit.formula

    @property
    def lagged(self) -> bool:
        """Whether predictors are of an earlier session than outcomes."""
        return self.prepared.lag.step > 0

    @property
    def effects(self) -> pd.DataFrame:
        """The rows of `tidy` that are actor or partner effects."""
        table = self.tidy()
        return table[table["effect"] != ""]

    def tidy(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Actor and partner effects of both members, then their intercepts and trends.

        Parameters
        ----------
        conf_level : float
        ddf : {"satterthwaite", "normal"}
            Kenward–Roger needs independent residuals.

        Returns
        -------
        DataFrame
            Columns ``effect unit group`` and those of every tidy table. ``effect`` is ``actor`` or
            ``partner`` (within patients, unit ``session``), where predictors are other ratings
            than the outcomes also ``actor_between`` and ``partner_between`` (with therapists
            ``actor_patient_between``, …), or empty; ``group`` is the member whose outcome it is.
            ``estimate`` is in units of that outcome per unit of the predictor.
        """
        probability(conf_level, name="conf_level")
        return dyad_table(self.fit, self.prepared, conf_level, ddf)

    def glance(self) -> pd.DataFrame:
        """One row about the fit; rows are ratings of one member in one session."""
        table = self.fit.glance().rename(columns={"bic_groups": "bic_patients"})
        dropped = sum(sum(causes.values()) for causes in self.prepared.dropped.values())
        return table.assign(n_dropped=dropped, n_both=self.prepared.n_both)

    def patterns(
        self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite", n_draws: int = N_DRAWS,
        rng: RandomSource = 0,
    ) -> pd.DataFrame:  # fmt: skip
        """k = partner effect / actor effect of each member and level, and the patterns it allows.

        Parameters
        ----------
        conf_level : float
        ddf
            As in `tidy`.
        n_draws : int
            Draws of both effects behind the Monte Carlo interval.
        rng : int, SeedSequence or Generator

        Returns
        -------
        DataFrame
            ``unit member actor partner k``; Fieller's interval ``ci_low ci_high``, infinite
            and k NaN where the actor effect is not told from zero; the Monte Carlo interval
            ``mc_low mc_high``, then NaN; ``compatible``, the patterns not rejected at
            1 − `conf_level`; p values of k = 1 (``p_couple``), k = 0 (``p_actor_only``) and
            k = −1 (``p_contrast``), which are tests of partner − k·actor and hold whether k is
            defined or not. Degrees of freedom of Fieller's interval are those of the actor effect.
        """
        probability(conf_level, name="conf_level")
        if not is_whole(n_draws) or n_draws < LEAST_DRAWS:
            raise ArgumentError(
                f"n_draws={n_draws!r} is not a usable number of draws. Give a whole number from "
                f"{LEAST_DRAWS:,}, such as {N_DRAWS:,}."
            )
        return pattern_table(
            self.fit, self.prepared, conf_level=conf_level, ddf=ddf, n_draws=n_draws, rng=rng
        )

    @cached_property
    def _patterns(self) -> pd.DataFrame:
        return self.patterns(rng=self.seed)

    def equality(self, *, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """F tests that both members have the same actor effect, partner effect, and both.

        Returns
        -------
        DataFrame
            Columns ``hypothesis statistic df_numerator df_denominator p_value``, level by level.
            Raw coefficients are compared, so both members' scales are to be the same.
        """
        return equality_table(self.fit, self.prepared, ddf)

    @cached_property
    def distinguishability(self) -> pd.DataFrame:
        """Likelihood-ratio test of this model against members that are alike in everything.

        Both are fitted by maximum likelihood. Alike means one intercept, trend, actor and partner
        effect, and variances and correlations that do not change when the members change places.

        Returns
        -------
        DataFrame
            One row: ``loglik_apart loglik_alike statistic df p_value``, ``singular`` (either fit;
            the χ² is then approximate) and ``aic_difference`` (positive: tell them apart).
        """
        return distinguishability_table(self.prepared, self.specification)

    def variances(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """How far the members vary, and how they go together, between units and within a session.

        Returns
        -------
        DataFrame
            Columns ``unit kind term with_term estimate ci_low ci_high``; ``kind`` is ``sd`` or
            ``correlation``; rows of unit ``session`` are residuals. Wald intervals, of standard
            deviations on the log scale and of correlations on that of Fisher's z; NaN where the
            fit is singular there.
        """
        return variance_table(self.fit, self.prepared, conf_level)

    @cached_property
    def bias(self) -> pd.DataFrame:
        """Bias of lagged effects in simulated studies of this design, computed once, when asked.

        A study has the patients, sessions, gaps and missing ratings of the data. Its truth is a
        bivariate autoregressive process without trends, with effects such that studies give the
        estimates on average; each partner effect is then set to zero.

        Returns
        -------
        DataFrame
            ``effect unit member truth true mean bias mc_error bias_in_se rejected nickell
            n_studies``; `truth` is ``matched`` (the value whose studies give the estimate: an
            estimate free of this bias) or ``zero``; `rejected` is the share of studies with
            p < .05 (z test); `nickell` is −(1 + φ)/(T − 1). Without rows where
            ``bias_simulations=0``, ratings are of the same session, or predictors are not earlier
            ratings of the outcomes.
        """
        if not self._simulated:
            return empty_bias_table()
        return bias_table(self.fit, self.prepared, n=self.bias_simulations, rng=self.seed)

    @property
    def _simulated(self) -> bool:
        return bool(self.bias_simulations and self.lagged and self.prepared.pair.own_past)

    @property
    def biased(self) -> dict[tuple[str, str], float]:
        """Effects, with their member, whose simulated bias exceeds half a standard error."""
        return large_bias(self.bias) if self._simulated else {}

    def effect_sizes(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """Effects in standard deviations of predictor and outcome at their level.

        The standard deviations are those of a model with random intercepts only, treated as
        known: the interval carries the uncertainty of b alone.

        Returns
        -------
        DataFrame
            Columns ``effect unit group estimate ci_low ci_high sd_predictor sd_response``.
        """
        table = self.tidy(conf_level=conf_level, ddf=ddf)
        return standardised_effects(table[table["effect"] != ""], self.prepared)

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """The effects under other choices about trends, treatment length, gaps, random effects.

        Columns ``model`` and those of `effects`; a model that the data do not allow is left out.
        """
        return sensitivity_rows(self.prepared, self.specification, self.sessions)

    def to_r(self, *, data: str = "sessions.csv") -> str:
        """R code that centres, lags, stacks and fits by nlme from the file of sessions on.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the sessions as given, with the columns of the model.

        Raises
        ------
        UnsupportedError
            If sessions count for another therapist than the file says, or a name is none that R
            can hold.

        Examples
        --------
        >>> import alliance_stats as al
        >>> result = al.models.fit_dyads(al.load_example("dyads"), bias_simulations=0)
        >>> print(result.to_r().splitlines()[0])
        library(nlme)
        """
        return dyad_r_code(self.fit, self.prepared, self.specification, data)

    def view(self, *, ddf: Ddf = "satterthwaite") -> ResultView:
        """Return what the report room may see of this result; `ddf` as in `tidy`."""
        sizes = self.effect_sizes(ddf=ddf)
        patterns = self.patterns(ddf=ddf, rng=self.seed)
        tables = {
            "Standardised effects": sizes,
            "Actor-partner patterns": patterns[list(PATTERN_COLUMNS)],
            "Tests of the patterns": pattern_tests(patterns),
            "Tests that the members are equal": self.equality(ddf=ddf).rename(columns=F_TEST),
            "Test that the members can be told apart": self.distinguishability.rename(
                columns=CHI_SQUARE
            ),
            "Variation and correlation": self.variances(),
            "Sensitivity": self.sensitivity
            if ddf == "satterthwaite"
            else sensitivity_rows(self.prepared, self.specification, self.sessions, ddf),
        }
        if self._simulated:
            tables["Bias in studies of this design"] = self.bias
        return ResultView(
            kind="dyads",
            title=self._title,
            terms=self.tidy(ddf=ddf),
            fit=self.glance(),
            plot=path_frame(sizes, self.bias),
            levels=level_counts(self.prepared.counts()),
            notes=self.notes,
            messages=self.messages,
            refit=refit_call(self.prepared, self.specification, self.bias_simulations, self.seed),
            labels=role_labels(
                self.prepared.roles,
                formula=self.formula,
                ddf=ddf,
                verb="association",
                time=self.specification.time,
                step=str(self.prepared.lag.step),
                **self._member_labels(),
            ),
            tables=tables,
        )

    def _member_labels(self) -> dict[str, str]:
        """Who the members are, their columns, and which of their effects are biased."""
        found = {}
        for k, member in enumerate(self.prepared.pair.both, start=1):
            found[f"member_{k}"] = member.name
            found[f"predictor_{k}"] = member.predictor
            found[f"outcome_{k}"] = member.outcome
            for (effect, name), in_se in self.biased.items():
                if name == member.name:
                    found[f"{effect}_{k}_biased"] = f"{in_se:.17g}"
        return found

    @property
    def _title(self) -> str:
        return f"Actor and partner effects of {' and '.join(self.prepared.pair.names)}"

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences printed under the tables."""
        notes = model_notes(self.prepared, self.specification)
        return (*notes, *bias_notes(self.prepared, self.biased, self._simulated))

    def _shown(self) -> tuple[str, list[pd.DataFrame], tuple[str, ...]]:
        heading = headline(self._title, self.prepared.counts())
        patterns = self._patterns[["unit", "member", "k", "ci_low", "ci_high", "compatible"]]
        tables = [self.tidy(), patterns, self.variances()]
        return heading, tables, (*self.notes, *self.messages)

    def __repr__(self) -> str:
        return result_text(*self._shown())

    def _repr_html_(self) -> str:
        return result_html(*self._shown())
