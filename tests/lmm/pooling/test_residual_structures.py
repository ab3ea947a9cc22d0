"""Pooling of fits with structured residuals: what is pooled, and what is refused."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataError, UnsupportedError
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.pooling.result import PooledResult
from alliance_stats.lmm.residual.structure import ResidualStructure

FORMULA = "y ~ session + x + (1 | patient)"
AR1 = al.lmm.ar1("session", within="patient")
DYAD = al.lmm.unstructured("role", within=("patient", "session"))


def frame_of(seed: int) -> pd.DataFrame:
    """40 patients with 6 sessions, two raters, two arms; x differs between the data sets."""
    rng, own = np.random.default_rng(7), np.random.default_rng(seed)
    grid = pd.MultiIndex.from_product(
        [range(40), range(1, 7), ("p", "t")], names=["patient", "session", "role"]
    ).to_frame(index=False)
    shared = rng.normal(size=(40, 6)).cumsum(axis=1)[grid["patient"], grid["session"] - 1]
    y = shared + rng.normal(size=40)[grid["patient"]] + rng.normal(size=len(grid))
    arm = np.where(grid["patient"] % 2 == 0, "a", "b")
    return grid.assign(y=y, arm=arm, x=0.3 * y + own.normal(size=len(grid)))


@lru_cache
def pooled(
    structure: ResidualStructure | None, formula: str = FORMULA, reml: bool = True
) -> PooledResult:
    frames = [frame_of(seed) for seed in (1, 2, 3)]
    if structure != DYAD:
        frames = [frame[frame["role"] == "p"] for frame in frames]
    return PooledResult(
        tuple(fit_quietly(formula, frame, residual=structure, reml=reml) for frame in frames)
    )


def test_an_autoregression_is_pooled_as_a_mean() -> None:
    result = pooled(AR1)
    rows = result.var_corr().query("group == 'Residual'")
    assert rows["variance"].iloc[0] == np.mean([fit.sigma2 for fit in result.fits])
    rho = [fit.residual.rho for fit in result.fits if fit.residual]
    assert rows.loc[rows["term"] == "rho", "correlation"].item() == np.mean(rho)
    assert "Residuals: ar1" in repr(result) and "Residuals: ar1" in result._repr_html_()
    assert "residual=al.lmm.ar1" in str(result.view().refit)


def test_variances_of_roles_are_those_of_the_mean_covariance() -> None:
    result = pooled(DYAD)
    tables = [fit.var_corr().query("group == 'Residual'") for fit in result.fits]
    rows = result.var_corr().query("group == 'Residual'")
    variance = np.mean([table["variance"] for table in tables], axis=0)
    np.testing.assert_allclose(rows["variance"], variance, rtol=1e-12)
    assert rows["correlation"].iloc[2] == pytest.approx(
        variance[2] / np.sqrt(variance[0] * variance[1])
    )
    assert rows["sd"].iloc[:2].to_list() == pytest.approx(np.sqrt(variance[:2]).tolist())
    for fit, table in zip(result.fits, tables, strict=True):
        assert fit.residual is not None
        assert table["correlation"].iloc[2] == pytest.approx(fit.residual.correlations[1, 0])


def test_tests_are_by_the_rules_of_rubin() -> None:
    result = pooled(AR1)
    estimates = np.array([fit.beta.to_numpy() for fit in result.fits])
    within = np.mean([np.diag(fit.vcov) for fit in result.fits], axis=0)
    total = within + (1 + 1 / 3) * estimates.var(axis=0, ddof=1)
    table = result.tidy()
    np.testing.assert_allclose(table["estimate"], estimates.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(table["se"], np.sqrt(total), rtol=1e-12)
    assert table["df"].gt(0).all()
    assert result.joint_tests({"both": [{"x": 1}, {"session": 1}]})["df_numerator"].item() == 2


def test_likelihoods_are_compared_by_d2_only() -> None:
    larger, smaller = pooled(AR1, reml=False), pooled(None, reml=False)
    own = [2 * (a.loglik - b.loglik) for a, b in zip(larger.fits, smaller.fits, strict=True)]
    found = smaller.compare(larger, method="D2")
    assert found.tidy()["df_numerator"].item() == 1
    assert min(own) > 0 and found.tidy()["statistic"].item() > 0
    assert "ar1('session', within='patient')" in found.larger and not found.messages
    for one, other in ((larger, smaller), (smaller, larger)):
        with pytest.raises(UnsupportedError, match="D3 with a residual structure"):
            one.compare(other)
    continuous = pooled(al.lmm.continuous_ar1("session", within="patient"), reml=False)
    assert "cautious" in continuous.compare(smaller, method="D2").messages[0]


def test_one_script_does_not_pool_fits_of_nlme() -> None:
    with pytest.raises(UnsupportedError, match=r"to_r\(\) of the single fits"):
        pooled(AR1).to_r()
    assert "corAR1" in pooled(AR1).fits[0].to_r()


def test_all_fits_have_the_same_structure_and_classes() -> None:
    one, other = pooled(AR1).fits[0], pooled(None).fits[1]
    with pytest.raises(ArgumentError, match="residual structure"):
        al.lmm.pool([one, other])
    frame = frame_of(1).query("role == 'p'")
    relabelled = frame.assign(arm=frame["arm"].replace("b", "c"))
    arms = al.lmm.variance_by("arm")
    with pytest.raises(DataError, match="different classes"):
        al.lmm.pool([fit_quietly(FORMULA, f, residual=arms) for f in (frame, relabelled)])


def test_ends_of_ranges_are_said() -> None:
    rng = np.random.default_rng(3)
    frame = frame_of(1).query("role == 'p'")
    jumps = np.diff(rng.normal(size=(40, 7)), axis=1)[frame["patient"], frame["session"] - 1]
    alternating = frame.assign(y=jumps + rng.normal(size=40)[frame["patient"]])
    structure = al.lmm.continuous_ar1("session", within="patient")
    fits = [fit_quietly(FORMULA, f, residual=structure) for f in (alternating, frame)]
    messages = PooledResult(tuple(fits)).messages
    at_end = [k for k, fit in enumerate(fits, start=1) if fit.residual and len(fit.residual.at_end)]
    assert at_end == [1]
    assert any("end of its range" in text and "imputation 1)" in text for text in messages)
