"""The block algebra against naive dense matrices, V = ZGZ' + I, on small nested designs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from alliance_stats.lmm.algebra import kernels
from alliance_stats.lmm.algebra.derivatives import gradients
from alliance_stats.lmm.algebra.kernels import group_grams, parent_sums
from alliance_stats.lmm.algebra.nested import NestedElimination, NestedProducts


@dataclass
class Nested:
    """Rows in patients in therapists, with the same model as dense matrices."""

    columns: np.ndarray
    starts_rows: np.ndarray
    z: list[np.ndarray]
    starts: list[np.ndarray]
    parents: list[np.ndarray]
    codes: list[np.ndarray]

    def grams(self) -> np.ndarray:
        return group_grams(self.columns, self.starts_rows)

    def eliminate(self, factors: list[np.ndarray]) -> NestedElimination:
        products = NestedProducts(self.grams(), self.z, self.starts, self.parents)
        return products.eliminate(factors)

    def dense_v(self, covariances: list[np.ndarray]) -> np.ndarray:
        n = self.columns.shape[1]
        v = np.eye(n)
        for z, codes, covariance in zip(self.z, self.codes, covariances, strict=True):
            part = self.columns[z].T
            same = codes[:, None] == codes[None, :]
            v += same * (part @ covariance @ part.T)
        return v


def make(rng: np.random.Generator, sizes: list[list[int]], z: list[list[int]]) -> Nested:
    """`sizes`: sessions of every patient, by therapist."""
    patients = [n for therapist in sizes for n in therapist]
    n = sum(patients)
    columns = np.vstack([np.ones(n), rng.normal(size=(3, n)), rng.normal(size=n)])
    patient = np.repeat(np.arange(len(patients)), patients)
    parent = np.repeat(np.arange(len(sizes)), [len(s) for s in sizes])
    starts_rows = np.concatenate([[0], np.cumsum(patients)[:-1]])
    first_child = np.concatenate([[0], np.cumsum([len(s) for s in sizes])[:-1]])
    one_level = len(z) == 1
    return Nested(
        columns,
        starts_rows,
        [np.array(c) for c in z],
        [] if one_level else [first_child],
        [] if one_level else [parent],
        [patient] if one_level else [patient, parent[patient]],
    )


SIZES = [[3, 5, 1], [2], [4, 1, 6, 2]]
DESIGNS = {
    "patients": [[0]],
    "patients with a slope": [[0, 2]],
    "a slope only": [[2]],
    "three columns": [[0, 1, 2]],
    "patients and therapists": [[0], [0]],
    "slopes at both": [[0, 2], [0, 1]],
    "wider above": [[0], [0, 1, 3]],
}


def factors_for(rng: np.random.Generator, z: list[np.ndarray]) -> list[np.ndarray]:
    return [np.tril(rng.normal(size=(len(c), len(c)))) for c in z]


@pytest.fixture(params=DESIGNS, ids=str)
def nested(request: pytest.FixtureRequest, rng: np.random.Generator) -> Nested:
    return make(rng, SIZES, DESIGNS[request.param])


def test_group_grams_are_products_of_the_rows(nested: Nested) -> None:
    grams = nested.grams()
    for k in range(grams.shape[-1]):
        rows = nested.columns[:, nested.codes[0] == k]
        np.testing.assert_allclose(grams[:, :, k], rows @ rows.T, rtol=1e-12)


def test_elimination_equals_dense_inverse_and_determinant(
    nested: Nested, rng: np.random.Generator
) -> None:
    factors = factors_for(rng, nested.z)
    eliminated = nested.eliminate(factors)
    v = nested.dense_v([f @ f.T for f in factors])
    u = nested.columns
    np.testing.assert_allclose(eliminated.top, u @ np.linalg.solve(v, u.T), rtol=1e-9, atol=1e-10)
    assert eliminated.logdet == pytest.approx(np.linalg.slogdet(v)[1], rel=1e-11)


@pytest.mark.parametrize("logdet", [True, False])
def test_gradients_equal_dense_derivatives(
    nested: Nested, rng: np.random.Generator, logdet: bool
) -> None:
    factors = factors_for(rng, nested.z)
    adjoint = rng.normal(size=(5, 5))
    adjoint = adjoint + adjoint.T
    found = gradients(nested.eliminate(factors), adjoint, logdet=logdet)
    u = nested.columns
    inverse = np.linalg.inv(nested.dense_v([f @ f.T for f in factors]))
    for level, (z, codes) in enumerate(zip(nested.z, nested.codes, strict=True)):
        same = codes[:, None] == codes[None, :]
        for a in range(len(z)):
            for b in range(len(z)):
                dv = same * np.outer(u[z[a]], u[z[b]])
                dv = (dv + dv.T) / 2
                expected = -np.trace(adjoint @ u @ inverse @ dv @ inverse @ u.T)
                expected += logdet * np.trace(inverse @ dv)
                assert found[level][a, b] == pytest.approx(expected, rel=1e-8, abs=1e-8)


def test_gradients_at_a_zero_factor(nested: Nested, rng: np.random.Generator) -> None:
    """At Σ = 0 the derivative in Σ is that of V = I; nothing divides by Λ."""
    zeros = [np.zeros((len(z), len(z))) for z in nested.z]
    found = gradients(nested.eliminate(zeros), np.zeros((5, 5)))
    for gradient, z in zip(found, nested.z, strict=True):
        assert gradient[0, 0] == pytest.approx((nested.columns[z[0]] ** 2).sum(), rel=1e-12)


def test_conditional_means_equal_dense(nested: Nested, rng: np.random.Generator) -> None:
    factors = factors_for(rng, nested.z)
    weights = rng.normal(size=5)
    shrunk = nested.eliminate(factors).shrunk
    found = [np.einsum("qag,a->qg", columns, weights) for columns in shrunk]
    v = nested.dense_v([f @ f.T for f in factors])
    solved = np.linalg.solve(v, weights @ nested.columns)
    for mean, z, codes, factor in zip(found, nested.z, nested.codes, factors, strict=True):
        for k in range(mean.shape[1]):
            rows = codes == k
            expected = factor @ factor.T @ nested.columns[z][:, rows] @ solved[rows]
            np.testing.assert_allclose(mean[:, k], expected, rtol=1e-8, atol=1e-10)


def test_three_nested_levels_above_rows(rng: np.random.Generator) -> None:
    """Sessions in patients in therapists in clinics: the same step once more."""
    nested = make(rng, SIZES, [[0], [0, 1]])
    clinic = np.array([0, 1, 1])
    nested.z.append(np.array([0]))
    nested.starts.append(np.array([0, 1]))
    nested.parents.append(clinic)
    nested.codes.append(clinic[nested.codes[1]])
    factors = factors_for(rng, nested.z)
    eliminated = nested.eliminate(factors)
    v = nested.dense_v([f @ f.T for f in factors])
    np.testing.assert_allclose(
        eliminated.top, nested.columns @ np.linalg.solve(v, nested.columns.T), rtol=1e-9, atol=1e-10
    )
    found = gradients(eliminated, np.zeros((5, 5)))
    inverse = np.linalg.inv(v)
    for gradient, z, codes in zip(found, nested.z, nested.codes, strict=True):
        dv = (codes[:, None] == codes[None, :]) * np.outer(
            nested.columns[z[0]], nested.columns[z[0]]
        )
        assert gradient[0, 0] == pytest.approx(np.trace(inverse @ dv), rel=1e-9)


def test_products_of_every_group_equal_dense(nested: Nested, rng: np.random.Generator) -> None:
    factors = factors_for(rng, nested.z)
    eliminated = nested.eliminate(factors)
    inverse = np.linalg.inv(nested.dense_v([f @ f.T for f in factors]))
    u = nested.columns
    covariances = eliminated.conditional
    for level, (z, codes) in enumerate(zip(nested.z, nested.codes, strict=True)):
        for k in range(codes.max() + 1):
            mine = u[z] * (codes == k)
            n = mine @ inverse @ mine.T
            found = eliminated.with_columns[level][:, :, k]
            np.testing.assert_allclose(found, mine @ inverse @ u.T, rtol=1e-8, atol=1e-9)
            np.testing.assert_allclose(
                eliminated.precisions[level][:, :, k], n, rtol=1e-8, atol=1e-9
            )
            sigma = factors[level] @ factors[level].T
            np.testing.assert_allclose(
                covariances[level][:, :, k], sigma - sigma @ n @ sigma, rtol=1e-7, atol=1e-9
            )


def test_group_grams_with_columns_constant_in_groups(rng: np.random.Generator) -> None:
    lengths = rng.integers(1, 6, 100)
    codes = np.repeat(np.arange(100), lengths)
    n = len(codes)
    almost = rng.normal(size=100)[codes]
    almost[-1] += 1.0
    columns = np.vstack([np.ones(n), rng.normal(size=100)[codes], rng.normal(size=n), almost])
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    found = group_grams(columns, starts)
    for k in range(100):
        rows = columns[:, codes == k]
        np.testing.assert_allclose(found[:, :, k], rows @ rows.T, rtol=1e-13)


def test_parent_sums_at_once_and_in_pieces_are_the_same_numbers(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = rng.normal(size=(5, 5, 12))
    gram, t = root + root.transpose(1, 0, 2), rng.normal(size=(2, 5, 12))
    starts = np.array([0, 3, 4, 9])
    at_once = parent_sums(gram, t, starts)
    monkeypatch.setattr(kernels, "AT_ONCE", 0)
    np.testing.assert_array_equal(parent_sums(gram, t, starts), at_once)
    left = gram - np.einsum("qag,qbg->abg", t, t)
    plain = np.stack([part.sum(axis=-1) for part in np.split(left, starts[1:], axis=-1)], axis=-1)
    np.testing.assert_allclose(at_once, plain, rtol=1e-12, atol=1e-12)
