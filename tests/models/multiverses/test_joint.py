"""Joint statistics and their p values, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from alliance_stats.models.multiverses.joint import joint_table, statistics, z_values


def test_z_has_the_p_value_of_t() -> None:
    t, df = np.array([-3.0, 0.2, 40.0]), np.array([5.0, 50.0, np.inf])
    z = z_values(t, df)
    assert z[:2] == pytest.approx(np.sign(t[:2]) * stats.norm.isf(stats.t.sf(abs(t[:2]), df[:2])))
    assert np.isfinite(z).all()


def test_statistics_by_hand() -> None:
    found = statistics(np.array([1.0, 2.0, -4.0, np.nan]), np.array([2.5, 1.0, -3.0, np.nan]))
    assert (found.median, found.share) == (1.0, 1 / 3)
    assert found.stouffer == pytest.approx(0.5 / np.sqrt(3))


def test_p_counts_draws_at_least_as_extreme_on_both_sides() -> None:
    rng = np.random.default_rng(1)
    draws = rng.normal(size=(4, 99, 2))
    estimate, t, df = np.full(4, 0.4), np.full(4, 1.2), np.full(4, np.inf)
    table = joint_table(estimate, t, df, draws).set_index("test")
    medians = np.abs(np.median(draws[:, :, 0], axis=0))
    assert table["p_value"]["median estimate"] == (1 + (medians >= 0.4).sum()) / 100
    sums = np.abs(draws[:, :, 1].sum(axis=0) / 2)
    assert table["p_value"]["Stouffer's z"] == (1 + (sums >= 2.4).sum()) / 100
    assert table["p_value"]["share significant in one direction"] == 1.0


def test_draws_without_value_count_against() -> None:
    draws = np.full((2, 39, 2), np.nan)
    table = joint_table(np.ones(2), np.full(2, 9.0), np.full(2, 50.0), draws)
    assert (table["p_value"] == 1.0).tolist() == [True, False, False] or table["p_value"].max() == 1
