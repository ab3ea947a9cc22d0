"""Latent components have the variances asked; observed data recover the structural effects."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats.simulate import simulate_sessions
from alliance_stats.simulate.parameters import SessionParameters, session_moments
from alliance_stats.simulate.process import (
    Deviations,
    People,
    draw_deviations,
    draw_people,
    latent_alliance,
    latent_intake,
    latent_outcome,
    on_scale,
)
from alliance_stats.simulate.sessions import _defaults
from alliance_stats.simulate.streams import spawn_streams
from alliance_stats.simulate.structure import Structure, draw_structure

UNLIMITED: dict[str, Any] = {
    "alliance_range": None,
    "outcome_range": None,
    "missing_ratings": 0,
    "missing_sessions": 0,
    "flat_patients": 0,
    "dropout_hazard": 0,
    "study_end": 0,
    "length_improvement": 0,
    "day_sd": 0,
}
STATIC: dict[str, Any] = {
    "alliance_ar": 0,
    "outcome_ar": 0,
    "lagged_effect": 0,
    "reverse_effect": 0,
    "improvement_alliance": 0,
    "improvement_outcome": 0,
    "within_effect": -0.11,
}
NO_EFFECT: dict[str, Any] = {
    "lagged_effect": 0,
    "within_effect": 0,
    "within_effect_sd": 0,
    "patient_between_effect": 0,
    "therapist_between_effect": 0,
}


def parameters(**changes: Any) -> SessionParameters:
    values = {name: value for name, value in _defaults().items() if name != "rng"}
    return SessionParameters(**(values | changes))  # type: ignore[arg-type]


def drawn(given: SessionParameters, rng: int) -> tuple[Structure, People, Deviations]:
    streams = spawn_streams(rng)
    people = draw_people(given, streams)
    structure = draw_structure(given, people.pace, streams)
    return structure, people, draw_deviations(given, structure, people, streams)


def within(frame: pd.DataFrame, columns: list[str]) -> pd.DataFrame:
    return frame[columns] - frame.groupby("patient")[columns].transform("mean")


def ols(y: np.ndarray, *columns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Coefficients and classical standard errors, intercept first."""
    x = np.column_stack([np.ones(len(y)), *columns])
    inverse = np.linalg.inv(x.T @ x)
    b = inverse @ x.T @ y
    residual = y - x @ b
    return b, np.sqrt(np.diag(inverse) * (residual @ residual) / (len(y) - x.shape[1]))


def test_component_variances_are_the_shares_asked() -> None:
    given = parameters(n_patients=20_000, n_therapists=20_000)
    structure, a, deviations = drawn(given, 1)
    assert np.var(a.v) == pytest.approx(0.07 * 81, rel=0.04)
    assert np.var(a.u) == pytest.approx(0.60 * 81, rel=0.04)
    assert np.std(a.s) == pytest.approx(given.alliance_trend_sd, rel=0.02)
    assert np.std(a.c) == pytest.approx(given.outcome_trend_sd, rel=0.02)
    assert np.std(a.d) == pytest.approx(given.within_effect_sd, rel=0.02)
    assert np.std(a.m) == pytest.approx(1, rel=0.02)
    of_patients = np.corrcoef([a.v, a.p, a.u, a.q, a.s, a.c, a.d, a.m, deviations.f_intake])
    np.testing.assert_allclose(of_patients, np.eye(9), atol=5 / np.sqrt(20_000))
    for session in (1, 2, 9, 18):
        rows = structure.session == session
        assert np.var(deviations.e[rows]) == pytest.approx(0.33 * 81, rel=0.07)
        assert np.var(deviations.f[rows]) == pytest.approx(0.35 * 5.5**2, rel=0.07)
    assert np.var(deviations.f_intake) == pytest.approx(0.35 * 5.5**2, rel=0.05)


def test_paths_by_regression_on_latent_deviations() -> None:
    given = parameters(n_patients=20_000, n_therapists=2_000)
    structure, people, z = drawn(given, 4)
    rows = np.flatnonzero(structure.session > 1)
    past = (z.e[rows - 1], z.f[rows - 1])
    scale = np.sqrt(0.33 * 81) / np.sqrt(0.35 * 5.5**2)
    alliance, se_a = ols(z.e[rows], *past)
    outcome, se_o = ols(z.f[rows], *past)
    assert abs(alliance[1] - 0.30) < 4 * se_a[1]
    assert abs(alliance[2] / scale - -0.10) < 4 * se_a[2] / scale
    assert abs(outcome[2] - 0.35) < 4 * se_o[2]
    assert abs(outcome[1] * scale - -0.10) < 4 * se_o[1] * scale
    assert max(se_a[1], se_o[2], se_o[1] * scale) < 0.003
    innovation = z.e[rows] - alliance[1] * past[0] - alliance[2] * past[1]
    slopes, se = ols(z.f[rows], *past, innovation, innovation * people.d[structure.patient[rows]])
    assert abs(slopes[3] - -0.08) < 4 * se[3]
    assert abs(slopes[4] - 1) < 4 * se[4]
    first = structure.first_row
    assert np.corrcoef(z.f_intake, z.f[first])[0, 1] == pytest.approx(0.35, abs=0.02)


def test_null_twin_keeps_the_reverse_path_and_has_no_other() -> None:
    given = parameters(n_patients=20_000, n_therapists=2_000, **NO_EFFECT)
    structure, people, z = drawn(given, 6)
    rows = np.flatnonzero(structure.session > 1)
    past = (z.e[rows - 1], z.f[rows - 1])
    outcome, se_o = ols(z.f[rows], *past, z.e[rows])
    assert abs(outcome[1]) < 4 * se_o[1]
    assert abs(outcome[3]) < 4 * se_o[3]
    alliance, se_a = ols(z.e[rows], *past)
    assert alliance[2] < -20 * se_a[2]
    assert not people.d.any()


def test_one_patient_s_process_by_hand() -> None:
    given = parameters(n_patients=3, n_therapists=1, sessions_median=9, sessions_cv=0)
    streams = spawn_streams(2)
    people = draw_people(given, streams)
    structure = draw_structure(given, people.pace, streams)
    z = draw_deviations(given, structure, people, streams)
    moments = session_moments(given)
    noise = spawn_streams(2).sessions.standard_normal((2, 27))
    for row in (1, 8, 10, 26):
        i, r = noise[:, row] * np.sqrt([moments.alliance_innovation, moments.own_innovation])
        slope = -0.08 + people.d[structure.patient[row]]
        e, f = z.e[row - 1], z.f[row - 1]
        assert z.e[row] == pytest.approx(0.30 * e + moments.reverse * f + i, rel=1e-12)
        assert z.f[row] == pytest.approx(0.35 * f + moments.lagged * e + slope * i + r, rel=1e-12)


def test_without_paths_the_deviations_are_the_innovations() -> None:
    given = parameters(n_patients=50, n_therapists=5, **STATIC)
    structure, people, z = drawn(given, 3)
    noise = spawn_streams(3).sessions.standard_normal((2, len(z.e)))
    np.testing.assert_allclose(z.e, np.sqrt(0.33 * 81) * noise[0], rtol=1e-12)
    own = np.sqrt(0.35 * 5.5**2 - (0.11**2 + 0.08**2) * 0.33 * 81) * noise[1]
    np.testing.assert_allclose(z.f, (-0.11 + people.d[structure.patient]) * z.e + own, rtol=1e-9)


def test_equations_hold_row_by_row() -> None:
    given = parameters(n_patients=40, n_therapists=5)
    structure, a, z = drawn(given, 2)
    alliance = latent_alliance(given, structure, a, z)
    outcome = latent_outcome(given, structure, a, z)
    intake = latent_intake(given, structure, a, z)
    for row in (0, 1, 7, len(structure.patient) - 1):
        j, week = structure.patient[row], structure.week[row]
        k, early = structure.therapist[row], a.m[j] * min(week / 2, 1)
        level = 15 - 0.30 * a.v[k] - 0.24 * a.u[j] + a.p[k] + a.q[j]
        x = 48.4 + a.v[k] + a.u[j] + (0.15 + a.s[j]) * week + 1.5 * early + z.e[row]
        y = level + (-0.71 + a.c[j]) * week - 1.5 * early + z.f[row]
        assert alliance[row] == pytest.approx(x, rel=1e-12)
        assert outcome[row] == pytest.approx(y, rel=1e-12)
        assert intake[j] == pytest.approx(level + z.f_intake[j], rel=1e-12)


@pytest.mark.parametrize("effects", [{}, NO_EFFECT], ids=["effects", "null twin"])
def test_means_and_variances_at_intake(effects: dict[str, Any]) -> None:
    """One-way analysis of variance recovers the therapist share; effects add no variance."""
    frame = simulate_sessions(
        n_patients=40_000, n_therapists=4_000, caseload_cv=0, sessions_median=1, sessions_cv=0,
        rng=11, **UNLIMITED, **effects,
    ).frame  # fmt: skip
    for column, mean, sd, share in (("wai_total", 48.4, 9, 0.07), ("phq9", 15, 5.5, 0.05)):
        assert frame[column].mean() == pytest.approx(mean, abs=4 * sd * np.sqrt(0.16 / 4_000))
        assert frame[column].std() == pytest.approx(sd, rel=0.02)
        groups = frame.groupby("therapist")[column]
        ms_within = groups.var().mean()
        between = groups.mean().var() - ms_within / 10
        assert between / (between + ms_within) == pytest.approx(share, abs=0.012)


def test_patient_share_of_alliance_and_outcome() -> None:
    frame = simulate_sessions(
        n_patients=10_000, n_therapists=10_000, sessions_median=5, sessions_cv=0,
        alliance_trend_sd=0, outcome_trend_sd=0, rng=12, **UNLIMITED, **STATIC,
    ).frame  # fmt: skip
    for column, trend, share in (("wai_total", 0.15, 0.67), ("phq9", -0.71, 0.65)):
        groups = (frame[column] - trend * frame["week"]).groupby(frame["patient"])
        ms_within = groups.var().mean()
        between = groups.mean().var() - ms_within / 5
        assert between / (between + ms_within) == pytest.approx(share, abs=0.015)


def test_within_effect_by_demeaned_regression() -> None:
    """Fixed-effects regression, common time; equal slopes and trends make its SE exact."""
    frame = simulate_sessions(
        n_patients=10_000, n_therapists=500, alliance_trend_sd=0, outcome_trend_sd=0,
        within_effect_sd=0, rng=13, **UNLIMITED, **STATIC,
    ).frame  # fmt: skip
    d = within(frame, ["wai_total", "week", "phq9"]).to_numpy()
    b, se = ols(d[:, 2], d[:, 0], d[:, 1])
    assert se[1] < 0.003
    assert abs(b[1] - -0.11) < 4 * se[1] * np.sqrt(len(d) / (len(d) - 10_000))
    assert b[2] == pytest.approx(-0.71 + 0.11 * 0.15, abs=0.01)


def test_within_slopes_differ_between_patients_as_asked() -> None:
    """Patient-wise slopes over 300 sessions, their sampling variance taken off."""
    n, t = 400, 300
    frame = simulate_sessions(
        n_patients=n, n_therapists=20, sessions_median=t, sessions_cv=0, sessions_max=t,
        alliance_trend=0, alliance_trend_sd=0, outcome_trend=0, outcome_trend_sd=0,
        within_effect_sd=0.2, rng=14, **UNLIMITED, **STATIC,
    ).frame  # fmt: skip
    x, y = within(frame, ["wai_total", "phq9"]).to_numpy().T.reshape(2, n, t)
    sxx = (x**2).sum(axis=1)
    slope = (x * y).sum(axis=1) / sxx
    residual = ((y - slope[:, None] * x) ** 2).sum(axis=1) / (t - 2)
    assert slope.mean() == pytest.approx(-0.11, abs=4 * slope.std() / np.sqrt(n))
    assert np.sqrt(slope.var() - (residual / sxx).mean()) == pytest.approx(0.2, rel=0.12)


def test_between_effects_of_the_components() -> None:
    """With tiny session variance, means show the components: patient, then therapist effects."""
    frame = simulate_sessions(
        n_patients=120_000, n_therapists=2_000, caseload_cv=0, caseload_max=60,
        sessions_median=1, sessions_cv=0, alliance_therapist_share=0.25,
        alliance_patient_share=0.749, outcome_therapist_share=0.08, within_effect_sd=0,
        rng=15, **UNLIMITED,
    ).frame  # fmt: skip
    frame = frame[["therapist", "wai_total", "phq9"]]
    columns = ["wai_total", "phq9"]
    means = frame.groupby("therapist")[columns].transform("mean")
    x, y = (frame[columns] - means).to_numpy().T
    b, se = ols(y, x)
    assert abs(b[1] - -0.24) < 4 * se[1]
    top = frame.groupby("therapist")[columns].mean()
    b_top, se_top = ols(top["phq9"].to_numpy(), top["wai_total"].to_numpy())
    reliability = 0.25 / (0.25 + 0.75 / 60)
    expected = -0.24 + reliability * (-0.30 - -0.24)
    assert abs(b_top[1] - expected) < 4 * se_top[1]
    assert abs(b_top[1] - -0.24) > 4 * se_top[1]


def test_trends_by_patientwise_regression() -> None:
    n, t = 3000, 10
    frame = simulate_sessions(
        n_patients=n,
        n_therapists=100,
        sessions_median=t,
        sessions_cv=0,
        rng=16,
        **UNLIMITED,
        **STATIC,
    ).frame
    week = np.arange(t) - (t - 1) / 2
    sxx = (week**2).sum()
    for column, mean, sd in (("wai_total", 0.15, 0.20), ("phq9", -0.71, 0.25)):
        y = frame[column].to_numpy().reshape(n, t)
        slope = y @ week / sxx
        level = y.mean(axis=1, keepdims=True)
        residual = ((y - level - slope[:, None] * week) ** 2).sum(axis=1) / (t - 2)
        assert slope.mean() == pytest.approx(mean, abs=4 * slope.std() / np.sqrt(n))
        assert slope.var() - residual.mean() / sxx == pytest.approx(sd**2, abs=0.015)


def test_default_sizes_of_effects() -> None:
    """On the scales: same-session association of -.14 to -.20 SD, patient means with r -.43."""
    frame = simulate_sessions(n_patients=20_000, n_therapists=2_000, rng=17).frame.dropna()
    d = within(frame, ["wai_total", "week", "phq9"])
    b, _ = ols(*d[["phq9", "wai_total", "week"]].to_numpy().T)
    standardised = b[1] * d["wai_total"].std() / (d["phq9"] - b[2] * d["week"]).std()
    assert -0.20 < standardised < -0.14
    means = frame.groupby("patient")[["wai_total", "phq9"]].mean()
    assert -0.47 < means.corr().iloc[0, 1] < -0.39
    first = frame.groupby("patient")["phq9"].first()
    change = frame.groupby("patient")["phq9"].last() - first
    assert change.mean() / first.std() == pytest.approx(-1, abs=0.15)


def test_null_twin_has_no_effect_and_keeps_trends() -> None:
    """Means over unequal lengths are tied by dropout alone, so nobody drops out here."""
    common: dict[str, Any] = {"n_patients": 10_000, "n_therapists": 1_000, "rng": 18, **STATIC}
    null = simulate_sessions(**(common | NO_EFFECT), dropout_hazard=0).frame.dropna()
    d = within(null, ["wai_total", "week", "phq9"]).to_numpy()
    b, se = ols(d[:, 2], d[:, 0], d[:, 1])
    assert abs(b[1]) < 5 * se[1]
    assert b[2] < -0.4
    means = null.groupby("patient")[["wai_total", "phq9"]].mean()
    tops = null.groupby("therapist")[["wai_total", "phq9"]].mean()
    assert abs(means.corr().iloc[0, 1]) < 5 / np.sqrt(10_000)
    assert abs(tops.corr().iloc[0, 1]) < 5 / np.sqrt(1_000)


def test_null_twin_shares_all_other_draws() -> None:
    """Without the reverse path the alliance is the same too."""
    changed = ["phq9", "phq9_intake"]
    frame, null = (
        simulate_sessions(rng=3, reverse_effect=0, **changes).frame for changes in ({}, NO_EFFECT)
    )
    pd.testing.assert_frame_equal(frame.drop(columns=changed), null.drop(columns=changed))
    assert frame["phq9"].isna().equals(null["phq9"].isna())
    assert not frame["phq9"].equals(null["phq9"])


def test_ranges_are_respected_in_whole_numbers() -> None:
    frame = simulate_sessions(
        n_patients=500, n_therapists=50, alliance_sd=30, outcome_sd=20, rng=19
    ).frame
    for column, low, high in (("wai_total", 12, 60), ("phq9", 0, 27)):
        rated = frame[column].dropna()
        assert (rated.min(), rated.max()) == (low, high)
        assert (rated == rated.round()).all()


def test_no_range_leaves_values_unlimited_and_unrounded() -> None:
    frame = simulate_sessions(
        alliance_sd=30, alliance_range=None, outcome_range=(5, 6), rng=19, **NO_EFFECT
    ).frame
    assert frame["wai_total"].max() > 60
    assert frame["wai_total"].min() < 12
    assert set(frame["phq9"].dropna()) == {5.0, 6.0}


def test_zero_has_no_sign() -> None:
    assert not np.signbit(on_scale(np.array([-0.3, -5.0, 0.2]), (0, 27))).any()


def test_missing_ratings_by_share_and_independently() -> None:
    frame = simulate_sessions(n_patients=5000, n_therapists=500, missing_ratings=0.2, rng=20).frame
    gone = frame[["wai_total", "phq9"]].isna()
    bound = 5 * np.sqrt(0.16 / len(frame))
    assert gone.mean().to_numpy() == pytest.approx([0.2, 0.2], abs=bound)
    assert gone.all(axis=1).mean() == pytest.approx(0.04, abs=bound)
    complete = simulate_sessions(missing_ratings=0, rng=20).frame
    assert complete.notna().all().all()


def test_parameters_mirror_the_signature() -> None:
    assert list(asdict(parameters())) == [name for name in _defaults() if name != "rng"]
