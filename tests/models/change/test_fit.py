"""Reliable change from a growth model: equal to dense algebra, right in how often it errs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataError

CALL = {"score": "score", "patient": "patient", "session": "session", "higher_is_better": False}


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def simulated(
    seed: int, *, n: int = 60, mean_slope: float = 0.0, sd_slope: float = 0.0, sigma: float = 2.0
) -> tuple[pd.DataFrame, np.ndarray]:
    """Sessions of unequal number, and every patient's true slope."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(4, 11, size=n)
    patient = np.repeat(np.arange(n), sizes)
    time = np.concatenate([np.arange(size) for size in sizes])
    slope = mean_slope + sd_slope * rng.normal(size=n)
    level = 15 + 3 * rng.normal(size=n)
    score = level[patient] + slope[patient] * time + sigma * rng.normal(size=len(time))
    return pd.DataFrame({"patient": patient, "session": time + 1, "score": score}), slope


def test_shrunken_change_and_its_error_are_those_of_dense_algebra() -> None:
    frame, _ = simulated(1, n=12, mean_slope=-0.5, sd_slope=0.6)
    found = al.models.reliable_change_model(frame, **CALL)
    fit, n = found.model, 12
    time = frame.groupby("patient")["session"].transform(lambda s: s - s.min()).to_numpy()
    z = np.zeros((len(frame), 2 * n))
    rows = np.arange(len(frame))
    z[rows, 2 * frame["patient"]] = 1.0
    z[rows, 2 * frame["patient"] + 1] = time
    x = np.column_stack([np.ones(len(frame)), time])
    d = np.kron(np.eye(n), fit.covariances["patient"].to_numpy())
    v_inverse = np.linalg.inv(z @ d @ z.T + fit.sigma2 * np.eye(len(frame)))
    c = np.linalg.inv(x.T @ v_inverse @ x)
    beta = c @ x.T @ v_inverse @ frame["score"].to_numpy()
    gain = d @ z.T @ v_inverse
    u = gain @ (frame["score"].to_numpy() - x @ beta)
    of_u = d - gain @ z @ d + gain @ x @ c @ x.T @ gain.T
    with_beta = -gain @ x @ c
    for i, row in enumerate(found.patients.itertuples()):
        k, length = 2 * i + 1, row.sessions_apart
        variance = c[1, 1] + of_u[k, k] + 2 * with_beta[k, 1]
        assert row.change == pytest.approx(length * (beta[1] + u[k]), rel=1e-8)
        assert row.se == pytest.approx(length * np.sqrt(variance), rel=1e-8)


def test_own_change_is_the_least_squares_line() -> None:
    frame, _ = simulated(2, mean_slope=-0.5, sd_slope=0.6)
    found = al.models.reliable_change_model(frame, estimate="own", **CALL)
    for label, rows in frame.groupby("patient"):
        time = rows["session"].to_numpy(float)
        design = np.column_stack([np.ones(len(time)), time])
        slope = np.linalg.lstsq(design, rows["score"].to_numpy(), rcond=None)[0][1]
        se = found.model.sigma * np.sqrt(np.linalg.inv(design.T @ design)[1, 1])
        row = found.patients.loc[label]
        assert row["index"] == pytest.approx(slope / se, rel=1e-8)
        assert row["change"] == pytest.approx(slope * np.ptp(time), rel=1e-8)


def test_unchanged_patients_are_called_changed_in_five_of_a_hundred_at_most() -> None:
    own, shrunken = [], []  # most fits are singular: their shrunken changes have no index
    for seed in range(20):
        frame, _ = simulated(seed)
        found = al.models.reliable_change_model(frame, estimate="own", **CALL)
        own.append((found.patients["category"] != "unchanged").mean())
        other = al.models.reliable_change_model(frame, **CALL).patients["reliable"].dropna()
        shrunken.append((other != "unchanged").mean() if len(other) else np.nan)
    error = np.sqrt(0.05 * 0.95 / (20 * 60))
    assert abs(np.mean(own) - 0.05) < 3 * error
    assert 3 <= np.isfinite(shrunken).sum() < 15
    assert np.nanmean(shrunken) < 0.05


def test_intervals_of_shrunken_changes_hold_the_true_ones() -> None:
    inside = []
    for seed in range(20):
        frame, slope = simulated(100 + seed, mean_slope=-0.6, sd_slope=0.5)
        rows = al.models.reliable_change_model(frame, **CALL).patients
        true = slope * rows["sessions_apart"].to_numpy()
        inside.append((np.abs(rows["change"] - true) < 1.96 * rows["se"]).mean())
    assert np.mean(inside) == pytest.approx(0.95, abs=3 * np.sqrt(0.05 * 0.95 / (20 * 60)) + 0.01)


def test_categories_and_shares() -> None:
    frame, _ = simulated(5, mean_slope=-1.2, sd_slope=0.8)
    found = al.models.reliable_change_model(frame, cutoff=12, **CALL)
    rows = found.patients
    recovered = rows["case_before"] & ~rows["case_after"] & (rows["index"] < -1.959964)
    assert (rows["category"] == "recovered").equals(recovered)
    assert int(found.rates["n"].sum()) == int(found.rates["of"].iloc[0])
    assert int(found.rates["of"].iloc[0]) == int(rows["case_before"].sum())
    higher = al.models.reliable_change_model(
        frame.assign(score=-frame["score"]), **{**CALL, "higher_is_better": True}, cutoff=-12
    )
    assert higher.patients["category"].tolist() == rows["category"].tolist()
    text = al.report_text(found)
    assert "recovered" in text
    assert "1.96 standard errors" in text


def test_scale_order_and_labels_do_not_matter() -> None:
    frame, _ = simulated(6, mean_slope=-0.5, sd_slope=0.6)
    one = al.models.reliable_change_model(frame, **CALL).patients
    moved = frame.sample(frac=1.0, random_state=1)
    moved = moved.assign(patient="p" + moved["patient"].astype(str), score=10 * moved["score"] + 3)
    other = al.models.reliable_change_model(moved, **CALL).patients
    other = other.loc[["p" + str(label) for label in one.index]]
    assert other["index"].to_numpy() == pytest.approx(one["index"].to_numpy(), rel=1e-4)
    assert other["change"].to_numpy() == pytest.approx(10 * one["change"].to_numpy(), rel=1e-4)


def test_missing_single_and_singular_are_said() -> None:
    frame, _ = simulated(7)
    frame.loc[[0, 5], "score"] = np.nan
    alone = pd.DataFrame({"patient": [99], "session": [1], "score": [10.0]})
    found = al.models.reliable_change_model(pd.concat([frame, alone]), **CALL)
    assert any(message.startswith("2 of ") for message in found.messages)
    assert "1 patient with one score is left out." in found.messages
    flat = next(s for s in range(30) if al.fit_lmm(
        "score ~ session + (session | patient)", simulated(s)[0]).singular)  # fmt: skip
    one = al.models.reliable_change_model(simulated(flat)[0], **CALL)
    assert one.model.singular
    assert one.patients["category"].isna().all()
    assert any("Give estimate='own'" in message for message in one.messages)


def test_refusals() -> None:
    frame, _ = simulated(8)
    with pytest.raises(ArgumentError, match="direction of the score is not known"):
        al.models.reliable_change_model(frame, **{**CALL, "higher_is_better": None})
    with pytest.raises(ArgumentError, match="column of the score is not known"):
        al.models.reliable_change_model(frame)
    with pytest.raises(ArgumentError, match="sessions is a list"):
        al.models.reliable_change_model([1], **CALL)
    with pytest.raises(DataError, match="1 row repeats a 'session'"):
        al.models.reliable_change_model(pd.concat([frame, frame.head(1)]), **CALL)
    with pytest.raises(DataError, match="three scores or more"):
        al.models.reliable_change_model(frame.groupby("patient").head(2), **CALL)
    with pytest.raises(DataError, match="are the same"):
        al.models.reliable_change_model(frame.assign(score=3.0), **CALL)
