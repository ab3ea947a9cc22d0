"""Early alliance and the later rate of change of the outcome, between patients and therapists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats.data.centering import center_within, derived_name
from alliance_stats.data.units import float_values, unit_means, units_seen
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.growth.prepare import PreparedGrowth
from alliance_stats.models.prepare import LENGTH

AFTER = "time_after_window"
#: Fewer patients than this leave nothing to compare rates between.
FEWEST = 4


@dataclass(frozen=True, eq=False)
class EarlyRate:
    """Early alliance and the rate of change after the early window.

    Attributes
    ----------
    fit : MixedModelResult
        ``outcome ~ time after the window × early alliance + random intercepts and slopes``, over
        the sessions after the window.
    frame : DataFrame
        Its rows.
    effects : tuple of (effect, column)
        ``("early_rate", "wai_early")``, or the parts between patients and therapists.
    adjusted : dict of str to MixedModelResult
        The same with the outcome up to the window, and with treatment length.
    n_patients, n_left : int
        Patients of the file, and those with early ratings and an outcome after the window.
    """

    fit: MixedModelResult
    frame: pd.DataFrame
    effects: tuple[tuple[str, str], ...]
    adjusted: dict[str, MixedModelResult]
    n_patients: int
    n_left: int

    @property
    def message(self) -> str:
        """How many patients are not in the model, and why."""
        gone = self.n_patients - self.n_left
        if not gone:
            return ""
        return (
            f"{gone:,} of {counted(self.n_patients, 'patient')} not in the model of early alliance "
            "and later rate (no alliance in the early window, or no outcome after it)."
        )

    @property
    def interactions(self) -> tuple[tuple[str, str], ...]:
        """Effects with the names of their coefficients, products with time."""
        names = set(self.fit.names)
        pairs = ((e, (f"{AFTER}:{c}", f"{c}:{AFTER}")) for e, c in self.effects)
        return tuple((e, one if one in names else other) for e, (one, other) in pairs)


def fit_early(prepared: PreparedGrowth) -> EarlyRate | str:
    """Fit the later rate of change given the early alliance, or say why it cannot be."""
    roles = prepared.roles
    n_patients = prepared.frame[roles.patient].nunique()
    frame, effects = _later_rows(prepared)
    n_left = frame[roles.patient].nunique()
    why = _too_few(frame, prepared, effects, n_left)
    if why:
        low, high = prepared.early_window
        return f"Early alliance (sessions {low}–{high}) and later rate left out: {why}"
    columns = [column for _, column in effects]
    fit = fit_quietly(_formula(prepared, columns), frame)
    adjusted = {}
    further = {"given early outcome": "outcome_early", "with treatment length": LENGTH}
    for name, column in further.items():
        if frame[column].std() > 0:
            adjusted[name] = fit_quietly(_formula(prepared, [*columns, column]), frame)
    return EarlyRate(fit, frame, effects, adjusted, n_patients, n_left)


def _later_rows(prepared: PreparedGrowth) -> tuple[pd.DataFrame, tuple[tuple[str, str], ...]]:
    """Sessions after the window with an outcome, with the patient's early alliance."""
    roles, frame = prepared.roles, prepared.frame
    low, high = prepared.early_window
    patient, labels = units_seen(frame, roles.patient)
    session = float_values(frame, roles.session)
    inside, until = (session >= low) & (session <= high), session <= high
    time = float_values(frame, prepared.time)
    last = np.full(len(labels), np.nan)
    np.fmax.at(last, patient[until], time[until])
    if prepared.clock == roles.session:
        first = float_values(frame, roles.session) - time
        last = unit_means(high - first, patient, len(labels))
    early, before = (
        unit_means(np.where(rows, float_values(frame, column), np.nan), patient, len(labels))
        for rows, column in ((inside, roles.alliance), (until, roles.outcome))
    )
    name = f"{roles.alliance}_early"
    rows = frame.assign(
        **{AFTER: time - last[patient], name: early[patient], "outcome_early": before[patient]}
    )
    keep = (session > high) & rows[[name, roles.outcome, AFTER]].notna().all(axis=1)
    return _centred(rows[keep].reset_index(drop=True), prepared, name)


def _centred(
    rows: pd.DataFrame, prepared: PreparedGrowth, name: str
) -> tuple[pd.DataFrame, tuple[tuple[str, str], ...]]:
    """Early alliance at its mean over patients, or split between patients and therapists."""
    roles = prepared.roles
    patient, labels = units_seen(rows, roles.patient)
    first = np.unique(patient, return_index=True)[1] if len(rows) else np.zeros(0, dtype=int)
    before = rows["outcome_early"] - rows["outcome_early"].iloc[first].mean()
    rows = rows.assign(outcome_early=before)
    early = rows[name].to_numpy(dtype=float)[first]
    if roles.therapist is None or not len(rows):
        return rows.assign(**{name: rows[name] - early.mean()}), (("early_rate", name),)
    codes, _ = units_seen(rows.iloc[first], roles.therapist)
    parts = center_within(early, np.arange(len(labels)), codes)
    effects = (
        ("patient_between_rate", derived_name(name, "patient_between")),
        ("therapist_between_rate", derived_name(name, "therapist_between")),
    )
    split = {c: parts[e.removesuffix("_rate")][patient] for e, c in effects}
    return rows.assign(**split), effects


def _too_few(
    frame: pd.DataFrame,
    prepared: PreparedGrowth,
    effects: tuple[tuple[str, str], ...],
    n_left: int,
) -> str:
    """Why the model cannot be fitted; empty if it can."""
    if n_left < FEWEST:
        return f"{counted(n_left, 'patient')} with early ratings and a later outcome."
    if frame.groupby(prepared.roles.patient, observed=True)[AFTER].nunique().nlargest(2).min() < 3:
        return "fewer than two patients have three outcomes after the window."
    if any(np.ptp(frame[column].to_numpy(dtype=float)) == 0 for _, column in effects):
        return "the early alliance does not vary."
    therapist = prepared.roles.therapist
    if therapist is not None and frame[therapist].nunique() < 3:
        return "its patients have fewer than 3 therapists."
    return ""


def _formula(prepared: PreparedGrowth, moderators: Sequence[str]) -> str:
    roles = prepared.roles
    fixed = [AFTER]
    for column in moderators:
        fixed += [quote_name(column), f"{AFTER}:{quote_name(column)}"]
    units = [roles.patient] + ([roles.therapist] if roles.therapist is not None else [])
    random = [f"(1 + {AFTER} | {quote_name(unit)})" for unit in units]
    return f"{quote_name(roles.outcome)} ~ {' + '.join([*fixed, *random])}"
