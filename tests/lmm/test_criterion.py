"""The criterion against naive dense matrices, its gradient against differences."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.design.build import build_design
from alliance_stats.lmm.factors import roots, unpack

FORMULAS = {
    "two levels": "y ~ x + (1 | patient)",
    "correlated slope": "y ~ x + w + (1 + x | patient)",
    "slope only": "y ~ x + (0 + x | patient)",
    "three levels": "y ~ x + w + (1 + x | patient) + (1 + w | therapist)",
    "slope outside the fixed part": "y ~ x + (1 + w | patient)",
    "no fixed intercept": "y ~ 0 + x + w + (1 | patient)",
    "three columns": "y ~ x + (1 + x + w | patient)",
    "four levels": "y ~ x + (1 | patient) + (1 + x | therapist) + (1 | site)",
    "uncorrelated": "y ~ x + w + (1 + x + w || patient)",
    "several terms of one factor": "y ~ x + w + (1 + x | patient) + (0 + w | patient)",
    "crossed": "y ~ x + (1 | patient) + (1 | rater)",
    "crossed slopes": "y ~ x + w + (1 + x | patient) + (1 + w | rater)",
    "partly crossed": "y ~ x + w + (1 + x + w | patient) + (1 + x || moved)",
    "three crossed": "y ~ x + (1 + x | patient) + (1 | rater) + (1 + w | therapist)",
    "crossed and nested": "y ~ x + (1 | patient) + (1 | therapist) + (1 | site) + (0 + x | rater)",
}
CASES: dict[str, tuple[str, dict[str, str]]] = {name: (f, {}) for name, f in FORMULAS.items()}
CASES |= {
    "weights": (FORMULAS["three levels"], {"weights": "precision"}),
    "weights and crossed": (FORMULAS["crossed slopes"], {"weights": "precision"}),
    "weights without intercept": (FORMULAS["no fixed intercept"], {"weights": "precision"}),
    "offset": (FORMULAS["correlated slope"], {"offset": "known"}),
    "both": (FORMULAS["three levels"], {"weights": "precision", "offset": "known"}),
}


def make_frame(rng: np.random.Generator) -> pd.DataFrame:
    patient = np.repeat(np.arange(14), rng.integers(3, 8, 14))
    therapist = (np.arange(14) % 4)[patient]
    n = len(patient)
    x, w = rng.normal(2.0, 1.0, n), rng.normal(0.0, 3.0, n)
    y = 10 + x + rng.normal(0, 2, 14)[patient] + rng.normal(0, 1, 4)[therapist]
    y = y + rng.normal(0, 0.5, 14)[patient] * x + rng.normal(0, 1.5, n)
    columns = {"y": y, "x": x, "w": w, "patient": patient, "therapist": therapist}
    frame = pd.DataFrame(columns | {"site": therapist % 2})
    frame["rater"] = rng.integers(0, 5, n)
    frame["moved"] = np.where(rng.random(n) < 0.1, (therapist + 1) % 4, therapist)
    frame["precision"] = rng.uniform(0.2, 9.0, n)
    frame["known"] = rng.normal(0, 3, n)
    return frame.sample(frac=1.0, random_state=3).reset_index(drop=True)


def dense_deviance(
    criterion: Criterion, theta: np.ndarray, frame: pd.DataFrame
) -> tuple[float, np.ndarray]:
    """Deviance and β from V = ZΣZ' + I over the original columns."""
    design = criterion.design
    columns = {"(Intercept)": np.ones(len(frame))} | {
        name: frame[name].to_numpy() for name in ("x", "w")
    }
    n = len(frame)
    w = frame[design.weights].to_numpy() if design.weights else np.ones(n)
    v = np.diag(w.mean() / w)
    factors = iter(unpack(theta, criterion.sizes))
    for level in design.levels:
        codes = frame[level.name].to_numpy()
        for block in level.blocks:
            z = np.column_stack([columns[t] for t in block.names])
            half = block.transform @ next(factors)
            v += (codes[:, None] == codes[None, :]) * (z @ half @ half.T @ z.T)
    x = np.column_stack([columns[name] for name in design.names])
    y = frame["y"].to_numpy() - (frame[design.offset].to_numpy() if design.offset else 0.0)
    solved = np.linalg.solve(v, x)
    information = x.T @ solved
    beta = np.linalg.solve(information, solved.T @ y)
    residual = y - x @ beta
    r2 = residual @ np.linalg.solve(v, residual)
    m = criterion.degrees
    value = np.linalg.slogdet(v)[1] + m * (1 + np.log(2 * np.pi * r2 / m))
    if criterion.reml:
        value += np.linalg.slogdet(information)[1]
    return float(value), beta


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_deviance_and_coefficients_equal_dense(
    case: tuple[str, dict[str, str]], reml: bool, rng: np.random.Generator
) -> None:
    frame = make_frame(rng)
    criterion = Criterion(build_design(case[0], frame, **case[1]), reml)
    design = criterion.design
    theta = rng.normal(size=criterion.n_theta)
    profile = criterion.profile(theta)
    value, beta = dense_deviance(criterion, theta, frame)
    found = profile.deviance + 2 * criterion.degrees * np.log(design.scale) - design.log_weights
    found += 2 * design.log_scales * reml
    assert found == pytest.approx(value, rel=1e-10)
    np.testing.assert_allclose(
        design.transform @ profile.beta * design.scale + design.least_squares, beta, rtol=1e-8
    )


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_gradient_equals_central_differences(
    case: tuple[str, dict[str, str]], reml: bool, rng: np.random.Generator
) -> None:
    criterion = Criterion(build_design(case[0], make_frame(rng), **case[1]), reml)
    theta = rng.normal(size=criterion.n_theta)
    _, gradient = criterion(theta)
    step = 1e-5
    for k in range(len(theta)):
        up, down = theta.copy(), theta.copy()
        up[k] += step
        down[k] -= step
        difference = (criterion(up)[0] - criterion(down)[0]) / (2 * step)
        assert gradient[k] == pytest.approx(difference, rel=1e-5, abs=1e-6)


def test_deviance_is_even_in_every_column_of_the_factor(rng: np.random.Generator) -> None:
    criterion = Criterion(build_design(FORMULAS["three levels"], make_frame(rng)))
    theta = rng.normal(size=criterion.n_theta)
    flipped = theta * np.array([-1, -1, 1, 1, 1, -1.0])
    assert criterion(flipped)[0] == pytest.approx(criterion(theta)[0], rel=1e-13)


def test_expansion_in_symmetric_roots_equals_differences(rng: np.random.Generator) -> None:
    criterion = Criterion(build_design(FORMULAS["three levels"], make_frame(rng)))
    entries = rng.normal(size=6)
    _, gradient, _ = criterion.expand(entries)
    for k in range(6):
        up, down = entries.copy(), entries.copy()
        up[k] += 1e-5
        down[k] -= 1e-5
        difference = (criterion.expand(up)[0] - criterion.expand(down)[0]) / 2e-5
        assert gradient[k] == pytest.approx(difference, rel=1e-5, abs=1e-6)


def test_roots_and_triangles_are_the_same_point(rng: np.random.Generator) -> None:
    criterion = Criterion(build_design(FORMULAS["three levels"], make_frame(rng)))
    theta = rng.normal(size=6)
    entries = roots(unpack(theta, criterion.sizes))
    assert criterion.expand(entries)[0] == pytest.approx(criterion(theta)[0], rel=1e-12)


def test_the_guess_of_the_hessian_is_the_expected_information(rng: np.random.Generator) -> None:
    """One level: the guess against Σ_g tr(N dΣ N dΣ) with N from dense matrices."""
    criterion = Criterion(build_design(FORMULAS["correlated slope"], make_frame(rng)))
    entries = rng.normal(size=3)
    root = np.array([[entries[0], entries[1]], [entries[1], entries[2]]])
    profile = criterion.profile_at([root])
    n = profile.eliminated.states[0].n
    values, vectors = np.linalg.eigh(criterion.gradients(profile)[0])
    positive = (vectors * np.maximum(values, 0)) @ vectors.T
    hessian = criterion.expand(entries)[2]
    basis = [np.diag([1.0, 0.0]), np.array([[0.0, 1.0], [1.0, 0.0]]), np.diag([0.0, 1.0])]
    for a, da in enumerate(basis):
        for b, db in enumerate(basis):
            sa, sb = da @ root + root @ da, db @ root + root @ db
            each = [np.trace(n[:, :, g] @ sa @ n[:, :, g] @ sb) for g in range(n.shape[-1])]
            expected = sum(each) + 2 * np.trace(positive @ da @ db)
            slack = 1e-9 if a != b else 1e-3  # the ridge is on the diagonal
            assert hessian[a, b] == pytest.approx(expected, rel=slack, abs=1e-8)


def test_the_guess_of_the_hessian_is_positive_definite_everywhere(
    rng: np.random.Generator,
) -> None:
    criterion = Criterion(build_design(FORMULAS["three levels"], make_frame(rng)))
    for entries in (rng.normal(size=6), np.zeros(6), 1e3 * rng.normal(size=6)):
        assert np.linalg.eigvalsh(criterion.expand(entries)[2])[0] > 0


def test_absurdly_large_random_effects_are_undefined_not_an_error(rng: np.random.Generator) -> None:
    criterion = Criterion(build_design(FORMULAS["three levels"], make_frame(rng)))
    for size in (1e6, 1e9, 1e15):
        value, gradient, hessian = criterion.expand(size * np.array([1, 0, 1, 1, 0, 1.0]))
        assert value > criterion(criterion.start)[0]
        assert np.isfinite(gradient).all() and np.isfinite(hessian).all()
