"""Sentences under the tables of a moderation model."""

from __future__ import annotations

from collections.abc import Mapping

from alliance_stats._base.checks import counted, name_list
from alliance_stats._base.printing import MINUS, format_number
from alliance_stats.models.moderation.prepare import Moderated, PreparedModeration
from alliance_stats.models.moderation.specification import ModerationSpecification
from alliance_stats.models.notes import FEW


def _shown(value: float) -> str:
    return format_number(value, minus=MINUS)


def bound_words(chosen: ModerationSpecification, outcome: str, alliance: str) -> str:
    """The bounds of equivalence, and where they are from."""
    values = set(chosen.smallest.values())
    if len(values) == 1:
        bounds = f"±{_shown(values.pop())}"
    else:
        bounds = name_list(f"±{_shown(v)} ({e})" for e, v in chosen.smallest.items())
    words = f"Smallest difference of slopes that matters: {bounds} {outcome} per {alliance} unit"
    if chosen.standardise_by is not None:
        sds = chosen.standardise_by
        words += (
            f" (given in stated SDs: {_shown(sds['alliance'])} of {alliance}, "
            f"{_shown(sds['outcome'])} of {outcome})"
        )
    level = 100 * (1 - 2 * chosen.alpha)
    return (
        f"{words}. Equivalent: the {level:g}% interval of the difference lies inside "
        f"(two one-sided tests, each at {chosen.alpha:g})."
    )


def reference_words(prepared: PreparedModeration) -> str:
    """Where the model's main coefficients of the alliance stand."""
    column = prepared.moderator.column
    if prepared.moderator.kind == "categorical":
        where = f"in '{prepared.moderator.levels[0]}', the reference of {column}"
    elif prepared.moderator.kind == "continuous":
        where = f"at the mean of {column} over patients"
    else:
        where = f"where {column} is at the patient's (or unit's) own mean"
    return f"The model's coefficients of the alliance alone are slopes {where}."


def moderator_words(prepared: PreparedModeration) -> str:
    """What is compared."""
    column, kind = prepared.moderator.column, prepared.moderator.kind
    if kind == "categorical":
        arms = name_list(f"{level} ({n:,})" for level, n in prepared.patients().items())
        return f"Patients by {column}: {arms}."
    if kind == "continuous":
        values = name_list(_value_words(prepared.moderated[0]))
        return f"{column}: one number a patient; slopes at {values}."
    parts = [f"{m.effect}: {name_list(_value_words(m))}" for m in prepared.moderated]
    return (
        f"{column} varies from session to session and is split as the alliance is; each part of "
        f"the alliance meets the same part of it. Deviations: {'; '.join(parts)}."
        + (" The patient's mean of the product within is held." if prepared.product_mean else "")
    )


def _value_words(moderated: Moderated) -> list[str]:
    return [
        _shown(p.raw) if " = " in p.label else f"{p.label} ({_shown(p.raw)})"
        for p in moderated.points
    ]


def trend_words(prepared: PreparedModeration, chosen: ModerationSpecification) -> str:
    """Whether the trend is moderated too."""
    if chosen.base.time == "none":
        return ""
    column = prepared.moderator.column
    if chosen.time_by_moderator:
        return f"The trend may differ with {column}."
    return f"The trend is the same whatever {column} is."


def few_patients(patients: Mapping[str, int]) -> list[str]:
    """Groups with few patients."""
    few = [f"'{level}' {counted(n, 'patient')}" for level, n in patients.items() if n < FEW]
    return [f"Few patients: {name_list(few)}; intervals between patients are wide."] if few else []
