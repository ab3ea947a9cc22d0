"""Checks of the parameters of simulated items."""

from __future__ import annotations

from alliance_stats._base.checks import probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats.simulate.checks import (
    check_correlation,
    check_count,
    check_number,
    check_share,
    check_share_sum,
)
from alliance_stats.simulate.items.model import ItemParameters, factor_correlations

_COUNTS = {"n_patients": 2, "n_therapists": 1, "n_sessions": 1}
_OMEGAS = ("omega_within", "omega_between", "symptom_omega_within", "symptom_omega_between")
_SHARES = (
    "missing_sessions", "missing_items", "alliance_therapist_share", "alliance_patient_share",
    "symptom_therapist_share", "symptom_patient_share",
)  # fmt: skip
_CORRELATIONS = ("task_goal", "bond_others", "within_effect", "between_effect")
_TRENDS = ("alliance_trend", "symptom_trend")


def check_item_parameters(given: ItemParameters) -> None:
    """Raise ArgumentError for the first parameter, or combination, that cannot be simulated."""
    for name, least in _COUNTS.items():
        check_count(name, getattr(given, name), least)
    for name in (*_OMEGAS, *_SHARES, *_CORRELATIONS, *_TRENDS):
        check_number(name, getattr(given, name))
    for name in _OMEGAS:
        probability(getattr(given, name), name=name)
    for name in _SHARES:
        check_share(name, getattr(given, name))
    for name in _CORRELATIONS:
        check_correlation(name, getattr(given, name))
    for variable in ("alliance", "symptom"):
        check_share_sum(given, variable)
    if given.n_therapists > given.n_patients:
        raise ArgumentError(
            f"n_therapists={given.n_therapists} exceeds n_patients={given.n_patients}, but every "
            "therapist has a patient. Lower n_therapists or raise n_patients."
        )
    factor_correlations(given)
