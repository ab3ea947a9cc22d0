"""Sessions with a mediator, in the same session or over sessions, and fits without warnings."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.models import MediationResult

TWO = al.Roles(
    patient="id", session="visit", alliance="wai", outcome="phq", outcome_better="lower",
    alliance_at="after", outcome_at="before",
)  # fmt: skip
THREE = al.Roles(
    patient="id", session="visit", therapist="who", alliance="wai", outcome="phq", time="week",
    outcome_better="lower", alliance_at="after", outcome_at="before",
)  # fmt: skip


def of_one_session(
    rng: np.random.Generator,
    n: int = 120,
    sessions: int = 10,
    *,
    a: float = 0.4,
    b: float = -0.5,
    direct: float = -0.1,
    sds: tuple[float, float] = (0.3, 0.3),
    covariance: float = -0.05,
    confounded: float = 0.0,
) -> pd.DataFrame:
    """X → M → Y in one session; a and b differ between patients; residuals may correlate."""
    slopes = np.tile([a, b], (n, 1)).astype(float)
    if max(sds) > 0:
        s = np.array([[sds[0] ** 2, covariance], [covariance, sds[1] ** 2]])
        slopes = rng.multivariate_normal([a, b], s, size=n)
    of_x, of_m, of_y = 0.8 * rng.standard_normal((3, n, 1))
    of_m = of_m + 0.6 * of_x
    of_y = of_y - 0.5 * of_m - 0.2 * of_x
    x, e, f = rng.standard_normal((3, n, sessions))
    f = confounded * e + np.sqrt(1.0 - confounded**2) * f
    m = slopes[:, :1] * x + e
    y = slopes[:, 1:] * m + direct * x + 1.3 * f
    return _frame(n, sessions, 40 + of_x + x, 20 + of_m + m, 12 + of_y + y)


def over_sessions(
    rng: np.random.Generator,
    n: int = 120,
    sessions: int = 12,
    *,
    a: float = 0.4,
    b: float = -0.4,
    own: float = 0.2,
) -> pd.DataFrame:
    """X after t → M before t + 1 → Y before t + 2, each depending on its own earlier value."""
    burn = 30
    x, m, y = np.zeros((3, n, sessions + burn))
    for t in range(2, sessions + burn):
        x[:, t] = own * x[:, t - 1] + rng.standard_normal(n)
        m[:, t] = own * m[:, t - 1] + a * x[:, t - 1] + rng.standard_normal(n)
        y[:, t] = own * y[:, t - 1] + b * m[:, t - 1] + rng.standard_normal(n)
    levels = rng.standard_normal((3, n, 1))
    return _frame(
        n, sessions, 40 + levels[0] + x[:, burn:], 20 + levels[1] + m[:, burn:],
        12 + levels[2] - 0.5 * levels[1] + y[:, burn:],
    )  # fmt: skip


def _frame(
    n: int, sessions: int, wai: np.ndarray, motivation: np.ndarray, phq: np.ndarray
) -> pd.DataFrame:
    visit = np.tile(np.arange(1, sessions + 1), n)
    hope = np.repeat(wai.mean(axis=1) - 40 + np.sin(np.arange(n)), sessions)
    return pd.DataFrame(
        {
            "id": np.repeat([f"P{j}" for j in range(n)], sessions),
            "who": np.repeat([f"T{j % 12}" for j in range(n)], sessions),
            "visit": visit,
            "week": 1.5 * visit,
            "hope": hope,
            "arm": np.repeat([("cbt", "pdt")[j % 2] for j in range(n)], sessions),
            "wai": wai.ravel() + 0.05 * visit,
            "motivation": motivation.ravel() + 0.03 * visit,
            "phq": phq.ravel() - 0.1 * visit,
        }
    )


def fit(frame: pd.DataFrame, roles: al.Roles = TWO, **more: Any) -> MediationResult:
    """fit_mediation without warnings; motivation before the session unless said otherwise."""
    given: dict[str, Any] = {"mediator": "motivation"}
    if not more.get("contemporaneous"):
        given["mediator_at"] = "before"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_mediation(frame, roles, **(given | more))


def row(result: MediationResult, effect: str) -> pd.Series:
    """One row of `tidy`."""
    return result.tidy().set_index("effect").loc[effect]


@pytest.fixture(scope="module")
def same() -> pd.DataFrame:
    """Sessions whose chain is within a session."""
    return of_one_session(np.random.default_rng(11))


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """Sessions whose chain runs over three sessions."""
    return over_sessions(np.random.default_rng(12))


@pytest.fixture(scope="module")
def joint(same: pd.DataFrame) -> MediationResult:
    """Both equations as one model."""
    return fit(same, contemporaneous=True)


@pytest.fixture(scope="module")
def apart(frame: pd.DataFrame) -> MediationResult:
    """Three levels, the same paths for all."""
    return fit(frame, THREE, random_slopes={})
