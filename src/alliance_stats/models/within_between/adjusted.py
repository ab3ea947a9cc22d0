"""What the figure of a within/between model draws: adjusted points and lines with bands."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.formula.columns import INTERCEPT, design_columns
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.layers import LINE_POINTS, line_layer, point_layer
from alliance_stats.models.prepare import PreparedSessions


def adjusted_frame(
    fit: MixedModelResult, prepared: PreparedSessions, ddf: Ddf = "satterthwaite"
) -> pd.DataFrame:
    """Points and lines of every effect, in outcome units.

    A point of the within panel is a session: its outcome less all that the model says about it
    except the within effect, the patient's own slope and the residual. A point of a between panel
    is the mean of such values over a patient's sessions (or over a therapist's patients), with
    what the unit has of its own left in. A patient of two therapists counts for each with the
    sessions held there, and with ``therapist_change="dyad"`` is two points. Lines are the
    model's mean outcome at the average of everything else, with a pointwise confidence band.

    Returns
    -------
    DataFrame
        Columns ``panel layer x y y_low y_high group``; see `ResultView.plot`.
    """
    parts = []
    for effect, column in prepared.effects:
        points = _points(fit, prepared, effect, column)
        parts.append(points)
        x = np.linspace(points["x"].min(), points["x"].max(), LINE_POINTS)
        parts.append(_line(fit, prepared, effect, column, x, ddf))
    return pd.concat(parts, ignore_index=True)


def _line(
    fit: MixedModelResult,
    prepared: PreparedSessions,
    effect: str,
    column: str,
    x: np.ndarray,
    ddf: Ddf,
) -> pd.DataFrame:
    """The model's mean along one effect, everything else at its mean."""
    at_means = _at_means(fit, prepared)
    weights = {str(i): at_means | {column: float(value)} for i, value in enumerate(x)}
    return line_layer(effect, x, fit.contrasts(weights, ddf=ddf))


def _at_means(fit: MixedModelResult, prepared: PreparedSessions) -> dict[str, float]:
    """Weights of the fixed effects at the sample means, all effects of the alliance at zero."""
    table = fit.column_means()
    means = dict(zip(fit.names, table.tolist(), strict=True))
    return means | {column: 0.0 for _, column in prepared.effects}


def _points(
    fit: MixedModelResult, prepared: PreparedSessions, effect: str, column: str
) -> pd.DataFrame:
    """Sessions, patients or therapists with their outcome adjusted for everything else."""
    frame, roles = prepared.frame, prepared.roles
    level = sum(fit.beta[name] * weight for name, weight in _at_means(fit, prepared).items())
    x = frame[column].to_numpy(dtype=float)
    adjusted = _residual(fit, prepared) + fit.beta[column] * x + level
    patient = prepared.group_codes(prepared.groups["patient"])
    if effect != "therapist_between":
        adjusted = adjusted - _random_part(fit, prepared, "therapist", column)
    if effect == "within":
        adjusted = adjusted - _random_part(fit, prepared, "patient", column)
        return point_layer(effect, x, adjusted, patient)
    if effect == "therapist_between":
        patient = prepared.group_codes((str(roles.therapist), roles.patient))
    y, x = _means(adjusted, patient), _means(x, patient)
    if effect == "therapist_between":
        of_patient = np.zeros(len(y), dtype=int)
        of_patient[patient] = prepared.group_codes(prepared.groups["therapist"])
        y, x = _means(y, of_patient), _means(x, of_patient)
    return point_layer(effect, x, y, np.arange(len(y)))


def _means(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    return np.bincount(codes, weights=values) / np.bincount(codes)


def _residual(fit: MixedModelResult, prepared: PreparedSessions) -> np.ndarray:
    """Outcome less the fixed part, of every row."""
    frame = prepared.frame
    fixed = fit.criterion.design.formula.fixed
    columns = design_columns(fixed.terms, fixed.intercept, frame)
    beta = fit.beta[list(columns.names)].to_numpy()
    return frame[prepared.roles.outcome].to_numpy(dtype=float) - columns.matrix @ beta


def _random_part(
    fit: MixedModelResult, prepared: PreparedSessions, unit: str, but: str
) -> np.ndarray:
    """Random effects of every row's patient or therapist, except the slope of one column."""
    frame = prepared.frame
    total = np.zeros(len(frame))
    if unit not in prepared.groups:
        return total
    group = prepared.groups[unit]
    table = fit.ranef()[":".join(group)]
    position = table.index.get_indexer(_labels(frame, group))
    for term in table.columns:
        if term != but:
            column = 1.0 if term == INTERCEPT else frame[term].to_numpy(dtype=float)
            total += table[term].to_numpy()[position] * column
    return total


def _labels(frame: pd.DataFrame, group: tuple[str, ...]) -> pd.Index:
    """The group of every row as the fit labels it: a tuple for several columns."""
    if len(group) == 1:
        return pd.Index(frame[group[0]])
    return pd.Index(list(zip(*(frame[name] for name in group), strict=True)), tupleize_cols=False)
