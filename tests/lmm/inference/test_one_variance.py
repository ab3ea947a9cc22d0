"""The exact interval of an intraclass correlation: dense oracle, ICC of a table, coverage."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f as f_law

import alliance_stats as al
from alliance_stats.lmm.inference.one_variance import ExactIcc, exact_icc, pivot_of
from alliance_stats.lmm.result import MixedModelResult

MODEL = "y ~ x + top + (1 | group)"


def unbalanced(seed: int, n_groups: int = 9, tau: float = 1.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 12, n_groups)
    group = np.repeat(np.arange(n_groups), sizes)
    x, top = rng.normal(size=len(group)), rng.normal(size=n_groups)[group]
    y = 3 + x - top + tau * rng.normal(size=n_groups)[group] + rng.normal(size=len(group))
    return pd.DataFrame({"y": y, "x": x, "top": top, "group": [f"g{k}" for k in group]})


def fitted(frame: pd.DataFrame, formula: str = MODEL) -> MixedModelResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.fit_lmm(formula, frame)


def dense_pivot(frame: pd.DataFrame, icc: float) -> tuple[float, int, int]:
    """W from V = (1 − ICC)I + ICC·ZZ', and its degrees of freedom."""
    codes, labels = pd.factorize(frame["group"])
    z = np.eye(len(labels))[codes]
    x = np.column_stack([np.ones(len(frame)), frame["x"], frame["top"]])
    y = frame["y"].to_numpy()
    v = np.linalg.inv((1 - icc) * np.eye(len(y)) + icc * z @ z.T)
    total = y @ v @ y - y @ v @ x @ np.linalg.solve(x.T @ v @ x, x.T @ v @ y)
    both = np.column_stack([x, z])
    rank = int(np.linalg.matrix_rank(both))
    rest = float(((y - both @ np.linalg.lstsq(both, y, rcond=None)[0]) ** 2).sum())
    r, e = rank - x.shape[1], len(y) - rank
    return ((1 - icc) * total - rest) / r / (rest / e), r, e


@pytest.mark.parametrize("icc", [0.0, 0.2, 0.9])
def test_the_pivot_is_that_of_dense_matrices(icc: float, tol: SimpleNamespace) -> None:
    frame = unbalanced(1)
    pivot = pivot_of(fitted(frame))
    expected, r, e = dense_pivot(frame, icc)
    assert (pivot.df_groups, pivot.df_rest) == (r, e)
    assert pivot.at(icc) == pytest.approx(expected, rel=tol.closed_form)


def test_the_ends_have_their_tails(tol: SimpleNamespace) -> None:
    frame = unbalanced(1)
    found = exact_icc(fitted(frame), conf_level=0.9)
    for end, tail in ((found.ci_low, 0.05), (found.ci_high, 0.95)):
        w, r, e = dense_pivot(frame, end)
        assert f_law.sf(w, r, e) == pytest.approx(tail, rel=tol.closed_form)
    assert found.statistic == pytest.approx(dense_pivot(frame, 0.0)[0], rel=tol.closed_form)
    assert found.p_value == pytest.approx(f_law.sf(found.statistic, r, e), rel=tol.closed_form)


def test_order_labels_and_scales_do_not_matter(tol: SimpleNamespace) -> None:
    frame = unbalanced(2)
    other = frame.sample(frac=1.0, random_state=1)
    other = other.assign(y=1e4 + 1e3 * other["y"], x=1e-4 * other["x"], group="z" + other["group"])
    one, two = exact_icc(fitted(frame)), exact_icc(fitted(other))
    assert two.ci_low == pytest.approx(one.ci_low, abs=tol.closed_form)
    assert two.ci_high == pytest.approx(one.ci_high, abs=tol.closed_form)
    assert two.p_value == pytest.approx(one.p_value, rel=tol.closed_form)


def test_of_a_complete_table_it_is_the_interval_of_the_first_icc(tol: SimpleNamespace) -> None:
    """Shrout and Fleiss's F interval of ICC(1,1), by the mean squares of another room."""
    rng = np.random.default_rng(3)
    target = np.repeat(np.arange(12), 4)
    rating = rng.normal(size=12)[target] + rng.normal(size=48)
    frame = pd.DataFrame({"target": target, "rater": np.tile(np.arange(4), 12), "rating": rating})
    table = al.icc(frame, targets="target", raters="rater", ratings="rating").tidy()
    expected = table.loc[table["shrout_fleiss"] == "ICC(1,1)"].iloc[0]
    found = exact_icc(fitted(frame, "rating ~ 1 + (1 | target)"))
    assert found.icc == pytest.approx(expected["estimate"], abs=1e-6)
    assert found.ci_low == pytest.approx(expected["ci_low"], abs=tol.closed_form)
    assert found.ci_high == pytest.approx(expected["ci_high"], abs=tol.closed_form)


def test_groups_more_alike_than_by_chance_leave_zero_only() -> None:
    group = np.repeat(np.arange(10), 4)
    y = np.tile([-1.0, 1.0, -3.0, 3.0], 10) + 1e-3 * np.random.default_rng(1).normal(size=40)
    found = exact_icc(fitted(pd.DataFrame({"y": y, "group": group}), "y ~ 1 + (1 | group)"))
    assert (found.icc, found.ci_low, found.ci_high) == (0.0, 0.0, 0.0)
    assert found.p_value > 0.999


def test_without_anything_left_it_is_undefined() -> None:
    """Two groups and a predictor of groups: the fixed part explains all that groups could."""
    rng = np.random.default_rng(1)
    group = np.repeat([0, 1], 6)
    frame = pd.DataFrame({"y": rng.normal(size=12), "top": group * 1.0, "group": group})
    found = exact_icc(fitted(frame, "y ~ top + (1 | group)"))
    assert isinstance(found, ExactIcc)
    assert np.isnan([found.ci_low, found.ci_high, found.p_value]).all()
    assert found.df_groups == 0


@pytest.mark.parametrize(
    "formula", ["y ~ x + (1 + x | group)", "y ~ x + (1 | group) + (1 | other)"]
)
def test_other_models_are_refused(formula: str) -> None:
    frame = unbalanced(4, n_groups=12)
    frame["other"] = np.arange(len(frame)) % 7
    with pytest.raises(al.UnsupportedError, match="one random intercept"):
        exact_icc(fitted(frame, formula))


@pytest.mark.parametrize("tau", [0.0, 0.5, 1.5])
def test_it_holds_the_truth_at_its_level(tau: float) -> None:
    """250 studies of 9 unequal groups: four Monte Carlo errors."""
    truth = tau**2 / (tau**2 + 1)
    hits = []
    for seed in range(250):
        found = exact_icc(fitted(unbalanced(seed, tau=tau)), conf_level=0.9)
        hits.append(found.ci_low <= truth <= found.ci_high)
    expected = 0.95 if tau == 0.0 else 0.9  # below zero there is nothing to miss
    assert abs(np.mean(hits) - expected) < 4 * np.sqrt(expected * (1 - expected) / 250)
