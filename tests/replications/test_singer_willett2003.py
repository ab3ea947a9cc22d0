"""Singer & Willett (2003, Applied longitudinal data analysis), Table 11.1: grade of an event.

180 boys, with and without a parental transition. Sessions stand for grades 7 to 12: boys at risk,
events and survivor functions as printed, to four decimals.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.models.event.result import EventResult

GRADES = range(7, 13)
AT_RISK = {0: [72, 70, 68, 60, 52, 42], 1: [108, 95, 90, 74, 53, 38]}
EVENTS = {0: [2, 2, 8, 8, 10, 8], 1: [13, 5, 16, 21, 15, 18]}
SURVIVORS = {
    0: [0.9722, 0.9444, 0.8333, 0.7222, 0.5833, 0.4722],
    1: [0.8796, 0.8333, 0.6852, 0.4907, 0.3519, 0.1852],
}
ROLES = al.Roles(session="grade", alliance="pt", outcome="came")


@pytest.fixture(scope="module")
def boys() -> pd.DataFrame:
    """One row a boy and grade; who has the event in a grade is arbitrary within a group."""
    rows = []
    for pt in (0, 1):
        for grade, n, events in zip(GRADES, AT_RISK[pt], EVENTS[pt], strict=True):
            last = AT_RISK[pt][0]
            boys = [f"{pt}-{last - k}" for k in range(n)]
            rows += [(boy, grade, pt, int(k >= n - events)) for k, boy in enumerate(boys)]
    return pd.DataFrame(rows, columns=["patient", "grade", "pt", "came"])


def fit(frame: pd.DataFrame, **options: str) -> EventResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_event(frame, ROLES, event="came", baseline="factor", **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("pt", [0, 1])
def test_life_table_and_survivors_as_printed(boys: pd.DataFrame, pt: int) -> None:
    group = boys[boys["pt"] == pt].assign(noise=lambda d: np.arange(len(d)) % 5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result = al.models.fit_event(
            group, al.Roles(session="grade", alliance="noise", outcome="came"), event="came",
            baseline="factor",
        )  # fmt: skip
    table = result.life_table()
    assert table["at_risk"].tolist() == AT_RISK[pt]
    assert table["came"].tolist() == EVENTS[pt]
    survivors = np.cumprod(1 - table["hazard"].to_numpy())
    assert survivors == pytest.approx(SURVIVORS[pt], abs=5e-5)


@pytest.mark.parametrize("link", ["logit", "cloglog"])
def test_incidence_of_the_model_lies_on_the_survivors(boys: pd.DataFrame, link: str) -> None:
    """Proportional hazards come close to the printed functions of both groups."""
    result = fit(boys, link=link)
    for pt in (0, 1):
        curve = result.incidence(alliance=[pt])["estimate"].to_numpy()
        assert 1 - curve == pytest.approx(SURVIVORS[pt], abs=0.04)
    assert result.effects["ci_low"].item() > 0
