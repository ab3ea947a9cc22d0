"""What a fit with structured residuals says, against the textbook formulas on n × n matrices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

import alliance_stats as al
from alliance_stats._base.errors import UnsupportedError
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult

BLOCK = ("patient", "role")
STRUCTURES = {
    "ar1": al.lmm.ar1("session", within=BLOCK),
    "ar1_arms": al.lmm.ar1("session", within=BLOCK, variance_by="arm"),
    "continuous": al.lmm.continuous_ar1("days", within=BLOCK),
    "arms": al.lmm.variance_by("arm"),
    "roles": al.lmm.unstructured("role", within=("patient", "session")),
}


@dataclass(frozen=True, eq=False)
class Known:
    """A fit with its V and C as n × n matrices over σ², in the order of the frame."""

    fit: MixedModelResult
    frame: pd.DataFrame
    x: np.ndarray
    c: np.ndarray
    v: np.ndarray

    @property
    def precision(self) -> np.ndarray:
        return np.linalg.inv(self.v)

    @property
    def unscaled(self) -> np.ndarray:
        return np.linalg.inv(self.x.T @ self.precision @ self.x)

    @property
    def error(self) -> np.ndarray:
        """P: V⁻¹ less what the fixed effects take."""
        vx = self.precision @ self.x
        return np.asarray(self.precision - vx @ self.unscaled @ vx.T)


@pytest.fixture(scope="module", params=list(STRUCTURES))
def known(request: pytest.FixtureRequest, dense: SimpleNamespace) -> Known:
    frame = dense.small_frame()
    structure = STRUCTURES[request.param]
    formula = "y ~ x + arm + (1 | therapist/patient)"
    fit = fit_quietly(formula, frame, residual=structure)
    fitted = fit.residual
    names = fitted.levels or ("",)
    c = dense.residual_matrix(
        structure,
        frame,
        rho=fitted.rho,
        ratios=dict(zip(fitted.levels, fitted.ratios, strict=False)),
        correlation=pd.DataFrame(fitted.correlations, index=names, columns=names),
    )
    ones = np.ones((len(frame), 1))
    parts = [
        ("patient", ones, fit.covariances["therapist:patient"].to_numpy() / fit.sigma2),
        ("therapist", ones, fit.covariances["therapist"].to_numpy() / fit.sigma2),
    ]
    v = dense.random_matrix(frame, parts) + c
    x = np.column_stack([np.ones(len(frame)), frame["x"], frame["arm"] == "b"]).astype(float)
    return Known(fit, frame, x, c, v)


def test_fixed_effects(known: Known, dense: SimpleNamespace, tol: SimpleNamespace) -> None:
    y, fit = known.frame["y"].to_numpy(), known.fit
    beta = known.unscaled @ known.x.T @ known.precision @ y
    assert np.allclose(fit.beta, beta, rtol=tol.closed_form)
    assert np.allclose(fit.vcov, fit.sigma2 * known.unscaled, rtol=tol.closed_form)
    expected = -0.5 * dense.deviance(y, known.x, known.v, reml=True)
    assert fit.loglik == pytest.approx(expected, rel=tol.criterion)


def test_random_effects(known: Known) -> None:
    e = known.frame["y"].to_numpy() - known.x @ known.fit.beta.to_numpy()
    weights = known.precision @ e
    for level, factor in (("therapist:patient", "patient"), ("therapist", "therapist")):
        variance = known.fit.covariances[level].iloc[0, 0] / known.fit.sigma2
        found = known.fit.ranef()[level]["(Intercept)"]
        spread = known.fit.ranef_sd()[level]["(Intercept)"]
        for label, value in found.items():
            own = label[-1] if isinstance(label, tuple) else label
            z = (known.frame[factor] == own).to_numpy(dtype=float)
            assert value == pytest.approx(variance * z @ weights, rel=1e-6, abs=1e-8)
            left = variance - variance**2 * z @ known.precision @ z
            sd = np.sqrt(known.fit.sigma2 * max(left, 0.0))
            assert spread[label] == pytest.approx(sd, rel=1e-5, abs=1e-6)


def test_residuals(known: Known) -> None:
    """e = CPy has variance σ²CPC; normalized residuals are those of C^(−1/2)."""
    y, fit = known.frame["y"].to_numpy(), known.fit
    e = known.c @ known.error @ y
    found = fit.residuals(known.frame)
    assert np.allclose(found["conditional"], e, rtol=0, atol=1e-8)
    sd = fit.sigma * np.sqrt(np.diag(known.c))
    assert np.allclose(found["pearson"], e / sd, rtol=0, atol=1e-8)
    own = fit.sigma * np.sqrt(np.diag(known.c @ known.error @ known.c))
    assert np.allclose(found["studentised"], e / own, rtol=1e-6)
    length = float(e @ np.linalg.solve(known.c, e)) / fit.sigma2
    assert float((found["normalized"] ** 2).sum()) == pytest.approx(length, rel=1e-8)


def test_predictions(known: Known) -> None:
    fit = known.fit
    found = fit.predict(known.frame, interval="confidence")
    half = (found["ci_high"] - found["ci_low"]) / (2 * ndtri(0.975))
    error = known.c - known.c @ known.error @ known.c
    assert np.allclose(half, fit.sigma * np.sqrt(np.diag(error)), rtol=1e-6)
    wide = fit.predict(known.frame, interval="prediction")
    both = (wide["pi_high"] - wide["pi_low"]) / (2 * ndtri(0.975))
    added = np.sqrt(both**2 - half**2)
    assert np.allclose(added, fit.sigma * np.sqrt(np.diag(known.c)), rtol=1e-6)


def test_leaving_out_a_therapist(known: Known) -> None:
    """β without a therapist's rows, with all variances kept."""
    found = known.fit.influence(unit="therapist").effects
    for label in known.frame["therapist"].unique():
        kept = (known.frame["therapist"] != label).to_numpy()
        precision = np.linalg.inv(known.v[np.ix_(kept, kept)])
        x, y = known.x[kept], known.frame["y"].to_numpy()[kept]
        beta = np.linalg.solve(x.T @ precision @ x, x.T @ precision @ y)
        ours = found.loc[found["group"] == label, "estimate"]
        assert np.allclose(ours, beta, rtol=0, atol=1e-7)


@pytest.mark.parametrize("kind", ["CR0", "CR1S"])
def test_cluster_robust(known: Known, kind: str) -> None:
    fit, therapist = known.fit, known.frame["therapist"].to_numpy()
    e = known.frame["y"].to_numpy() - known.x @ fit.beta.to_numpy()
    meat = np.zeros((3, 3))
    for label in np.unique(therapist):
        z = (therapist == label).astype(float)
        score = known.x.T @ (known.precision @ e * z)
        meat += np.outer(score, score)
    n, j = len(e), len(np.unique(therapist))
    factor = j * (n - 1) / ((j - 1) * (n - 3)) if kind == "CR1S" else 1.0
    expected = factor * known.unscaled @ meat @ known.unscaled
    found = al.cluster_robust(fit, cluster="therapist", kind=kind).vcov
    assert np.allclose(found, expected, rtol=1e-5, atol=1e-10)


def test_explained_variance(known: Known) -> None:
    """Var(Xβ) over the rows, variances between groups, and the mean of the rows' residual ones."""
    fit = known.fit
    fixed = float(np.var(known.x @ fit.beta.to_numpy(), ddof=1))
    between = sum(float(g.iloc[0, 0]) for g in fit.covariances.values())
    residual = fit.sigma2 * float(np.diag(known.c).mean())
    found = fit.r2()
    assert found.marginal == pytest.approx(fixed / (fixed + between + residual), rel=1e-8)
    assert found.conditional == pytest.approx(1 - residual / (fixed + between + residual), rel=1e-8)
    shares = fit.variance_shares().table.set_index("unit")["variance"]
    assert shares["residual"] == pytest.approx(residual, rel=1e-8)
    means = known.x.mean(axis=0)
    assert np.allclose(fit.column_means(), means, rtol=0, atol=1e-10)


def second_derivatives(function: Callable[[np.ndarray], float], at: np.ndarray) -> np.ndarray:
    """Hessian by central differences of fourth order."""
    k, h = len(at), 2e-3
    weights = {-2: 1 / 12, -1: -2 / 3, 1: 2 / 3, 2: -1 / 12}
    found = np.zeros((k, k))
    for i in range(k):
        for j in range(i + 1):
            for a, wa in weights.items():
                for b, wb in weights.items():
                    point = at.copy()
                    point[i] += a * h
                    point[j] += b * h
                    found[i, j] += wa * wb * function(point) / h**2
            found[j, i] = found[i, j]
    return found


@pytest.mark.parametrize("name", ["ar1", "ar1_arms", "roles"])
def test_degrees_of_freedom_and_wald_intervals(
    name: str, dense: SimpleNamespace, tol: SimpleNamespace
) -> None:
    """Satterthwaite with (log variance, ψ, log σ²) as parameters, all of it by differences."""
    frame = dense.small_frame()
    structure = STRUCTURES[name]
    fit = fit_quietly("y ~ x + (1 | patient)", frame, residual=structure)
    x = np.column_stack([np.ones(len(frame)), frame["x"]])
    y, ones, fitted = frame["y"].to_numpy(), np.ones((len(frame), 1)), fit.residual
    n_ratios = fitted.n_classes - 1

    def matrix(point: np.ndarray) -> np.ndarray:
        """V from log variance between patients, log ratios, Fisher's z and log σ²."""
        ratios = dict(zip(fitted.levels, np.exp([0.0, *point[1 : 1 + n_ratios]]), strict=False))
        r = float(np.tanh(point[-2]))
        roles = pd.DataFrame([[1.0, r], [r, 1.0]], index=["patient", "therapist"])
        roles.columns = roles.index
        c = dense.residual_matrix(structure, frame, rho=r, ratios=ratios, correlation=roles)
        between = dense.random_matrix(frame, [("patient", ones, np.exp(point[:1])[None])])
        return between + np.exp(point[-1]) * c

    def deviance(point: np.ndarray) -> float:
        v = matrix(point)
        inverse = np.linalg.inv(v)
        information = x.T @ inverse @ x
        e = y - x @ np.linalg.solve(information, x.T @ inverse @ y)
        logdets = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
        return float(logdets + e @ inverse @ e)

    r = fitted.rho if structure.kind == "ar1" else fitted.correlations[1, 0]
    logs = np.log([fit.covariances["patient"].iloc[0, 0], *fitted.ratios[1:]])
    at = np.array([*logs, np.arctanh(r), np.log(fit.sigma2)])
    hessian = second_derivatives(deviance, at)
    covariance = 2.0 * np.linalg.inv(hessian)
    for k, df in enumerate(fit.tidy()["df"]):

        def variance(point: np.ndarray, k: int = k) -> float:
            return float(np.linalg.inv(x.T @ np.linalg.inv(matrix(point)) @ x)[k, k])

        steps = 1e-4 * np.eye(len(at))
        slope = np.array([(variance(at + h) - variance(at - h)) / 2e-4 for h in steps])
        assert df == pytest.approx(2 * variance(at) ** 2 / (slope @ covariance @ slope), rel=1e-4)
    half = ndtri(0.975) * np.sqrt(np.diag(covariance))
    ends = fit.confint(method="wald", parameters=["Residual"]).iloc[1:]
    ends = ends[["ci_low", "ci_high"]].to_numpy()
    for row, k in zip(ends, range(1, len(at) - 1), strict=True):
        back = np.exp if k <= n_ratios else np.tanh
        expected = back(np.array([at[k] - half[k], at[k] + half[k]]))
        assert np.allclose(row, expected, rtol=0, atol=tol.interval_wald * np.ptp(expected))


def test_many_degrees_of_freedom_at_once(known: Known) -> None:
    inner = np.random.default_rng(1).normal(size=(3, 5))
    one_by_one = [known.fit.satterthwaite.df(c) for c in inner.T]
    assert np.allclose(known.fit.satterthwaite.dfs(inner), one_by_one, rtol=1e-8)


def test_simulated_responses_have_the_covariance_of_the_model(known: Known) -> None:
    """With groups kept, deviations from the mean have covariance σ²C: whitened, they are white."""
    fit, n = known.fit, 400
    drawn = fit.simulate(known.frame, n=n, rng=1, groups="same").to_numpy()
    drawn = drawn - fit.predict(known.frame)["prediction"].to_numpy()[:, None]
    white = np.linalg.solve(np.linalg.cholesky(fit.sigma2 * known.c), drawn)
    moments = white @ white.T / n
    assert np.abs(np.diag(moments) - 1.0).max() < 5 * np.sqrt(2 / n)
    assert np.abs(moments - np.diag(np.diag(moments))).max() < 5 / np.sqrt(n)


def test_simulation_skips_rows_without_a_time(dense: SimpleNamespace) -> None:
    frame = dense.small_frame()
    fit = fit_quietly("y ~ x + (1 | patient)", frame, residual=STRUCTURES["continuous"])
    frame.loc[frame.index[3], "days"] = np.nan
    with pytest.warns(al.DataWarning, match=r"days missing: 1"):
        drawn = fit.simulate(frame, n=2, rng=1)
    assert drawn.isna().to_numpy().sum() == 2


REFUSED: dict[str, Callable[[MixedModelResult], object]] = {
    "kenward-roger": lambda fit: fit.tidy(ddf="kenward-roger"),
    "kenward-roger property": lambda fit: fit.kenward_roger,
    "profile": lambda fit: fit.confint(),
    "bootstrap": lambda fit: fit.confint(method="bootstrap", rng=1),
    "draws": lambda fit: fit.bootstrap(10, rng=1),
    "curve": lambda fit: fit.profile_frame("x"),
    "refits": lambda fit: fit.influence(unit="patient", refit=True),
    "draws of R²": lambda fit: fit.r2(bootstrap=10, rng=1),
    "draws of shares": lambda fit: fit.variance_shares(bootstrap=10, rng=1),
    "before": lambda fit: fit.variance_shares(before="null"),
    "CR2": lambda fit: al.cluster_robust(fit, cluster="patient"),
    "bootstrap test": lambda fit: al.compare_models(fit, fit, bootstrap=99, rng=1),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_hold_is_refused(what: str, dense: SimpleNamespace) -> None:
    fit = fit_quietly("y ~ x + (1 | patient)", dense.small_frame(), residual=STRUCTURES["ar1"])
    with pytest.raises(UnsupportedError, match="residual structure") as refusal:
        REFUSED[what](fit)
    assert "ar1('session', within=('patient', 'role'))" in str(refusal.value)


def test_diagnosis_does_not_fail(known: Known) -> None:
    assert isinstance(known.fit.diagnose().findings, pd.DataFrame)
