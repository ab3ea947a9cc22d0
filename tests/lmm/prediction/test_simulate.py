"""Simulated responses: their moments, what they depend on, and what refits of them find."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult

FORMULA = "y ~ x + (1 + x | patient) + (1 | rater)"


def study(rng: np.random.Generator, patients: int = 40, sessions: int = 4) -> pd.DataFrame:
    patient = np.repeat(np.arange(patients), sessions)
    n = len(patient)
    frame = pd.DataFrame({"patient": patient, "rater": rng.integers(0, 8, n)})
    frame["x"], frame["o"] = rng.normal(2, 1, n), rng.normal(size=n)
    frame["w"] = rng.integers(1, 5, n)
    y = 3 + frame["o"] + frame["x"] * (0.5 + rng.normal(0, 0.6, patients)[patient])
    y += rng.normal(0, 1.0, patients)[patient] + rng.normal(0, 0.8, 8)[frame["rater"]]
    return frame.assign(y=y + rng.normal(size=n) / np.sqrt(frame["w"]))


@pytest.fixture(scope="module")
def fitted() -> tuple[MixedModelResult, pd.DataFrame]:
    frame = study(np.random.default_rng(1))
    return fit_quietly(FORMULA, frame, weights="w", offset="o"), frame


def test_moments_of_new_effects(fitted: tuple[MixedModelResult, pd.DataFrame]) -> None:
    """Mean Xβ + offset and covariance ZΣZ' + σ²/w, over 40,000 draws of twelve rows."""
    fit, frame = fitted
    rows = frame.head(12).assign(patient=np.repeat(["a", "b", "c"], 4), rater=[1, 2] * 6)
    drawn = fit.simulate(rows, n=40_000, rng=2).to_numpy()
    x = np.column_stack([np.ones(12), rows["x"]])
    mean = x @ fit.beta.to_numpy() + rows["o"].to_numpy()
    covariance = np.diag(fit.sigma2 / rows["w"].to_numpy())
    for name, columns in {"patient": x, "rater": x[:, :1]}.items():
        same = rows[name].to_numpy()[:, None] == rows[name].to_numpy()
        covariance += same * (columns @ fit.covariances[name].to_numpy() @ columns.T)
    sd = np.sqrt(np.diag(covariance))
    error = drawn.mean(axis=1) - mean
    assert (np.abs(error) < 5 * sd / 200).all()
    spread = np.sqrt((covariance**2 + np.outer(sd, sd) ** 2) / 40_000)
    assert (np.abs(np.cov(drawn) - covariance) < 5 * spread).all()


def test_moments_of_the_same_effects(fitted: tuple[MixedModelResult, pd.DataFrame]) -> None:
    """Mean of the conditional prediction, and independent residuals."""
    fit, frame = fitted
    rows = frame.head(10)
    drawn = fit.simulate(rows, n=40_000, rng=3, groups="same").to_numpy()
    variance = fit.sigma2 / rows["w"].to_numpy()
    error = drawn.mean(axis=1) - fit.predict(rows)["prediction"]
    assert (np.abs(error) < 5 * np.sqrt(variance) / 200).all()
    sd = np.sqrt(variance)
    spread = np.sqrt((np.diag(variance) ** 2 + np.outer(variance, variance)) / 40_000)
    assert (np.abs(np.cov(drawn) - np.diag(sd**2)) < 5 * spread).all()


def test_the_seed_decides(fitted: tuple[MixedModelResult, pd.DataFrame]) -> None:
    fit, frame = fitted
    three = fit.simulate(frame, n=3, rng=7)
    pd.testing.assert_frame_equal(three, fit.simulate(frame, n=3, rng=np.random.default_rng(7)))
    pd.testing.assert_frame_equal(three[["sim_1"]], fit.simulate(frame, rng=7))
    assert not np.allclose(three["sim_1"], fit.simulate(frame, rng=8)["sim_1"])
    generator = np.random.default_rng(7)
    first, second = fit.simulate(frame, rng=generator), fit.simulate(frame, rng=generator)
    assert not np.allclose(first, second)


def test_rows_get_numbers_in_their_order(fitted: tuple[MixedModelResult, pd.DataFrame]) -> None:
    """Residuals follow the position of rows; labels of groups say only which belong together."""
    fit, frame = fitted
    backwards = frame.iloc[::-1]
    one, two = (fit.simulate(f, rng=1, groups="same")["sim_1"] for f in (frame, backwards))
    assert two.index.equals(backwards.index)
    noise = (one - fit.predict(frame)["prediction"]) * np.sqrt(frame["w"])
    noise_back = (two - fit.predict(backwards)["prediction"]) * np.sqrt(backwards["w"])
    np.testing.assert_allclose(noise.to_numpy(), noise_back.to_numpy(), atol=1e-10)
    renamed = frame.assign(patient=[f"new {p}" for p in frame["patient"]])
    pd.testing.assert_frame_equal(fit.simulate(frame, rng=1), fit.simulate(renamed, rng=1))


def test_missing_values_give_nan_and_are_counted(
    fitted: tuple[MixedModelResult, pd.DataFrame],
) -> None:
    fit, frame = fitted
    new = frame.head(5).astype({"patient": float, "w": float}).copy()
    for row, column in enumerate(["x", "o", "w", "patient"]):
        new.loc[new.index[row], column] = np.nan
    counts = r"4 of 5 rows \(x missing: 1, o missing: 1, w missing: 1, patient missing: 1\)"
    for groups in ("new", "same"):
        with pytest.warns(DataWarning, match=counts):
            found = fit.simulate(new, n=2, rng=1, groups=groups)  # type: ignore[arg-type]
        assert found.isna().all(axis=1).tolist() == [True] * 4 + [False]


def test_new_groups_cannot_keep_their_effects(
    fitted: tuple[MixedModelResult, pd.DataFrame],
) -> None:
    fit, frame = fitted
    new = frame.head(5).assign(patient=1000)
    with pytest.raises(DataError, match=r"5 of 5 rows are of groups of 'patient' that were not"):
        fit.simulate(new, rng=1, groups="same")
    assert fit.simulate(new, rng=1).notna().all(axis=None)


@pytest.mark.parametrize("n", [0, -1, 1.5, True, "2"])
def test_arguments_are_checked(fitted: tuple[MixedModelResult, pd.DataFrame], n: object) -> None:
    fit, frame = fitted
    with pytest.raises(ArgumentError, match="is no number of simulations"):
        fit.simulate(frame, n=n, rng=1)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="groups='old' is not known"):
        fit.simulate(frame, rng=1, groups="old")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="cannot seed"):
        fit.simulate(frame, rng="x")  # type: ignore[arg-type]


def test_a_vanished_variance_draws_no_effects() -> None:
    rng = np.random.default_rng(4)
    patient = np.repeat(np.arange(30), 4)
    y = rng.normal(size=120)
    y -= 0.9 * pd.Series(y).groupby(patient).transform("mean")
    fit = fit_quietly("y ~ 1 + (1 | patient)", pd.DataFrame({"y": y, "patient": patient}))
    assert fit.singular
    drawn = fit.simulate(pd.DataFrame({"patient": [1, 1]}), n=20_000, rng=1).to_numpy()
    assert abs(np.corrcoef(drawn)[0, 1]) < 5 / np.sqrt(20_000)


def test_refits_recover_the_parameters() -> None:
    """Fits of 60 simulated studies: their means are the values simulated from."""
    frame = study(np.random.default_rng(9), patients=150, sessions=5)
    fit = fit_quietly(FORMULA, frame, weights="w", offset="o")
    found = []
    for number, y in fit.simulate(frame, n=60, rng=5).items():
        again = fit_quietly(FORMULA, frame.assign(y=y), weights="w", offset="o")
        assert again.converged, number
        found.append([*again.beta, again.sigma2, *again.var_corr()["variance"]])
    truth = np.array([*fit.beta, fit.sigma2, *fit.var_corr()["variance"]])
    error = np.std(found, axis=0, ddof=1) / np.sqrt(60)
    assert (np.abs(np.mean(found, axis=0) - truth) < 4 * error).all()
