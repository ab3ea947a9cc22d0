"""Sessions with trends, gaps and missing ratings, and what the tests of the multiverse share."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

ROLES = al.Roles(
    therapist="therapist", alliance="wai", outcome="phq", outcome_better="lower", baseline="intake",
    time="week", alliance_at="after", outcome_at="before",
)  # fmt: skip
TWO = al.Roles(alliance="wai", outcome="phq", baseline="intake", time="week")


def made_sessions(
    rng: np.random.Generator,
    *,
    patients: int = 72,
    per_therapist: int = 6,
    within: float = -0.3,
    between: float = -0.5,
    slope_sd: float = 0.0,
) -> pd.DataFrame:
    """Sessions of patients of therapists, ratings of both with a trend, 4% of ratings missing."""
    sizes = rng.integers(6, 12, patients)
    patient = np.repeat(np.arange(patients), sizes)
    therapist = patient // per_therapist
    session = np.concatenate([np.arange(n) for n in sizes]) + 1
    n_therapists = patients // per_therapist + 1
    level = (
        rng.normal(0, 1, patients)
        + rng.normal(0, 0.5, n_therapists)[np.arange(patients) // per_therapist]
    )
    now = rng.normal(0, 1, len(patient))
    slope = within + slope_sd * rng.normal(0, 1, patients)
    own = rng.normal(0, 1, patients) + between * level
    of_therapist = rng.normal(0, 0.4, n_therapists)
    phq = 15 - 0.2 * session + (own[patient] + of_therapist[therapist]) + slope[patient] * now
    frame = pd.DataFrame(
        {
            "patient": [f"P{p:03d}" for p in patient],
            "therapist": [f"T{t}" for t in therapist],
            "session": session,
            "week": session * 1.5 + rng.uniform(0, 0.5, len(patient)),
            "wai": 5 + level[patient] + now + 0.1 * session,
            "phq": phq + rng.normal(0, 1, len(patient)),
            "intake": 15 + own[patient],
            "mood": rng.normal(0, 1, len(patient)) + 0.3 * now + level[patient],
            "hope": level[patient] + rng.normal(0, 1, patients)[patient],
        }
    )
    for column in ("wai", "phq"):
        frame.loc[rng.random(len(frame)) < 0.04, column] = np.nan
    return frame.sample(frac=1.0, random_state=3).reset_index(drop=True)


@pytest.fixture(scope="package")
def frame() -> pd.DataFrame:
    """72 patients of 12 therapists."""
    return made_sessions(np.random.default_rng(11))


def ask(
    question: str, frame: pd.DataFrame, choices: Any, roles: al.Roles = ROLES, **more: Any
) -> al.models.MultiverseResult:
    """A multiverse without warnings or bar."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.multiverse(  # type: ignore[no-any-return, unused-ignore]
            question,
            frame,
            choices,
            roles=roles,
            progress=False,
            **more,  # type: ignore[arg-type]
        )
