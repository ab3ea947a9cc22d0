"""The door: same source, same data; roles, report, codebook and errors."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats import ArgumentError, Roles, SessionData
from alliance_stats.simulate import simulate_sessions

SMALL: dict[str, Any] = {"n_patients": 40, "n_therapists": 6}


def csv_bytes(rng: Any) -> bytes:
    return simulate_sessions(**SMALL, rng=rng).frame.to_csv().encode()


def test_same_source_same_bytes() -> None:
    first = csv_bytes(7)
    assert first == csv_bytes(7)
    assert first == csv_bytes(np.int64(7))
    assert first == csv_bytes(np.random.SeedSequence(7))
    assert first == csv_bytes(np.random.default_rng(7))
    assert first != csv_bytes(8)


def test_generator_moves_on_and_seed_sequence_does_not() -> None:
    generator, seeds = np.random.default_rng(7), np.random.SeedSequence(7)
    assert csv_bytes(generator) != csv_bytes(generator)
    assert csv_bytes(seeds) == csv_bytes(seeds)


def test_global_random_state_is_neither_read_nor_changed() -> None:
    np.random.seed(1)  # noqa: NPY002
    before = csv_bytes(7)
    state = np.random.get_state()[1].copy()  # type: ignore[index,union-attr] # noqa: NPY002
    np.random.seed(2)  # noqa: NPY002
    assert csv_bytes(7) == before
    np.random.seed(1)  # noqa: NPY002
    csv_bytes(7)
    assert (np.random.get_state()[1] == state).all()  # type: ignore[index] # noqa: NPY002


def test_pinned_rows() -> None:
    """Changes of the order of draws show here."""
    frame = simulate_sessions(**SMALL, rng=1).frame
    assert frame.iloc[[0, 1, -1]].to_numpy().tolist() == PINNED


PINNED = [
    ["T02", "P0001", 1, 0.0, 45.0, 23.0, 19.0, "ongoing"],
    ["T02", "P0001", 2, 0.86, 46.0, 21.0, 19.0, "ongoing"],
    ["T03", "P0040", 5, 3.71, 47.0, 19.0, 22.0, "agreed"],
]


def test_frame_roles_and_report() -> None:
    sessions = simulate_sessions(**SMALL, rng=1)
    assert isinstance(sessions, SessionData)
    assert sessions.roles == Roles(
        therapist="therapist", alliance="wai_total", outcome="phq9",
        outcome_better="lower", baseline="phq9_intake", time="week",
        ended="ended",
        alliance_at="after", outcome_at="before",
    )  # fmt: skip
    frame, report = sessions.frame, sessions.report
    assert list(frame) == [
        "therapist", "patient", "session", "week", "wai_total", "phq9", "phq9_intake",
        "ended",
    ]  # fmt: skip
    assert set(frame["ended"]) == {"agreed", "dropout", "ongoing"}
    assert frame.dtypes.iloc[2:].astype(str).tolist()[:5] == ["int64", *["float64"] * 4]
    assert frame.index.equals(pd.RangeIndex(len(frame)))
    assert report.levels.to_dict("list") == {
        "unit": ["session", "patient", "therapist"],
        "n": [len(frame), 40, 6],
    }
    assert (report.rows_read, report.rows_kept, len(report.dropped)) == (len(frame), len(frame), 0)
    by_column = report.missing.set_index("column")
    for column in frame:
        assert by_column.loc[column, "missing"] == frame[column].isna().sum()
        assert by_column.loc[column, "share"] == frame[column].isna().mean()
    assert by_column.loc["wai_total", "role"] == "alliance"
    assert "40 patients, 6 therapists" in repr(sessions)
    assert sessions.view().levels is report.levels


def test_every_parameter_is_named_and_has_a_default_but_rng() -> None:
    for name, parameter in inspect.signature(simulate_sessions).parameters.items():
        assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
        assert (parameter.default is inspect.Parameter.empty) == (name == "rng")
        assert name in str(simulate_sessions.__doc__)


def book(**changes: Any) -> pd.DataFrame:
    codebook = simulate_sessions(**(SMALL | changes), rng=1).codebook
    assert codebook is not None
    return codebook.set_index("parameter")


def test_codebook_lists_every_parameter() -> None:
    codebook = book()
    assert list(codebook) == [
        "value", "unit", "source", "status", "structural", "estimand", "meaning",
    ]  # fmt: skip
    assert codebook.index.is_unique
    assert set(codebook["status"]) <= {"found", "memory", "assumption"}
    assert codebook["estimand"].isna().all()
    for name, parameter in inspect.signature(simulate_sessions).parameters.items():
        if name.endswith("_range"):
            low_high = codebook.loc[[f"{name}_low", f"{name}_high"], "value"]
            assert tuple(low_high) == parameter.default
        elif name not in ("rng", *SMALL):
            assert codebook.loc[name, "value"] == parameter.default
    assert codebook.loc["n_patients", "value"] == 40
    assert codebook.loc["alliance_mean":"outcome_range_high", "meaning"].str.len().min() > 5


def test_codebook_structural_values() -> None:
    codebook = book(within_effect=-0.1, patient_between_effect=-0.2)
    structural = codebook["structural"].dropna()
    assert structural["within_effect"] == -0.1
    assert structural["lagged_effect"] == -0.1
    assert structural["patient_contextual_effect"] == pytest.approx(-0.1)
    assert structural["therapist_contextual_effect"] == pytest.approx(-0.1)
    assert structural["standardised_effect_patient"] == pytest.approx(-0.2 * 9 / 5.5)
    assert "alliance_sd" not in structural


def test_codebook_never_lends_a_source_to_a_changed_value() -> None:
    assert book().loc["outcome_therapist_share", ["source", "status"]].tolist() == [
        "Johns 2019",
        "found",
    ]
    changed = book(outcome_therapist_share=0.08, outcome_range=None)
    for name in ("outcome_therapist_share", "outcome_range_low", "n_patients"):
        assert changed.loc[name, "source"] == "given in the call"
        assert changed.loc[name, "status"] == "assumption"
    assert np.isnan(changed.loc["outcome_range_low", "value"])


def test_variance_left_over_is_in_the_codebook() -> None:
    codebook = book()["value"]
    explained = 0.30**2 * 0.07 * 81
    expected = np.sqrt(0.05 * 5.5**2 - explained)
    assert codebook["outcome_residual_sd_therapist"] == pytest.approx(expected)


def test_edges_run() -> None:
    one_therapist = simulate_sessions(n_patients=2, n_therapists=1, rng=1)
    assert one_therapist.frame["therapist"].unique().tolist() == ["T01"]
    alone = simulate_sessions(
        n_patients=5, n_therapists=5, sessions_max=1, sessions_median=1, rng=1
    )
    assert len(alone.frame) == 5
    no_therapist_variance = book(
        alliance_therapist_share=0, outcome_therapist_share=0, therapist_between_effect=0
    )
    assert np.isnan(no_therapist_variance.loc["standardised_effect_therapist", "value"])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"n_patients": 1}, "n_patients=1 is not a whole number of at least 2"),
        ({"n_patients": 10.0}, "n_patients=10.0 is not a whole number"),
        ({"n_therapists": True}, "n_therapists=True is not a whole number"),
        ({"n_therapists": 0}, "n_therapists=0 is not a whole number of at least 1"),
        ({"n_patients": 3, "n_therapists": 4}, "n_therapists=4 exceeds n_patients=3"),
        ({"n_therapists": 3, "caseload_max": 5}, "n_patients=40 do not fit: 3 .* hold 15"),
        ({"alliance_sd": 0}, "alliance_sd=0 is too small.*Give more than 0"),
        ({"outcome_trend_sd": -0.1}, "outcome_trend_sd=-0.1 is too small.*Give 0 or more"),
        ({"sessions_cv": -1}, "sessions_cv=-1 is too small"),
        ({"missing_sessions": 1}, "missing_sessions=1 is not a share"),
        ({"study_end": 1}, "study_end=1 is not a share"),
        ({"missing_ratings": -0.01}, "missing_ratings=-0.01 is not a share"),
        ({"alliance_mean": float("nan")}, "alliance_mean=nan is not a finite number"),
        ({"within_effect": "small"}, "within_effect='small' is not a finite number"),
        ({"sessions_median": 30}, "sessions_median=30 is not between 1 and sessions_max=25"),
        ({"sessions_median": 0.5}, "sessions_median=0.5 is not between 1"),
        (
            {"alliance_therapist_share": 0.5, "alliance_patient_share": 0.5},
            "alliance_therapist_share . alliance_patient_share = 1 leaves nothing",
        ),
        (
            {"outcome_therapist_share": 0.5, "outcome_patient_share": 0.6},
            "outcome_therapist_share . outcome_patient_share = 1.1 leaves nothing",
        ),
        (
            {"therapist_between_effect": 2},
            "therapist_between_effect=2 is too large.*22.68 .*1.513 between therapists",
        ),
        ({"patient_between_effect": -1}, "patient_between_effect=-1 is too large"),
        ({"within_effect_sd": 1}, "within_effect_sd=1 and the paths.* too large.*between sessions"),
        ({"alliance_ar": 1}, "alliance_ar=1 is not between -1 and 1"),
        (
            {"alliance_ar": 0.9, "outcome_ar": 0.9, "lagged_effect": 0.3, "reverse_effect": 0.5},
            "give no stationary process: its largest eigenvalue is 1.29",
        ),
        ({"alliance_ar": 0.9, "reverse_effect": -0.6}, "gives? no stationary process"),
        ({"alliance_range": (60, 12)}, r"alliance_range=\(60, 12\) is not a range"),
        ({"alliance_range": (12.5, 60)}, "is not a range of a scale"),
        ({"outcome_range": 27}, "outcome_range=27 is not a range of a scale"),
        ({"rng": None}, "rng=None cannot seed"),
        ({"rng": -1}, "rng=-1 cannot seed"),
    ],
)
def test_errors_say_what_was_seen(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        simulate_sessions(**({"rng": 1} | SMALL | changes))


def test_rng_is_required_and_keyword_only() -> None:
    with pytest.raises(TypeError, match="rng"):
        simulate_sessions()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional"):
        simulate_sessions(10)  # type: ignore[misc]


@pytest.mark.slow
def test_fifty_thousand_patients_within_seconds() -> None:
    from time import perf_counter

    start = perf_counter()
    simulate_sessions(n_patients=50_000, n_therapists=5_000, rng=1)
    assert perf_counter() - start < 3
