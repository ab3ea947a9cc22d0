"""Sentences under the tables of an event model, and the call that fits it again."""

from __future__ import annotations

from collections.abc import Sequence

from alliance_stats._base.checks import counted
from alliance_stats.models.event.hazard import Hazard
from alliance_stats.models.event.prepare import PreparedEvents
from alliance_stats.models.event.specification import SPLINE_DF, WINDOW
from alliance_stats.models.notes import FEW

#: With fewer events a coefficient has not much to rest on.
FEW_EVENTS = 10
_LINKS = {
    "cloglog": "complementary log-log link; estimates are log hazard ratios",
    "logit": "logit link; estimates are log odds ratios of the hazard",
}
_BASELINES = {
    "spline": "a cubic spline of {session} with {df} degrees of freedom",
    "factor": "a level for every {session}",
    "log": "log({session})",
}


def event_notes(prepared: PreparedEvents, hazards: Sequence[Hazard]) -> tuple[str, ...]:
    """What is at risk of what, which predictors are known when, how the baseline runs."""
    return (
        _risk_note(prepared),
        *_ending_notes(prepared),
        *_predictor_notes(prepared),
        _model_note(prepared),
        *_few_notes(prepared, hazards),
    )


def _risk_note(prepared: PreparedEvents) -> str:
    chosen = prepared.specification
    events = ", ".join(f"{name}: {n:,}" for name, n in prepared.events().items())
    if chosen.by_column:
        return f"A row is a period at risk of '{chosen.event}'. Events: {events}."
    return (
        "A row is a session at risk: the event is that the patient did not come back after it, by "
        f"how therapy ended ({events}). Predictors are those known at the session."
    )


def _ending_notes(prepared: PreparedEvents) -> list[str]:
    chosen = prepared.specification
    notes = []
    if len(prepared.events()) > 1:
        notes.append(
            f"'{chosen.competing_name}' is a competing event: a session at which therapy ended so "
            f"is at risk of it and not of '{chosen.event}'."
        )
    if not chosen.by_column and prepared.n_missed:
        notes.append(
            f"{counted(prepared.n_missed, 'missed session')} without a row: nobody can be seen to "
            "leave after a session that was not held; patients are at risk again at the next one."
        )
    return notes


def _predictor_notes(prepared: PreparedEvents) -> list[str]:
    chosen, alliance = prepared.specification, prepared.roles.alliance
    low, high = chosen.early_window
    words = {
        "running_mean": f"{alliance}_running_mean: mean of the ratings up to and including the "
        "session.",
        "change": f"{alliance}_change: rating less that of session t − 1; first sessions and those "
        "after a gap have none and are not in the model.",
        "early": f"{alliance}_early: mean over sessions {low} to {high}; sessions before {high} "
        "are not in the model.",
    }
    return [words[name] for name in chosen.predictors if name in words]


def _model_note(prepared: PreparedEvents) -> str:
    chosen, session = prepared.specification, prepared.roles.session
    baseline = _BASELINES[chosen.baseline].format(session=session, df=chosen.spline_df)
    therapists = ""
    if chosen.frailty:
        how = "Laplace" if chosen.n_agq == 1 else f"quadrature with {chosen.n_agq} points"
        therapists = f" Therapists have a normal frailty ({how})."
    return f"Baseline: {baseline}; {_LINKS[chosen.link]}.{therapists}"


def _few_notes(prepared: PreparedEvents, hazards: Sequence[Hazard]) -> list[str]:
    notes = []
    for hazard in hazards:
        name, k = hazard.cause, len(hazard.fit.names)
        n = prepared.events()[name]
        if n < FEW_EVENTS * len(prepared.predictors):
            notes.append(
                f"Only {counted(n, 'event')} '{name}' for {counted(k, 'coefficient')}: estimates "
                "are unstable and tests approximate."
            )
    n_therapists = prepared.counts().get("therapist", FEW)
    if n_therapists < FEW:
        notes.append(
            f"Only {counted(n_therapists, 'therapist')}: how much therapists differ is known "
            "poorly, and z tests of what differs between them are too liberal."
        )
    return notes


def refit_call(prepared: PreparedEvents) -> str:
    """The call that fits this model again."""
    chosen = prepared.specification
    parts = ["sessions", f"event={chosen.event!r}", f"predictors={list(chosen.predictors)!r}"]
    if chosen.covariates:
        parts.append(f"covariates={list(chosen.covariates)!r}")
    for name in ("competing", "censored"):
        if getattr(chosen, name):
            parts.append(f"{name}={list(getattr(chosen, name))!r}")
    if chosen.early_window != WINDOW:
        parts.append(f"early_window={chosen.early_window}")
    parts.append(f"baseline={chosen.baseline!r}")
    if chosen.spline_df != SPLINE_DF:
        parts.append(f"spline_df={chosen.spline_df}")
    parts += [f"link={chosen.link!r}", f"frailty={'therapist' if chosen.frailty else None!r}"]
    if chosen.missing != "drop":
        parts.append(f"missing={chosen.missing!r}")
    if chosen.at_risk is not None:
        parts.append(f"at_risk={chosen.at_risk!r}")
    if chosen.n_agq != 1:
        parts.append(f"n_agq={chosen.n_agq}")
    return f"al.models.fit_event({', '.join(parts)})"
