"""R² of subsets against the engine's own fits; draws against fits to copied rows; bad draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.lmm.explained.estimates import fitted_components
from alliance_stats.lmm.explained.moments import column_moments
from alliance_stats.lmm.resampling.clusters import clusters_of
from alliance_stats.lmm.resampling.draws import cluster_counts
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.lmm.subsets.fit import Subsets, fit_subsets, refit_subsets
from alliance_stats.lmm.subsets.sums import group_sums

RANDOM = {1: "(1 | patient)", 2: "(1 | patient) + (1 | therapist)"}
#: Subsets of (1, a, b, c); the last has all.
MASKS = np.array([[1, 0, 0, 0], [1, 1, 0, 0], [1, 0, 1, 1], [1, 1, 1, 1]], dtype=bool)
NAMES = np.array(["1", "a", "b", "c"])
#: The engine ends within 1e-10 of the deviance, which is 1e-6 in a variance.
CLOSE = 1e-6


def subsets() -> Subsets:
    return Subsets(MASKS, 3, np.array([0]), [np.array([1]), np.array([2]), np.array([3])])


def of_engine(fit: MixedModelResult) -> tuple[float, float]:
    """R² within and between by the components of a fit."""
    parts = fitted_components(fit, column_moments(fit.criterion.design))
    between = parts.fixed[1:].sum()
    return (
        float(parts.fixed[0] / (parts.fixed[0] + parts.residual)),
        float(between / (between + parts.means.sum())),
    )


@pytest.mark.parametrize("factors", [1, 2])
def test_r2_is_that_of_single_fits(frame: pd.DataFrame, factors: int) -> None:
    whole = al.fit_lmm(f"y ~ a + b + c + {RANDOM[factors]}", frame)
    found = fit_subsets(group_sums(whole.criterion), subsets())
    for row, mask in enumerate(MASKS):
        fit = al.fit_lmm(f"y ~ {' + '.join(NAMES[mask])} + {RANDOM[factors]}", frame)
        expected = of_engine(fit)
        assert found.within[row] == pytest.approx(expected[0], abs=CLOSE)
        assert found.between[row] == pytest.approx(expected[1], abs=CLOSE)
        assert found.solution.theta[row] == pytest.approx(fit.minimum.theta**2, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("factors", [1, 2])
def test_draws_are_fits_to_copied_rows(frame: pd.DataFrame, factors: int) -> None:
    unit = "patient" if factors == 1 else "therapist"
    whole = al.fit_lmm(f"y ~ a + b + c + {RANDOM[factors]}", frame)
    groups, clusters = group_sums(whole.criterion), clusters_of(whole.criterion)
    fits = fit_subsets(groups, subsets())
    within, between = refit_subsets(groups, subsets(), fits, clusters, n=3, rng=2)
    labels = whole.criterion.design.levels[-1].labels
    for number, counts in enumerate(cluster_counts(clusters, 3, 2)):
        copies = [
            frame[frame[unit].astype(str) == str(label)].assign(copy=copy)
            for label, count in zip(labels, counts, strict=True)
            for copy in range(count)
        ]
        drawn = pd.concat(copies, ignore_index=True)
        for name in ("patient", "therapist"):
            drawn[name] = drawn[name].astype(str) + "." + drawn["copy"].astype(str)
        expected = of_engine(al.fit_lmm(f"y ~ b + c + {RANDOM[factors]}", drawn))
        assert within[number, 2] == pytest.approx(expected[0], abs=CLOSE)
        assert between[number, 2] == pytest.approx(expected[1], abs=1e-5)


def test_a_variance_at_zero(frame: pd.DataFrame) -> None:
    """Therapists without differences: ϑ ends at exactly zero, as the engine's θ does."""
    flat = frame.assign(y=frame["y"] - frame.groupby("therapist")["y"].transform("mean"))
    whole = al.fit_lmm(f"y ~ a + b + c + {RANDOM[2]}", flat)
    found = fit_subsets(group_sums(whole.criterion), subsets())
    assert whole.singular
    assert (found.solution.theta[:, 1] == 0.0).all()
    assert found.solution.converged.all()
    assert found.within[3] == pytest.approx(of_engine(whole)[0], abs=CLOSE)


def test_a_category_that_is_not_drawn_counts_nothing(frame: pd.DataFrame) -> None:
    """A column that is zero but in one patient is left out of draws without that patient."""
    rare = frame.assign(rare=(frame["patient"] == 5).astype(float))
    whole = al.fit_lmm(f"y ~ a + rare + {RANDOM[1]}", rare)
    groups, clusters = group_sums(whole.criterion), clusters_of(whole.criterion)
    masks = np.array([[1, 1, 0], [1, 1, 1]], dtype=bool)
    own = Subsets(masks, 1, np.array([0]), [np.array([1]), np.array([2])])
    within, between = refit_subsets(groups, own, fit_subsets(groups, own), clusters, n=30, rng=1)
    assert np.isfinite(within).all()
    counts = cluster_counts(clusters, 30, 1)
    at = whole.criterion.design.levels[0].labels.tolist().index(5)
    absent = counts[:, at] == 0
    assert absent.any() and not absent.all()
    assert between[absent, 0] == pytest.approx(between[absent, 1], abs=1e-7)
    assert (abs(between[~absent, 0] - between[~absent, 1]) > 1e-6).all()


def test_other_models_are_refused(frame: pd.DataFrame) -> None:
    slopes = al.fit_lmm("y ~ a + (1 + a | therapist)", frame)
    with pytest.raises(al.UnsupportedError, match="random intercepts of one factor"):
        group_sums(slopes.criterion)
    weighted = al.fit_lmm("y ~ a + (1 | patient)", frame.assign(w=2.0), weights="w")
    with pytest.raises(al.UnsupportedError, match="without prior weights"):
        group_sums(weighted.criterion)
