"""reliability_of_means against lme4, describe_levels, and simulated attenuation."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.reliability.multilevel.means import arriving

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "generalizability"
VALUES = json.loads((FOLDER / "means.json").read_text(encoding="utf-8"))
reliability_of_means = al.reliability.reliability_of_means


@pytest.fixture(scope="module")
def sessions() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "means.csv")


def harmonic(counts: Any) -> float:
    return float(len(counts) / (1 / np.asarray(counts, dtype=float)).sum())


def test_two_levels_from_lme4(sessions: pd.DataFrame, tol: SimpleNamespace) -> None:
    found = reliability_of_means(sessions, score="alliance", patient="patient")
    v = VALUES["two"]
    n = sessions.groupby("patient").size()
    each = v["patient"] / (v["patient"] + v["Residual"] / n)
    rtol = tol.reliability
    typical = v["patient"] / (v["patient"] + v["Residual"] / harmonic(n))
    assert found.estimate == pytest.approx(typical, rel=rtol)
    row = found.tidy().iloc[0]
    assert row["lowest"] == pytest.approx(each.min(), rel=rtol)
    assert row["highest"] == pytest.approx(each.max(), rel=rtol)
    assert found.plot is not None
    np.testing.assert_allclose(found.plot["reliability"], each, rtol=rtol)


def test_three_levels_from_lme4(sessions: pd.DataFrame, tol: SimpleNamespace) -> None:
    found = reliability_of_means(
        sessions.sample(frac=1.0, random_state=1),
        score="alliance", patient="patient", therapist="therapist",
    )  # fmt: skip
    v = VALUES["three"]
    n = sessions.groupby("patient").size()
    m = sessions.groupby("therapist")["patient"].nunique()
    total = v["patient"] + v["Residual"] / harmonic(n)
    rows = found.tidy().set_index("unit")
    expected = v["therapist"] / (v["therapist"] + total / harmonic(m))
    assert rows.loc["therapist", "estimate"] == pytest.approx(expected, rel=tol.reliability)
    expected = v["patient"] / total
    assert rows.loc["patient", "estimate"] == pytest.approx(expected, rel=tol.reliability)


def balanced(rng: np.random.Generator, shape: tuple[int, int, int]) -> pd.DataFrame:
    t, p, s = np.indices(shape).reshape(3, -1)
    y = rng.normal(size=shape[0])[t] + 2 * rng.normal(size=shape[:2])[t, p]
    y = 30 + y + 2 * rng.normal(size=len(t))
    return pd.DataFrame({"therapist": t, "patient": 100 * t + p, "session": s + 1, "wai": y})


def test_balanced_data_give_what_describe_levels_prints(rng: np.random.Generator) -> None:
    frame = balanced(rng, (12, 6, 5)).assign(phq=1.0)
    frame["phq"] = rng.normal(size=len(frame))
    roles = al.Roles(therapist="therapist", alliance="wai", outcome="phq")
    described = al.describe_levels(al.load_sessions(frame, roles)).variances
    moments = described[described["variable"] == "wai"].set_index("unit")
    found = reliability_of_means(frame, score="wai", patient="patient", therapist="therapist")
    rows = found.tidy().set_index("unit")
    for unit in ("patient", "therapist"):
        expected = moments.loc[unit, "reliability"]
        assert rows.loc[unit, "estimate"] == pytest.approx(expected, rel=1e-5)


def test_patients_of_several_therapists_are_pairs(sessions: pd.DataFrame) -> None:
    moved = sessions.copy()
    moved.loc[moved.index[1], "therapist"] = 15
    assert moved["patient"].iloc[0] == moved["patient"].iloc[1]
    found = reliability_of_means(moved, score="alliance", patient="patient", therapist="therapist")
    n = sessions["patient"].nunique()
    assert found.counts["patient"] == n + 1
    assert any(f"1 of {n} patients is seen by more than one therapist" in m for m in found.messages)


def test_weights_sum_to_one() -> None:
    table = arriving(np.array([6.0, 1.0, 8.0]), sessions=8.0, patients=10.0)
    sums = table[["own", "from_patients", "from_sessions"]].sum(axis=1)
    np.testing.assert_allclose(sums, 1.0, rtol=1e-14)
    flat = arriving(np.array([0.0, 0.0]), sessions=8.0, patients=np.nan)
    assert flat["own"].isna().all()


def test_coefficients_of_observed_means_arrive_as_said(rng: np.random.Generator) -> None:
    """Slopes of −.1 within patients, −.4 of patients, +.5 of therapists; regressions on means."""
    shape = (2_000, 6, 4)
    t, p, s = np.indices(shape).reshape(3, -1)
    therapist = rng.normal(size=shape[0])[t]
    patient = 2 * rng.normal(size=shape[:2])[t, p]
    session = 2 * rng.normal(size=len(t))
    x = therapist + patient + session
    y = 0.5 * therapist - 0.4 * patient - 0.1 * session + 0.1 * rng.normal(size=len(t))
    cube_x, cube_y = (v.reshape(shape) for v in (x, y))
    mean_x, mean_y = cube_x.mean(axis=2), cube_y.mean(axis=2)
    top_x, top_y = mean_x.mean(axis=1), mean_y.mean(axis=1)
    own = arriving(np.array([4.0, 1.0, 4.0]), sessions=4.0, patients=6.0).set_index("unit")
    slopes = {
        "therapist": np.polyfit(top_x, top_y, 1)[0],
        "patient": float(
            ((mean_x - top_x[:, None]) * (mean_y - top_y[:, None])).sum()
            / ((mean_x - top_x[:, None]) ** 2).sum()
        ),
    }
    true = {"own": 0.5, "from_patients": -0.4, "from_sessions": -0.1}
    expected = sum(own.loc["therapist", name] * slope for name, slope in true.items())
    assert slopes["therapist"] == pytest.approx(expected, abs=0.03)
    expected = own.loc["patient", "own"] * -0.4 + own.loc["patient", "from_sessions"] * -0.1
    assert slopes["patient"] == pytest.approx(expected, abs=0.005)


FRAME = pd.DataFrame(
    {
        "p": [1, 1, 2, 2, 3, 3],
        "t": [1, 1, 1, 1, 2, 2],
        "y": [1.0, 2, 4, 5, 3, 3.5],
        "c": 1,
        "w": "a",
    }
)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"score": "z"}, "column 'z' not found"),
        ({"score": "w"}, "column 'w' is not numeric"),
        ({"score": "p"}, "different columns"),
        ({"score": "c"}, "are all the same"),
        ({"patient": "c"}, "1 patient with at most 6 ratings each"),
        ({"therapist": "c"}, "1 therapist with at most 3 patients each"),
        ({"conf_level": 2}, "conf_level=2"),
    ],
)
def test_bad_input_is_one_clear_message(arguments: dict[str, Any], says: str) -> None:
    with pytest.raises((al.DataError, al.ArgumentError)) as caught:
        reliability_of_means(FRAME, **({"score": "y", "patient": "p"} | arguments))
    assert says in str(caught.value)


def test_bad_data_is_one_clear_message() -> None:
    with pytest.raises(al.DataError, match="3 patients with at most 1 rating each"):
        reliability_of_means(FRAME.iloc[::2], score="y", patient="p")
    with pytest.raises(al.DataError, match="no row has all of y, p"):
        reliability_of_means(FRAME.assign(y=np.nan), score="y", patient="p")
    found = reliability_of_means(
        FRAME.assign(y=FRAME["y"].where(FRAME["p"] != 1)), score="y", patient="p"
    )
    assert found.messages[0] == "2 of 6 rows dropped (y missing: 2)."


def test_nothing_between_patients_is_said(rng: np.random.Generator) -> None:
    y = rng.normal(size=(10, 4))
    y -= y.mean(axis=1, keepdims=True)
    frame = pd.DataFrame({"p": np.repeat(np.arange(10), 4), "y": y.ravel()})
    found = reliability_of_means(frame, score="y", patient="p")
    assert found.estimate == 0
    assert np.isnan(found.tidy()["se"].item())
    assert any("Estimated at zero: patient" in message for message in found.messages)
    assert "Expected coefficient of observed means" in repr(found)


def test_variances_have_profile_intervals(sessions: pd.DataFrame) -> None:
    found = reliability_of_means(
        sessions, score="alliance", patient="patient", therapist="therapist", conf_level=0.9
    )
    table = found.tables["Variance components"]
    fit = al.fit_lmm("alliance ~ 1 + (1 | patient) + (1 | therapist)", sessions)
    ends = fit.confint(method="profile", reml=True, conf_level=0.9).set_index("group")
    for unit, group in {
        "patient": "patient",
        "therapist": "therapist",
        "session": "Residual",
    }.items():
        row = table.set_index("effect").loc[unit]
        expected = ends.loc[group, ["ci_low", "ci_high"]].to_numpy(float) ** 2
        np.testing.assert_allclose(row[["ci_low", "ci_high"]].to_numpy(float), expected, rtol=1e-5)
