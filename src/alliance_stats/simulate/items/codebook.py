"""Codebook of simulated items: parameters with their basis, and reliabilities of latent sums."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from math import nan

import pandas as pd

from alliance_stats.simulate.codebook import ASSUMED, COLUMNS, DERIVED, Entry, Row, parameter_rows
from alliance_stats.simulate.items.model import ItemParameters
from alliance_stats.simulate.items.truth import latent_reliabilities

_SUM = "common variance of the sum of latent"
_ENTRIES: Mapping[str, Entry] = {
    "n_patients": Entry("patients", ASSUMED, "number of patients"),
    "n_therapists": Entry("therapists", ASSUMED, "number of therapists"),
    "n_sessions": Entry("sessions", ASSUMED, "planned sessions of every patient"),
    "missing_sessions": Entry("share", ASSUMED, "sessions after the first that were missed"),
    "missing_items": Entry("share", ASSUMED, "answers missing at random"),
    "task_goal": Entry("correlation", ASSUMED, "of the factors task and goal"),
    "bond_others": Entry("correlation", ASSUMED, "of the factor bond with task and with goal"),
    "omega_within": Entry("share", ASSUMED, f"{_SUM} alliance items, within patients"),
    "omega_between": Entry("share", ASSUMED, f"{_SUM} alliance items, between patients"),
    "alliance_therapist_share": Entry("share", ASSUMED, "factor variance between therapists"),
    "alliance_patient_share": Entry("share", ASSUMED, "factor variance between patients"),
    "symptom_omega_within": Entry("share", ASSUMED, f"{_SUM} symptom items, within patients"),
    "symptom_omega_between": Entry("share", ASSUMED, f"{_SUM} symptom items, between patients"),
    "symptom_therapist_share": Entry("share", ASSUMED, "factor variance between therapists"),
    "symptom_patient_share": Entry("share", ASSUMED, "factor variance between patients"),
    "within_effect": Entry(
        "correlation", ASSUMED, "of alliance and symptoms within patients; estimand: of totals"
    ),
    "between_effect": Entry(
        "correlation", ASSUMED, "of alliance and symptoms between patients; estimand: of totals"
    ),
    "alliance_trend": Entry("SD per session", ASSUMED, "mean trend of the alliance factors"),
    "symptom_trend": Entry("SD per session", ASSUMED, "mean trend of the symptom factor"),
}
_EFFECTS = ("within_effect", "between_effect")


def item_codebook(given: ItemParameters, defaults: Mapping[str, object]) -> pd.DataFrame:
    """One row a parameter, then reliabilities of the latent sums; `estimand` is left missing."""
    parameters = parameter_rows(asdict(given), defaults, _ENTRIES, _EFFECTS)
    return pd.DataFrame([*parameters, *_derived(given)], columns=list(COLUMNS))


def _derived(given: ItemParameters) -> Iterator[Row]:
    for name, value in latent_reliabilities(given).items():
        scale, score, coefficient, unit = name.split("_")
        meaning = f"{coefficient} of the sum of {scale} items ({score}), {unit} patients"
        yield (name, value, "share", *DERIVED, value, nan, meaning)
