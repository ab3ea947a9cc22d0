"""The kernel against dense matrices, many data sets against one at a time, odd likelihoods."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from alliance_stats.meta.univariate.between import (
    METHODS,
    Method,
    estimate_between,
    likelihood_slopes,
    upper_bound,
)
from alliance_stats.meta.univariate.fits import fit_arrays, fit_many
from alliance_stats.meta.univariate.kernel import data_sets, fit_at

Floats = np.ndarray


def simulated(k: int = 9, p: int = 3, seed: int = 1, tau2: float = 0.05) -> tuple[Floats, ...]:
    rng = np.random.default_rng(seed)
    vi = rng.uniform(0.01, 0.2, k)
    x = np.column_stack([np.ones(k), 2000 + rng.normal(size=(k, p - 1))])
    return 0.3 + rng.normal(size=k) * np.sqrt(vi + tau2), vi, x


def dense_loglik(yi: Floats, vi: Floats, x: Floats, tau2: float, *, reml: bool) -> float:
    """The (restricted) log-likelihood with every matrix written out."""
    v = np.diag(vi + tau2)
    inverse = np.linalg.inv(v)
    xvx = x.T @ inverse @ x
    beta = np.linalg.solve(xvx, x.T @ inverse @ yi)
    left = yi - x @ beta
    k, p = x.shape
    value = np.linalg.slogdet(v)[1] + left @ inverse @ left + k * np.log(2 * np.pi)
    if reml:
        value += np.linalg.slogdet(xvx)[1] - np.linalg.slogdet(x.T @ x)[1] - p * np.log(2 * np.pi)
    return float(-0.5 * value)


def dense_p(vi: Floats, x: Floats, tau2: float) -> Floats:
    w = np.diag(1 / (vi + tau2))
    return np.asarray(w - w @ x @ np.linalg.inv(x.T @ w @ x) @ x.T @ w)


@pytest.mark.parametrize("p", [1, 3])
def test_sums_are_those_of_dense_matrices(p: int, tol: SimpleNamespace) -> None:
    yi, vi, x = simulated(p=p)
    tau2 = 0.07
    fit, dense = fit_at(data_sets(yi, vi, x), np.array([tau2])), dense_p(vi, x, tau2)
    shown = [fit.ypy, fit.yppy, fit.ypppy, fit.trace_p, fit.trace_pp]
    expected = [yi @ dense @ yi, yi @ dense @ dense @ yi, yi @ dense @ dense @ dense @ yi,
                np.trace(dense), np.trace(dense @ dense)]  # fmt: skip
    np.testing.assert_allclose(np.concatenate(shown), expected, rtol=tol.closed_form)
    sigma = np.diag(vi + 0.2)
    twice = np.trace(dense @ sigma @ dense @ sigma)
    np.testing.assert_allclose(fit.trace_p_squared(np.diag(sigma)[None]), twice, rtol=1e-8)
    for reml in (False, True):
        ours = fit.log_likelihoods(vi[None] + tau2)[int(reml)][0]
        assert ours == pytest.approx(dense_loglik(yi, vi, x, tau2, reml=reml), rel=1e-9)


@pytest.mark.parametrize("reml", [False, True])
def test_slopes_are_differences_of_the_dense_likelihood(reml: bool) -> None:
    yi, vi, x = simulated()
    slope, information, expected = likelihood_slopes(
        fit_at(data_sets(yi, vi, x), np.array([0.05])), reml
    )
    h = 1e-4
    low, middle, high = (dense_loglik(yi, vi, x, 0.05 + d, reml=reml) for d in (-h, 0.0, h))
    assert slope[0] == pytest.approx((high - low) / (2 * h), rel=1e-4)
    assert information[0] == pytest.approx(-(high - 2 * middle + low) / h**2, rel=1e-3)
    assert expected[0] > 0


@pytest.mark.parametrize("method", ["REML", "ML"])
def test_nothing_on_a_fine_grid_is_higher(method: Method) -> None:
    for seed in range(30):
        yi, vi, x = simulated(k=6, p=2, seed=seed, tau2=0.1)
        data = data_sets(yi, vi, x)
        best = float(estimate_between(data, method).tau2[0])
        reml = method == "REML"
        grid = np.linspace(0, upper_bound(data)[0], 400)
        highest = max(dense_loglik(yi, vi, x, t, reml=reml) for t in grid)
        assert dense_loglik(yi, vi, x, best, reml=reml) >= highest - 1e-10


TWO_PEAKS = [
    ([-2.43958651, 0.11541654, 0.00889005], [0.43920114, 0.03294417, 0.01001756]),
    ([0.01562026, 0.01274468, -1.42009216], [0.00023673, 0.00015227, 0.04371036]),
    ([0.17570686, 2.16206402, 0.0424478, 0.05723972],
     [0.03326938, 0.40638198, 0.04359317, 0.01239143]),
    ([0.28033106, 0.31948917, -0.96834575, -2.30709827, 0.11986271],
     [0.02159773, 0.02994999, 0.77218496, 0.52940374, 0.01173682]),
]  # fmt: skip


@pytest.mark.parametrize(("yi", "vi"), TWO_PEAKS)
def test_the_higher_of_two_maxima_is_found(yi: list[float], vi: list[float]) -> None:
    """Precise studies that agree and imprecise ones that differ: 0 and a large τ² both attract."""
    y, v, x = np.array(yi), np.array(vi), np.ones((len(yi), 1))
    data = data_sets(y, v, x)
    grid = np.concatenate([[0.0], np.geomspace(1e-5, 1, 2000) * upper_bound(data)[0]])
    values = np.array([dense_loglik(y, v, x, t, reml=True) for t in grid])
    inner = (values[1:-1] > values[:-2]) & (values[1:-1] > values[2:])
    assert inner.any() and values[0] > values[1]  # two maxima
    best = float(estimate_between(data, "REML").tau2[0])
    assert dense_loglik(y, v, x, best, reml=True) >= values.max() - 1e-12
    from_zero = estimate_between(data, "REML", start=np.zeros(1)).tau2[0]
    assert from_zero == 0.0  # a start near the wrong one stays there


def test_estimating_equations_hold() -> None:
    yi, vi, x = simulated(tau2=0.2)
    data = data_sets(yi, vi, x)
    for method in ("PM", "EB"):
        tau2 = estimate_between(data, method).tau2
        assert fit_at(data, tau2).ypy[0] == pytest.approx(6, rel=1e-10)
    for method, reml in (("ML", False), ("REML", True)):
        tau2 = estimate_between(data, method).tau2  # type: ignore[arg-type]
        slope, information, _ = likelihood_slopes(fit_at(data, tau2), reml)
        assert abs(slope[0] / information[0]) <= 1e-10 * tau2[0]


@pytest.mark.parametrize("method", METHODS)
def test_left_out_studies_are_as_if_never_given(method: Method) -> None:
    yi, vi, x = simulated(k=12, p=2)
    keep = 1.0 - np.eye(12)
    many = fit_many(data_sets(yi, vi, x, keep), method=method, test="t")
    near = None if method == "EE" else fit_many(
        data_sets(yi, vi, x, keep), method=method, test="t", start=np.full(12, 0.05)
    )  # fmt: skip
    for i in range(12):
        kept = np.arange(12) != i
        one = fit_arrays(yi[kept], vi[kept], x[kept], method=method, test="t")
        for name in ("tau2", "beta", "se", "q", "i2", "loglik", "se_tau2", "df"):
            ours, alone = getattr(many, name)[i], getattr(one, name)[0]
            np.testing.assert_allclose(ours, alone, rtol=1e-7, atol=1e-10, err_msg=name)
        if near is not None:
            np.testing.assert_allclose(near.tau2[i], one.tau2[0], rtol=1e-8, atol=1e-12)


def test_a_design_for_each_data_set() -> None:
    yi, vi, x = simulated(k=10, p=2)
    rng = np.random.default_rng(2)
    orders = [rng.permutation(10) for _ in range(5)]
    many = fit_many(data_sets(yi, vi, np.stack([x[o] for o in orders])))
    moved = fit_many(
        data_sets(*(np.stack([a[np.argsort(o)] for o in orders]) for a in (yi, vi)), x)
    )
    for i, order in enumerate(orders):
        one = fit_arrays(yi, vi, x[order])
        np.testing.assert_allclose(many.beta[i], one.beta[0], rtol=1e-7)
        np.testing.assert_allclose(moved.beta[i], one.beta[0], rtol=1e-7)
        np.testing.assert_allclose(many.loglik[i], one.loglik[0])


def test_variance_of_moment_estimators_is_that_of_many_samples() -> None:
    """The standard error of τ² against its spread over 20,000 samples, where it is not cut at 0."""
    rng = np.random.default_rng(3)
    vi = rng.uniform(0.01, 0.05, 40)
    yi = 0.2 + rng.standard_normal((20_000, 40)) * np.sqrt(vi + 0.2)
    for method in ("DL", "HE", "REML"):
        fits = fit_many(data_sets(yi, vi, np.ones((40, 1))), method=method)  # type: ignore[arg-type]
        assert fits.se_tau2.mean() == pytest.approx(fits.tau2.std(), rel=0.03)
        assert fits.tau2.mean() == pytest.approx(0.2, rel=0.01)
