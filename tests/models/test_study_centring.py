"""Parts of many studies' ratings at once against `center_within`, study by study."""

from __future__ import annotations

import numpy as np
import pytest

from alliance_stats.data.centering import center_within
from alliance_stats.models.study_centring import centring_of


@pytest.mark.parametrize("with_therapists", [False, True])
def test_parts_are_those_of_one_study_at_a_time(
    rng: np.random.Generator, with_therapists: bool
) -> None:
    patient = rng.permutation(np.repeat(np.arange(9), 5))
    therapist = patient // 3 if with_therapists else None
    values = rng.normal(5.0, 2.0, (len(patient), 4))
    rated = rng.random(len(patient)) < 0.8
    rated[patient == 4] = False  # a patient without any rating
    centring = centring_of(patient, therapist, rated)
    rows = np.flatnonzero(rated)
    within, between = centring.parts(values, within=rows, between=rows)
    for k in range(values.shape[1]):
        one = center_within(np.where(rated, values[:, k], np.nan), patient, therapist)
        assert within[:, k] == pytest.approx(one.pop("within")[rows], rel=1e-12, abs=1e-12)
        assert set(one) == set(between)
        for effect, part in one.items():
            assert between[effect][:, k] == pytest.approx(part[rows], rel=1e-12, abs=1e-12)


def test_sessions_without_therapist_leave_the_means_alone() -> None:
    patient, therapist = np.array([0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, -1])
    values = np.array([1.0, 3.0, 5.0, 7.0, 100.0])
    parts = centring_of(patient, therapist, np.ones(5, dtype=bool)).parts(
        values[:, None], within=np.arange(4), between=np.arange(4)
    )
    assert parts[1]["therapist_between"][:, 0].tolist() == [-2.0, -2.0, 2.0, 2.0]
