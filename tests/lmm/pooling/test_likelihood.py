"""The deviance at given parameters against the normal density of all rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.pooling.likelihood import deviance_at

CASES: dict[str, dict[str, Any]] = {
    "y ~ x + (1 | patient)": {},
    "y ~ x + w + (1 + x | patient) + (1 | therapist)": {},
    "y ~ x + (1 + x || patient)": {},
    "y ~ 0 + x + (0 + x | patient)": {},
    "y ~ x + (1 + x | patient) + (1 | rater)": {},
    "y ~ x + w + (1 + x | patient)": {"weights": "weight", "offset": "w2"},
}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(1)
    frame = pd.DataFrame({"patient": np.repeat(np.arange(24), 6), "rater": np.tile(range(8), 18)})
    frame["therapist"] = frame["patient"] // 4
    frame["x"] = 3 + rng.normal(size=len(frame))
    frame["w"] = 1000 + 50 * rng.normal(size=len(frame))
    frame["w2"] = rng.normal(size=len(frame))
    frame["weight"] = rng.uniform(0.5, 4, size=len(frame))
    frame["y"] = (
        5 + rng.normal(size=24)[frame["patient"]] + 0.5 * frame["x"] + rng.normal(size=len(frame))
    )
    return frame.sample(frac=1, random_state=1, ignore_index=True)


def dense(
    fit: al.lmm.MixedModelResult,
    frame: pd.DataFrame,
    beta: np.ndarray,
    covariances: dict[str, np.ndarray],
    sigma2: float,
    weights: str | None,
    offset: str | None,
) -> float:
    def columns(names: Any) -> np.ndarray:
        return np.column_stack(
            [np.ones(len(frame)) if n == "(Intercept)" else frame[n] for n in names]
        )

    v = np.diag(sigma2 / (frame[weights].to_numpy() if weights else np.ones(len(frame))))
    for level in fit.criterion.design.levels:
        z = columns(level.effects)
        same = frame[level.name].to_numpy()[:, None] == frame[level.name].to_numpy()
        v = v + same * (z @ covariances[level.name] @ z.T)
    e = frame["y"] - columns(fit.names) @ beta - (frame[offset] if offset else 0)
    n = len(frame)
    return float(np.linalg.slogdet(v)[1] + e @ np.linalg.solve(v, e) + n * np.log(2 * np.pi))


@pytest.mark.parametrize("reml", [False, True])
@pytest.mark.parametrize("formula", CASES)
def test_is_the_normal_density(formula: str, reml: bool, frame: pd.DataFrame) -> None:
    given = CASES[formula]
    fit = fit_quietly(formula, frame, reml=reml, **given)
    rng = np.random.default_rng(2)
    beta = fit.beta.to_numpy() * (1 + 0.1 * rng.normal(size=len(fit.names)))
    covariances = {}
    for level in fit.criterion.design.levels:
        half = rng.normal(size=(len(level.effects), 4))
        values = half @ half.T
        for one in level.blocks:  # what other blocks hold is independent
            for other in level.blocks:
                if one is not other:
                    values[one.columns, other.columns] = 0.0
        covariances[level.name] = values
    for sigma2 in (0.02, 1.7, 300.0):
        found = deviance_at(fit.criterion, beta, covariances, sigma2)
        expected = dense(
            fit, frame, beta, covariances, sigma2, given.get("weights"), given.get("offset")
        )
        assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("formula", CASES)
def test_at_the_estimates_it_is_that_of_the_fit(formula: str, frame: pd.DataFrame) -> None:
    fit = fit_quietly(formula, frame, reml=False, **CASES[formula])
    covariances = {name: table.to_numpy() for name, table in fit.covariances.items()}
    found = deviance_at(fit.criterion, fit.beta.to_numpy(), covariances, fit.sigma2)
    assert found == pytest.approx(-2 * fit.loglik, rel=1e-10)


def test_a_variance_of_zero_is_an_ordinary_point(frame: pd.DataFrame) -> None:
    fit = fit_quietly("y ~ x + (1 + x | patient)", frame, reml=False)
    beta = fit.beta.to_numpy()
    covariances = {"patient": np.array([[1.2, 0.0], [0.0, 0.0]])}
    found = deviance_at(fit.criterion, beta, covariances, 1.5)
    expected = dense(fit, frame, beta, covariances, 1.5, None, None)
    assert found == pytest.approx(expected, rel=1e-10)
