"""Residuals: dense matrices, alignment, missing values, simulated truth."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from alliance_stats._base.errors import DataError, DataWarning
from alliance_stats.lmm.fit import fit_quietly

FOLDER = Path(__file__).resolve().parents[2] / "reference"
FORMULAS = {
    "nested": "y ~ x + arm + (1 + x | patient) + (1 | therapist)",
    "crossed": "y ~ x + (1 + x | patient) + (1 | rater)",
    "two_levels": "y ~ x + (1 | patient)",
}
EXTRA: dict[str, dict[str, str]] = {
    "plain": {},
    "weights and offset": {"weights": "w", "offset": "o"},
}


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "prediction" / "fitted.csv")


@pytest.mark.parametrize("name", sorted(FORMULAS))
@pytest.mark.parametrize("extra", EXTRA.values(), ids=EXTRA)
def test_residuals_equal_dense_matrices(
    name: str, extra: dict[str, str], rows: pd.DataFrame
) -> None:
    """e = RP(y − o) with R the residual covariance; Var(e) = RPR."""
    frame = rows.iloc[:260]
    fit = fit_quietly(FORMULAS[name], frame, **extra)
    x = np.column_stack([np.ones(len(frame)), frame["x"]])
    if name == "nested":
        x = np.column_stack([x, frame["arm"] == "pdt", frame["arm"] == "waitlist"]).astype(float)
    weights = frame["w"].to_numpy(float) if extra else np.ones(len(frame))
    y = frame["y"].to_numpy() - (frame["o"].to_numpy() if extra else 0.0)
    r = np.diag(fit.sigma2 / weights)
    v = r.copy()
    for group, table in fit.covariances.items():
        z = np.column_stack([np.ones(len(frame)), frame["x"]])[:, : len(table)]
        same = frame[group].to_numpy()[:, None] == frame[group].to_numpy()
        v += same * (z @ table.to_numpy() @ z.T)
    inverse = np.linalg.inv(v)
    p = inverse - inverse @ x @ np.linalg.solve(x.T @ inverse @ x, x.T @ inverse)
    found = fit.residuals(frame)
    conditional = r @ p @ y
    marginal = y - x @ fit.beta.to_numpy()
    np.testing.assert_allclose(found["conditional"], conditional, atol=1e-7)
    np.testing.assert_allclose(found["fitted"], frame["y"] - conditional, atol=1e-7)
    np.testing.assert_allclose(found["marginal"], marginal, atol=1e-7)
    np.testing.assert_allclose(found["pearson"], conditional / np.sqrt(np.diag(r)), atol=1e-7)
    own = np.sqrt(np.diag(r @ p @ r))
    np.testing.assert_allclose(found["studentised"], conditional / own, rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(found["marginal_pearson"], marginal / np.sqrt(np.diag(v)), atol=1e-7)


def test_rows_keep_their_index_and_order(rows: pd.DataFrame) -> None:
    fit = fit_quietly(FORMULAS["nested"], rows)
    whole = fit.residuals(rows)
    some = rows.sample(frac=0.3, random_state=2)
    part = fit.residuals(some)
    assert part.index.equals(some.index)
    pd.testing.assert_frame_equal(part, whole.loc[some.index])
    twice = some.set_axis(np.zeros(len(some), dtype=int))
    assert np.array_equal(fit.residuals(twice).to_numpy(), part.to_numpy())


def test_rows_dropped_from_the_fit_are_missing_and_counted(rows: pd.DataFrame) -> None:
    """Also where nothing is left of a patient, and where a label is missing."""
    frame = rows.astype({"patient": object, "y": float})
    frame.loc[frame["patient"] == "p2", "y"] = np.nan
    frame.loc[0, "x"] = np.nan
    frame.loc[1, "patient"] = None
    gone = frame[["y", "x", "patient"]].isna().any(axis=1)
    fit = fit_quietly("y ~ x + (1 | patient)", frame)
    with pytest.warns(DataWarning, match=rf"No residual for {gone.sum()} of 637 rows \(.*missing"):
        found = fit.residuals(frame)
    assert (found.isna().all(axis=1) == gone).all()
    assert (found.notna().all(axis=1) == ~gone).all()
    assert found["conditional"].mean() == pytest.approx(0.0, abs=1e-8)


def test_refusals(rows: pd.DataFrame) -> None:
    fit = fit_quietly("y ~ x + (1 | patient)", rows)
    with pytest.raises(DataError, match="column 'y' not found"):
        fit.residuals(rows.drop(columns="y"))
    with pytest.raises(DataError, match="no fitted group of 'patient'"):
        fit.residuals(rows.assign(patient="new"))
    with pytest.raises(DataError, match="no row of data is complete: 637 of 637 rows"):
        fit.residuals(rows.assign(x=np.nan))


def test_scaled_residuals_of_a_true_model_have_unit_variance(rng: np.random.Generator) -> None:
    patient = np.repeat(np.arange(400), rng.integers(2, 9, 400))
    n = len(patient)
    x, w = rng.standard_normal(n), rng.integers(1, 5, n)
    y = x + (1.5 * rng.standard_normal(400))[patient] + rng.standard_normal(400)[patient] * x
    frame = pd.DataFrame({"x": x, "w": w, "patient": patient})
    frame["y"] = y + 2.0 * rng.standard_normal(n) / np.sqrt(w)
    found = fit_quietly("y ~ x + (1 + x | patient)", frame, weights="w").residuals(frame)
    for column in ("studentised", "marginal_pearson"):
        assert found[column].std() == pytest.approx(1.0, abs=0.05)
    assert found["pearson"].std() < 0.95
