"""Simulated studies: estimates centre on the truth, tests hold their level, means do not."""

from __future__ import annotations

import warnings
from collections.abc import Callable

import numpy as np
import pytest

import alliance_stats as al
from alliance_stats.lmm.glmm.fixed import fit_fixed
from alliance_stats.models.event.result import EventResult

Fit = Callable[..., EventResult]
CLEAN = {
    "alliance_range": None, "outcome_range": None, "flat_patients": 0.0, "missing_sessions": 0.0,
    "n_patients": 240, "n_therapists": 24,
}  # fmt: skip
#: A rising alliance and frequent dropout.
RISING = {
    "n_patients": 240, "n_therapists": 24, "alliance_trend": 1.0, "dropout_hazard": 0.06,
    "dropout_alliance_effect": 0.0,
}  # fmt: skip


def test_recovers_the_hazard_ratio_of_the_simulation(fit: Fit) -> None:
    """30 studies without ceiling: the log hazard ratio of an SD of the alliance is −.53."""
    sd = float(
        al.simulate_sessions(rng=0).codebook.set_index("parameter").loc["alliance_sd", "value"]
    )
    found = [
        fit(al.simulate_sessions(**CLEAN, rng=seed), None, frailty=None).effects.iloc[0]
        for seed in range(1, 31)
    ]
    estimates = sd * np.array([row["estimate"] for row in found])
    covered = [row["ci_low"] <= -0.53 / sd <= row["ci_high"] for row in found]
    assert abs(estimates.mean() + 0.53) < 3 * estimates.std(ddof=1) / np.sqrt(30)
    assert np.mean(covered) > 0.95 - 3 * np.sqrt(0.05 * 0.95 / 30)


def rejections(fit: Fit, studies: int) -> tuple[float, float]:
    """Shares of p < .05 without any effect: the current alliance, and the patients' means."""
    counts = np.zeros(2)
    for seed in range(studies):
        sessions = al.simulate_sessions(**RISING, rng=seed)
        result = fit(sessions, None, frailty=None)
        rows = result.prepared.rows("event_came")
        means = sessions.frame.groupby("patient")["wai_total"].mean()
        rows = rows.assign(average=rows["patient"].map(means).astype(float))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            by_mean = fit_fixed(
                "event_came ~ bs(session, df = 4) + average", rows, family="binomial",
                link="cloglog",
            )  # fmt: skip
        p_values = [
            result.effects["p_value"].item(),
            by_mean.contrasts({"m": {"average": 1.0}})["p_value"].item(),
        ]
        counts += np.array(p_values) < 0.05
    current, mean = counts / studies
    return float(current), float(mean)


def test_patient_means_reject_a_true_null(fit: Fit) -> None:
    """They hold the time of the event: those who left early have the lower early ratings only."""
    current, mean = rejections(fit, 40)
    assert current <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 40)
    assert mean > 0.6


@pytest.mark.slow
def test_level_of_the_test_and_of_that_of_patient_means(fit: Fit) -> None:
    current, mean = rejections(fit, 400)
    assert abs(current - 0.05) < 3 * np.sqrt(0.05 * 0.95 / 400)
    assert mean > 0.75
