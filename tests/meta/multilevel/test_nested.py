"""M⁻¹ of nested effects in closed form equals the inverse of the whole matrix."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import block_diag

from alliance_stats.meta.multilevel.nested import NestedPrecision, nested_precision
from alliance_stats.meta.multilevel.partitions import Chain, partition_of


def chain_of(rng: np.random.Generator, n: int = 40) -> Chain:
    lab = rng.integers(0, 4, n)
    study = lab * 10 + rng.integers(0, 3, n)
    part = study * 10 + rng.integers(0, 3, n)
    order = np.lexsort((part, study, lab))
    codes = (np.arange(n), part[order], study[order], lab[order])
    return Chain(tuple(partition_of(each) for each in codes))


UNITS = [(0,), (2, 0), (3, 2, 1, 0), (3, 2), (1,), (3, 1), ()]
ERRORS = [(0.0, 0), (0.5, 2), (0.6, 1), (0.3, 3)]


@pytest.mark.parametrize("units", UNITS)
@pytest.mark.parametrize(("rho", "cluster"), ERRORS)
def test_equals_the_dense_inverse(
    units: tuple[int, ...], rho: float, cluster: int, rng: np.random.Generator
) -> None:
    chain, n = chain_of(rng), 40
    vi, tau2 = rng.uniform(0.1, 1, n), rng.uniform(0.1, 1, len(units))
    found = nested_precision(chain, units, tau2, vi, rho, cluster)
    joins = [np.equal.outer(chain[u].codes, chain[u].codes).astype(float) for u in units]
    together = np.equal.outer(chain[cluster].codes, chain[cluster].codes)
    v = np.sqrt(np.outer(vi, vi)) * np.where(together, rho, 0.0)
    np.fill_diagonal(v, vi)
    m = v + sum((t * z for t, z in zip(tau2, joins, strict=True)), np.zeros((n, n)))
    check(found, m, joins)


def check(found: NestedPrecision, m: np.ndarray, joins: list[np.ndarray]) -> None:
    w = np.linalg.inv(m)
    np.testing.assert_allclose(found.solve(np.eye(len(m))), w, rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(found.log_det, np.linalg.slogdet(m)[1], rtol=1e-12)
    np.testing.assert_allclose(found.diagonal, np.diag(w), rtol=1e-10)
    np.testing.assert_allclose(found.traces(), [np.trace(w @ z) for z in joins], rtol=1e-10)
    products = [[np.trace(w @ a @ w @ b) for a in joins] for b in joins]
    expected = np.reshape(products, (len(joins), len(joins)))
    np.testing.assert_allclose(found.products(), expected, rtol=1e-10)
    for unit in range(len(joins)):
        groups = found.chain[found.units[unit]]
        z = np.equal.outer(groups.codes, np.arange(len(groups))).astype(float)
        np.testing.assert_allclose(found.quadratic(unit), np.diag(z.T @ w @ z), rtol=1e-9)


def test_a_variance_of_zero_adds_nothing(rng: np.random.Generator) -> None:
    chain, vi = chain_of(rng), rng.uniform(0.1, 1, 40)
    both = nested_precision(chain, (2, 0), np.array([0.0, 0.3]), vi)
    np.testing.assert_allclose(both.solve(np.eye(40)), np.diag(1 / (vi + 0.3)))
    assert both.updates == ()


def test_compound_symmetry_by_hand() -> None:
    """One study of two effects: v = 1, ρ = ½, τ² = 2: eigenvalues 1 + ½ + 4 and ½."""
    chain = Chain((partition_of(np.arange(4)), partition_of(np.array([0, 0, 1, 1]))))
    found = nested_precision(chain, (1,), np.array([2.0]), np.ones(4), 0.5, 1)
    block = np.array([[1 / 5.5 + 2, 1 / 5.5 - 2], [1 / 5.5 - 2, 1 / 5.5 + 2]]) / 2
    np.testing.assert_allclose(found.solve(np.eye(4)), block_diag(block, block), atol=1e-14)
