"""Checks of the parameters of a file of studies."""

from __future__ import annotations

from alliance_stats._base.errors import ArgumentError
from alliance_stats.simulate.checks import (
    check_correlation,
    check_count,
    check_number,
    check_share,
    check_size,
)
from alliance_stats.simulate.studies.parameters import (
    RELIABILITY,
    EffectParameters,
    explained_between,
    explained_within,
)

_COUNTS = {"n_studies": 2, "effects_max": 1, "n_min": 4}
_POSITIVE = ("n_median", "ptr_median", "between_stretch")
_SPREADS = ("n_sd", "ptr_sd", "tau2_between", "tau2_within", "reliability_alliance_sd",
            "reliability_outcome_sd")  # fmt: skip
_SHARES = ("another_effect", "rho", "dissertations", "unreported", "as_t", "as_d")
_FULL_SHARES = ("reliability_reported", "ptr_reported")
_EFFECTS = (
    "mean_z", "late_effect", "therapist_rated_effect", "observer_rated_effect", "ptr_effect",
    "treatment_effect", "measure_effect", "year_effect", "dissertation_effect",
    "between_shift",
)  # fmt: skip
_RELIABILITIES = ("reliability_alliance", "reliability_outcome")


def check_effect_parameters(given: EffectParameters) -> None:
    """Raise ArgumentError for the first parameter, or combination, that cannot be simulated."""
    for name, least in _COUNTS.items():
        check_count(name, getattr(given, name), least)
    for name in (*_POSITIVE, *_SPREADS, *_SHARES, *_FULL_SHARES, *_EFFECTS, *_RELIABILITIES):
        check_number(name, getattr(given, name))
    for name in (*_POSITIVE, *_SPREADS):
        check_size(name, getattr(given, name), positive=name in _POSITIVE)
    for name in _SHARES:
        check_share(name, getattr(given, name))
    for name in _EFFECTS:
        check_correlation(name, getattr(given, name))
    for name in _FULL_SHARES:
        _check_up_to_one(name, getattr(given, name), least=0.0)
    for name in _RELIABILITIES:
        _check_up_to_one(name, getattr(given, name), least=RELIABILITY[0])
    _check_selection(given.selection)
    _check_forms(given)
    _check_explained(given)


def _check_up_to_one(name: str, value: float, *, least: float) -> None:
    if not least <= value <= 1:
        raise ArgumentError(f"{name}={value!r} is not between {least:g} and 1. Give such a number.")


def _check_selection(value: object) -> None:
    weights = value if isinstance(value, tuple) else ()
    numbers = all(isinstance(w, int | float) and not isinstance(w, bool) for w in weights)
    if len(weights) != 2 or not numbers or not all(0 < w <= 1 for w in weights):
        raise ArgumentError(
            f"selection={value!r} is not a pair of relative chances of publication above 0 and up "
            "to 1. Give one for p from .025 to .5 and one for p above .5, such as (0.4, 0.2); "
            "(1.0, 1.0) selects nothing."
        )


def _check_forms(given: EffectParameters) -> None:
    if given.as_t + given.as_d >= 1:
        raise ArgumentError(
            f"as_t + as_d = {given.as_t + given.as_d:g} leaves no results given as r. "
            "Give shares with a sum below 1."
        )


def _check_explained(given: EffectParameters) -> None:
    parts = {
        "tau2_between": (given.tau2_between, explained_between(given)),
        "tau2_within": (given.tau2_within, explained_within(given)),
    }
    for name, (total, explained) in parts.items():
        if explained > total:
            raise ArgumentError(
                f"{name}={total:g} is less than the variance of {explained:.4g} that the "
                f"moderators bring about at that level. Raise {name}, or lower their effects."
            )
