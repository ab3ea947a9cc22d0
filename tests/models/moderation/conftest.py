"""Sessions with known slopes in three treatments."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.models import ModerationResult

ROLES = al.Roles(
    patient="id", session="visit", therapist="who", alliance="wai", outcome="phq", treatment="arm",
    outcome_better="lower",
)  # fmt: skip
SLOPES = {"cbt": -0.1, "dyn": -0.2, "sup": -0.1}


def draw(rng: np.random.Generator, n: int = 90, noise: float = 2.0) -> pd.DataFrame:
    """Patients of therapists (6 each) in three arms; within slopes differ by arm."""
    counts = rng.integers(4, 10, n)
    patient = np.repeat(np.arange(n), counts)
    unit = np.arange(n) // 6
    arm = np.array(list(SLOPES))[unit % 3]
    visit = np.arange(len(patient)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
    of_unit, of_patient = rng.normal(0, 3, unit.max() + 1)[unit], rng.normal(0, 5, n)
    session = rng.normal(0, 4, len(patient)) + 0.2 * visit
    slope = np.array(list(SLOPES.values()))[unit % 3]
    level = rng.normal(0, 1, unit.max() + 1)[unit] + rng.normal(0, 2, n)
    intake = 15 + rng.normal(0, 4, n)
    frame = pd.DataFrame(
        {
            "id": [f"P{p}" for p in patient],
            "who": [f"T{u}" for u in unit[patient]],
            "arm": arm[patient],
            "visit": visit,
            "intake": intake[patient],
            "skill": rng.normal(3, 1, len(patient)),
            "wai": 45 + (of_unit + of_patient)[patient] + session,
            "phq": 15 - 0.4 * visit + slope[patient] * session + rng.normal(0, noise, len(patient)),
        }
    )
    frame["phq"] += (level - 0.2 * of_patient)[patient]
    return frame.sample(frac=1.0, random_state=3).reset_index(drop=True)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """90 patients of 15 therapists in three arms."""
    return draw(np.random.default_rng(11))


def fit(
    frame: pd.DataFrame, roles: al.Roles = ROLES, smallest_effect: Any = 0.1, **options: Any
) -> ModerationResult:
    """`fit_moderation` without warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_moderation(frame, roles, smallest_effect=smallest_effect, **options)


@pytest.fixture
def drawn() -> Any:
    """The function `draw`."""
    return draw


@pytest.fixture
def fitted() -> Any:
    """The function `fit`."""
    return fit
