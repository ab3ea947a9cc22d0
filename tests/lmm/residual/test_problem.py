"""The deviance of structured residuals against n × n matrices, its gradient, its invariances."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.lmm.factors import unpack_roots
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.prediction.conditional import level_transform
from alliance_stats.lmm.residual.fitted import Curvature, FittedResidual
from alliance_stats.lmm.residual.problem import ResidualProblem
from alliance_stats.lmm.residual.read import read_problem

BLOCK = ("patient", "role")
STRUCTURES = {
    "ar1": al.lmm.ar1("session", within=BLOCK),
    "ar1_arms": al.lmm.ar1("session", within=BLOCK, variance_by="arm"),
    "continuous": al.lmm.continuous_ar1("days", within=BLOCK),
    "continuous_arms": al.lmm.continuous_ar1("days", within=BLOCK, variance_by="arm"),
    "arms": al.lmm.variance_by("arm"),
    "roles": al.lmm.unstructured("role", within=("patient", "session")),
}
RANDOM = {
    "none": "",
    "intercept": " + (1 | patient)",
    "slopes": " + (1 + x | patient) + (1 | therapist)",
}
#: ψ far from a fit, ρ below zero where it can be.
PSI = {
    "ar1": [-0.4],
    "ar1_arms": [0.3, 0.6],
    "continuous": [1.2],
    "continuous_arms": [-0.2, 1.5],
    "arms": [0.4],
    "roles": [0.3, -0.7],
}


def problem_of(
    frame: pd.DataFrame, structure: str, random: str, *, reml: bool, weights: str | None = None
) -> ResidualProblem:
    return read_problem(
        f"y ~ x{RANDOM[random]}",
        frame,
        STRUCTURES[structure],
        reml=reml,
        weights=weights,
        offset=None,
    )


def matrix_at(
    dense: SimpleNamespace, problem: ResidualProblem, psi: np.ndarray, frame: pd.DataFrame
) -> np.ndarray:
    """C at ψ, of rows as in the frame."""
    nothing = Curvature(np.empty(0), np.empty(0), np.empty(0))
    structure = problem.rows.structure
    fitted = FittedResidual(
        structure, problem.rows.memory, psi, problem.rows.unit, 0.0, 1.0, nothing
    )
    ratios = dict(zip(fitted.levels, fitted.ratios, strict=False))
    correlation = pd.DataFrame(
        fitted.correlations, index=fitted.levels or [""], columns=fitted.levels or [""]
    )
    return dense.residual_matrix(
        structure, frame, rho=fitted.rho, ratios=ratios, correlation=correlation
    )


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("random", RANDOM)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_deviance_is_that_of_the_definition(
    dense: SimpleNamespace, structure: str, random: str, reml: bool, tol: SimpleNamespace
) -> None:
    frame = dense.small_frame()
    problem = problem_of(frame, structure, random, reml=reml)
    rng = np.random.default_rng(3)
    entries = 0.6 + 0.2 * rng.normal(size=problem.n_theta)
    psi = np.array(PSI[structure])
    value = problem.expand(np.append(entries, psi))[0]
    design = problem.design
    in_data = value + 2.0 * (len(frame) - 2 * reml) * np.log(design.scale)
    in_data += 2.0 * reml * design.log_scales
    columns = {"(Intercept)": np.ones(len(frame)), "x": frame["x"].to_numpy()}
    parts = []
    for level, root in zip(design.levels, unpack_roots(entries, problem.sizes), strict=True):
        half = level_transform(level) @ root
        z = np.column_stack([columns[name] for name in level.effects])
        parts.append((level.name, z, half @ half.T))
    v = dense.random_matrix(frame, parts) + matrix_at(dense, problem, psi, frame)
    x = np.column_stack([np.ones(len(frame)), frame["x"]])
    expected = dense.deviance(frame["y"].to_numpy(), x, v, reml=reml)
    assert in_data == pytest.approx(expected, rel=tol.criterion)


@pytest.mark.parametrize("reml", [True, False])
@pytest.mark.parametrize("random", RANDOM)
@pytest.mark.parametrize("structure", STRUCTURES)
def test_the_gradient_is_exact(
    dense: SimpleNamespace, structure: str, random: str, reml: bool
) -> None:
    frame = dense.small_frame()
    problem = problem_of(frame, structure, random, reml=reml)
    rng = np.random.default_rng(4)
    point = np.append(0.6 + 0.2 * rng.normal(size=problem.n_theta), PSI[structure])
    gradient = problem.expand(point)[1]
    steps = 1e-5 * np.eye(len(point))
    numeric = [(problem.expand(point + h)[0] - problem.expand(point - h)[0]) / 2e-5 for h in steps]
    assert np.allclose(gradient, numeric, rtol=1e-6, atol=1e-6 * np.abs(gradient).max())


@pytest.mark.parametrize("structure", STRUCTURES)
def test_slopes_of_the_products_are_exact(dense: SimpleNamespace, structure: str) -> None:
    frame = dense.small_frame()
    problem = problem_of(frame, structure, "slopes", reml=True)
    psi, theta = np.array(PSI[structure]), np.array([0.8, 0.1, 0.5, 0.6])

    def top(psi: np.ndarray) -> np.ndarray:
        return problem.whitened(psi).criterion.profile(theta).eliminated.top

    model = problem.whitened(psi)
    found = problem.top_slopes(model, model.criterion.profile(theta))
    for slope, h in zip(found, 1e-5 * np.eye(len(psi)), strict=True):
        numeric = (top(psi + h) - top(psi - h)) / 2e-5
        assert np.allclose(slope, numeric, rtol=1e-6, atol=1e-6 * np.abs(numeric).max())


@pytest.mark.parametrize("structure", STRUCTURES)
def test_colour_undoes_whitening(dense: SimpleNamespace, structure: str) -> None:
    frame = dense.small_frame()
    problem = problem_of(frame, structure, "none", reml=True)
    psi = np.array(PSI[structure])
    covariance = problem.covariance(psi)
    n = len(frame)
    half = np.column_stack([covariance.colour(unit) for unit in np.eye(n)])
    order = problem.rows.blocks.order
    expected = matrix_at(dense, problem, psi, frame)[np.ix_(order, order)]
    assert np.allclose(half @ half.T, expected, rtol=0, atol=1e-12)
    assert np.allclose(covariance.whiten(half.T), np.eye(n), rtol=0, atol=1e-10)
    assert covariance.logdet == pytest.approx(np.linalg.slogdet(expected)[1], abs=1e-10)


@pytest.mark.parametrize("structure", ["ar1", "continuous_arms", "roles"])
def test_weights_divide_the_variances(
    dense: SimpleNamespace, structure: str, tol: SimpleNamespace
) -> None:
    frame = dense.small_frame()
    problem = problem_of(frame, structure, "intercept", reml=False, weights="w")
    psi = np.array(PSI[structure])
    value = problem.expand(np.append(0.7, psi))[0] - problem.design.log_weights
    value += 2.0 * len(frame) * np.log(problem.design.scale)
    root = np.sqrt(frame["w"].to_numpy() / frame["w"].mean())
    c = matrix_at(dense, problem, psi, frame) / root[:, None] / root
    level = problem.design.levels[0]
    half = level_transform(level) @ np.array([[0.7]])
    v = dense.random_matrix(frame, [("patient", np.ones((len(frame), 1)), half @ half.T)]) + c
    x = np.column_stack([np.ones(len(frame)), frame["x"]])
    expected = dense.deviance(frame["y"].to_numpy(), x, v, reml=False)
    assert value == pytest.approx(expected, rel=tol.criterion)


def test_order_and_labels_of_rows_do_not_matter(
    dense: SimpleNamespace, tol: SimpleNamespace
) -> None:
    frame = dense.small_frame()
    structure = STRUCTURES["ar1_arms"]
    formula = "y ~ x + (1 | patient)"
    one = fit_quietly(formula, frame, residual=structure)
    other = frame.assign(patient=frame["patient"].map(lambda p: f"{9 - int(p[1])}-id"))
    two = fit_quietly(formula, other.sample(frac=1, random_state=5), residual=structure)
    assert two.loglik == pytest.approx(one.loglik, abs=tol.loglik_absolute)
    assert np.allclose(two.beta, one.beta, rtol=0, atol=tol.beta_in_se * 0.1)
    assert np.allclose(two.residual.psi, one.residual.psi, rtol=0, atol=1e-4)


def test_units_of_the_response_and_predictors_do_not_matter(dense: SimpleNamespace) -> None:
    frame = dense.small_frame()
    structure = STRUCTURES["continuous"]
    one = fit_quietly("y ~ x + (1 + x | patient)", frame, residual=structure)
    scaled = frame.assign(y=1e5 + 1e3 * frame["y"], x=1e6 * frame["x"])
    two = fit_quietly("y ~ x + (1 + x | patient)", scaled, residual=structure)
    assert two.residual.rho == pytest.approx(one.residual.rho, rel=1e-4)
    assert two.sigma == pytest.approx(1e3 * one.sigma, rel=1e-4)


def test_time_in_other_units_gives_a_power_of_rho(dense: SimpleNamespace) -> None:
    frame = dense.small_frame()
    weeks = frame.assign(days=frame["days"] / 7.0)
    by_days, by_weeks = (
        fit_quietly("y ~ x + (1 | patient)", rows, residual=STRUCTURES["continuous"])
        for rows in (frame, weeks)
    )
    assert by_weeks.loglik == pytest.approx(by_days.loglik, abs=1e-6)
    assert by_weeks.residual.rho == pytest.approx(by_days.residual.rho**7, rel=1e-3)


def test_without_correlation_the_criterion_is_the_plain_one(
    dense: SimpleNamespace, tol: SimpleNamespace
) -> None:
    frame = dense.small_frame()
    problem = problem_of(frame, "ar1", "intercept", reml=True)
    plain = al.lmm.Criterion(al.lmm.build_design("y ~ x + (1 | patient)", frame), reml=True)
    entries = np.array([0.8])
    joint = problem.expand(np.append(entries, 0.0))[0]
    assert joint == pytest.approx(plain.expand(entries)[0], rel=tol.criterion)
