"""Whole fits: invariances, singular fits, saddles, degenerate designs, what is printed."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from alliance_stats._base.errors import ArgumentError, DataError, DataWarning, FitWarning
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.design.build import build_design
from alliance_stats.lmm.factors import unpack
from alliance_stats.lmm.fit import fit_lmm, fit_quietly
from alliance_stats.lmm.minimum import minimise

THREE = "y ~ x + (1 + x | patient) + (1 | therapist)"


def simulate(
    rng: np.random.Generator,
    *,
    patients: int = 60,
    therapists: int = 8,
    sessions: int = 8,
    slope_sd: float = 0.5,
    therapist_sd: float = 1.0,
) -> pd.DataFrame:
    patient = np.repeat(np.arange(patients), sessions)
    therapist = (np.arange(patients) % therapists)[patient]
    x = rng.normal(size=len(patient))
    y = 5 + 0.8 * x + rng.normal(0, 1.5, patients)[patient]
    y += rng.normal(0, slope_sd, patients)[patient] * x
    y += rng.normal(0, therapist_sd, therapists)[therapist] + rng.normal(size=len(patient))
    return pd.DataFrame({"y": y, "x": x, "patient": patient, "therapist": therapist})


@pytest.fixture
def frame(rng: np.random.Generator) -> pd.DataFrame:
    return simulate(rng)


def same(a: object, b: object, rtol: float = 1e-6) -> None:
    np.testing.assert_allclose(np.asarray(a, float), np.asarray(b, float), rtol=rtol, atol=1e-9)


def test_order_of_rows_does_not_matter(frame: pd.DataFrame) -> None:
    one, two = fit_quietly(THREE, frame), fit_quietly(THREE, frame.sample(frac=1, random_state=5))
    assert two.loglik == pytest.approx(one.loglik, abs=1e-8)
    same(one.beta, two.beta)
    same(one.ranef()["patient"].sort_index(), two.ranef()["patient"].sort_index(), 1e-4)


def test_labels_do_not_matter(frame: pd.DataFrame) -> None:
    renamed = frame.assign(
        patient=pd.Categorical([f"Z{9999 - 7 * p}" for p in frame["patient"]]),
        therapist=[f"t {t}" for t in frame["therapist"]],
    )
    one, two = fit_quietly(THREE, frame), fit_quietly(THREE, renamed)
    assert two.loglik == pytest.approx(one.loglik, abs=1e-9)
    same(one.tidy()["df"], two.tidy()["df"])


@pytest.mark.parametrize("factor", [1e-6, 1e6])
def test_units_of_a_predictor_do_not_matter(frame: pd.DataFrame, factor: float) -> None:
    one = fit_quietly(THREE, frame)
    two = fit_quietly(THREE, frame.assign(x=frame["x"] * factor))
    assert two.loglik == pytest.approx(one.loglik - np.log(factor), abs=1e-6)
    same(one.beta["x"], two.beta["x"] * factor)
    same(one.covariances["patient"].iloc[1, 1], two.covariances["patient"].iloc[1, 1] * factor**2)
    same(one.tidy()["df"], two.tidy()["df"], 1e-5)


def test_a_large_mean_of_predictor_and_response_does_not_matter(frame: pd.DataFrame) -> None:
    one = fit_quietly(THREE, frame)
    two = fit_quietly(THREE, frame.assign(x=frame["x"] + 2000.0, y=frame["y"] + 1e6))
    assert two.loglik == pytest.approx(one.loglik, abs=1e-5)
    same(one.beta["x"], two.beta["x"], 1e-5)
    same(one.tidy()["se"].iloc[1], two.tidy()["se"].iloc[1], 1e-5)


def test_sign_and_scale_of_the_response(frame: pd.DataFrame) -> None:
    one, two = fit_quietly(THREE, frame), fit_quietly(THREE, frame.assign(y=-10 * frame["y"]))
    same(one.beta * -10, two.beta)
    same(one.sigma * 10, two.sigma)


def test_balanced_design_equals_analysis_of_variance(rng: np.random.Generator) -> None:
    """REML of a balanced one-way layout: closed forms for both variances and for df."""
    k, n = 20, 6
    patient = np.repeat(np.arange(k), n)
    y = rng.normal(0, 2, k)[patient] + rng.normal(size=k * n)
    fit = fit_quietly("y ~ 1 + (1 | patient)", pd.DataFrame({"y": y, "patient": patient}))
    means = y.reshape(k, n).mean(axis=1)
    msb = n * means.var(ddof=1)
    msw = ((y.reshape(k, n) - means[:, None]) ** 2).sum() / (k * (n - 1))
    assert fit.sigma2 == pytest.approx(msw, rel=1e-6)
    assert fit.covariances["patient"].iloc[0, 0] == pytest.approx((msb - msw) / n, rel=1e-6)
    row = fit.tidy().iloc[0]
    assert row["se"] == pytest.approx(np.sqrt(msb / (k * n)), rel=1e-6)
    assert row["df"] == pytest.approx(k - 1, rel=1e-5)
    shrink = 1 - msw / msb
    blups = fit.ranef()["patient"]["(Intercept)"].to_numpy()
    np.testing.assert_allclose(blups, shrink * (means - y.mean()), rtol=1e-5)


def test_equals_an_independent_implementation(frame: pd.DataFrame) -> None:
    """statsmodels' MixedLM reaches the same optimum on an easy model."""
    import statsmodels.formula.api as smf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = smf.mixedlm("y ~ x", frame, groups="patient", re_formula="~x").fit(
            method="lbfgs", gtol=1e-8
        )
    fit = fit_quietly("y ~ x + (1 + x | patient)", frame)
    assert fit.loglik == pytest.approx(peer.llf, abs=1e-4)
    same(fit.beta, peer.fe_params, 1e-4)
    same(fit.tidy()["se"], peer.bse_fe, 1e-3)


def test_a_zero_variance_is_found_and_said(rng: np.random.Generator) -> None:
    patient = np.repeat(np.arange(30), 4)
    y = rng.normal(size=120)
    y -= np.repeat(y.reshape(30, 4).mean(axis=1), 4) * 0.9  # less variance than by chance
    frame = pd.DataFrame({"y": y, "patient": patient})
    with pytest.warns(FitWarning, match=r"Singular fit at 'patient': the estimated variance"):
        fit = fit_lmm("y ~ 1 + (1 | patient)", frame)
    assert fit.singular and fit.converged
    assert fit.covariances["patient"].iloc[0, 0] == 0.0
    assert fit.sigma2 == pytest.approx(y.var(ddof=1), rel=1e-10)
    assert fit.tidy()["df"].iloc[0] == pytest.approx(119, rel=1e-6)  # as in ordinary regression


def test_a_perfect_correlation_is_found_and_said(rng: np.random.Generator) -> None:
    patient = np.repeat(np.arange(40), 5)
    x = rng.normal(size=200)
    common = rng.normal(size=40)[patient]
    y = 2 * common + 1.5 * common * x + rng.normal(size=200)
    frame = pd.DataFrame({"y": y, "x": x, "patient": patient})
    with pytest.warns(FitWarning, match="estimated to correlate perfectly"):
        fit = fit_lmm("y ~ x + (1 + x | patient)", frame)
    pair = fit.var_corr()
    assert pair["correlation"].dropna().iloc[0] == pytest.approx(1.0, abs=1e-6)


def test_a_slope_only_start_leaves_the_saddle(rng: np.random.Generator) -> None:
    """With the intercept's column of Λ at zero the gradient in θ is zero there, yet no minimum."""
    frame = simulate(rng, slope_sd=0.0)
    criterion = Criterion(build_design("y ~ x + (1 + x | patient)", frame))
    free = minimise(criterion)
    stuck = np.array([0.0, 0.0, 0.4])
    assert np.abs(criterion(stuck)[1][:2]).max() == 0.0
    found = minimise(criterion, start=stuck)
    assert found.deviance == pytest.approx(free.deviance, abs=1e-7)
    from_zero = minimise(criterion, start=np.zeros(3))
    assert from_zero.restarts >= 1
    assert from_zero.deviance == pytest.approx(free.deviance, abs=1e-7)


def test_a_second_minimum_on_the_boundary_is_not_taken_for_the_first() -> None:
    """31 rows: the default start ends in a local minimum .48 above the best; a second finds it."""
    frame = two_minima()
    criterion = Criterion(
        build_design("y ~ x + w + (1 + w | patient) + (1 + x | therapist)", frame)
    )
    rng = np.random.default_rng(0)
    best = min(minimise(criterion, start=rng.normal(size=6)).deviance for _ in range(10))
    assert minimise(criterion, start=criterion.start).deviance > best + 0.4
    assert minimise(criterion).deviance == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("seed", [2, 6, 7, 8, 9])
def test_random_effects_that_leave_no_residual_are_refused(seed: int) -> None:
    """Ten rows, four random slopes of seven groups: the likelihood has no maximum."""
    rng = np.random.default_rng(seed)
    groups = {"patient": np.repeat(np.arange(4), [3, 3, 2, 2]), "rater": np.arange(10) % 3}
    frame = pd.DataFrame({"y": rng.normal(size=10), "x": rng.normal(size=10), **groups})
    frame["w"] = rng.normal(size=10)
    with pytest.raises(DataError, match="the response of 10 rows without any residual"):
        fit_lmm("y ~ x + w + (1 + x | patient) + (1 + w | rater)", frame)


def two_minima() -> pd.DataFrame:
    """Found by trying many small random studies."""
    rng = np.random.default_rng(126)
    therapists = rng.integers(3, 15)
    patients = therapists * rng.integers(2, 8)
    patient = np.repeat(np.arange(patients), rng.integers(1, rng.integers(3, 9) + 2, patients))
    therapist = (np.arange(patients) % therapists)[patient]
    n = len(patient)
    x = rng.normal(size=n) * 10 ** rng.uniform(-1, 1) + rng.normal() * 2
    w = rng.normal(size=n) + rng.normal(size=patients)[patient]
    y = rng.normal(0, rng.choice([0, 0.2, 1, 3]), patients)[patient]
    y = y + rng.normal(0, rng.choice([0, 0.2, 1, 3]), therapists)[therapist]
    y = y + rng.normal(0, rng.choice([0, 0.2, 1]), patients)[patient] * w
    y = y + rng.normal(0, rng.choice([0, 0.3]), therapists)[therapist] * x / x.std()
    y = y + rng.normal(size=n) + 0.3 * w
    return pd.DataFrame({"y": y, "x": x, "w": w, "patient": patient, "therapist": therapist})


@pytest.mark.parametrize("seed", range(40))
def test_every_start_ends_at_the_same_deviance(seed: int) -> None:
    """Small, weakly identified data: boundary solutions are frequent; none may be a saddle."""
    rng = np.random.default_rng(seed)
    frame = simulate(rng, patients=15, therapists=5, sessions=4, slope_sd=0.2, therapist_sd=0.2)
    criterion = Criterion(build_design("y ~ x + (1 + x | patient) + (1 + x | therapist)", frame))
    ends = [minimise(criterion)]
    ends += [minimise(criterion, start=rng.normal(size=6)) for _ in range(4)]
    best = min(end.deviance for end in ends)
    assert ends[0].converged
    assert ends[0].deviance <= best + 1e-6
    for factor, gradient in zip(
        unpack(ends[0].theta, criterion.sizes),
        criterion.gradients(criterion.profile(ends[0].theta)),
        strict=True,
    ):
        np.testing.assert_allclose(gradient @ factor, 0.0, atol=2e-3)
        if ends[0].singular:
            assert np.linalg.eigvalsh(gradient)[0] > -0.05


def test_one_patient_per_therapist_cannot_be_told_apart(rng: np.random.Generator) -> None:
    """Nested one to one: the two variances share one number; the fit says it is not unique."""
    frame = simulate(rng, patients=20, therapists=20)
    fit = fit_quietly("y ~ x + (1 | patient) + (1 | therapist)", frame)
    one = fit_quietly("y ~ x + (1 | patient)", frame)
    assert fit.loglik == pytest.approx(one.loglik, abs=1e-6)


def test_dropped_rows_are_warned_with_counts(frame: pd.DataFrame) -> None:
    frame.loc[:2, "y"] = np.nan
    with pytest.warns(DataWarning, match=r"3 of 480 rows dropped \(y missing: 3\)"):
        fit = fit_lmm(THREE, frame)
    assert fit.glance()["n_dropped"].iloc[0] == 3


def test_tables_have_the_schema(frame: pd.DataFrame) -> None:
    from alliance_stats._base.views import TIDY_COLUMNS

    fit = fit_quietly(THREE, frame)
    assert tuple(fit.tidy().columns) == TIDY_COLUMNS
    assert len(fit.glance()) == 1
    view = fit.view()
    assert view.kind == "lmm" and list(view.levels["n"]) == [480, 60, 8]
    assert "y ~ x + (1 + x | patient)" in repr(fit)
    assert "<table>" in fit._repr_html_()


def test_the_view_says_how_to_fit_again(frame: pd.DataFrame) -> None:
    fit = fit_quietly(THREE, frame.assign(w=2.0, o=0.5), weights="w", offset="o", reml=False)
    expected = f"al.fit_lmm({THREE!r}, data, reml=False, weights='w', offset='o')"
    assert fit.view().refit == expected


def test_normal_tests_and_other_levels(frame: pd.DataFrame) -> None:
    fit = fit_quietly(THREE, frame)
    table = fit.tidy(ddf="normal", conf_level=0.9)
    assert np.isinf(table["df"]).all()
    half = (table["ci_high"] - table["ci_low"]) / 2
    np.testing.assert_allclose(half, 1.6448536269514722 * table["se"], rtol=1e-9)
    assert (fit.tidy()["p_value"] > table["p_value"]).all()


def test_unknown_arguments_are_refused(frame: pd.DataFrame) -> None:
    fit = fit_quietly(THREE, frame)
    with pytest.raises(ArgumentError, match=r"ddf='kenward' is not known"):
        fit.tidy(ddf="kenward")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="conf_level=95"):
        fit.tidy(conf_level=95)
    with pytest.raises(ArgumentError, match="fixed effect 'z' is not in the model"):
        fit.contrasts({"c": {"z": 1.0}})


def test_results_are_frozen(frame: pd.DataFrame) -> None:
    fit = fit_quietly(THREE, frame)
    with pytest.raises(AttributeError):
        fit.formula = "y ~ 1"  # type: ignore[misc]


def test_column_means(frame: pd.DataFrame) -> None:
    shifted = frame.assign(x=frame["x"] + 3)
    means = fit_quietly(THREE, shifted).column_means()
    assert means["(Intercept)"] == pytest.approx(1.0, abs=1e-12)
    assert means["x"] == pytest.approx(shifted["x"].mean(), rel=1e-12)


def test_a_search_near_another_theta_ends_at_the_same_minimum(
    rng: np.random.Generator, tol: SimpleNamespace
) -> None:
    group = np.repeat(np.arange(30), 8)
    frame = pd.DataFrame({"g": group, "x": rng.normal(size=240)})
    slope = 1 + 0.5 * rng.normal(size=30)
    frame["y"] = rng.normal(size=30)[group] + slope[group] * frame["x"] + rng.normal(size=240)
    free, alone = "y ~ x + (1 + x | g)", "y ~ x + (1 | g)"
    usual = fit_quietly(free, frame)
    near = fit_quietly(free, frame, near=np.array([1.5, 0.2, 0.9]))
    close = tol.beta_in_se * np.sqrt(usual.vcov.loc["x", "x"])
    assert abs(near.beta["x"] - usual.beta["x"]) <= close
    closer = fit_quietly(free, frame, near=usual.minimum.theta)
    assert len(closer.minimum.log) < len(usual.minimum.log)
    other = fit_quietly(alone, frame, near=usual.minimum.theta)  # another number of parameters
    assert other.minimum.log == fit_quietly(alone, frame).minimum.log
    frame["y"] = frame["x"] + rng.normal(size=240)
    frame["y"] -= frame.groupby("g")["y"].transform("mean")
    singular = fit_quietly(alone, frame, near=np.array([0.5]))
    assert singular.singular and singular.minimum.log == fit_quietly(alone, frame).minimum.log
