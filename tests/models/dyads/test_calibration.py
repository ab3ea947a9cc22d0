"""A slice of benchmarks/calibrate_dyads.py: coverage of effects and of k, level of a test."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

from .test_fit import EFFECTS, MEMBERS, ROLES, simulated

TRUTH = {
    (side, member): EFFECTS[k, place]
    for k, member in enumerate(MEMBERS)
    for place, side in enumerate(("actor", "partner"))
}


def studies(n: int, first: int) -> pd.DataFrame:
    """Whether intervals hold the truth, and the test of the true contrast does not reject."""
    rows = []
    for seed in range(first, first + n):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = al.models.fit_dyads(simulated(seed, n=30), ROLES, members=MEMBERS)
        table = result.effects.query("unit == 'session'")
        for row in table.to_dict("records"):
            true = TRUTH[row["effect"], row["group"]]
            rows.append({"kind": "b", "hit": row["ci_low"] <= true <= row["ci_high"]})
        for row in result.patterns().query("unit == 'session'").to_dict("records"):
            true = TRUTH["partner", row["member"]] / TRUTH["actor", row["member"]]
            rows.append({"kind": "k", "hit": row["ci_low"] <= true <= row["ci_high"]})
            if row["member"] == "therapist":  # whose k is −1
                rows.append({"kind": "contrast", "hit": row["p_contrast"] > 0.05})
        residual = result.variances().query("unit == 'session' and kind == 'correlation'").iloc[0]
        rows.append({"kind": "r", "hit": residual["ci_low"] <= 0.3 <= residual["ci_high"]})
    return pd.DataFrame(rows)


def within_chance(table: pd.DataFrame, n: int) -> None:
    """Coverage within 3.3 Monte Carlo errors of n studies, whose intervals are not independent."""
    for kind, rows in table.groupby("kind"):
        allowed = 3.3 * np.sqrt(0.95 * 0.05 / n)
        assert rows["hit"].mean() == pytest.approx(0.95, abs=allowed), kind


def test_coverage_slice() -> None:
    within_chance(studies(30, 1000), 30)


@pytest.mark.slow
def test_coverage() -> None:
    within_chance(studies(400, 2000), 400)
