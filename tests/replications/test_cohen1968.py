"""Cohen (1968), Psychological Bulletin 70(4), table 1: 200 patients, three diagnoses."""

from __future__ import annotations

import numpy as np

from alliance_stats.reliability.agreement.cohen import kappa_of

SHARES = np.array([[0.44, 0.07, 0.09], [0.05, 0.20, 0.05], [0.01, 0.03, 0.06]])
#: How grave each disagreement is.
DISAGREEMENT = np.array([[0.0, 1, 3], [1, 0, 6], [3, 6, 0]])


def test_kappa_without_and_with_weights() -> None:
    assert round(kappa_of(200 * SHARES, np.eye(3)).estimate, 3) == 0.492
    assert round(kappa_of(200 * SHARES, 1.0 - DISAGREEMENT / 6.0).estimate, 3) == 0.348
