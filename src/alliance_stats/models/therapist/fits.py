"""The models of one answer: outcome without and with the alliance, the alliance itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alliance_stats.data.units import unit_codes
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.bivariate.fit import BivariateFit, fit_bivariate
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.outcome.prepare import PreparedPatients

#: The effect whose slope may differ between therapists.
SLOPE = "patient_between"


@dataclass(frozen=True, eq=False)
class TherapistFits:
    """Models of the same patients.

    Attributes
    ----------
    before : MixedModelResult
        Post-treatment score given the controls, therapists with a random intercept.
    after : MixedModelResult
        The same with the alliance between patients and between therapists.
    model : MixedModelResult
        That with a random slope if it was asked for, else `after` itself.
    alliance : MixedModelResult
        Early alliance with a random intercept of therapists and nothing else.
    latent : BivariateFit
        Alliance and outcome given the controls, with latent means of therapists.
    """

    before: MixedModelResult
    after: MixedModelResult
    model: MixedModelResult
    alliance: MixedModelResult
    latent: BivariateFit


def fit_models(prepared: PreparedPatients, *, slopes: bool) -> TherapistFits:
    """Fit them all by REML, the latent one by maximum likelihood."""
    post, frame = prepared.post, prepared.frame
    before, after = (
        fit_quietly(patient_formula(prepared, post, predictors), frame)
        for predictors in (prepared.controls, prepared.predictors)
    )
    model = after
    if slopes:
        slope = dict(prepared.effects)[SLOPE]
        model = fit_quietly(patient_formula(prepared, post, prepared.predictors, slope), frame)
    alliance = fit_quietly(patient_formula(prepared, prepared.early, ()), frame)
    return TherapistFits(before, after, model, alliance, _latent(prepared))


def patient_formula(
    prepared: PreparedPatients, response: str, predictors: Sequence[str], slope: str | None = None
) -> str:
    """A model of patients as a formula, with random effects of therapists."""
    fixed = " + ".join(map(quote_name, predictors)) or "1"
    inside = "1" if slope is None else f"1 + {quote_name(slope)}"
    therapist = quote_name(str(prepared.roles.therapist))
    return f"{quote_name(response)} ~ {fixed} + ({inside} | {therapist})"


def _latent(prepared: PreparedPatients) -> BivariateFit:
    frame = prepared.frame
    controls = frame[list(prepared.controls)].to_numpy(dtype=float)
    x = np.column_stack([np.ones(len(frame)), controls])
    y = frame[[prepared.early, prepared.post]].to_numpy(dtype=float)
    codes, _ = unit_codes(frame, str(prepared.roles.therapist))
    return fit_bivariate(x, y, codes)
