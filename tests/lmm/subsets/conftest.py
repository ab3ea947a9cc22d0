"""Sessions of patients of therapists with a few predictors, and the designs of their models."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

PREDICTORS = ("a", "b", "c")


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """90 patients of 12 therapists with 1 to 8 sessions, in no order."""
    rng = np.random.default_rng(3)
    therapist = rng.integers(0, 12, 90)
    patient = np.repeat(np.arange(90), rng.integers(1, 9, 90))
    n = len(patient)
    columns = {name: rng.normal(size=n) + rng.normal(size=90)[patient] for name in PREDICTORS}
    made = pd.DataFrame(columns).assign(patient=patient, therapist=therapist[patient])
    made["b"] = 0.6 * made["a"] + made["b"]
    made["c"] *= 100.0
    level = 1.2 * rng.normal(size=90)[patient] + 0.7 * rng.normal(size=12)[therapist][patient]
    made["y"] = 50 + 0.5 * made["a"] + 0.2 * made["b"] + level + rng.normal(size=n)
    return made.sample(frac=1.0, random_state=4).reset_index(drop=True)
