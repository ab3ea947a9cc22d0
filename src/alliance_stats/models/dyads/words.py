"""What a reader must know of a model of dyads: notes, and messages about k and bias."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.checks import name_list
from alliance_stats._base.printing import MINUS, format_fixed
from alliance_stats.models.dyads.members import Member
from alliance_stats.models.dyads.prepare import PreparedDyads
from alliance_stats.models.dyads.specification import DyadSpecification
from alliance_stats.models.notes import few_units_notes, time_note


def model_notes(prepared: PreparedDyads, chosen: DyadSpecification) -> list[str]:
    """Sentences about who is predicted from what, centring, and the random part."""
    notes = [f"{_equation(prepared, member)}." for member in prepared.pair.both]
    lagged = ", then lagged" if prepared.lag.step else ""
    notes.append(
        f"Within patients: each predictor centred on the patient's mean of all its ratings{lagged}."
    )
    notes.append(_between_note(prepared))
    said = prepared.messages()
    for member in prepared.pair.both:
        words = prepared.rows_words(member)
        notes += [] if words in said else [words]
    notes.append(_random_note(prepared, chosen))
    notes.append(
        "The members' scales may differ, but k, tests that members are equal and the test that "
        "they can be told apart compare raw coefficients: they have a meaning only where both "
        "members' ratings are on one scale."
    )
    return [
        *notes,
        time_note(chosen.time, prepared.time),
        *few_units_notes(prepared.counts(), reml=chosen.reml, structured=True),
    ]


def _equation(prepared: PreparedDyads, member: Member) -> str:
    """``patient: wai of session t from the own wai (actor) and therapist's wai_t (partner) …``"""
    other = prepared.pair.other(member)
    return (
        f"{member.name}: {member.outcome} of session t from the own {member.predictor} (actor) and "
        f"{other.name}'s {other.predictor} (partner) of {prepared.lag.words()}"
    )


def _between_note(prepared: PreparedDyads) -> str:
    if prepared.omitted:
        return (
            "Means of the predictors are not among the predictors: they are means of what is "
            "predicted. How the members' levels go together is the correlation of their intercepts."
        )
    return "The predictors' parts between units are in the model, of actor and of partner."


def _random_note(prepared: PreparedDyads, chosen: DyadSpecification) -> str:
    units = " and ".join(f"{unit}s" for unit in prepared.groups)
    differ = chosen.slopes.get("patient", ())
    same = (
        f"{' and '.join(differ)} effects differ between patients too"
        if differ
        else "effects are the same for all patients (random_slopes={'patient': ['actor', "
        "'partner']} lets them differ)"
    )
    alone = "" if "therapist" in prepared.groups else "; therapists have none"
    return (
        f"Both members' intercepts differ between {units} and correlate{alone}; {same}. The "
        "members' residuals in a session have variances of their own and correlate."
    )


def undefined_messages(patterns: pd.DataFrame) -> list[str]:
    """Which k are undefined."""
    lost = patterns[patterns["k"].isna()]
    names = [
        row["member"] if row["unit"] == "session" else f"{row['member']} between {row['unit']}s"
        for row in lost.to_dict("records")
    ]
    if not names:
        return []
    return [
        f"k is undefined for {name_list(names)}: the actor effect is not told from zero, so that "
        "any ratio of partner to actor effect, however large, is left open."
    ]


def bias_notes(
    prepared: PreparedDyads, biased: dict[tuple[str, str], float], simulated: bool
) -> list[str]:
    """The size of the bias of this design; nothing for ratings of the same session."""
    if not prepared.lag.step:
        return []
    if not prepared.pair.own_past:
        return [
            "The bias of centring on observed means was not simulated: predictors are not earlier "
            "ratings of the outcomes. It is of order 1/(sessions a patient) where outcomes act "
            "back on predictors."
        ]
    if not simulated:
        return ["The bias of this design was not simulated."]
    if not biased:
        return [
            "Bias in simulated studies of this design: less than half a standard error for all "
            "actor and partner effects (result.bias)."
        ]
    words = [
        f"{member}'s {effect} effect by {signed(in_se)} standard errors"
        for (effect, member), in_se in biased.items()
    ]
    return [
        f"Biased for this design: {name_list(words)} in simulated studies (result.bias). Do not "
        "test them, or k that rests on them, with this model: a rating's mean over few sessions "
        "holds what is predicted (Nickell). A random-intercept cross-lagged panel model "
        "(fit_cross_lagged) does not centre on observed means."
    ]


def signed(in_se: float) -> str:
    """``+1.2`` or ``−0.8``."""
    size = format_fixed(in_se, 1, minus=MINUS)
    return size if size.startswith(MINUS) else f"+{size}"
