"""Sentences under the tables of importance: what was compared, what time is, how certain."""

from __future__ import annotations

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats._base.printing import format_number
from alliance_stats.models.importance.prepare import PreparedImportance
from alliance_stats.models.importance.specification import ImportanceSpecification
from alliance_stats.models.importance.subsets import Explained
from alliance_stats.models.notes import FEW, time_note

#: A larger share of failed draws is said.
MANY_FAILED = 0.01
#: R² this close to one is one.
WHOLE = 1e-9
#: Failed draws above this share leave intervals that are not to be trusted.
TOO_MANY = 0.1


def draw_messages(explained: Explained) -> tuple[str, ...]:
    """Models that leave nothing; few clusters; draws that could not be fitted."""
    found = _nothing_left(explained)
    if explained.draws is None:
        return tuple(found)
    if explained.n_clusters < FEW:
        found.append(
            f"Only {counted(explained.n_clusters, explained.cluster)} were drawn from: intervals "
            "of differences may be too narrow."
        )
    if explained.n_failed > MANY_FAILED * explained.n_boot:
        n = explained.n_failed
        trust = " Intervals rest on the others and are not to be trusted." if (
            n > TOO_MANY * explained.n_boot
        ) else ""  # fmt: skip
        found.append(
            f"{n:,} of {counted(explained.n_boot, 'draw')} could not be fitted: in them predictors "
            f"were collinear or nothing varied.{trust}"
        )
    return tuple(found)


def _nothing_left(explained: Explained) -> list[str]:
    """Say where R² is one because no variance between patients was left."""
    full = int((explained.r2["between"] > 1.0 - WHOLE).sum()) if "between" in explained.r2 else 0
    if not full:
        return []
    return [
        f"In {full:,} of {counted(len(explained.r2['between']), 'model')} the variance that "
        "patients are left with is estimated as zero, so that R² between them is 1. More patients, "
        "or more sessions of each, are needed to compare predictors between patients."
    ]


def importance_notes(
    explained: Explained, prepared: PreparedImportance, chosen: ImportanceSpecification
) -> tuple[str, ...]:
    """What was compared, and how."""
    return tuple(
        filter(
            None,
            (
                _compared(prepared),
                *_levels(explained, prepared),
                time_note(chosen.time, prepared.time)
                + ("" if chosen.time == "none" else " It is in every model and is not ranked."),
                _order(prepared),
                _grouped(chosen),
                _draws(explained),
            ),
        )
    )


def _compared(prepared: PreparedImportance) -> str:
    patient = [p.column for p in prepared.predictors if p.kind != "session"]
    only = (
        f" {name_list(patient)} {agree(len(patient), 'is', 'are')} the same in all sessions of a "
        "patient and counted between patients only."
        if patient
        else ""
    )
    return f"Ratings of sessions are split into what varies within and between patients.{only}"


def _levels(explained: Explained, prepared: PreparedImportance) -> list[str]:
    """R² of each level: of all predictors, and of time."""
    found = []
    for level, r2 in explained.r2.items():
        everything, none = float(r2[-1]), float(r2[0])
        time = f", of which time alone {format_number(none)}" if none > 0 else ""
        found.append(
            f"R² {level} patients, all predictors: {format_number(everything)}{time}; "
            f"{counted(len(r2), 'model')}."
        )
    return found


def _order(prepared: PreparedImportance) -> str:
    """Say where the outcome of a session came before its alliance."""
    roles = prepared.roles
    if (roles.outcome_at, roles.alliance_at) != ("before", "after"):
        return ""
    return (
        f"{roles.outcome} was rated before a session and {roles.alliance} after it: within "
        "patients their association holds what the outcome does to the alliance, too."
    )


def _grouped(chosen: ImportanceSpecification) -> str:
    if not chosen.groups:
        return ""
    parts = [f"{name} = {', '.join(members)}" for name, members in chosen.groups.items()]
    return f"Ranked as one: {'; '.join(parts)}."


def _draws(explained: Explained) -> str:
    if explained.draws is None:
        return "No draws were made: weights and differences have no intervals."
    return (
        f"Intervals are percentiles of {explained.n_boot:,} draws of "
        f"{counted(explained.n_clusters, explained.cluster)} with all their sessions, widened for "
        f"their number (worth {explained.effective:.0f} of equal size). A weight cannot fall below "
        "zero by much: that its interval leaves out zero says nothing; compare weights by their "
        "differences."
    )
