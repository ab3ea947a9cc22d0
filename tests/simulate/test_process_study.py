"""The process study: structure, ratings that correlate as asked, effects that come back."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.linalg import solve_discrete_lyapunov

from alliance_stats import ArgumentError
from alliance_stats.simulate import simulate_process_study, simulate_sessions
from alliance_stats.simulate.process_study.parameters import (
    FIXED,
    path_matrix,
    session_process,
    shock_covariance,
    split_arguments,
)
from alliance_stats.simulate.process_study.simulate import _defaults, _draw
from alliance_stats.simulate.streams import spawn_study_streams

SMALL: dict[str, Any] = {"n_patients": 40, "n_therapists": 6}
PLAIN: dict[str, Any] = {
    "alliance_range": None, "outcome_range": None, "motivation_range": None,
    "adherence_range": None, "expectation_range": None, "missing_ratings": 0,
    "missing_sessions": 0, "flat_patients": 0, "alliance_trend": 0, "alliance_trend_sd": 0,
    "outcome_trend": 0, "outcome_trend_sd": 0, "improvement_alliance": 0,
    "improvement_outcome": 0, "dropout_hazard": 0, "study_end": 0, "length_improvement": 0,
    "day_sd": 0,
}  # fmt: skip
VIEWS = ["wai_total", "wai_therapist", "wai_observer"]


def drawn(rng: int, **changes: Any) -> Any:
    values = {name: value for name, value in _defaults().items() if name != "rng"}
    given, study = split_arguments(values | changes)
    return _draw(given, study, spawn_study_streams(rng))


def slopes(y: np.ndarray, *columns: np.ndarray) -> np.ndarray:
    x = np.column_stack([np.ones(len(y)), *columns])
    return np.asarray(np.linalg.lstsq(x, y, rcond=None)[0][1:])


def test_frame_roles_and_report() -> None:
    study = simulate_process_study(**SMALL, rng=1)
    frame, roles = study.frame, study.roles
    assert list(frame) == [
        "therapist", "patient", "session", "week", "treatment", *VIEWS, "motivation",
        "adherence", "expectation", "phq9_intake", "phq9", "ended",
    ]  # fmt: skip
    assert roles is not None
    assert (roles.treatment, roles.alliance_therapist) == ("treatment", "wai_therapist")
    assert (roles.alliance_at, roles.outcome_at) == ("after", "before")
    assert study.report.source == "simulate_process_study"
    assert "40 patients, 6 therapists" in repr(study)
    by_patient = frame.groupby("patient")
    assert by_patient[["expectation", "phq9_intake", "treatment"]].nunique().max().max() == 1
    assert frame[VIEWS].min().min() >= 12
    assert frame[VIEWS].max().max() <= 60
    assert frame["motivation"].dropna().between(0, 10).all()


def test_each_therapist_works_in_one_treatment_and_treatments_are_even() -> None:
    frame = simulate_process_study(n_patients=90, n_therapists=9, rng=2).frame
    arms = frame.groupby("therapist")["treatment"]
    assert arms.nunique().max() == 1
    assert arms.first().value_counts().to_dict() == {
        "cbt": 3, "psychodynamic": 3, "supportive": 3,
    }  # fmt: skip


def test_same_source_same_bytes() -> None:
    frames = [simulate_process_study(**SMALL, rng=rng).frame for rng in (7, 7, 8)]
    pd.testing.assert_frame_equal(frames[0], frames[1])
    assert not frames[0].equals(frames[2])


def test_alliance_and_endings_are_those_of_simulate_sessions() -> None:
    """Without the reverse path nothing of the outcome gets into the alliance."""
    sizes: dict[str, Any] = {"n_patients": 80, "n_therapists": 8, "reverse_effect": 0, "rng": 3}
    study = simulate_process_study(**sizes).frame
    sessions = simulate_sessions(**sizes, therapist_ratings=True).frame
    shared = ["therapist", "patient", "session", "week", "wai_total", "wai_therapist", "ended"]
    pd.testing.assert_frame_equal(study[shared], sessions[shared])


def test_parameters_have_defaults_and_rows() -> None:
    study = simulate_process_study(**SMALL, rng=1)
    assert study.codebook is not None
    book = study.codebook.set_index("parameter")
    assert book.index.is_unique
    assert set(book["status"]) <= {"found", "memory", "assumption"}
    assert not set(FIXED) & set(book.index)
    shared = inspect.signature(simulate_sessions).parameters
    for name, parameter in inspect.signature(simulate_process_study).parameters.items():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert (parameter.default is inspect.Parameter.empty) == (name == "rng")
        assert name in str(simulate_process_study.__doc__)
        if name in shared and name not in ("rng", *SMALL):
            assert parameter.default == shared[name].default
        if name.endswith("_range"):
            assert tuple(book.loc[[f"{name}_low", f"{name}_high"], "value"]) == parameter.default
        elif name not in ("rng", *SMALL):
            assert book.loc[name, "value"] == parameter.default
    assert book.loc["n_patients", "source"] == "given in the call"


def test_indirect_effect_in_points() -> None:
    book = simulate_process_study(**SMALL, rng=1).codebook
    assert book is not None
    structural = book.set_index("parameter")["structural"]
    alliance, motivation = 9 * np.sqrt(0.33), 1.8 * np.sqrt(0.45)
    outcome = 5.5 * np.sqrt(0.35)
    expected = 0.2 * motivation / alliance * (-0.15) * outcome / motivation
    assert structural["indirect_effect"] == pytest.approx(expected, rel=1e-12)
    product = structural["motivation_path_a"] * structural["motivation_path_b"]
    assert structural["indirect_effect"] == pytest.approx(product, rel=1e-12)


def test_innovations_keep_every_variance() -> None:
    """The stationary covariance of the mean process has the variances asked (Lyapunov)."""
    values = {name: value for name, value in _defaults().items() if name != "rng"}
    given, study = split_arguments(values)
    process = session_process(given, study)
    effect = given.within_effect * process.sd[0] / process.sd[3]
    spread = (given.within_effect_sd * process.sd[0] / process.sd[3]) ** 2
    q = shock_covariance(
        study.adherence_alliance, np.array(effect), spread, process.innovation_sd**2
    )
    stationary = solve_discrete_lyapunov(process.paths, q)
    np.testing.assert_allclose(np.diag(stationary), 1, rtol=1e-10)


def test_process_follows_its_equations() -> None:
    """One therapy by hand, session after session, from the innovations that were drawn."""
    z = drawn(5, n_patients=30, n_therapists=6, treatment_lagged_difference=0.1)
    process = session_process(z.given, z.study)
    j = int(np.argmax(z.structure.planned))
    rows = np.flatnonzero(z.structure.patient == j)
    streams = spawn_study_streams(5)
    n = len(z.structure.patient)
    e, r = (streams.shared.sessions.standard_normal(n) for _ in range(2))
    effect = (z.given.within_effect + z.people.d[j]) * process.sd[0] / process.sd[3]
    lagged = -0.1 + 0.1 * (-0.5, 0.0, 0.5)[z.own.arm[j]]
    paths = path_matrix(z.given, z.study, lagged)
    found = np.column_stack(
        [z.deviations.shared.e, z.deviations.motivation, z.deviations.adherence,
         z.deviations.shared.f]
    )[rows] / process.sd  # fmt: skip
    i = e[rows] * process.innovation_sd[0]
    carried = found[:-1] @ paths.T
    np.testing.assert_allclose(found[1:, 0], carried[:, 0] + i[1:], atol=1e-12)
    own = effect * i + r[rows] * process.innovation_sd[3]
    np.testing.assert_allclose(found[1:, 3], carried[:, 3] + own[1:], atol=1e-12)


def test_variances_are_the_same_at_every_session_and_paths_come_back() -> None:
    z = drawn(6, n_patients=30_000, n_therapists=3_000, sessions_median=4, sessions_cv=0)
    d = z.deviations
    state = np.column_stack([d.shared.e, d.motivation, d.adherence, d.shared.f])
    state /= session_process(z.given, z.study).sd
    session = z.structure.session
    for t in (1, 2, 4):
        np.testing.assert_allclose(state[session == t].var(axis=0), 1, atol=0.03)
    past, now = state[session < 4], state[session > 1]
    found = np.array([slopes(now[:, k], *past.T) for k in range(4)])
    expected = path_matrix(z.given, z.study, z.given.lagged_effect)
    np.testing.assert_allclose(found, expected, atol=0.015)


def test_ratings_correlate_at_every_level_as_asked() -> None:
    frame = simulate_process_study(
        **PLAIN, n_patients=20_000, n_therapists=2_000, sessions_median=5, sessions_cv=0,
        alliance_ar=0, reverse_effect=0, dyad_correlation=0.5, observer_correlation=0.4,
        therapist_observer_correlation=0.3,
        dyad_difference=1, observer_difference=0.5, rng=7,
    ).frame  # fmt: skip
    views = frame[VIEWS]
    within = views - frame.groupby("patient")[VIEWS].transform("mean")
    for table in (views, within, frame.groupby("patient")[VIEWS].mean()):
        found = table.corr().to_numpy()[np.triu_indices(3, 1)]
        np.testing.assert_allclose(found, [0.5, 0.4, 0.3], atol=0.02)
    np.testing.assert_allclose(views.std(), 9, atol=0.15)
    np.testing.assert_allclose(views.mean(), [48.4, 39.4, 43.9], atol=0.3)


def test_levels_of_the_outcome_come_back() -> None:
    z = drawn(8, n_patients=20_000, n_therapists=2_000, sessions_median=1, sessions_cv=0)
    frame = simulate_process_study(
        **PLAIN, n_patients=20_000, n_therapists=2_000, sessions_median=1, sessions_cv=0, rng=8
    ).frame
    v = z.people.v[z.structure.therapist]
    found = slopes(
        frame["phq9"].to_numpy(), z.own.severity, z.own.expectation, z.people.u, v,
        z.own.motivation, z.own.adherence,
    )  # fmt: skip
    np.testing.assert_allclose(found, [0.7, -0.3, -0.24, -0.3, 0, 0], atol=0.05)
    assert frame["phq9"].std() == pytest.approx(5.5, rel=0.02)
    assert frame["phq9_intake"].std() == pytest.approx(5.5, rel=0.02)
    level = frame["phq9_intake"].to_numpy()
    assert np.corrcoef(level, z.people.u)[0, 1] == pytest.approx(0, abs=0.02)
    assert np.corrcoef(z.own.expectation, z.people.u)[0, 1] == pytest.approx(0.2, abs=0.02)
    assert np.corrcoef(z.own.motivation, z.people.u)[0, 1] == pytest.approx(0.3, abs=0.02)


def test_differences_between_treatments_are_those_asked() -> None:
    changes: dict[str, Any] = {
        "treatment_within_difference": 0.3, "treatment_between_difference": 0.2,
        "outcome_patient_share": 0.75, "outcome_sd": 8.0,
    }  # fmt: skip
    frame = simulate_process_study(
        **PLAIN, **changes, n_patients=30_000, n_therapists=300, caseload_max=400,
        sessions_median=4, sessions_cv=0, reverse_effect=0, lagged_effect=0,
        alliance_to_motivation=0, alliance_ar=0, outcome_ar=0, motivation_to_outcome=0,
        expectation_alliance_correlation=0, rng=9,
    ).frame  # fmt: skip
    columns = ["wai_total", "phq9"]
    means = frame.groupby("patient")[columns].transform("mean")
    deviations = frame[columns] - means
    patients = frame.groupby("patient").agg(
        {**dict.fromkeys(columns, "mean"), "treatment": "first"}
    )
    for place, arm in enumerate(("cbt", "psychodynamic", "supportive")):
        rows = deviations[frame["treatment"] == arm]
        within = slopes(rows["phq9"].to_numpy(), rows["wai_total"].to_numpy())[0]
        assert within == pytest.approx(-0.08 + 0.3 * (place - 1) / 2, abs=0.02)
        mine = patients[patients["treatment"] == arm]
        between = slopes(mine["phq9"].to_numpy(), mine["wai_total"].to_numpy())[0]
        assert between == pytest.approx(-0.24 + 0.2 * (place - 1) / 2, abs=0.06)


NOTHING: dict[str, Any] = {
    "lagged_effect": 0, "within_effect": 0, "within_effect_sd": 0, "patient_between_effect": 0,
    "therapist_between_effect": 0, "alliance_to_motivation": 0,
}  # fmt: skip


def test_null_twin_without_ties_has_no_association() -> None:
    frame = simulate_process_study(
        **PLAIN, **NOTHING, reverse_effect=0, expectation_effect=0,
        n_patients=20_000, n_therapists=2_000, rng=10,
    ).frame  # fmt: skip
    assert frame[[*VIEWS, "phq9"]].corr()["phq9"].iloc[:3].abs().max() < 0.015


def test_null_twin_keeps_the_alliance() -> None:
    """With the reverse path off, the alliance is the same to the last digit."""
    effect, null = (
        simulate_process_study(**SMALL, **changes, reverse_effect=0, rng=11).frame
        for changes in ({}, NOTHING)
    )
    pd.testing.assert_frame_equal(effect[VIEWS], null[VIEWS])
    assert not effect["phq9"].equals(null["phq9"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_therapists": 2}, "n_therapists=2 is too few: each works in one of the 3 treatments"),
        ({"motivation_sd": 0}, "motivation_sd=0 is too small"),
        ({"motivation_patient_share": 1}, "motivation_patient_share=1 is not a share"),
        ({"adherence_therapist_share": 0.9}, "adherence_therapist_share .* = 1.1 leaves nothing"),
        ({"observer_correlation": 1}, "observer_correlation=1 is not between -1 and 1"),
        (
            {"observer_correlation": 0.9, "therapist_observer_correlation": -0.5},
            "observer_correlation=0.9 and therapist_observer_correlation=-0.5 cannot hold",
        ),
        ({"expectation_effect": np.nan}, "expectation_effect=nan is not a finite number"),
        ({"severity_effect": 1}, "severity_effect=1, .* too large, .* between patients"),
        ({"therapist_between_effect": 2}, "therapist_between_effect=2: too large"),
        ({"alliance_ar": 0.99, "reverse_effect": -0.5}, "largest eigenvalue is 1"),
        ({"treatment_lagged_difference": 1.2}, "treatment_lagged_difference=1.2 is not between"),
        ({"motivation_to_outcome": -0.98}, "explain all variance of the outcome"),
        ({"adherence_range": (9, 1)}, "adherence_range=\\(9, 1\\) is not a range"),
        ({"missing_ratings": 1}, "missing_ratings=1 is not a share"),
    ],
)
def test_errors(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        simulate_process_study(**(SMALL | changes), rng=1)
