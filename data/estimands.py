"""Estimands of a codebook: what the library's estimators give for one very large simulation."""

from __future__ import annotations

import warnings
from dataclasses import replace

import pandas as pd

import alliance_stats as al
from alliance_stats.data import Roles, SessionData
from alliance_stats.simulate import describe_study

LEVELS = {name: name for name in ("within", "patient_between", "therapist_between")}
LEVELS_OF_TWO = {"within": "within", "between": "patient_between"}
#: Parameters with a counterpart among the observed quantities, which is their estimand.
COUNTERPARTS = {
    "caseload_cv": "caseload_cv",
    "caseload_max": "caseload_largest",
    "alliance_mean": "alliance_first_mean",
    "alliance_sd": "alliance_first_sd",
    "alliance_ar": "alliance_autocorrelation",
    "outcome_ar": "outcome_autocorrelation",
    "outcome_mean": "intake_mean",
    "outcome_sd": "intake_sd",
    "sessions_median": "sessions_median",
    "sessions_cv": "sessions_cv",
    "sessions_max": "sessions_largest",
    "day_sd": "day_sd",
    "dropout_hazard": "dropout_rate",
    "study_end": "ongoing_share",
    "missing_sessions": "missed_sessions",
    "missing_ratings": "missing_ratings",
    "flat_patients": "flat_patients",
    "dyad_correlation": "dyad_r",
    "dyad_difference": "dyad_d",
    "therapist_change": "changed_therapist",
    "therapist_free": "without_therapist",
}


def estimands_of(large: SessionData, roles: Roles) -> dict[str, float]:
    """Estimates and descriptive quantities by the codebook's names."""
    seen = describe_study(large)
    observed = {f"observed_{name}": value for name, value in seen.items()}
    counterparts = {name: seen[of] for name, of in COUNTERPARTS.items() if of in seen}
    with warnings.catch_warnings():  # dropped rows; therapists' variance of change is zero
        warnings.simplefilter("ignore", al.DataWarning)
        warnings.simplefilter("ignore", al.FitWarning)
        estimated = estimates(large, roles)
    return estimated | counterparts | observed


def estimates(sessions: SessionData, roles: Roles) -> dict[str, float]:
    """What the library's estimators give for the parameters, by the codebook's names."""
    return (
        fitted_effects(sessions, roles)
        | fitted_outcome(sessions, roles)
        | fitted_lags(sessions, roles)
        | fitted_trends(sessions, roles)
        | fitted_event(sessions, roles)
        | described_levels(sessions, roles)
    )


def fitted_effects(sessions: SessionData, roles: Roles) -> dict[str, float]:
    """Estimates of `fit_within_between` by the codebook's names."""
    result = al.fit_within_between(sessions.frame, roles)
    levels = LEVELS if roles.therapist else LEVELS_OF_TWO
    found: dict[str, float] = {}
    for effect, unit, estimate in result.tidy()[["effect", "unit", "estimate"]].values:
        if effect == "contextual":
            found[f"{unit}_contextual_effect"] = float(estimate)
        elif effect:
            found[f"{levels[effect]}_effect"] = float(estimate)
    for unit, estimate in result.effect_sizes()[["unit", "estimate"]].values:
        found[f"standardised_effect_{unit}"] = float(estimate)
    parts = result.fit.var_corr()
    for group, term, sd in parts.loc[parts["with_term"] == "", ["group", "term", "sd"]].values:
        slope = term not in ("", "(Intercept)")
        unit = "session" if group == "Residual" else group
        found["within_effect_sd" if slope else f"outcome_residual_sd_{unit}"] = float(sd)
    return found


def fitted_outcome(sessions: SessionData, roles: Roles) -> dict[str, float]:
    """Estimates of `fit_outcome` by the codebook's names."""
    result = al.fit_outcome(sessions.frame, roles)
    r = result.correlations().set_index("kind")["r"]
    return {
        "early_alliance_b": float(result.effects["estimate"].item()),
        "early_alliance_standardised": float(result.effect_sizes()["estimate"].item()),
        "early_alliance_r": float(r["zero-order"]),
        "early_alliance_partial_r": float(r["partial"]),
        "early_alliance_semi_partial_r": float(r["semi-partial"]),
    }


def fitted_lags(sessions: SessionData, roles: Roles) -> dict[str, float]:
    """Estimates of `fit_lagged` by the codebook's names.

    The reverse path of the process leads from one session's outcome to the next one's alliance;
    with the roles of the files it is the outcome of the same session that predicts the alliance.
    """
    result = al.fit_lagged(sessions.frame, roles, bias_simulations=0)
    found = {str(row.effect): float(row.estimate) for row in result.effects.itertuples()}
    both_after = replace(roles, outcome_at="after")
    next_one = al.fit_lagged(sessions.frame, both_after, bias_simulations=0)
    sizes, next_sizes = (
        fit.effect_sizes().set_index("effect")["estimate"] for fit in (result, next_one)
    )
    return found | {
        "lagged_effect": float(sizes["alliance_to_outcome"]),
        "reverse_effect": float(next_sizes["outcome_to_alliance"]),
    }


def fitted_event(sessions: SessionData, roles: Roles) -> dict[str, float]:
    """The log hazard ratio of dropout of `fit_event`, for an SD of the alliance at intake."""
    book = pd.DataFrame(sessions.codebook).set_index("parameter")["value"]
    result = al.models.fit_event(sessions.frame, roles)
    b = float(result.effects["estimate"].item())
    return {"dropout_alliance_effect": b * float(book["alliance_sd"])}


def fitted_trends(sessions: SessionData, roles: Roles) -> dict[str, float]:
    """SDs of patients' own trends a session: random slopes of `fit_lmm`."""
    therapists = f" + (1 | {roles.therapist})" if roles.therapist else ""
    random = f"(1 + {roles.session} | {roles.patient}){therapists}"
    found = {}
    for role, column in (("alliance", roles.alliance), ("outcome", roles.outcome)):
        fit = al.fit_lmm(f"{column} ~ {roles.session} + {random}", sessions.frame)
        parts = fit.var_corr()
        slope = (parts["term"] == roles.session) & (parts["with_term"] == "")
        found[f"{role}_trend_sd"] = float(parts.loc[slope, "sd"].item())
    return found


def described_levels(sessions: SessionData, roles: Roles) -> dict[str, float]:
    """What `describe_levels` says of shares of variance and of trends, by the codebook's names."""
    found = al.describe_levels(sessions.frame, roles)
    change = found.variables.set_index("role")["change_per_session"]
    slopes = {role: float(change[role]) for role in ("alliance", "outcome")}
    shares = {
        f"{role}_{unit}_share": float(icc)
        for role, unit, icc in found.variances[["role", "unit", "icc"]].values
        if unit != "session" and role in slopes
    }
    return shares | {f"{role}_trend": slope for role, slope in slopes.items()}
