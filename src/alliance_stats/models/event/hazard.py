"""The hazard of one event from session to session: a binomial model of the rows at risk.

Every session at risk is a trial with its own probability of the event (Singer & Willett, 1993,
Journal of Educational Statistics, 18, 155–195). With the complementary log-log link the exponential
of a coefficient is the ratio of the hazards in continuous time (Prentice & Gloeckler, 1978,
Biometrics, 34, 57–67).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats._base.errors import DataError
from alliance_stats.data.units import float_values
from alliance_stats.formula.columns import same_columns
from alliance_stats.lmm.glmm.design import GlmmDesign
from alliance_stats.lmm.glmm.families import family_of
from alliance_stats.lmm.glmm.fit import fit_glmm_quietly
from alliance_stats.lmm.glmm.fixed import FixedDesign, FixedGlm, fit_fixed
from alliance_stats.lmm.glmm.result import GlmmResult
from alliance_stats.models.event.prepare import COMPETING, PreparedEvents
from alliance_stats.models.event.specification import EventSpecification, hazard_formula


@dataclass(frozen=True, eq=False)
class Hazard:
    """A fitted hazard.

    Attributes
    ----------
    cause : str
        The event, in words.
    fit : GlmmResult or FixedGlm
        With therapists' frailty, or without.
    rows : DataFrame
        The rows at risk that were fitted.
    prepared : PreparedEvents
    settled : dict of float to float
        Sessions left out of a baseline of factors because the event came after none of them, or
        after all: their hazard is 0 or 1 whatever the predictors.
    """

    cause: str
    fit: GlmmResult | FixedGlm
    rows: pd.DataFrame
    prepared: PreparedEvents
    settled: Mapping[float, float]

    @property
    def messages(self) -> tuple[str, ...]:
        """What a reader must know about this fit."""
        found = [f"{self.cause}: {text}" for text in self.fit.messages]
        if self.settled:
            n = len(self.settled)
            found.append(
                f"{self.cause}: {counted(n, 'session number')} "
                f"({name_list(f'{s:g}' for s in self.settled)}) {agree(n, 'has', 'have')} no event "
                "or nothing but events, so that the hazard is 0 or 1 there and says nothing about "
                "the predictors."
            )
        return tuple(found)

    @property
    def design(self) -> FixedDesign | GlmmDesign:
        """The design of the fit."""
        return self.fit.design if isinstance(self.fit, FixedGlm) else self.fit.criterion.design

    def design_at(self, sessions: np.ndarray, alliance: Mapping[str, float]) -> np.ndarray:
        """Columns (n, p) at sessions, with given predictors of the alliance, covariates at means.

        `alliance` gives every column of `PreparedEvents.effects` its value.
        """
        first = self.rows.iloc[np.zeros(len(sessions), dtype=int)].reset_index(drop=True)
        given: dict[str, Any] = {self.prepared.roles.session: sessions, **alliance}
        grid = first.assign(**given)
        memory = self.design.memories[0]
        columns = same_columns(memory, grid)
        matrix = np.array(columns.matrix)
        means = np.array(same_columns(memory, self.rows).matrix.mean(axis=0))
        last = len(self.prepared.effects)  # terms: baseline, predictors, covariates
        for j, term in enumerate(columns.term_of_column):
            if term > last:
                matrix[:, j] = means[j]
        return matrix

    def probabilities(
        self, sessions: np.ndarray, alliance: Mapping[str, float]
    ) -> tuple[np.ndarray, np.ndarray]:
        """Hazard (n,) of a therapist with frailty 0, and its derivatives (n, p) in β."""
        hazard = np.zeros(len(sessions))
        slope = np.zeros((len(sessions), len(self.fit.names)))
        free = ~np.isin(sessions, list(self.settled))
        hazard[~free] = [self.settled[float(s)] for s in sessions[~free]]
        if free.any():
            design = self.design_at(sessions[free], alliance)
            eta = design @ self.fit.beta.to_numpy()
            link = self.prepared.specification.link
            hazard[free] = family_of("binomial", link).mean(eta)
            rise = (1.0 - hazard[free]) * (np.exp(eta) if link == "cloglog" else hazard[free])
            slope[free] = rise[:, None] * design
        return hazard, slope


def fit_hazard(prepared: PreparedEvents, response: str) -> Hazard:
    """Fit the hazard of the event, or of the competing one."""
    chosen, roles = prepared.specification, prepared.roles
    rows = prepared.rows(response)
    cause = chosen.competing_name if response == COMPETING else chosen.event
    settled = _settled(rows, roles.session, response) if chosen.baseline == "factor" else {}
    used = rows[~rows[roles.session].isin(list(settled))].reset_index(drop=True)
    if not len(used):
        raise DataError(
            f"baseline='factor': at every session number '{cause}' came in none of the rows at "
            "risk or in all, which leaves nothing to estimate. Use baseline='spline' or 'log'."
        )
    formula = hazard_formula(
        response, roles.session, prepared.predictors, prepared.therapist, chosen.baseline,
        chosen.spline_df,
    )  # fmt: skip
    fit = _fitted(formula, used, cause, prepared)
    return Hazard(cause, fit, used, prepared, settled)


def fit_competing(prepared: PreparedEvents) -> tuple[Hazard | None, str]:
    """The hazard of the competing event, if it came and can be fitted; else why it cannot.

    Therapies of a fixed length end by agreement at one session only, whatever the alliance.
    """
    if not prepared.frame[COMPETING].any():
        return None, ""
    try:
        return fit_hazard(prepared, COMPETING), ""
    except DataError as error:
        reason = str(error).partition(": ")[2].split(". ")[0]
        return None, (
            f"The hazard of '{prepared.specification.competing_name}' could not be modelled "
            f"({reason}). Its observed share at every session stands in the cumulative incidence, "
            "without predictors and taken as known."
        )


def _fitted(
    formula: str, rows: pd.DataFrame, cause: str, prepared: PreparedEvents
) -> GlmmResult | FixedGlm:
    """The fit; errors say which event they are about."""
    chosen = prepared.specification
    try:
        if prepared.therapist is None:
            fit: GlmmResult | FixedGlm = fit_fixed(
                formula, rows, family="binomial", link=chosen.link
            )
        else:
            fit = fit_glmm_quietly(formula, rows, link=chosen.link, n_agq=chosen.n_agq)
    except DataError as error:
        raise DataError(f"hazard of '{cause}': {error}{_simpler(str(error), chosen)}") from error
    design = fit.design if isinstance(fit, FixedGlm) else fit.criterion.design
    if redundant := design.redundant:
        raise DataError(
            f"hazard of '{cause}': {name_list(redundant)} "
            f"{agree(len(redundant), 'is', 'are')} determined by the session and the other "
            "predictors, so that no coefficient can be told apart. Leave one of them out."
        )
    return fit


def _simpler(error: str, chosen: EventSpecification) -> str:
    """Another baseline, where it may be what separates events from the other rows."""
    if "separation" not in error or chosen.baseline == "log":
        return ""
    return " If no event falls into a part of the sessions, use baseline='log'."


def _settled(rows: pd.DataFrame, session: str, response: str) -> dict[float, float]:
    """Sessions after which the event came in none of the rows (0.0) or in all (1.0)."""
    share = rows.groupby(float_values(rows, session))[response].mean()
    settled = share[share.isin([0.0, 1.0])]
    return dict(zip(settled.index.astype(float), settled.astype(float), strict=True))
