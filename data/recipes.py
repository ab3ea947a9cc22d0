"""The data files: their names, seeds and parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from alliance_stats.data import SessionData
from alliance_stats.simulate import simulate_process_study, simulate_sessions

SIZE = {"n_patients": 240, "n_therapists": 24}
PROCESS_SIZE = {"n_patients": 300, "n_therapists": 30}
LARGE = {"n_patients": 40_000, "n_therapists": 4_000}
LARGE_SEED = 1000
Changes = dict[str, Any]
NO_EFFECT: Changes = {
    "lagged_effect": 0.0,
    "within_effect": 0.0,
    "within_effect_sd": 0.0,
    "patient_between_effect": 0.0,
    "therapist_between_effect": 0.0,
}


@dataclass(frozen=True)
class Recipe:
    """One data file: its name, its seed and how it differs from the defaults of its simulator."""

    name: str
    seed: int
    what: str
    changes: Changes = field(default_factory=dict)
    simulator: Callable[..., SessionData] = simulate_sessions
    size: Mapping[str, int] = field(default_factory=lambda: SIZE)

    def simulate(self) -> SessionData:
        """The data of the file."""
        return self.simulator(**self.size, **self.changes, rng=self.seed)

    def simulate_large(self) -> SessionData:
        """The same process with so many patients that estimates stand at their limits."""
        return self.simulator(**LARGE, **self.changes, rng=LARGE_SEED)


DYADS: Changes = {"therapist_ratings": True}
CHANGE: Changes = {"therapist_change": 0.06}
FREE: Changes = {"therapist_free": 0.5}
SHARE: Changes = {"outcome_therapist_share": 0.08}
#: Values other than the default that are published, with source and status.
SOURCES = {("outcome_therapist_share", 0.08): ("Johns 2019", "found")}
RECIPES = (
    Recipe("sessions", 1, "patients rate the alliance"),
    Recipe("sessions_null", 2, "null twin of `sessions`", NO_EFFECT),
    Recipe("dyads", 3, "therapists rate the alliance too", DYADS),
    Recipe("dyads_null", 4, "null twin of `dyads`", DYADS | NO_EFFECT),
    Recipe("therapist_change", 5, "about 5% of patients change their therapist", CHANGE),
    Recipe("therapist_change_null", 6, "null twin of `therapist_change`", CHANGE | NO_EFFECT),
    Recipe("therapist_free", 7, "half of the patients have no therapist", FREE),
    Recipe("therapist_free_null", 8, "null twin of `therapist_free`", FREE | NO_EFFECT),
    Recipe("therapist_share", 9, "therapists' share of the outcome is .08, not .05", SHARE),
    Recipe("therapist_share_null", 10, "null twin of `therapist_share`", SHARE | NO_EFFECT),
)

NO_PROCESS_EFFECT: Changes = NO_EFFECT | {"alliance_to_motivation": 0.0}


def process_recipe(name: str, seed: int, what: str, changes: Changes | None = None) -> Recipe:
    """A file of `simulate_process_study`."""
    return Recipe(name, seed, what, changes or {}, simulate_process_study, PROCESS_SIZE)


PROCESS_RECIPES = (
    process_recipe("process", 13, "three treatments, three views of the alliance, a mediator"),
    process_recipe("process_null", 14, "null twin of `process`", NO_PROCESS_EFFECT),
)
