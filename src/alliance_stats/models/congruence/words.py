"""Notes under the tables of a truth-and-bias model, and the call that fits it again."""

from __future__ import annotations

from alliance_stats._base.printing import format_number
from alliance_stats.models.congruence.prepare import PreparedRatings
from alliance_stats.models.notes import few_units_notes, time_note
from alliance_stats.models.paired import Scale
from alliance_stats.models.specification import Specification, call_arguments


def notes_of(
    prepared: PreparedRatings, specification: Specification, scale: Scale | None
) -> tuple[str, ...]:
    """Sentences under the tables."""
    sessions, truth, judgement = prepared.sessions, prepared.truth, prepared.judgement
    therapists = sessions.roles.therapist is not None
    means = "means of therapists' patients" if therapists else "means of patients"
    notes = [
        f"Both ratings are counted from {format_number(prepared.centre)}, the mean of {truth} "
        f"(over {means}): the bias is that of {judgement} where {truth} is at its mean, "
        "which is taken as known; the mean difference has an interval for other patients too.",
        f"{truth} centred within patients; patient means from {sessions.n_ratings:,} ratings"
        + (", therapist means are means of patient means." if therapists else "."),
        time_note(specification.time, sessions.time),
        f"{truth} counts as it was rated: its errors of measurement make tracking look smaller.",
    ]
    if specification.time != "none":
        notes.append("Time is counted from its mean over the sessions.")
    if prepared.moderators:
        notes.append("Moderators are counted from their means over the sessions.")
    if scale is None:
        notes.append(scale_note())
    notes += few_units_notes(sessions.counts(), reml=specification.reml)
    return tuple(notes)


def scale_note() -> str:
    """That nobody said what the scale of both ratings is."""
    return (
        "That both ratings have one scale was checked by their observed ranges only; "
        "scale=(low, high) states it."
    )


def call_of(prepared: PreparedRatings, chosen: Specification, scale: Scale | None) -> str:
    """The call that fits this model again."""
    parts = ["sessions", f"truth={prepared.truth!r}", f"judgement={prepared.judgement!r}"]
    if scale is not None:
        parts.append(f"scale={scale!r}")
    if prepared.moderators:
        parts.append(f"moderators={[one.name for one in prepared.moderators]!r}")
    parts += call_arguments(chosen, prepared.sessions.therapist_change)
    return f"al.models.fit_congruence({', '.join(parts)})"
