"""What a multiverse is called, and the sentences under its tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from alliance_stats._base.checks import agree, counted
from alliance_stats.data.centering import centered_columns
from alliance_stats.data.roles import Roles
from alliance_stats.models.lagged.equations import equations_of
from alliance_stats.models.multiverses.choices import choice_words, specifications_words
from alliance_stats.models.multiverses.estimand import EFFECTS, QUANTITIES
from alliance_stats.models.multiverses.flips import Flips
from alliance_stats.models.multiverses.grid import Grid
from alliance_stats.models.multiverses.rows import Row


def effect_of(question: str, roles: Roles) -> tuple[str, str]:
    """Name of the effect, and of the coefficient."""
    if question in ("within", "between"):
        parts = centered_columns(roles.alliance, therapist=roles.therapist is not None)
        return parts[0 if question == "within" else 1]
    if question == "lagged":
        return EFFECTS[question], equations_of(roles, 1)[0].cross
    term = f"{roles.alliance}_early" if question == "outcome" else EFFECTS[question]
    return EFFECTS[question], term


def notes_of(
    grid: Grid, fixed: Mapping[str, Any], flips: Flips | None, roles: Roles
) -> tuple[str, ...]:
    """What is estimated, what was excluded, and how the joint test draws."""
    of = {"between": " of the same therapist"} if roles.therapist is not None else {}
    notes = [
        f"Every specification estimates the difference in {roles.outcome} between "
        f"{QUANTITIES[grid.question]}{of.get(grid.question, '')}. Shares of specifications "
        "describe; all use the same data."
    ]
    if fixed:
        notes.append(f"In all specifications: {choice_words(fixed, list(fixed))}.")
    if grid.question == "lagged":
        notes.append(
            "Paths from observed patient means are biased in short series, in all specifications "
            "alike: look at specification(0).bias, simulated for this design."
        )
    if grid.question == "ruptures":
        notes.append(
            "Ruptures are those of the specification's rule: where rules differ in how rare and "
            "deep falls must be, so does what one more of them is. Repairs beyond chance and "
            "intake are in all models; ruptures are counted until the outcome, so that there is no "
            "order in time."
        )
    for rule, n in grid.excluded.items():
        notes.append(f"{counted(n, 'combination')} excluded: {rule}.")
    if flips is not None:
        notes.append(_draw_note(flips))
        residual = any(options.get("residual") for options in grid.rows)
        notes += ["The residuals' correlation is held as fitted in the draws."] if residual else []
    return tuple(notes)


def _draw_note(flips: Flips) -> str:
    return (
        f"Joint test: {len(flips.signs):,} draws without the effect, in which the residuals of "
        f"the model without it change their sign at random, all of a {flips.unit} together "
        f"({counted(flips.n_units, flips.unit)}), the same in all specifications."
    )


def messages_of(rows: Sequence[Row], draws: np.ndarray) -> tuple[str, ...]:
    """Fits that failed, did not converge or are singular; draws that could not be fitted."""
    found = []
    for note, n in Counter(row.note for row in rows if row.status == "failed").items():
        found.append(f"{specifications_words(n)} failed and {_do(n)} not count: {note}")
    if n := sum(row.status == "not converged" for row in rows):
        found.append(f"{specifications_words(n)} did not converge and {_do(n)} not count.")
    if n := sum(row.status == "singular" for row in rows):
        found.append(
            f"{specifications_words(n)} {agree(n, 'is', 'are')} singular; their estimates count."
        )
    if n := int(np.isnan(draws).any(axis=-1).sum()):
        found.append(f"{counted(n, 'refit')} of the joint test had no end and {_do(n)} not count.")
    return tuple(found)


def _do(n: int) -> str:
    return agree(n, "does", "do")


def call_of(grid: Grid, fixed: Mapping[str, Any], n_draws: int) -> str:
    """The call that makes this multiverse again."""
    choices = {
        name: [_given(option) for option in options] for name, options in grid.choices.items()
    }
    parts = [repr(grid.question), "sessions", repr(choices)]
    if fixed:
        parts.append(f"fixed={ ({name: _given(option) for name, option in fixed.items()})!r}")
    if n_draws:
        parts.append(f"permutations={n_draws}, rng=rng")
    return f"al.models.multiverse({', '.join(parts)})"


def _given(option: Any) -> Any:
    """An option as a user types it."""
    if isinstance(option, Mapping):
        return {u: list(v) if isinstance(v, tuple) else v for u, v in option.items()}
    if isinstance(option, tuple) and all(isinstance(part, str) for part in option):
        return list(option)
    return option
