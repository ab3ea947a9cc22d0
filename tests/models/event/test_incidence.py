"""Cumulative incidence: against simulated patients, finite differences and a life table."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from alliance_stats.models.event.incidence import accumulate, share_ends
from alliance_stats.models.event.result import EventResult

Fit = Callable[..., EventResult]
NONE = np.zeros((3, 0))


def test_shares_by_hand() -> None:
    found = accumulate(np.array([0.1, 0.5]), NONE[:2], np.array([0.2, 0.0]), NONE[:2])
    assert found.event == pytest.approx([0.08, 0.08 + 0.72 * 0.5])
    assert found.competing == pytest.approx([0.2, 0.2])


def test_against_simulated_patients(rng: np.random.Generator) -> None:
    """400,000 patients who go through the sessions one by one."""
    hazard, competing = np.array([0.1, 0.2, 0.05]), np.array([0.05, 0.1, 0.6])
    n = 400_000
    stays = np.ones(n, dtype=bool)
    left, agreed = [], []
    for h, a in zip(hazard, competing, strict=True):
        ends = stays & (rng.random(n) < a)
        goes = stays & ~ends & (rng.random(n) < h)
        stays &= ~ends & ~goes
        left.append(goes.mean())
        agreed.append(ends.mean())
    found = accumulate(hazard, NONE, competing, NONE)
    error = 3 * 0.5 / np.sqrt(n)
    assert found.event == pytest.approx(np.cumsum(left), abs=error)
    assert found.competing == pytest.approx(np.cumsum(agreed), abs=error)


def test_slopes_are_those_of_finite_differences(rng: np.random.Generator) -> None:
    hazard, competing = rng.uniform(0.02, 0.4, 6), rng.uniform(0.02, 0.4, 6)
    slope, competing_slope = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))
    found = accumulate(hazard, slope, competing, competing_slope)
    step = 1e-6
    for j in range(5):
        own = slope[:, j] if j < 3 else np.zeros(6)
        other = competing_slope[:, j - 3] if j >= 3 else np.zeros(6)
        up, down = (
            accumulate(
                hazard + sign * step * own, slope, competing + sign * step * other, competing_slope
            )
            for sign in (1, -1)
        )
        numeric = (up.event - down.event) / (2 * step)
        assert found.event_slopes[:, j] == pytest.approx(numeric, abs=1e-8)
        numeric = (up.competing - down.competing) / (2 * step)
        assert found.competing_slopes[:, j] == pytest.approx(numeric, abs=1e-8)


def test_hazard_slopes_are_those_of_finite_differences(frame: pd.DataFrame, fit: Fit) -> None:
    for link in ("cloglog", "logit"):
        hazard = fit(frame, link=link, baseline="log").hazards[0]
        sessions, at = np.array([1.0, 3.0, 8.0]), {"wai": 4.0}
        share, slope = hazard.probabilities(sessions, at)
        design, beta = hazard.design_at(sessions, at), hazard.fit.beta.to_numpy()
        inverse = (
            (lambda eta: 1 - np.exp(-np.exp(eta))) if link == "cloglog"
            else (lambda eta: 1 / (1 + np.exp(-eta)))
        )  # fmt: skip
        assert share == pytest.approx(inverse(design @ beta))
        for j in range(len(beta)):
            move = np.zeros(len(beta))
            move[j] = 1e-6
            numeric = (inverse(design @ (beta + move)) - inverse(design @ (beta - move))) / 2e-6
            assert slope[:, j] == pytest.approx(numeric, rel=1e-5, abs=1e-9)


def test_without_predictors_that_differ_it_is_the_life_table(frame: pd.DataFrame, fit: Fit) -> None:
    """A level a session and a predictor by chance: the observed product of Aalen and Johansen."""
    chance = np.random.default_rng(3).normal(size=len(frame))
    noise = frame.assign(wai=chance)
    result = fit(noise, baseline="factor")
    life = result.life_table()
    life = life[life["hazard"].notna()]
    shares = life["agreed"] / life["at_risk"]
    stay = np.cumprod((1 - shares) * (1 - life["hazard"])).to_numpy()
    before = np.concatenate([[1.0], stay[:-1]])
    observed = np.cumsum(before * ((1 - shares) * life["hazard"]).to_numpy())
    mean = float(result.prepared.rows("event_came")["wai"].mean())
    table = result.incidence(alliance=[mean])
    own = table[table["group"] == "dropout"]["estimate"].to_numpy()
    assert own == pytest.approx(observed, abs=0.01)


def test_ends_lie_between_zero_and_one() -> None:
    low, high = share_ends(np.array([0.0, 0.01, 0.5, 0.99, 1.0]), np.full(5, 0.2), 0.95)
    assert np.isnan(low[[0, 4]]).all() and np.isnan(high[[0, 4]]).all()
    assert ((low[1:4] > 0) & (high[1:4] <= 1)).all()
    low, high = share_ends(np.array([0.3]), np.array([0.01]), 0.95)
    assert low[0] == pytest.approx(0.3 - 1.96 * 0.01, abs=5e-4)
    assert high[0] == pytest.approx(0.3 + 1.96 * 0.01, abs=5e-4)


def test_only_a_change_is_drawn_at_its_own_values(frame: pd.DataFrame, fit: Fit) -> None:
    result = fit(frame, predictors=["change"], baseline="log")
    table = result.incidence()
    own = result.prepared.rows("event_came")["wai_change"]
    values = table.groupby("level", sort=False)["alliance"].first()
    assert values["mean"] == pytest.approx(own.mean())
    assert values["+1 SD"] - values["mean"] == pytest.approx(own.std())
