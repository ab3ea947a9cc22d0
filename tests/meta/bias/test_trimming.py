"""Trim and fill, rank test and fail-safe numbers: by hand, invariances, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.meta.bias.trimming import trim


def plain_mean(y: np.ndarray, v: np.ndarray) -> float:
    return float(np.average(y, weights=1.0 / v))


def frame_of(*effects: float) -> pd.DataFrame:
    return pd.DataFrame({"yi": effects, "vi": 0.01 + 0.001 * np.arange(len(effects))})


@pytest.fixture
def lopsided() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    v = rng.uniform(0.005, 0.2, 40)
    y = 0.2 + np.sqrt(v) * rng.standard_normal(40)
    kept = y > 0.0
    return pd.DataFrame({"yi": y[kept], "vi": v[kept]})


def test_r0_by_hand() -> None:
    """Around 0 the largest rank below is 2, of six: 6 − 2 − 1 = 3."""
    y = np.array([-0.2, -0.1, 0.3, 0.4, 0.5, 0.6])
    found = trim(y, np.ones(6), "R0", lambda y, v: 0.0)
    assert (found.k0, found.extreme.tolist()) == (3, [3, 4, 5])
    assert found.se == pytest.approx(np.sqrt(8.0))
    assert found.p_value == 1 / 16


def test_l0_by_hand() -> None:
    """Ranks above 0 sum to 18: (4 · 18 − 42)/11 = 2.73."""
    y = np.array([-0.2, -0.1, 0.3, 0.4, 0.5, 0.6])
    found = trim(y, np.ones(6), "L0", lambda y, v: 0.0)
    assert found.k0 == 3
    assert np.isnan(found.p_value)


@pytest.mark.parametrize("estimator", ["L0", "R0", "Q0"])
def test_sides_mirror_each_other(lopsided: pd.DataFrame, estimator: Any) -> None:
    left = al.meta.trim_fill(lopsided, estimator=estimator, side="left")
    right = al.meta.trim_fill(
        lopsided.assign(yi=-lopsided["yi"]), estimator=estimator, side="right"
    )
    assert left.k0 == right.k0 > 0
    np.testing.assert_allclose(
        left.tidy()["estimate"], -right.tidy()["estimate"], rtol=1e-9, atol=1e-12
    )


def test_filled_effects_mirror_the_extreme_ones(lopsided: pd.DataFrame) -> None:
    result = al.meta.trim_fill(lopsided, side="left")
    frame = result.frame
    added = frame[frame["filled"]]
    assert len(added) == result.k0
    extreme = lopsided.nlargest(result.k0, "yi")
    np.testing.assert_allclose(np.sort(added["vi"]), np.sort(extreme["vi"]))
    np.testing.assert_allclose(
        np.sort(2 * result.trimmed.centre - added["yi"]), np.sort(extreme["yi"]), rtol=1e-12
    )
    assert added["study"].str.endswith("(filled)").all()
    assert result.tidy()["estimate"].iloc[1] < result.tidy()["estimate"].iloc[0]
    refitted = al.fit_meta(frame.drop(columns="study"))
    assert result.tidy()["estimate"].iloc[1] == pytest.approx(float(refitted.beta[0]), rel=1e-9)


def test_the_side_comes_from_the_slope(lopsided: pd.DataFrame) -> None:
    result = al.meta.trim_fill(lopsided)
    assert (result.side, result.side_given) == ("left", False)
    assert al.meta.trim_fill(lopsided.assign(yi=-lopsided["yi"])).side == "right"
    assert "slope of Egger" in result.notes[0]


def test_a_symmetric_funnel_stays_as_it_is() -> None:
    y = 0.3 + np.array([-0.35, -0.2, -0.1, 0.08, 0.19, 0.3])
    result = al.meta.trim_fill(pd.DataFrame({"yi": y, "vi": 0.02}), side="left")
    assert result.k0 == 0
    assert not result.frame["filled"].any()
    assert "does not show that none is missing" in al.report_text(result)


def test_what_trimming_cannot_do() -> None:
    with pytest.raises(al.DataError, match="nearly all of them lie on one side"):
        trim(np.arange(1.0, 7.0), np.ones(6), "Q0", lambda y, v: 0.0)
    with pytest.raises(al.DataError, match="leaves too few for a mean"):
        trim(np.arange(1.0, 7.0), np.ones(6), "R0", lambda y, v: 0.0)
    with pytest.raises(al.UnsupportedError, match="no moderators"):
        al.meta.trim_fill(frame_of(0.1, 0.2, 0.3, 0.5).assign(year=range(4)), mods="year")
    with pytest.raises(al.ArgumentError, match="'L0', 'R0', 'Q0'"):
        al.meta.trim_fill(frame_of(0.1, 0.2, 0.3), estimator="L1")  # type: ignore[arg-type]


@pytest.mark.parametrize("ask", ["begg_test", "trim_fill", "selection_model", "failsafe_n"])
def test_several_effects_a_study_are_refused(ask: str) -> None:
    frame = frame_of(0.1, 0.2, 0.3, 0.4).assign(study=["a", "a", "b", "c"])
    with pytest.raises(al.UnsupportedError, match="4 effects come from 3 studies.*aggregate"):
        getattr(al.meta, ask)(frame)


def test_failsafe_numbers_by_hand() -> None:
    frame = pd.DataFrame({"yi": [0.4, 0.6, 0.5], "vi": [0.04, 0.04, 0.01]})
    z = (0.4 / 0.2 + 0.6 / 0.2 + 0.5 / 0.1) / 1.6448536269514722
    rosenthal = al.meta.failsafe_n(frame)
    assert rosenthal.exact == pytest.approx(z**2 - 3, rel=1e-12)
    assert rosenthal.n == int(np.ceil(z**2 - 3))
    # with so many zeros the combined test is at its level, with one fewer it is not
    for n, level in ((rosenthal.n, True), (rosenthal.n - 1, False)):
        assert bool(10.0 / np.sqrt(3 + n) <= 1.6448536269514722) is level
    orwin = al.meta.failsafe_n(frame, method="orwin", target=0.1)
    assert (orwin.n, orwin.mean) == (12, pytest.approx(0.5))
    assert al.meta.failsafe_n(frame.assign(yi=0.01)).n == 0


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"method": "orwin", "target": 0.9}, "not between 0 and the mean"),
        ({"method": "orwin", "target": -0.1}, "not between 0 and the mean"),
        ({"method": "orwin", "alpha": 0.05}, "alpha= does not belong"),
        ({"target": 0.1}, "target= does not belong to method='rosenthal'"),
        ({"weighted": False}, "weighted= does not belong"),
        ({"alpha": 5}, "Give 0.05"),
        ({"method": "fisher"}, "'rosenthal', 'orwin', 'rosenberg'"),
    ],
)
def test_refused_arguments_of_failsafe_numbers(how: dict[str, Any], words: str) -> None:
    with pytest.raises(al.ArgumentError, match=words):
        al.meta.failsafe_n(frame_of(0.2, 0.3, 0.4), **how)


def test_rank_test_without_ranks() -> None:
    result = al.meta.begg_test(pd.DataFrame({"yi": [0.1, 0.2, 0.4], "vi": 0.1}))
    assert np.isnan(result.glance()["p_value"].iloc[0])
    assert "nothing to rank" in result.messages[-1]
    assert "could not be done" in al.report_text(result)
