from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError
from alliance_stats.report import descriptives_table
from alliance_stats.report.output.content import sections_of


@pytest.fixture
def levels() -> al.data.LevelsDescription:
    rng = np.random.default_rng(4)
    patient = np.repeat(np.arange(30), 5)
    size = len(patient)
    trait = rng.normal(0, 2, (30, 3))[patient]
    ratings = trait + rng.normal(0, 1, (size, 3))
    frame = pd.DataFrame(ratings, columns=["wai", "phq", "wai_t"])
    frame = frame.assign(patient=patient, session=np.tile(np.arange(5), 30))
    roles = al.Roles(alliance="wai", outcome="phq", alliance_therapist="wai_t")
    return al.describe_levels(frame, roles)


def test_the_diagonal_parts_within_and_between(levels: al.data.LevelsDescription) -> None:
    frame = descriptives_table(levels).frame
    assert frame["Variable"].tolist() == ["1. wai", "2. phq", "3. wai_t"]
    pairs = levels.pairs.set_index(["variable", "with_variable", "level"])["r"]
    within = pairs["wai", "wai_t", "within"]
    between = pairs["wai", "wai_t", "between"]
    shown = [cell.replace("−", "-") for cell in (frame["3"].iloc[0], frame["1"].iloc[2])]
    assert [float(cell) for cell in shown] == [round(within, 2), round(between, 2)]
    assert [frame[str(k + 1)].iloc[k] for k in range(3)] == ["–"] * 3
    assert not any(cell.lstrip("−").startswith("0.") for cell in frame["2"])


def test_the_report_shows_the_same_table(levels: al.data.LevelsDescription) -> None:
    view = levels.view()
    (section,) = sections_of([view], [""], draws=False)
    table = next(t for t in section.tables if t.title == view.labels["descriptives"])
    pd.testing.assert_frame_equal(table.frame, descriptives_table(levels).frame)


def test_other_results_are_refused() -> None:
    with pytest.raises(ArgumentError, match="kind 'lmm' has no descriptives"):
        frame = al.load_example("sessions").frame
        descriptives_table(al.fit_lmm("phq9 ~ 1 + (1 | patient)", frame))
