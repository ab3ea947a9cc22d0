"""Sessions with known endings."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.models.event.result import EventResult

ROLES = al.Roles(alliance="wai", outcome="phq", ended="ended")


def sessions(n: int = 150, effect: float = -0.8, seed: int = 1) -> pd.DataFrame:
    """Patients of 10 therapists whose alliance bears on dropout; agreed and ongoing ends."""
    rng = np.random.default_rng(seed)
    planned, bond = rng.integers(1, 12, n), rng.normal(5, 1, n)
    patient = np.repeat(np.arange(n), planned)
    session = np.arange(len(patient)) - np.repeat(np.cumsum(planned) - planned, planned) + 1
    wai = bond[patient] + rng.normal(0, 0.7, len(patient))
    hazard = 1 - np.exp(-np.exp(-2.5 + effect * (wai - 5)))
    leaves = (rng.random(len(patient)) < hazard) & (session < planned[patient])
    last = planned.copy()
    np.minimum.at(last, patient[leaves], session[leaves])
    ended = np.where(last < planned, "dropout", np.where(rng.random(n) < 0.15, "ongoing", "agreed"))
    kept = session <= last[patient]
    return pd.DataFrame(
        {
            "patient": [f"p{k}" for k in patient[kept]],
            "therapist": [f"t{k % 10}" for k in patient[kept]],
            "session": session[kept],
            "wai": wai[kept],
            "phq": 15 - session[kept] + rng.normal(0, 3, int(kept.sum())),
            "ended": ended[patient[kept]],
        }
    )


@pytest.fixture
def frame() -> pd.DataFrame:
    return sessions()


@pytest.fixture(scope="session")
def fit() -> Callable[..., EventResult]:
    def quietly(frame: Any, roles: al.Roles | None = ROLES, **options: Any) -> EventResult:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return al.models.fit_event(frame, roles, **options)

    return quietly


@pytest.fixture(scope="session")
def make_sessions() -> Callable[..., pd.DataFrame]:
    return sessions


@pytest.fixture(scope="session")
def roles() -> al.Roles:
    return ROLES
