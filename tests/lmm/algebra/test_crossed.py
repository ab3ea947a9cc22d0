"""Dense and sparse elimination of crossed factors: equal to each other and to dense matrices."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from alliance_stats.lmm.algebra.crossed import crossed_products
from alliance_stats.lmm.algebra.crossed_dense import DenseProducts
from alliance_stats.lmm.algebra.crossed_sparse import SparseProducts, sparse_products
from alliance_stats.lmm.algebra.crossings import find_crossings
from alliance_stats.lmm.algebra.derivatives import Elimination, gradients
from alliance_stats.lmm.algebra.kernels import group_grams
from alliance_stats.lmm.algebra.nested import NestedProducts

Z = {
    "intercepts": [[0], [0]],
    "slopes": [[0, 1], [0, 2]],
    "wider second": [[0], [0, 1, 2]],
    "three factors": [[0, 1], [0, 2], [0]],
}


def study(
    rng: np.random.Generator, factors: int, patients: int = 60, groups: int = 12
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Rows of patients, most of whom keep their therapist; a third factor crosses all."""
    patient = np.repeat(np.arange(patients), rng.integers(1, 6, patients))
    n = len(patient)
    home = rng.integers(0, groups, patients)
    therapist = np.where(rng.random(n) < 0.1, rng.integers(0, groups, n), home[patient])
    therapist = np.unique(therapist, return_inverse=True)[1]
    codes = [patient, therapist, rng.integers(0, 4, n)][:factors]
    return np.vstack([np.ones(n), rng.normal(size=(3, n))]), codes


def factors_for(
    rng: np.random.Generator, z: Sequence[np.ndarray], *, singular: bool = False
) -> list[np.ndarray]:
    found = [np.tril(rng.normal(size=(len(c), len(c)))) for c in z]
    if singular:
        found[1][:, -1] = 0.0
    return found


def dense_v(
    columns: np.ndarray,
    codes: Sequence[np.ndarray],
    z: Sequence[np.ndarray],
    factors: Sequence[np.ndarray],
) -> np.ndarray:
    v = np.eye(columns.shape[1])
    for code, c, factor in zip(codes, z, factors, strict=True):
        part = factor.T @ columns[c]
        v += (code[:, None] == code[None, :]) * (part.T @ part)
    return v


def check(
    eliminated: Elimination,
    columns: np.ndarray,
    codes: Sequence[np.ndarray],
    z: Sequence[np.ndarray],
    factors: Sequence[np.ndarray],
    rtol: float,
) -> None:
    """Compare everything an elimination offers with dense matrices."""
    v = dense_v(columns, codes, z, factors)
    inverse = np.linalg.inv(v)
    np.testing.assert_allclose(eliminated.top, columns @ inverse @ columns.T, rtol=1e-9, atol=1e-9)
    assert eliminated.logdet == pytest.approx(np.linalg.slogdet(v)[1], rel=1e-11)
    for level, (code, c) in enumerate(zip(codes, z, strict=True)):
        for k in range(code.max() + 1):
            mine = columns[c] * (code == k)
            n = mine @ inverse @ mine.T
            p = mine @ inverse @ columns.T
            found = eliminated.precisions[level][:, :, k]
            np.testing.assert_allclose(found, n, rtol=rtol, atol=rtol)
            found = eliminated.with_columns[level][:, :, k]
            np.testing.assert_allclose(found, p, rtol=rtol, atol=rtol)
    check_conditional(eliminated, columns, codes, z, factors)


def check_conditional(
    eliminated: Elimination,
    columns: np.ndarray,
    codes: Sequence[np.ndarray],
    z: Sequence[np.ndarray],
    factors: Sequence[np.ndarray],
) -> None:
    """Conditional moments of all random effects, every pair of groups, from the dense V."""
    inverse = np.linalg.inv(dense_v(columns, codes, z, factors))
    wide, sigma = [], []
    for code, c, factor in zip(codes, z, factors, strict=True):
        each = columns[c][:, None, :] * (code == np.arange(code.max() + 1)[:, None])
        wide.append(each)  # (q, G, n)
        sigma.append(factor @ factor.T)
    for level, (one, s) in enumerate(zip(wide, sigma, strict=True)):
        moved = np.einsum("ab,bgn->agn", s, one @ inverse)
        found = eliminated.shrunk[level]
        np.testing.assert_allclose(
            found, (moved @ columns.T).transpose(0, 2, 1), rtol=1e-8, atol=1e-10
        )
        own = s[:, :, None] - np.einsum("agn,bgn,bc->acg", moved, one, s)
        np.testing.assert_allclose(eliminated.conditional[level], own, rtol=1e-7, atol=1e-9)
        for above in range(level + 1, len(wide)):
            other = np.einsum("ab,bgn->agn", sigma[above], wide[above])
            expected = -np.einsum("agn,bhn->abgh", moved, other)
            g, h = (a.ravel() for a in np.indices(expected.shape[2:]))
            pairs = eliminated.between(level, above, g, h)
            np.testing.assert_allclose(pairs, expected[:, :, g, h], rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("singular", [False, True])
@pytest.mark.parametrize("z", Z.values(), ids=Z)
def test_both_ways_equal_dense_matrices(
    z: list[list[int]], singular: bool, rng: np.random.Generator
) -> None:
    columns, codes = study(rng, len(z))
    z_arrays = [np.array(c) for c in z]
    factors = factors_for(rng, z_arrays, singular=singular)
    crossings = find_crossings(columns, codes, z_arrays)
    dense = DenseProducts(crossings).eliminate(factors)
    check(dense, columns, codes, z_arrays, factors, 1e-8)
    products = sparse_products(crossings, most_pairs=10**6)
    assert products is not None
    sparse = products.eliminate(factors)
    check(sparse, columns, codes, z_arrays, factors, 1e-4 if singular else 1e-8)


def test_all_factors_at_zero(rng: np.random.Generator) -> None:
    columns, codes = study(rng, 3)
    z = [np.array(c) for c in Z["three factors"]]
    crossings = find_crossings(columns, codes, z)
    zeros = [np.zeros((len(c), len(c))) for c in z]
    products = sparse_products(crossings, most_pairs=10**6)
    assert products is not None
    for eliminated in (DenseProducts(crossings).eliminate(zeros), products.eliminate(zeros)):
        check(eliminated, columns, codes, z, zeros, 1e-3)


def test_nested_data_give_the_same_by_the_crossed_way(rng: np.random.Generator) -> None:
    patient = np.repeat(np.arange(40), rng.integers(1, 6, 40))
    therapist = patient // 5
    columns = np.vstack([np.ones(len(patient)), rng.normal(size=(3, len(patient)))])
    z = [np.array([0, 1]), np.array([0, 2])]
    factors = factors_for(rng, z)
    starts = np.flatnonzero(np.diff(patient, prepend=-1))
    first = np.arange(0, 40, 5)
    nested = NestedProducts(group_grams(columns, starts), z, [first], [np.arange(40) // 5])
    crossed = DenseProducts(find_crossings(columns, [patient, therapist], z))
    one, other = nested.eliminate(factors), crossed.eliminate(factors)
    np.testing.assert_allclose(one.top, other.top, rtol=1e-10, atol=1e-10)
    adjoint = np.diag([1.0, 2.0, 3.0, 4.0])
    for a, b in zip(gradients(one, adjoint), gradients(other, adjoint), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)
    for a, b in zip(one.conditional, other.conditional, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)
    for a, b in zip(one.shrunk, other.shrunk, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)
    patients, therapists = (a.ravel() for a in np.indices((40, 8)))
    np.testing.assert_allclose(
        one.between(0, 1, patients, therapists),
        other.between(0, 1, patients, therapists),
        rtol=1e-9,
        atol=1e-12,
    )


def test_the_way_is_chosen_by_how_often_groups_meet(rng: np.random.Generator) -> None:
    n = 6_000
    patient = np.repeat(np.arange(1_500), 4)
    home = (np.arange(1_500) % 300)[patient]
    columns = np.vstack([np.ones(n), rng.normal(size=n)])
    z = [np.array([0]), np.array([0])]
    names = ["patient", "therapist"]
    few = np.where(rng.random(n) < 0.01, rng.integers(0, 300, n), home)
    assert isinstance(crossed_products(columns, [patient, few], z, names), SparseProducts)
    many = rng.integers(0, 300, n)
    assert isinstance(crossed_products(columns, [patient, many], z, names), DenseProducts)
    small = home % 10
    small[0] = 9
    assert isinstance(crossed_products(columns, [patient, small], z, names), DenseProducts)
