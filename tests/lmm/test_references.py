"""Fits and criteria against lme4 and lmerTest at tight settings (tests/reference/README.md)."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats.formula.parse import parse_formula
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.design.build import build_design
from alliance_stats.lmm.design.mixed_design import MixedDesign
from alliance_stats.lmm.factors import canonical, pack
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult

CASES = (
    "categorical_slope",
    "categorical_uncorrelated",
    "crossed_and_nested",
    "crossed_intercepts",
    "crossed_scales",
    "crossed_slopes",
    "interaction_factor",
    "offset",
    "partly_crossed",
    "rank_deficient",
    "reused_labels",
    "scales",
    "several_terms",
    "single_sessions",
    "singular_crossed",
    "singular_slope",
    "singular_therapist",
    "slope_only",
    "three_columns",
    "three_level_intercepts",
    "three_level_slopes",
    "two_level_intercept",
    "two_level_slope",
    "unbalanced_missing",
    "uncorrelated",
    "uncorrelated_crossed",
    "weights",
    "weights_crossed",
)
#: Their intercept and arms of a therapist add up: only the sums have variances of their own.
UNIDENTIFIED = {"categorical_uncorrelated"}
Load = Callable[[str], tuple[pd.DataFrame, dict[str, Any]]]


def in_r(name: str) -> str:
    """A coefficient's name as R writes it: ``treatment[cbt]`` is ``treatmentcbt``."""
    return name.replace("[", "").replace("]", "")


def same_factor(ours: str, in_r: str) -> bool:
    """``therapist:patient`` is R's ``patient:therapist``."""
    return set(ours.split(":")) == set(in_r.split(":"))


def label_in_r(label: object, ours: str, in_r: str) -> str:
    """Label of a group as R writes it: ``("T1", 3)`` of therapist:patient is ``3:T1``."""
    parts = label if isinstance(label, tuple) else (label,)
    by_column = dict(zip(ours.split(":"), parts, strict=True))
    return ":".join(str(by_column[column]) for column in in_r.split(":"))


def options(reference: dict[str, Any]) -> dict[str, str]:
    """The names of the columns of weights and offset."""
    return {key: reference[key] for key in ("weights", "offset") if key in reference}


def identified(names: list[str], case: str) -> np.ndarray:
    """Rows of combinations of random effects whose variances the data determine."""
    whole = np.eye(len(names))
    if case not in UNIDENTIFIED or "(Intercept)" not in names or len(names) == 1:
        return whole
    first = names.index("(Intercept)")
    return np.delete(whole + whole[first], first, axis=0)


@pytest.fixture(scope="module", params=[(c, m) for c in CASES for m in ("reml", "ml")], ids=str)
def case(
    request: pytest.FixtureRequest, load_reference: Load
) -> tuple[MixedModelResult, dict[str, Any]]:
    name, method = request.param
    frame, reference = load_reference(name)
    fit = fit_quietly(reference["formula"], frame, reml=method == "reml", **options(reference))
    return fit, reference[method] | {"case": name}


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
    assert len(fit.covariances) == len(reference["random"])
    for group, expected in reference["random"].items():
        (table,) = [t for name, t in fit.covariances.items() if same_factor(name, group)]
        names = [in_r(name) for name in table.index]
        assert sorted(names) == sorted(expected["names"])
        order = [names.index(name) for name in expected["names"]]
        sums = identified(expected["names"], reference["case"])
        values = sums @ np.atleast_2d(expected["covariance"]) @ sums.T
        found = sums @ table.to_numpy()[np.ix_(order, order)] @ sums.T
        bound = tol.variance * np.maximum(np.abs(np.diag(values)), 1e-2 * sigma2)
        assert (np.abs(np.diag(found) - np.diag(values)) <= bound).all()
        if len(values) > 1 and (np.diag(values) > 1e-2 * sigma2).all():
            assert np.abs(correlation(found) - correlation(values)).max() <= tol.correlation


def correlation(covariance: np.ndarray) -> np.ndarray:
    sd = np.sqrt(np.diag(covariance))
    return np.asarray(covariance / np.outer(sd, sd))


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
        assert fit.singular or reference["case"] in UNIDENTIFIED
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
    for group, expected in reference["ranef"].items():
        ((name, table),) = [(n, t) for n, t in fit.ranef().items() if same_factor(n, group)]
        table = table.rename(columns=in_r)[list(expected["values"])]
        table.index = pd.Index([label_in_r(label, name, group) for label in table.index])
        wanted = pd.DataFrame(expected["values"], index=[str(x) for x in expected["labels"]])
        sums = identified(list(table.columns), reference["case"])
        gap = (table.loc[wanted.index].to_numpy() - wanted.to_numpy()) @ sums.T
        sd = (wanted.to_numpy() @ sums.T).std(axis=0)
        assert (np.abs(gap).max(axis=0) <= tol.blup_in_sd * sd + 1e-12).all()


def test_conditional_spread(
    case: tuple[MixedModelResult, dict[str, Any]], tol: SimpleNamespace
) -> None:
    """Conditional SDs of the random effects given θ and β, from the products of every group."""
    fit, reference = case
    criterion, profile = fit.criterion, fit.profile
    for level, covariance in zip(
        criterion.design.levels, profile.eliminated.conditional, strict=True
    ):
        ((group, expected),) = [
            (g, e) for g, e in reference["ranef"].items() if same_factor(level.name, g)
        ]
        labels = [label_in_r(label, level.name, group) for label in level.labels]
        place = [labels.index(str(label)) for label in expected["labels"]]
        unit = fit.sigma2 / criterion.design.mean_weight
        for block in level.blocks:
            inner = covariance[block.columns, block.columns][:, :, place]
            outer = np.einsum("ab,bcg,dc->adg", block.transform, inner, block.transform)
            spread = np.sqrt(np.maximum(unit * np.diagonal(outer).T, 0.0))
            if reference["case"] in UNIDENTIFIED and level.name == "therapist":
                continue
            for name, found in zip(block.names, spread, strict=True):
                wanted = np.array(expected["sd"][in_r(name)])
                bound = tol.variance * np.maximum(wanted, 1e-1 * fit.sigma)
                assert (np.abs(found - wanted) <= bound).all()


def factors_of(design: MixedDesign, theta: dict[str, float]) -> list[np.ndarray]:
    """Λ of every block from lme4's θ by name: ``patient.row.column``, ``patient.column``."""
    found = []
    for level in design.levels:
        (group,) = {
            k.partition(".")[0] for k in theta if same_factor(level.name, k.partition(".")[0])
        }
        for block in level.blocks:
            names = [in_r(name) for name in block.names]
            factor = np.diag([theta[f"{group}.{name}"] for name in names])
            for i, row in enumerate(names):
                for j, column in enumerate(names[:i]):
                    factor[i, j] = theta[f"{group}.{row}.{column}"]
            found.append(factor)
    return found


@pytest.mark.parametrize("reml", [True, False])
def test_variances_that_add_up_do_not_change_the_tests(load_reference: Load, reml: bool) -> None:
    """``(arm || therapist)`` is ``(0 + arm | therapist)`` with one variance too many."""
    frame, reference = load_reference("categorical_slope")
    one = fit_quietly(reference["formula"], frame, reml=reml).tidy()
    _, reference = load_reference("categorical_uncorrelated")
    two = fit_quietly(reference["formula"], frame, reml=reml).tidy()
    np.testing.assert_allclose(two["df"], one["df"], rtol=1e-4)
    np.testing.assert_allclose(two["se"], one["se"], rtol=1e-5)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("method", ["reml", "ml"])
def test_criterion_at_fixed_theta(
    name: str, method: str, load_reference: Load, tol: SimpleNamespace
) -> None:
    """The deviance apart from the optimiser: lme4's devfun at chosen θ."""
    frame, reference = load_reference(name)
    formula = parse_formula(reference["formula"])
    design = build_design(formula, frame, **options(reference))
    criterion = Criterion(design, reml=method == "reml")
    shift = 2.0 * criterion.degrees * np.log(design.scale) - design.log_weights
    shift += 2.0 * design.log_scales * criterion.reml
    names = reference[method]["theta_names"]
    for point in reference[method]["deviance_at"]:
        values = np.atleast_1d(np.array(point["theta"], dtype=float))
        # lme4's are relative to a row of weight 1, the engine's to one of the mean weight
        values *= np.sqrt(design.mean_weight)
        factors = factors_of(design, dict(zip(np.atleast_1d(names), values, strict=True)))
        blocks = [block for level in design.levels for block in level.blocks]
        inner = [
            np.linalg.solve(block.transform, factor)
            for block, factor in zip(blocks, factors, strict=True)
        ]
        theta = pack([canonical(f @ f.T, tolerance=0.0) for f in inner])
        value = criterion.profile(theta).deviance + shift
        assert value == pytest.approx(point["value"], rel=tol.criterion)
