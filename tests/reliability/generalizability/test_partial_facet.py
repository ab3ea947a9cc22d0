"""The likelihood with missing ratings: dense algebra, the complete case, minima on the boundary."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.reliability.generalizability.complete_facet import cross_products, deviance
from alliance_stats.reliability.generalizability.partial_facet import (
    partial_deviance,
    partial_estimates,
    partial_products,
)

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "generalizability"
ONE, TWO = np.array([0.6, 0.05, 0.1, 0.4, 0.2, 0.03, 0.7]), np.arange(1.0, 8)


def ratings(name: str, n: int | None = None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    frame = pd.read_csv(FOLDER / f"{name}.csv").iloc[:n]
    values = frame[[c for c in frame if c.startswith("item_")]].to_numpy(float)
    patient = pd.factorize(frame["patient"])[0].astype(np.intp)
    return patient, pd.factorize(frame["session"])[0].astype(np.intp), values


def dense(
    patient: np.ndarray, session: np.ndarray | None, values: np.ndarray, v: np.ndarray
) -> float:
    row, item = np.nonzero(~np.isnan(values))
    p, s = patient[row], row if session is None else session[row]

    def same(*codes: np.ndarray) -> np.ndarray:
        return np.all([c[:, None] == c for c in codes], axis=0).astype(float)

    crossed = float(session is not None)
    blocks = [
        same(p), crossed * same(s), same(item), same(p, s), same(p, item), crossed * same(s, item),
    ]  # fmt: skip
    whole = sum(a * b for a, b in zip(v, blocks, strict=False)) + v[-1] * np.eye(len(row))
    inverse = np.linalg.inv(whole)
    y, total = values[row, item], inverse.sum()
    square = y @ inverse @ y - (inverse @ y).sum() ** 2 / total
    return float(np.linalg.slogdet(whole)[1] + np.log(total) + square)


@pytest.mark.parametrize("nested", [False, True])
def test_deviance_is_the_dense_one(nested: bool, tol: SimpleNamespace) -> None:
    patient, session, values = ratings("missing_items", 80)
    visits = None if nested else session
    products = partial_products(patient, visits, values)
    ours = [partial_deviance(products, v) for v in (ONE, TWO)]
    expected = [dense(patient, visits, values, v) for v in (ONE, TWO)]
    assert ours[0] - ours[1] == pytest.approx(expected[0] - expected[1], rel=tol.criterion)


@pytest.mark.parametrize("nested", [False, True])
def test_without_holes_it_is_the_complete_one(nested: bool, tol: SimpleNamespace) -> None:
    patient, session, values = ratings("unequal")
    visits = None if nested else session
    partly = partial_products(patient, visits, values)
    whole = cross_products(patient, visits, values)
    ours = [partial_deviance(partly, v) for v in (ONE, TWO)]
    expected = [deviance(whole, v) for v in (ONE, TWO)]
    assert ours[0] - ours[1] == pytest.approx(expected[0] - expected[1], rel=tol.criterion)


def test_a_minimum_on_the_boundary_is_that_of_crossed_factors(tol: SimpleNamespace) -> None:
    patient, session, values = ratings("boundary_unequal")
    holes = np.random.default_rng(3).random(values.shape) < 0.06
    values = np.where(holes & ~holes.all(axis=1, keepdims=True), np.nan, values)
    found = partial_estimates(patient, session, values)
    row, item = np.nonzero(~np.isnan(values))
    frame = pd.DataFrame({"y": values[row, item], "p": patient[row], "s": session[row], "i": item})
    formula = "y ~ 1 + (1|p) + (1|s) + (1|i) + (1|p:s) + (1|p:i) + (1|s:i)"
    fit = fit_quietly(formula, frame)
    order = ["p", "s", "i", "p:s", "p:i", "s:i"]
    expected = np.array([float(fit.covariances[name].iloc[0, 0]) for name in order])
    bound = tol.variance * np.maximum(expected, 1e-2 * fit.sigma2)
    assert found.converged
    assert (np.abs(found.variance[:-1] - expected) <= bound).all()
    assert (expected == 0).any()


def test_a_patient_may_lack_much() -> None:
    patient, session, values = ratings("unequal")
    values = values.copy()
    values[patient == 2, 1:] = np.nan  # one item only
    values[:, 0][patient == 3] = np.nan
    found = partial_estimates(patient, session, values)
    assert found.converged
    assert (found.variance >= 0).all()
