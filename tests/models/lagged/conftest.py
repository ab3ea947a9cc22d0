"""Sessions with paths in both directions, and fits without warnings."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.models import LaggedResult

ROLES = al.Roles(
    patient="id", session="visit", therapist="who", alliance="wai", outcome="phq", time="week",
    outcome_better="lower", alliance_at="after", outcome_at="before",
)  # fmt: skip
TWO = al.Roles(
    patient="id", session="visit", alliance="wai", outcome="phq", outcome_better="lower",
    alliance_at="after", outcome_at="before",
)  # fmt: skip
SAME = al.Roles(
    patient="id", session="visit", alliance="wai", outcome="phq", outcome_better="lower",
    alliance_at="after", outcome_at="after",
)  # fmt: skip


def simulated(
    rng: np.random.Generator,
    n: int,
    sessions: int,
    *,
    path: float = -0.2,
    back: float = -0.2,
    own: float = 0.3,
    within: bool = True,
) -> pd.DataFrame:
    """`back` acts within a session (outcome first) or, not `within`, from the one before."""
    burn = 40
    y, x = np.zeros((n, sessions + burn)), np.zeros((n, sessions + burn))
    for t in range(1, sessions + burn):
        y[:, t] = own * y[:, t - 1] + path * x[:, t - 1] + rng.standard_normal(n)
        source = y[:, t] if within else y[:, t - 1]
        x[:, t] = own * x[:, t - 1] + back * source + rng.standard_normal(n)
    visit = np.tile(np.arange(1, sessions + 1), n)
    of_patient = rng.standard_normal((2, n, 1))
    return pd.DataFrame(
        {
            "id": np.repeat([f"P{j}" for j in range(n)], sessions),
            "who": np.repeat([f"T{j % 10}" for j in range(n)], sessions),
            "visit": visit,
            "week": 1.5 * visit,
            "wai": (5 + of_patient[0] + x[:, burn:]).ravel() + 0.05 * visit,
            "phq": (12 - 0.5 * of_patient[0] + of_patient[1] + y[:, burn:]).ravel() - 0.2 * visit,
        }
    )


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """80 patients, 8 sessions each, some missed, some ratings missing."""
    rng = np.random.default_rng(5)
    whole = simulated(rng, 80, 8)
    whole.loc[rng.choice(len(whole), 40, replace=False), "wai"] = np.nan
    whole.loc[rng.choice(len(whole), 30, replace=False), "phq"] = np.nan
    return whole.drop(rng.choice(len(whole), 40, replace=False)).sample(frac=1, random_state=1)


def fit(frame: pd.DataFrame, roles: al.Roles = ROLES, **options: object) -> LaggedResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.fit_lagged(frame, roles, **options)  # type: ignore[arg-type]
