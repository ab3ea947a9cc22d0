"""Several simulated studies whose effects differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import alliance_stats as al

CLEAN: dict[str, Any] = {
    "alliance_range": None, "outcome_range": None, "flat_patients": 0.0,
    "improvement_alliance": 0.0, "improvement_outcome": 0.0, "outcome_trend_sd": 0.0,
    "alliance_trend_sd": 0.0, "within_effect_sd": 0.0, "length_improvement": 0.0,
    "dropout_alliance_effect": 0.0, "alliance_ar": 0.0, "outcome_ar": 0.0, "lagged_effect": 0.0,
    "reverse_effect": 0.0,
}  # fmt: skip
Make = Callable[..., dict[str, al.SessionData]]


@pytest.fixture(scope="session")
def make_studies() -> Make:
    """Studies by name, the `name` parameter of each drawn from N(mean, sd)."""

    def make(
        k: int, name: str = "within_effect", mean: float = -0.3, sd: float = 0.0, n: int = 30,
        seed: int = 1, **more: Any,
    ) -> dict[str, al.SessionData]:  # fmt: skip
        values = np.random.default_rng(seed).normal(mean, sd, k)
        streams = np.random.SeedSequence(seed).spawn(k)
        return {
            f"Study {i + 1}": al.simulate_sessions(
                n_patients=n, n_therapists=max(n // 8, 2), rng=stream,
                **(CLEAN | more | {name: float(value)}),
            )
            for i, (value, stream) in enumerate(zip(values, streams, strict=True))
        }  # fmt: skip

    return make


@pytest.fixture(scope="session")
def four(make_studies: Make) -> dict[str, al.SessionData]:
    """Four small studies with paths."""
    return make_studies(4, lagged_effect=-0.2, reverse_effect=-0.2, seed=2)
