"""Structured residuals the long way: n × n matrices from the definitions."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from alliance_stats.lmm.residual.structure import ResidualStructure


def small_frame(seed: int = 1) -> pd.DataFrame:
    """70 ratings or so: 3 therapists, 9 patients, sessions with gaps, two roles, two arms."""
    rng = np.random.default_rng(seed)
    rows = []
    for patient in range(9):
        sessions = np.sort(rng.choice(np.arange(1, 9), rng.integers(3, 6), replace=False))
        half = np.linalg.cholesky(0.6 ** np.abs(sessions[:, None] - sessions))
        errors = half @ rng.normal(size=(len(sessions), 2))
        for at, session in enumerate(sessions):
            for role in (0, 1):
                name = ("patient", "therapist")[role]
                keys = (f"T{patient // 3}", f"P{patient}", int(session), name)
                rows.append((*keys, errors[at, role]))
    frame = pd.DataFrame(rows, columns=["therapist", "patient", "session", "role", "error"])
    frame["days"] = 7.0 * frame["session"] + rng.uniform(0, 3, len(frame)).round(2)
    frame["arm"] = np.where(frame["patient"].str[1].astype(int) % 2 == 0, "a", "b")
    frame["x"] = rng.normal(size=len(frame))
    effects = rng.normal(size=(9, 2)) * (1.5, 0.8)
    patient = frame["patient"].str[1].astype(int)
    frame["y"] = (
        3.0
        + 0.5 * frame["x"]
        + effects[patient, 0]
        + effects[patient, 1] * frame["x"]
        + rng.normal(size=3)[frame["therapist"].str[1].astype(int)]
        + frame["error"]
    )
    frame["w"] = rng.integers(1, 5, len(frame)).astype(float)
    return frame.sample(frac=0.9, random_state=seed).reset_index(drop=True)


def residual_matrix(
    structure: ResidualStructure,
    frame: pd.DataFrame,
    *,
    rho: float = 0.0,
    ratios: dict[str, float] | None = None,
    correlation: pd.DataFrame | None = None,
) -> np.ndarray:
    """C of every pair of rows, from the parameters in natural units."""
    n = len(frame)
    same = np.ones((n, n), dtype=bool)
    for name in structure.within:
        values = frame[name].to_numpy()
        same &= values[:, None] == values
    if structure.kind == "variance_by":
        r = np.eye(n)
    elif structure.kind == "unstructured":
        roles = frame[structure.position]
        assert correlation is not None
        r = correlation.loc[roles, roles].to_numpy() * same
    else:
        times = frame[structure.position].to_numpy(dtype=float)
        r = np.power(rho, np.abs(times[:, None] - times)) * same
    sd = np.ones(n)
    if structure.classes:
        sd = frame[structure.classes].map(ratios or {}).fillna(1.0).to_numpy()
    return np.asarray(sd[:, None] * r * sd)


def deviance(y: np.ndarray, x: np.ndarray, v: np.ndarray, *, reml: bool) -> float:
    """−2 (restricted) log-likelihood with β and σ² profiled out; V over σ²."""
    n, p = x.shape
    m = n - p if reml else n
    inverse = np.linalg.inv(v)
    information = x.T @ inverse @ x
    e = y - x @ np.linalg.solve(information, x.T @ inverse @ y)
    sigma2 = float(e @ inverse @ e) / m
    found = np.linalg.slogdet(v)[1] + m * (1.0 + np.log(2.0 * np.pi * sigma2))
    return float(found + (np.linalg.slogdet(information)[1] if reml else 0.0))


def random_matrix(
    frame: pd.DataFrame, parts: list[tuple[str, np.ndarray, np.ndarray]]
) -> np.ndarray:
    """Σ Z G Z' of factors with columns (n, q) and covariances (q, q)."""
    total = np.zeros((len(frame), len(frame)))
    for factor, z, g in parts:
        labels = frame[factor].to_numpy()
        total += (z @ g @ z.T) * (labels[:, None] == labels)
    return total


@pytest.fixture(scope="session")
def dense() -> SimpleNamespace:
    """The functions of this file."""
    return SimpleNamespace(
        small_frame=small_frame,
        residual_matrix=residual_matrix,
        deviance=deviance,
        random_matrix=random_matrix,
    )
