"""Azen & Budescu (2003), Psychological Methods 8(2), 129-148: their example of four predictors.

Correlations of the example and its mean contributions by number of other predictors, to the three
decimals printed there, as the tests of the R package dominanceanalysis quote them from the paper.
"""

from __future__ import annotations

import numpy as np
import pytest

from alliance_stats.models.importance.dominance import (
    complete_dominance,
    conditional_dominance,
    conditional_weights,
    general_dominance,
    general_weights,
    subset_members,
)

#: Correlations of x1 to x4, and with y.
WITHIN = np.array(
    [[1.0, 0.8, 0.1, 0.3], [0.8, 1.0, 0.1, 0.1], [0.1, 0.1, 1.0, 0.5], [0.3, 0.1, 0.5, 1.0]]
)
WITH_Y = np.array([0.6, 0.3, 0.4, 0.5])
#: Mean contributions of x1 to x4 to models of 0, 1, 2 and 3 others.
PRINTED = np.array(
    [
        [0.360, 0.090, 0.160, 0.250],
        [0.300, 0.074, 0.095, 0.152],
        [0.263, 0.069, 0.063, 0.073],
        [0.246, 0.071, 0.061, 0.010],
    ]
)


@pytest.fixture(scope="module")
def r2() -> np.ndarray:
    found = []
    for chosen in subset_members(4):
        own = WITH_Y[chosen]
        found.append(own @ np.linalg.solve(WITHIN[np.ix_(chosen, chosen)], own) if len(own) else 0)
    return np.array(found)


def test_mean_contributions_by_size(r2: np.ndarray) -> None:
    # 1.5 units of the last decimal: the printed means are of contributions rounded before
    assert pytest.approx(PRINTED, abs=1.5e-3) == conditional_weights(r2).T
    assert general_weights(r2).sum() == pytest.approx(r2[-1])


def test_who_dominates(r2: np.ndarray) -> None:
    first = np.full((4, 4), 0.5)
    first[0, 1:], first[1:, 0] = 1.0, 0.0
    assert complete_dominance(r2) == pytest.approx(first)
    assert conditional_dominance(r2) == pytest.approx(first)
    general = first.copy()
    general[1, 2:], general[2:, 1] = 0.0, 1.0
    general[2, 3], general[3, 2] = 0.0, 1.0
    assert general_dominance(r2) == pytest.approx(general)
