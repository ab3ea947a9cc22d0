"""Many criteria at once against one at a time, and refits against fresh fits of the same rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.factors import roots, unpack
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.minimum import minimise
from alliance_stats.lmm.resampling.lockstep import Lockstep
from alliance_stats.lmm.resampling.refits import Refit, interior, refit_each
from alliance_stats.lmm.resampling.replicate import Replicate, with_counts, with_response

FORMULAS = {
    "two levels": "y ~ x + w + (1 + x | patient)",
    "three levels": "y ~ x + w + (1 + x | patient) + (1 + x | therapist)",
    "four levels": "y ~ x + (1 + x | patient) + (1 | therapist) + (1 + w | site)",
    "uncorrelated": "y ~ x + w + (1 + x || patient) + (1 | therapist)",
    "no fixed columns of the slope": "y ~ x + (1 + w | patient) + (1 | therapist)",
}


def make_frame(seed: int = 1, *, n_patients: int = 48) -> pd.DataFrame:
    """Sessions in patients in therapists in sites, of uneven numbers."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 9, n_patients)
    patient = np.repeat(np.arange(n_patients), lengths)
    therapist, site = patient // 4, patient // 12
    x, w = rng.normal(size=(2, len(patient)))
    y = 3 + 0.5 * x + rng.normal(size=n_patients)[patient] + rng.normal(size=12)[therapist]
    y = y + rng.normal(size=n_patients)[patient] * x + 0.7 * rng.normal(size=4)[site]
    y = y + rng.normal(size=len(patient))
    weight = rng.uniform(0.5, 2, len(patient))
    columns = {"y": y, "x": x, "w": w, "patient": patient, "therapist": therapist, "site": site}
    return pd.DataFrame({**columns, "weight": weight})


def along_of(criterion: Criterion, response: np.ndarray, frame: pd.DataFrame) -> Replicate:
    """The model with a response given row by row, its cross-products formed naively."""
    design = criterion.design
    known = {"(Intercept)": np.ones(len(frame)), **{c: frame[c].to_numpy() for c in ("x", "w")}}
    standardised = {}
    parts = [(design.names, design.transform)]
    parts += [(b.names, b.transform) for level in design.levels for b in level.blocks]
    positions = [design.x]
    positions += [level.z[b.columns] for level in design.levels for b in level.blocks]
    for (names, transform), at in zip(parts, positions, strict=True):
        original = np.array([known[name] for name in names])
        standardised.update(zip(at.tolist(), transform.T @ original, strict=True))
    columns = np.array([standardised[j] for j in range(design.y)])
    ls = np.array([known[name] for name in design.names]).T @ design.least_squares
    y = (response - ls) / design.scale
    if design.weights:
        root = np.sqrt(frame[design.weights].to_numpy() / design.mean_weight)
        columns, y = columns * root, y * root
    patient = frame["patient"].to_numpy()
    products = [columns[:, patient == g] @ y[patient == g] for g in design.levels[0].labels]
    return with_response(criterion, np.array(products).T, float(y @ y))


def counts_of(criterion: Criterion, seed: int) -> np.ndarray:
    groups = len(criterion.design.levels[-1].labels)
    drawn = np.random.default_rng(seed).integers(0, groups, groups)
    return np.bincount(drawn, minlength=groups)


def compare(replicates: list[Replicate], criterion: Criterion, *, weighted: bool) -> None:
    """Value, gradient and guess of the Hessian of all, together and one by one."""
    together = Lockstep(criterion, len(replicates), weighted)
    for slot, replicate in enumerate(replicates):
        together.fill(slot, replicate)
    rng = np.random.default_rng(3)
    points = rng.normal(scale=0.6, size=(len(replicates), criterion.n_theta))
    found = together.expand(np.arange(len(replicates)), points)
    for row, replicate in enumerate(replicates):
        value, slope, hessian = replicate.criterion.expand(points[row])
        assert found.value[row] == pytest.approx(value, rel=1e-12)
        np.testing.assert_allclose(found.slope[row], slope, rtol=0, atol=1e-9 * abs(slope).max())
        np.testing.assert_allclose(
            found.hessian[row], hessian, rtol=0, atol=1e-9 * abs(hessian).max()
        )


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("name", FORMULAS)
def test_together_as_one_by_one_for_responses(name: str, reml: bool) -> None:
    frame = make_frame()
    criterion = Criterion(al.lmm.build_design(FORMULAS[name], frame), reml)
    rng = np.random.default_rng(2)
    drawn = [along_of(criterion, rng.normal(size=len(frame)), frame) for _ in range(3)]
    compare(drawn, criterion, weighted=False)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("name", FORMULAS)
def test_together_as_one_by_one_for_groups(name: str, reml: bool) -> None:
    frame = make_frame()
    criterion = Criterion(al.lmm.build_design(FORMULAS[name], frame), reml)
    drawn = [with_counts(criterion, counts_of(criterion, seed)) for seed in range(3)]
    compare(drawn, criterion, weighted=True)


@pytest.mark.parametrize("extra", [{}, {"weights": "weight"}], ids=["plain", "weights"])
@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("name", FORMULAS)
def test_given_responses_refit_as_fit_lmm(
    name: str, reml: bool, extra: dict[str, Any], tol: Any
) -> None:
    frame = make_frame()
    fit = al.fit_lmm(FORMULAS[name], frame, reml=reml, **extra)
    drawn = fit.simulate(frame, n=3, rng=5).to_numpy().T
    kept: dict[int, Refit | None] = {}
    refit_each(
        fit.criterion,
        fit.minimum.theta,
        lambda number: along_of(fit.criterion, drawn[number], frame),
        kept.__setitem__,
        n=3,
    )
    for number, response in enumerate(drawn):
        fresh = fit_quietly(FORMULAS[name], frame.assign(y=response), reml=reml, **extra)
        found = kept[number]
        assert found is not None
        refit = type(fit)(fit.formula, found.criterion, found.minimum)
        assert refit.loglik == pytest.approx(fresh.loglik, rel=1e-10, abs=1e-7)
        se = np.sqrt(np.diag(fresh.vcov))
        assert (abs(refit.beta - fresh.beta) / se).max() < tol.beta_in_se
        np.testing.assert_allclose(np.sqrt(np.diag(refit.vcov)), se, rtol=tol.se)
        assert refit.sigma2 == pytest.approx(fresh.sigma2, rel=tol.variance)
        np.testing.assert_allclose(found.beta, refit.profile.beta, rtol=1e-10, atol=1e-12)
        assert found.sigma2 == pytest.approx(refit.profile.sigma2, rel=1e-10)
        for level, table in fresh.covariances.items():
            np.testing.assert_allclose(
                refit.covariances[level], table, atol=tol.variance * fresh.sigma2, rtol=1e-3
            )


@pytest.mark.parametrize("name", ["two levels", "three levels", "four levels"])
def test_drawn_groups_refit_as_fit_lmm_of_the_copied_rows(name: str) -> None:
    frame = make_frame()
    fit = al.fit_lmm(FORMULAS[name], frame)
    top = fit.criterion.design.levels[-1]
    counts = counts_of(fit.criterion, 4)
    copies = []
    for label, count in zip(top.labels, counts, strict=True):
        for copy in range(count):
            rows = frame[frame[top.name] == label]
            units = {c: rows[c] * 100 + copy for c in ("patient", "therapist", "site")}
            copies.append(rows.assign(**units))
    fresh = fit_quietly(FORMULAS[name], pd.concat(copies, ignore_index=True))
    replicate = with_counts(fit.criterion, counts)
    refit = type(fit)(fit.formula, replicate.criterion, minimise(replicate.criterion))
    assert refit.n_obs == fresh.n_obs
    assert refit.loglik == pytest.approx(fresh.loglik, abs=1e-6)
    np.testing.assert_allclose(refit.beta, fresh.beta, rtol=1e-5)
    np.testing.assert_allclose(refit.vcov, fresh.vcov, rtol=1e-4, atol=1e-8)
    assert refit.levels()["n"].tolist() == fresh.levels()["n"].tolist()


def test_a_data_set_without_a_fit_leaves_the_others_alone() -> None:
    frame = make_frame()
    fit = al.fit_lmm(FORMULAS["three levels"], frame)
    good = frame["y"].to_numpy()
    nothing = fit.criterion.design.least_squares @ [np.ones(len(frame)), frame["x"], frame["w"]]
    kept: dict[int, Refit | None] = {}
    refit_each(
        fit.criterion,
        fit.minimum.theta,
        lambda number: along_of(fit.criterion, nothing if number == 1 else good, frame),
        kept.__setitem__,
        n=3,
    )
    assert kept[1] is None
    for number in (0, 2):
        found = kept[number]
        assert found is not None
        np.testing.assert_allclose(found.minimum.theta, fit.minimum.theta, atol=1e-4)


def test_interior_leaves_a_regular_theta_and_moves_a_zero() -> None:
    theta = np.array([1.2, -0.3, 0.8, 0.0])
    moved = interior(theta, [2, 1])
    np.testing.assert_allclose(moved[:3], theta[:3], rtol=1e-12)
    assert moved[3] == pytest.approx(0.1)
    assert np.isfinite(roots(unpack(moved, [2, 1]))).all()
