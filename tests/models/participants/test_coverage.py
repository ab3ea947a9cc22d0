"""A slice of the calibration of several studies: benchmarks/calibrate_participants.py."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import alliance_stats as al


@pytest.mark.slow
def test_mean_effects_are_covered(make_studies: Any) -> None:
    """60 meta-analyses of 6 studies: at least 50 intervals hold the mean of the true effects."""
    held = []
    for seed in range(100, 160):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = al.models.fit_studies(
                make_studies(6, mean=-0.2, sd=0.1, n=30, seed=seed),
                question="within_between", random_slopes={}, one_stage=False,
            )  # fmt: skip
        row = result.tidy(scale="raw").iloc[0]
        held.append(row["ci_low"] <= -0.2 <= row["ci_high"])
    assert np.sum(held) >= 50
