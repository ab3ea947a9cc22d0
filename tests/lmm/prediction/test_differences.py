"""Differences of conditional means; tests of the growth model witness their errors."""

from __future__ import annotations

import numpy as np
import pytest

import alliance_stats as al
from alliance_stats.lmm.prediction.differences import predicted_differences


def test_differences_are_those_of_predictions() -> None:
    sessions = al.load_example("sessions").frame.dropna(subset=["phq9"])
    fit = al.fit_lmm("phq9 ~ session + (session | patient)", sessions)
    rows = sessions.drop_duplicates("patient").head(20)
    later, earlier = rows.assign(session=8), rows.assign(session=1)
    change, se = predicted_differences(fit, later, earlier)
    ends = [fit.predict(data)["prediction"].to_numpy() for data in (later, earlier)]
    assert change == pytest.approx(ends[0] - ends[1], rel=1e-8)
    back, same = predicted_differences(fit, earlier, later)
    assert back == pytest.approx(-change, rel=1e-12)
    assert same == pytest.approx(se, rel=1e-12)
    none, zero = predicted_differences(fit, earlier, earlier)
    assert np.abs(none).max() == 0.0
    assert zero.max() == 0.0
