"""Fits and criteria against lme4 and lmerTest at tight settings (tests/reference/README.md)."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats.formula.parse import parse_formula
from alliance_stats.lmm.build import build_design
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.factors import canonical, pack, unpack
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult

CASES = (
    "interaction_factor",
    "scales",
    "singular_slope",
    "singular_therapist",
    "slope_only",
    "three_columns",
    "three_level_intercepts",
    "three_level_slopes",
    "two_level_intercept",
    "two_level_slope",
    "unbalanced_missing",
)
Load = Callable[[str], tuple[pd.DataFrame, dict[str, Any]]]


def in_r(name: str) -> str:
    """A coefficient's name as R writes it: ``treatment[cbt]`` is ``treatmentcbt``."""
    return name.replace("[", "").replace("]", "")


@pytest.fixture(scope="module", params=[(c, m) for c in CASES for m in ("reml", "ml")], ids=str)
def case(
    request: pytest.FixtureRequest, load_reference: Load
) -> tuple[MixedModelResult, dict[str, Any]]:
    name, method = request.param
    frame, reference = load_reference(name)
    fit = fit_quietly(reference["formula"], frame, reml=method == "reml")
    return fit, reference[method]


def test_the_grid_of_cases_does_not_shrink(load_reference: Load) -> None:
    from pathlib import Path

    folder = Path(__file__).resolve().parents[1] / "reference"
    assert {p.stem for p in folder.glob("*.json")} == set(CASES)


def test_fixed_effects(case: tuple[MixedModelResult, dict[str, Any]], tol: SimpleNamespace) -> None:
    fit, reference = case
    assert [in_r(name) for name in fit.names] == list(reference["beta"])
    table = fit.tidy()
    beta = np.array(list(reference["beta"].values()))
    se = np.array(list(reference["se"].values()))
    gap = np.abs(table["estimate"].to_numpy() - beta)
    assert (gap / se).max() <= tol.beta_in_se
    assert (gap <= tol.beta_relative * np.maximum(np.abs(beta), se)).all()
    np.testing.assert_allclose(table["se"], se, rtol=tol.se)
    scaled = np.sqrt(np.outer(se**2, se**2))
    gap_vcov = np.abs(fit.vcov.to_numpy() - np.array(reference["vcov"]))
    assert (gap_vcov <= 2 * tol.se * scaled).all()


def test_variance_components(
    case: tuple[MixedModelResult, dict[str, Any]], tol: SimpleNamespace
) -> None:
    fit, reference = case
    sigma2 = reference["sigma2"]
    assert fit.sigma2 == pytest.approx(sigma2, rel=tol.variance)
    assert set(fit.covariances) == set(reference["random"])
    for group, expected in reference["random"].items():
        values = np.atleast_2d(expected["covariance"])
        found = fit.covariances[group].to_numpy()
        bound = tol.variance * np.maximum(np.abs(np.diag(values)), 1e-2 * sigma2)
        assert (np.abs(np.diag(found) - np.diag(values)) <= bound).all()
        if len(values) > 1 and (np.diag(values) > 1e-2 * sigma2).all():
            sd = np.sqrt(np.diag(found))
            correlation = found / np.outer(sd, sd)
            gap = np.abs(correlation - np.atleast_2d(expected["correlation"]))
            assert gap.max() <= tol.correlation


def test_likelihood(case: tuple[MixedModelResult, dict[str, Any]], tol: SimpleNamespace) -> None:
    fit, reference = case
    bound = tol.loglik_absolute + tol.loglik_relative * abs(reference["loglik"])
    assert fit.loglik >= reference["loglik"] - bound  # a better optimum would pass
    assert fit.loglik == pytest.approx(reference["loglik"], abs=bound)
    glance = fit.glance().iloc[0]
    assert glance["aic"] == pytest.approx(reference["aic"], abs=2 * bound)
    assert glance["bic"] == pytest.approx(reference["bic"], abs=2 * bound)
    assert glance["n_obs"] == reference["n_obs"]
    assert fit.singular == reference["singular"]
    assert fit.converged


def test_satterthwaite(case: tuple[MixedModelResult, dict[str, Any]], tol: SimpleNamespace) -> None:
    fit, reference = case
    table = fit.tidy()
    if reference["satterthwaite"] is None:
        assert fit.singular
        assert np.isfinite(table["df"]).all()  # the vanished component is left out
        return
    for row, expected in zip(table.itertuples(), reference["satterthwaite"].values(), strict=True):
        assert row.df == pytest.approx(expected["df"], rel=tol.df)
        assert row.statistic == pytest.approx(expected["t"], rel=tol.statistic)
        assert row.p_value == pytest.approx(expected["p"], rel=tol.p_value, abs=1e-12)


def test_contrast(case: tuple[MixedModelResult, dict[str, Any]], tol: SimpleNamespace) -> None:
    fit, reference = case
    expected = reference["contrast"]
    by_r = {in_r(name): name for name in fit.names}
    weights = {by_r[name]: float(w) for name, w in expected["weights"].items()}
    row = fit.contrasts({"difference": weights}).iloc[0]
    assert abs(row["estimate"] - expected["estimate"]) <= tol.beta_in_se * expected["se"]
    assert row["se"] == pytest.approx(expected["se"], rel=tol.se)
    if expected.get("df") is not None:
        assert row["df"] == pytest.approx(expected["df"], rel=tol.df)


def test_conditional_means(
    case: tuple[MixedModelResult, dict[str, Any]], tol: SimpleNamespace
) -> None:
    fit, reference = case
    found = fit.ranef()
    for group, expected in reference["ranef"].items():
        table = found[group]
        table.index = table.index.map(str)
        for term, values in expected["values"].items():
            wanted = pd.Series(values, index=[str(label) for label in expected["labels"]])
            sd = float(np.std(wanted))
            gap = (table.loc[wanted.index, term] - wanted).abs().max()
            assert gap <= tol.blup_in_sd * sd + 1e-12


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_criterion_at_fixed_theta(
    name: str, method: str, load_reference: Load, tol: SimpleNamespace
) -> None:
    """The deviance apart from the optimiser: lme4's devfun at chosen θ."""
    frame, reference = load_reference(name)
    design = build_design(parse_formula(reference["formula"]), frame)
    criterion = Criterion(design, reml=method == "reml")
    shift = 2.0 * criterion.degrees * np.log(design.scale)
    shift += 2.0 * design.log_scales * criterion.reml
    for point in reference[method]["deviance_at"]:
        factors = unpack(np.atleast_1d(np.array(point["theta"], dtype=float)), criterion.sizes)
        blocks = [block for level in design.levels for block in level.blocks]
        inner = [
            np.linalg.solve(block.transform, factor)
            for block, factor in zip(blocks, factors, strict=True)
        ]
        theta = pack([canonical(f @ f.T, tolerance=0.0) for f in inner])
        value = criterion.profile(theta).deviance + shift
        assert value == pytest.approx(point["value"], rel=tol.criterion)
