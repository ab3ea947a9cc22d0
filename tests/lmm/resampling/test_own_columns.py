"""Data sets with columns of their own: their criteria and fits against fits of the same rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.design.build import build_design
from alliance_stats.lmm.factors import roots, unpack
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.resampling.own_columns import OwnColumns, fit_together, mean_theta
from alliance_stats.lmm.resampling.refits import interior

from .test_lockstep import make_frame

FORMULAS = {
    "two levels": "y ~ x + w + (1 + x | patient)",
    "three levels": "y ~ x + w + (1 + x | patient) + (1 | therapist)",
    "slopes at both": "y ~ x + w + (1 + x | patient) + (1 + w | therapist)",
    "uncorrelated": "y ~ x + w + (1 + x || patient) + (1 | therapist)",
    "ML": "y ~ x + w + (1 | patient)",
}
N = 4


def drawn(name: str) -> tuple[Criterion, OwnColumns, list[pd.DataFrame]]:
    """A fit's criterion, and four data sets with its groups and other numbers."""
    frames = [make_frame(seed) for seed in range(2, 2 + N)]
    first = make_frame(1)
    frames = [first.assign(**{c: f[c].to_numpy()[: len(first)] for c in "xwy"}) for f in frames
              if len(f) >= len(first)]  # fmt: skip
    criterion = Criterion(build_design(FORMULAS[name], first), reml=name != "ML")
    order = np.argsort(first["patient"].to_numpy(), kind="stable")
    columns = np.array(
        [[np.ones(len(f)), f["x"].to_numpy(), f["w"].to_numpy()] for f in frames]
    ).transpose(1, 2, 0)[:, order]
    data = OwnColumns(criterion, len(frames), weighted=False)
    data.fill_all(columns, np.array([f["y"].to_numpy() for f in frames]).T[order])
    return criterion, data, frames


@pytest.mark.parametrize("name", FORMULAS)
def test_fits_are_those_of_the_rows(name: str) -> None:
    criterion, data, frames = drawn(name)
    assert frames
    theta = interior(criterion.start, criterion.sizes)
    ends = fit_together(data, roots(unpack(theta, criterion.sizes)), tolerance=1e-11)
    assert ends.converged.all()
    for k, frame in enumerate(frames):
        fit = fit_quietly(FORMULAS[name], frame, reml=criterion.reml)
        se = np.sqrt(np.diag(fit.vcov))
        assert np.abs(ends.beta[k] - fit.beta.to_numpy()) == pytest.approx(0.0, abs=1e-4 * se.min())
        assert ends.se[k] == pytest.approx(se, rel=1e-4)


def test_a_data_set_without_a_fit_is_said_to_have_none() -> None:
    """A column of zeros leaves X'V⁻¹X singular; the data sets beside it do not mind."""
    criterion, data, frames = drawn("two levels")
    columns = np.ones((3, len(frames[0]), 2))
    columns[1:] = np.random.default_rng(1).normal(size=columns[1:].shape)
    columns[2, :, 1] = 0.0
    y = np.random.default_rng(2).normal(size=columns.shape[1:])
    both = OwnColumns(criterion, 2, weighted=False)
    both.fill_all(columns, y)
    start = roots(unpack(criterion.start, criterion.sizes))
    assert fit_together(both, start, tolerance=1e-6).converged.tolist() == [True, False]


def test_the_mean_theta_is_that_of_covariances() -> None:
    criterion, _, _ = drawn("three levels")
    sizes = criterion.sizes
    parts = [unpack(np.array([0.6, 0.1, 0.4, 0.3]), sizes), unpack(np.ones(4), sizes)]
    entries = np.array([roots(factors) for factors in parts])
    found = unpack(mean_theta(criterion, entries), sizes)
    for block, factor in enumerate(found):
        covariances = [p[block] @ p[block].T for p in parts]
        assert factor @ factor.T == pytest.approx(np.mean(covariances, axis=0))
