"""Messages and notes of a response surface, and the call that fits it again."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.printing import format_number
from alliance_stats.models.congruence.words import scale_note
from alliance_stats.models.notes import few_units_notes, time_note
from alliance_stats.models.paired import Scale
from alliance_stats.models.specification import Specification, call_arguments
from alliance_stats.models.surface.draws import SurfaceDraws
from alliance_stats.models.surface.prepare import PreparedSurface
from alliance_stats.models.surface.tables import FEW_APART


def agreement_messages(prepared: PreparedSurface, agreement: pd.DataFrame) -> tuple[str, ...]:
    """Where one of the ratings is hardly ever higher than the other."""
    row = agreement.iloc[0]
    sides = {prepared.pair[0]: row["x_higher"], prepared.pair[1]: row["y_higher"]}
    rare = {name: share for name, share in sides.items() if share < FEW_APART}
    if not rare:
        return ()
    unit = str(row["compared"])
    said = " and ".join(
        f"{name} is the higher one by half a standard deviation in {100 * share:.1f}%"
        for name, share in rare.items()
    )
    return (
        f"Of {counted(int(row['n']), unit)}, {said}: there is little disagreement of that kind, "
        "and the surface rests on few observations there.",
    )


def notes_of(
    prepared: PreparedSurface, chosen: Specification, scale: Scale | None, draws: SurfaceDraws
) -> tuple[str, ...]:
    """Sentences under the tables."""
    x, y = prepared.pair
    sessions = prepared.sessions
    outcome = sessions.roles.outcome
    notes = [f"x is {x} and y is {y}. Coefficients b and a have the raw sign of {outcome}."]
    if prepared.level == "within":
        notes.append(
            "Both ratings are counted from the patient's common centre, the mean of both means; "
            "the patient's means enter as a quadratic surface of their own."
        )
    else:
        notes.append(
            f"Patients' means of both ratings are counted from {format_number(prepared.midpoint)}; "
            "means of few sessions have errors, which flatten the surface."
        )
    if sessions.roles.outcome_better == "lower":
        notes.append(
            f"Conditions and principal axes are those of the surface turned over, because lower "
            f"{outcome} is better."
        )
    notes.append(time_note(chosen.time, sessions.time))
    if len(draws.b):
        notes.append(
            f"Intervals of the principal axes: percentiles of {len(draws.b):,} draws of "
            f"{draws.cluster}s with all their rows, taken further out for few of them."
        )
    if scale is None:
        notes.append(scale_note())
    notes += few_units_notes(sessions.counts(), reml=chosen.reml)
    return tuple(notes)


def call_of(
    prepared: PreparedSurface,
    chosen: Specification,
    scale: Scale | None,
    midpoint: str | None,
    n_boot: int,
) -> str:
    """The call that fits this model again; the seed is the caller's."""
    x, y = prepared.pair
    parts = ["sessions", f"level={prepared.level!r}", f"x={x!r}", f"y={y!r}"]
    if scale is not None:
        parts.append(f"scale={scale!r}")
    if midpoint is not None:
        parts.append(f"midpoint={midpoint!r}")
    if prepared.covariates:
        parts.append(f"covariates={list(prepared.covariates)!r}")
    parts += call_arguments(chosen, prepared.sessions.therapist_change)
    parts.append(f"n_boot={n_boot}")
    return f"al.models.fit_response_surface({', '.join(parts)}{', rng=…' if n_boot else ''})"
