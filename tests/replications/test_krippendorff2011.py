"""Krippendorff (2011), Computing Krippendorff's alpha-reliability; Gwet (2014) on the same data."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import alliance_stats as al

N = np.nan
#: Section E: four observers, twelve units.
OBSERVERS = np.array(
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
        [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
    ]
)


@pytest.mark.parametrize(
    ("metric", "value"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_four_metrics(metric: Any, value: float) -> None:
    found = al.reliability.krippendorff_alpha(OBSERVERS.T, metric=metric)
    assert round(found.estimate, 3) == value
    assert found.counts["rating"] == 40


def test_gwets_coefficients_of_these_ratings() -> None:
    """AC1 .77544 with standard error .14295, Fleiss's kappa .76117 with .15302."""
    ac1 = al.reliability.gwet_ac(OBSERVERS.T).tidy().iloc[0]
    kappa = al.reliability.fleiss_kappa(OBSERVERS.T).tidy().iloc[0]
    assert (round(ac1["estimate"], 5), round(ac1["se"], 5)) == (0.77544, 0.14295)
    assert (round(kappa["estimate"], 5), round(kappa["se"], 5)) == (0.76117, 0.15302)
