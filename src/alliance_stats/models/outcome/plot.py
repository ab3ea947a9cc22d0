"""What the figure of an outcome model draws: adjusted patients and a line with its band."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.data.units import unit_codes, unit_means
from alliance_stats.formula.columns import INTERCEPT
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.layers import LINE_POINTS, line_layer, point_layer
from alliance_stats.models.outcome.patient_fit import PatientFit
from alliance_stats.models.outcome.prepare import PreparedPatients


def outcome_frame(
    fit: PatientFit, prepared: PreparedPatients, ddf: Ddf = "satterthwaite"
) -> pd.DataFrame:
    """Points and lines of every effect, in units of the outcome.

    A point is a patient: the post-treatment score less all that the model says about it except
    the effect drawn and the residual, at the means of the other predictors. In the panel of
    therapists a point is the mean of a therapist's patients, with the therapist's own part left
    in. The line is the model's mean with a pointwise 95% band.

    Returns
    -------
    DataFrame
        Columns ``panel layer x y y_low y_high group``; see `ResultView.plot`.
    """
    parts = []
    for effect, column in prepared.effects:
        at_means = _at_means(fit, prepared)
        points = _points(fit, prepared, effect, column)
        x = np.linspace(points["x"].min(), points["x"].max(), LINE_POINTS)
        weights = {str(i): at_means | {column: float(value)} for i, value in enumerate(x)}
        parts += [points, line_layer(effect, x, fit.contrasts(weights, ddf=ddf))]
    return pd.concat(parts, ignore_index=True)


def _at_means(fit: PatientFit, prepared: PreparedPatients) -> dict[str, float]:
    """Weights of the coefficients at the patients' means; effects of the alliance at zero."""
    means = dict(zip(fit.names, fit.column_means().tolist(), strict=True))
    return means | {column: 0.0 for _, column in prepared.effects}


def _points(fit: PatientFit, prepared: PreparedPatients, effect: str, column: str) -> pd.DataFrame:
    """Patients (or therapists) with their score adjusted for everything else."""
    frame, beta = prepared.frame, fit.beta
    values = frame[prepared.predictors].to_numpy(dtype=float)
    fixed = beta[INTERCEPT] + values @ beta[prepared.predictors].to_numpy()
    level = sum(beta[name] * weight for name, weight in _at_means(fit, prepared).items())
    x = frame[column].to_numpy(dtype=float)
    y = frame[prepared.post].to_numpy(dtype=float) - fixed + beta[column] * x + level
    therapist = prepared.roles.therapist
    if therapist is None or not isinstance(fit, MixedModelResult):
        return point_layer(effect, x, y, np.arange(len(x)))
    if effect == "therapist_between":
        codes, n = unit_codes(frame, therapist)
        return point_layer(effect, unit_means(x, codes, n), unit_means(y, codes, n), np.arange(n))
    table = fit.ranef()[therapist][INTERCEPT]
    own = table.to_numpy()[table.index.get_indexer(pd.Index(frame[therapist]))]
    return point_layer(effect, x, y - own, np.arange(len(x)))
