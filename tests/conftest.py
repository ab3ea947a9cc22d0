"""Tolerances against references, all of them, in one place; and fixtures shared by the rooms."""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(_name, "1")  # tests run in parallel processes; one thread each

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import settings

# the same examples on every run; `HYPOTHESIS_PROFILE=explore` looks for new ones
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))

REFERENCE = Path(__file__).parent / "reference"
ROOT = Path(__file__).resolve().parents[1]

TOL = SimpleNamespace(
    closed_form=1e-8,  # relative
    beta_in_se=1e-4,  # |Δβ| / se
    beta_relative=1e-5,  # |Δβ| / max(|β|, se)
    se=1e-4,  # relative
    variance=1e-4,  # |Δ| / max(value, 1e-2 σ²)
    correlation=1e-3,  # absolute, where both variances are > 1e-2 σ²
    loglik_absolute=1e-6,
    loglik_relative=1e-10,
    criterion=1e-10,  # relative, deviance at a given θ
    statistic=3e-4,  # relative, estimate / SE
    p_value=2e-2,  # relative, follows from df
    df=1e-2,  # relative, non-singular fits only
    interval_wald=1e-4,  # of the width
    interval_profile=1e-3,  # of the width
    blup_in_sd=1e-3,  # of the SD of the BLUPs
    glmm_loglik=1e-5,  # absolute, generalised linear mixed models
    glmm_in_se=1e-4,  # |Δβ| / se, and SE relative
    reliability=1e-5,  # coefficients of reliability where an optimiser decides
    sem_estimate=1e-5,  # |Δ| / max(1, |value|)
    sem_se=1e-4,  # relative, where the same information is used
    sem_chi2=1e-3,  # absolute
    sem_index=1e-4,  # absolute, fit indices
    meta_pooled=1e-6,  # pooled effects where an optimiser decides, relative to max(1, value)
    meta_tau2=1e-5,  # relative, variances between studies where an optimiser decides
    r2=1e-6,  # absolute, R² of mixed models: variances agree to 1e-4, R² to their square
)


@pytest.fixture(scope="session")
def tol() -> SimpleNamespace:
    """The tolerances against references."""
    return TOL


@pytest.fixture(scope="session")
def load_reference() -> Callable[[str], tuple[pd.DataFrame, dict[str, Any]]]:
    """Data and pinned values of one reference case."""

    def load(case: str) -> tuple[pd.DataFrame, dict[str, Any]]:
        values = json.loads((REFERENCE / f"{case}.json").read_text(encoding="utf-8"))
        return pd.read_csv(REFERENCE / f"{values['data']}"), values

    return load


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator with a fixed seed."""
    return np.random.default_rng(20180101)
