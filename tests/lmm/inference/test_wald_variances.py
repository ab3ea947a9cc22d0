"""Wald intervals of standard deviations and correlations: a dense oracle, invariance, limits."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.lmm.inference.wald_variances import wald_variances


def simulated(sd: float = 1.5) -> pd.DataFrame:
    rng = np.random.default_rng(7)
    g = np.repeat(np.arange(25), 6)
    x = rng.normal(size=len(g))
    effects = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 0.7]], size=25) * sd
    y = 2 + 0.3 * x + effects[g, 0] + effects[g, 1] * x + rng.normal(size=len(g))
    return pd.DataFrame({"y": y, "x": x, "g": g})


def deviance(frame: pd.DataFrame, point: np.ndarray) -> float:
    """−2 restricted log-likelihood at two log SDs, Fisher's z, and log σ, row by row."""
    sd, r = np.exp(point[:2]), np.tanh(point[2])
    cov = np.outer(sd, sd) * np.array([[1.0, r], [r, 1.0]])
    z = np.column_stack([np.ones(len(frame)), frame["x"]])
    same = frame["g"].to_numpy()[:, None] == frame["g"].to_numpy()
    v = same * (z @ cov @ z.T) + np.exp(2 * point[3]) * np.eye(len(frame))
    inverse = np.linalg.inv(v)
    information = z.T @ inverse @ z
    y = frame["y"].to_numpy()
    left = y - z @ np.linalg.solve(information, z.T @ inverse @ y)
    dets = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
    return float(dets + left @ inverse @ left)


def test_from_the_curvature_of_a_dense_likelihood() -> None:
    frame = simulated()
    table = wald_variances(al.fit_lmm("y ~ x + (1 + x | g)", frame))
    estimate = table["estimate"].to_numpy()
    point = np.append(np.log(estimate[:2]), [np.arctanh(estimate[2]), np.log(estimate[3])])
    step, unit = 2e-3, np.eye(4)
    hessian = np.empty((4, 4))
    for i in range(4):
        for j in range(4):
            moves = [
                deviance(frame, point + step * (a * unit[i] + b * unit[j])) * a * b
                for a in (1, -1) for b in (1, -1)
            ]  # fmt: skip
            hessian[i, j] = sum(moves) / (4 * step**2)
    half = 1.959963984540054 * np.sqrt(np.diag(2 * np.linalg.inv(hessian)))
    wanted = np.column_stack([point - half, point + half])
    found = table[["ci_low", "ci_high"]].to_numpy()
    found[2] = np.exp(np.arctanh(found[2]))
    found = np.log(found)
    assert found == pytest.approx(wanted, abs=2e-4)


def test_units_do_not_matter() -> None:
    frame = simulated()
    first = wald_variances(al.fit_lmm("y ~ x + (1 + x | g)", frame))
    other = wald_variances(al.fit_lmm("y ~ x + (1 + x | g)", frame.assign(y=100 * frame["y"])))
    factor = np.where(first["with_term"] == "", 100.0, 1.0)
    for name in ("estimate", "ci_low", "ci_high"):
        assert other[name].to_numpy() == pytest.approx(factor * first[name].to_numpy(), rel=1e-5)


def test_no_interval_of_a_variance_that_vanished() -> None:
    frame = simulated(sd=0.0)
    frame["y"] -= frame.groupby("g")["y"].transform("mean")
    with pytest.warns(Warning):
        fit = al.fit_lmm("y ~ x + (1 | g)", frame)
    table = wald_variances(fit).set_index("group")
    assert table.loc["g", "estimate"] == 0.0
    assert np.isnan(table.loc["g", "ci_low"]) and np.isfinite(table.loc["Residual", "ci_low"])


def test_rows_of_var_corr_in_order() -> None:
    frame = simulated()
    fit = al.fit_lmm("y ~ x + (1 + x || g)", frame)
    table, known = wald_variances(fit), fit.var_corr()
    assert table[["group", "term"]].equals(known[["group", "term"]])
