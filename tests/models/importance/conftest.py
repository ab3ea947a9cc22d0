"""Sessions with three ratings, an intake score and two treatments, and their roles."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

ROLES = al.Roles(alliance="wai", outcome="phq", baseline="intake", treatment="arm")


def made_sessions(
    rng: np.random.Generator,
    *,
    patients: int = 60,
    within: tuple[float, float] = (0.3, 0.3),
    between: tuple[float, float] = (0.5, 0.5),
    length: int | None = None,
) -> pd.DataFrame:
    """Sessions of patients, five a therapist; ``wai`` and ``bond`` with the coefficients given."""
    sizes = rng.integers(3, 9, patients) if length is None else np.full(patients, length)
    patient = np.repeat(np.arange(patients), sizes)
    level, now = rng.normal(size=(patients, 2)), rng.normal(size=(len(patient), 2))
    intake, own = rng.normal(size=patients), rng.normal(size=patients)
    y = (level @ np.array(between) + 0.4 * intake + own)[patient] + now @ np.array(within)
    frame = pd.DataFrame(5 + level[patient] + now, columns=["wai", "bond"])
    return frame.assign(
        patient=patient, therapist=patient // 5, intake=15 + intake[patient],
        arm=np.where(patient // 5 % 2, "b", "a"),
        session=np.concatenate([np.arange(n) for n in sizes]) + 1,
        phq=10 + y + rng.normal(size=len(patient)),
    )  # fmt: skip


@pytest.fixture(scope="package")
def frame() -> pd.DataFrame:
    """60 patients of 12 therapists."""
    return made_sessions(np.random.default_rng(1))
