"""A small slice of benchmarks/calibrate_moderation.py: level, cover, patients needed."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

ROLES = al.Roles(treatment="arm")
BOUND = 0.15


def study(n: int, difference: float, rng: np.random.Generator) -> pd.DataFrame:
    """Two groups, 6 sessions each, slopes within patients that differ by `difference`."""
    patient = np.repeat(np.arange(n), 6)
    session = np.tile(np.arange(6), n)
    arm = np.arange(n) % 2
    x = rng.normal(0, 5, n)[patient] + rng.normal(0, 4, 6 * n)
    within = x - (np.bincount(patient, x) / 6)[patient]
    slope = -0.2 + difference * arm + rng.normal(0, 0.1, n)
    y = slope[patient] * within - 0.3 * session + rng.normal(0, 2, n)[patient]
    return pd.DataFrame(
        {
            "patient": patient,
            "session": session + 1,
            "arm": np.array(["a", "b"])[arm][patient],
            "alliance": x,
            "outcome": y + rng.normal(0, 2, 6 * n),
        }
    )


def within_rows(n: int, difference: float, studies: int, seed: int) -> pd.DataFrame:
    """The row within patients of `equivalence` in every study."""
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for stream in np.random.SeedSequence(seed).spawn(studies):
            frame = study(n, difference, np.random.default_rng(stream))
            result = al.models.fit_moderation(frame, ROLES, smallest_effect=BOUND)
            rows.append(result.equivalence().iloc[0])
    return pd.DataFrame(rows)


def test_small_slice() -> None:
    at_bound = within_rows(70, BOUND, 40, 1)
    null = within_rows(70, 0.0, 40, 2)
    # 3 Monte Carlo errors above 2 of 40; at the bound equivalence is false
    assert (at_bound["p_equivalence"] < 0.05).sum() <= 6
    assert (null["p_difference"] < 0.05).sum() <= 6
    assert (null["p_equivalence"] < 0.05).sum() > 15
    assert (np.abs(at_bound["estimate"] - BOUND) < 2 * at_bound["se"]).sum() >= 34


@pytest.mark.slow
@pytest.mark.parametrize("true_difference", [0.0, 0.05])
def test_the_patients_asked_for_are_enough(true_difference: float) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pilot = study(2000, 0.0, np.random.default_rng(3))
        large = al.models.fit_moderation(pilot, ROLES, smallest_effect=BOUND)
    needed = large.patients_needed(power=0.8, true_difference={"within": true_difference})
    n = int(np.ceil(needed["n_patients"].iloc[0] / 2) * 2)
    found = (within_rows(n, true_difference, 500, 4)["p_equivalence"] < 0.05).mean()
    assert found == pytest.approx(0.8, abs=3 * np.sqrt(0.8 * 0.2 / 500) + 0.02)
