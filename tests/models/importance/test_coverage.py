"""A slice of benchmarks/calibrate_importance.py: differences, and claims of the biggest."""

from __future__ import annotations

import numpy as np
import pytest

import alliance_stats as al
from tests.models.importance.conftest import ROLES, made_sessions

STUDIES, DRAWS = 20, 79


def test_equal_predictors_are_rarely_told_apart() -> None:
    """Of 40 intervals of a zero difference about 2 miss: 8 or more have a chance of 1 in 1000.

    "The biggest" may be claimed wrongly in 1 of 40 comparisons.
    """
    missed = biggest = 0
    for stream in np.random.SeedSequence(5).spawn(STUDIES):
        rng = np.random.default_rng(stream)
        frame = made_sessions(rng, patients=80)
        result = al.models.fit_importance(
            frame, ROLES, predictors=["wai", "bond"], n_boot=DRAWS, rng=rng
        )
        rows = result.tidy().set_index("term").loc["wai - bond"]
        missed += int(((rows["ci_low"] > 0) | (rows["ci_high"] < 0)).sum())
        biggest += int((result.verdicts["biggest"] == "shown").sum())
    assert missed < 8
    assert biggest < 6


def test_recovers_population_weights() -> None:
    """Two independent predictors: weights are β²Var(x) over the level's variance."""
    frame = made_sessions(np.random.default_rng(7), patients=3000, length=10, within=(0.6, 0.3))
    result = al.models.fit_importance(
        frame, ROLES, predictors=["wai", "bond"], n_boot=0, time="none"
    )
    weights = result.tidy().set_index(["effect", "term"])["estimate"]
    spread = 0.9 * np.array([0.36, 0.09])  # nine tenths of a rating's variance lie within ten
    expected = spread / (spread.sum() + 1.0)
    assert weights["within"][["wai", "bond"]].to_numpy() == pytest.approx(expected, abs=0.01)
