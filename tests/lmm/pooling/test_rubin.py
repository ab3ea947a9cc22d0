"""Rubin's rules on arrays at their limits."""

from __future__ import annotations

import numpy as np
import pytest

from alliance_stats.lmm.pooling.rubin import (
    barnard_rubin,
    missing_information,
    observed_df,
    rubin,
    rubin_df,
)


def test_textbook_numbers() -> None:
    """Three estimates by hand: Q̄ = 2, Ū = 1, B = 1."""
    pooled = rubin(np.array([[1.0], [2.0], [3.0]]), np.array([[[0.5]], [[1.0]], [[1.5]]]))
    assert pooled.estimate.item() == 2
    assert pooled.within.item() == 1
    assert pooled.between.item() == 1
    assert pooled.total.item() == pytest.approx(7 / 3)
    assert pooled.riv.item() == pytest.approx(4 / 3)
    assert rubin_df(pooled.riv, 3).item() == pytest.approx(2 * (1 + 3 / 4) ** 2)


def test_covariances_between_effects_are_kept() -> None:
    rng = np.random.default_rng(1)
    estimates = rng.normal(size=(6, 3))
    pooled = rubin(estimates, np.tile(np.eye(3), (6, 1, 1)))
    np.testing.assert_allclose(pooled.total, np.eye(3) + 7 / 6 * np.cov(estimates.T), rtol=1e-12)


def test_degrees_of_freedom_stay_below_both() -> None:
    riv = np.array([0.0, 1e-6, 0.1, 1.0, 30.0])
    for complete in (2.0, 15.0, 1e3):
        df = barnard_rubin(riv, 5, complete)
        assert (df <= observed_df(complete)).all()
        assert (df <= rubin_df(riv, 5)).all()
        assert (np.diff(df) < 0).all()
    np.testing.assert_allclose(barnard_rubin(riv, 5, np.inf), rubin_df(riv, 5))


def test_nothing_missing() -> None:
    none = np.array([0.0])
    assert np.isinf(barnard_rubin(none, 5, np.inf)).all()
    assert missing_information(none, np.array([np.inf])).item() == 0
    assert observed_df(np.inf).item() == np.inf
