"""Small data of every kind, and the dense Laplace deviance that the block algebra must equal."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import block_diag

from alliance_stats.lmm.design.blocks import join_blocks
from alliance_stats.lmm.glmm.design import GlmmDesign


@pytest.fixture(scope="session")
def small() -> pd.DataFrame:
    """240 rows: patients in therapists, a crossed rater; 0/1, successes, counts."""
    rng = np.random.default_rng(20260101)
    n = 240
    therapist, patient = rng.integers(0, 6, n), rng.integers(0, 6, n)
    frame = pd.DataFrame({"therapist": therapist, "patient": patient, "x": rng.normal(size=n)})
    frame["rater"] = rng.integers(0, 7, n)
    frame["arm"] = np.array(["a", "b", "c"])[rng.integers(0, 3, n)]
    frame["m"] = rng.integers(1, 7, n)
    frame["log_weeks"] = np.log(rng.integers(1, 6, n))
    eta = -0.3 + 0.6 * frame["x"] + rng.normal(size=7)[frame["rater"]]
    eta += rng.normal(size=36)[therapist * 6 + patient]
    mean = 1.0 / (1.0 + np.exp(-eta))
    frame["yes"] = rng.binomial(1, mean)
    frame["successes"] = rng.binomial(frame["m"], mean)
    frame["count"] = rng.poisson(np.exp(0.5 * eta))
    return frame


@pytest.fixture(scope="session")
def dense_laplace() -> Callable[[GlmmDesign, Sequence[np.ndarray], np.ndarray], float]:
    """−2 log-likelihood by Laplace with the n × Q matrix of all random effects."""

    def deviance(design: GlmmDesign, factors: Sequence[np.ndarray], beta: np.ndarray) -> float:
        cells, response = design.cells, design.response
        code = np.repeat(np.arange(len(cells.starts)), cells.lengths)
        z = [
            cells.columns[j] * (member[code] == group)
            for places, member, n in zip(cells.z, cells.members, cells.groups, strict=True)
            for group in range(n)
            for j in places
        ]
        joined = join_blocks(design.levels, factors)
        wide = [np.kron(np.eye(n), f) for n, f in zip(cells.groups, joined, strict=True)]
        zl = np.array(z).T @ block_diag(*wide)
        fixed = response.offset + beta @ design.fixed
        u = np.zeros(zl.shape[1])
        for _ in range(200):  # damped Newton steps
            parts = response.parts(fixed + zl @ u)
            inner = (zl.T * parts.observed) @ zl + np.eye(len(u))
            step = np.linalg.solve(inner, zl.T @ parts.score - u)
            u = u + step / max(1.0, float(np.abs(step).max()))
        parts = response.parts(fixed + zl @ u)
        curvature = (zl.T * parts.expected) @ zl + np.eye(len(u))
        loglik = parts.loglik.sum() + response.constant
        return float(-2.0 * loglik + u @ u + np.linalg.slogdet(curvature)[1])

    return deviance
