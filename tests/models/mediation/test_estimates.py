"""Effects, their second-order errors, draws, and the dense model of both equations."""

from __future__ import annotations

import numpy as np
import pytest

from alliance_stats.models import MediationResult
from alliance_stats.models.mediation.estimates import LevelEstimates, effects_of
from alliance_stats.models.mediation.monte_carlo import (
    monte_carlo_draws,
    percentile_interval,
    percentile_p,
)
from alliance_stats.models.mediation.specification import EQUATION, VALUE, stacked_rows

VALUES = np.array([0.4, -0.5, 0.1, 0.06])


def estimates() -> LevelEstimates:
    root = np.array([[0.05, 0, 0, 0], [0.03, 0.06, 0, 0], [-0.02, 0.03, 0.05, 0], [0, 0, 0, 0.02]])
    return LevelEstimates("within", VALUES, root @ root.T)


def test_second_order_errors_are_those_of_draws() -> None:
    """The formula of Bauer, Preacher & Gil, by a million draws."""
    found = estimates()
    draws = effects_of(monte_carlo_draws([found], 1_000_000, 1)["within"])
    np.testing.assert_allclose(draws.std(axis=0), found.errors(), rtol=4e-3)


def test_second_order_errors_by_hand() -> None:
    """The printed formula, term by term, for ab + cov and for the total effect."""
    a, b, _, _ = VALUES
    v = estimates().vcov
    variance = b**2 * v[0, 0] + a**2 * v[1, 1] + v[0, 0] * v[1, 1] + 2 * a * b * v[0, 1]
    variance += v[0, 1] ** 2 + v[3, 3]
    total = variance + v[2, 2] + 2 * b * v[0, 2] + 2 * a * v[1, 2]
    np.testing.assert_allclose(estimates().errors() ** 2, [variance, total])
    np.testing.assert_allclose(estimates().effects(), [-0.14, -0.04])


def test_draws_have_the_given_moments() -> None:
    found = estimates()
    draws = monte_carlo_draws([found], 200_000, 3)["within"]
    np.testing.assert_allclose(draws.mean(axis=0), VALUES, atol=1e-3)
    np.testing.assert_allclose(np.cov(draws.T), found.vcov, atol=5e-5)
    assert not draws.flags.writeable


def test_a_parameter_without_error_is_fixed() -> None:
    known = LevelEstimates("within", VALUES, np.diag([0.01, 0.01, 0.01, 0.0]))
    assert (monte_carlo_draws([known], 1000, 1)["within"][:, 3] == 0.06).all()


def test_what_is_not_estimated_has_no_interval() -> None:
    gone = LevelEstimates("between", np.array([0.4, np.nan, 0.1, 0.0]), np.eye(4))
    draws = monte_carlo_draws([gone], 1000, 1)["between"]
    assert np.isnan(percentile_interval(effects_of(draws)[:, 0], 0.95)).all()
    assert np.isnan(percentile_p(effects_of(draws)[:, 0]))


def test_p_and_interval_agree() -> None:
    """p < α exactly where the interval of level 1 − α leaves out zero, up to one draw."""
    rng = np.random.default_rng(1)
    for shift in (0.5, 1.5, 1.96, 2.5, 6.0):
        draws = shift + rng.standard_normal(9999)
        p = percentile_p(draws)
        assert p > 0
        for level in (0.90, 0.95, 0.99):
            low = percentile_interval(draws, level)[0]
            if abs(p - (1 - level)) > 4e-4:
                assert (low > 0) == (p < 1 - level)


def test_the_stacked_model_is_the_dense_one(joint: MediationResult) -> None:
    """β and its covariance by V = ZΣZ' + R of every patient, from the stacked rows."""
    fit = joint.fits.joint
    assert fit is not None and fit.residual is not None
    frame = stacked_rows(joint.prepared, joint.specification)
    x = frame[list(fit.names)].to_numpy()
    sigma = fit.covariances["id"]
    z, y = frame[list(sigma.columns)].to_numpy(), frame[VALUE].to_numpy()
    first = (frame[EQUATION] == fit.residual.levels[0]).to_numpy()
    variances = np.where(first, fit.sigma2, fit.sigma2 * fit.residual.ratios[1] ** 2)
    left, right = np.zeros((x.shape[1],) * 2), np.zeros(x.shape[1])
    for patient in frame["id"].unique():
        k = (frame["id"] == patient).to_numpy()
        v = z[k] @ sigma.to_numpy() @ z[k].T + np.diag(variances[k])
        left += x[k].T @ np.linalg.solve(v, x[k])
        right += x[k].T @ np.linalg.solve(v, y[k])
    np.testing.assert_allclose(np.linalg.solve(left, right), fit.beta, rtol=1e-7)
    np.testing.assert_allclose(np.linalg.inv(left), fit.vcov, rtol=1e-7, atol=1e-12)


def test_stacked_rows_are_of_one_equation_each(joint: MediationResult) -> None:
    frame = stacked_rows(joint.prepared, joint.specification)
    of_mediator = frame[EQUATION] == "motivation"
    columns = [c for c in frame.columns if c.startswith("phq.")]
    assert (frame.loc[of_mediator, columns] == 0).all(axis=None)
    assert len(frame) == sum(int(keep.sum()) for keep in joint.prepared.keep.values())
    assert frame.loc[of_mediator, "motivation.intercept"].eq(1.0).all()
    assert pytest.approx(frame.loc[of_mediator, "motivation.wai_within"].sum(), abs=1e-8) == 0.0
