"""A small slice of benchmarks/calibrate_growth.py: level of the rate, cover of correlations."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd

import alliance_stats as al
from alliance_stats.models.growth.early import EarlyRate, fit_early
from alliance_stats.models.growth.parallel import ParallelGrowth, fit_parallel
from alliance_stats.models.growth.prepare import PreparedGrowth, prepare_growth

STUDIES, PATIENTS, SESSIONS = 30, 60, 9
CORRELATION = -0.5


def prepared(seed: int) -> PreparedGrowth:
    """A study without effect of early alliance, with slopes that correlate."""
    rng = np.random.default_rng(seed)
    patient, t = np.repeat(np.arange(PATIENTS), SESSIONS), np.tile(np.arange(SESSIONS), PATIENTS)
    root = np.linalg.cholesky(np.array([[1.0, CORRELATION], [CORRELATION, 1.0]]))
    start, slope = rng.normal(size=(PATIENTS, 2)), rng.normal(size=(PATIENTS, 2)) @ root.T
    y = 5 + start[patient] + 0.3 * slope[patient] * t[:, None] + rng.normal(size=(len(t), 2))
    frame = pd.DataFrame({"patient": patient, "session": t + 1, "wai": y[:, 0], "phq": y[:, 1]})
    roles = al.Roles(alliance="wai", outcome="phq")
    return prepare_growth(
        al.load_sessions(frame, roles), roles, shape="linear", break_at=None,
        time_column="session", early_window=(1, 3), therapist_change="raise",
    )  # fmt: skip


def test_small_slice() -> None:
    rejected, covered = 0, 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for seed in range(STUDIES):
            study = prepared(seed)
            other = prepared(seed + STUDIES)
            # ratings of other patients have nothing to do with the rate
            study.frame["wai"] = other.frame["wai"]
            early = fit_early(study)
            assert isinstance(early, EarlyRate)
            p = early.fit.tidy().set_index("term").loc[early.interactions[0][1], "p_value"]
            rejected += p < 0.05
            parallel = fit_parallel(other, ("linear", "linear"))
            assert isinstance(parallel, ParallelGrowth)
            row = parallel.correlations().set_index("factor").loc["trend with trend"]
            covered += not row["ci_low"] > CORRELATION and not row["ci_high"] < CORRELATION
    # 3 Monte Carlo errors about 1.5 and 28.5 of 30
    assert rejected <= 5
    assert covered >= 25
