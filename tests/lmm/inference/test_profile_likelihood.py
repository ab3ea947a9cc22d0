"""Profile intervals against dense matrices, and what must not change them."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import minimize

from alliance_stats._base.errors import FitWarning
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.minimum import minimise
from alliance_stats.lmm.result import MixedModelResult

FORMULA = "y ~ x + (1 + x | patient) + (1 | rater)"
#: 95% quantile of χ² with one degree of freedom.
LIMIT = 3.841458820694124


def rows(seed: int, *, slope: float = 0.6, patients: int = 20) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), 5)
    n = len(patient)
    frame = pd.DataFrame(
        {
            "patient": patient,
            "therapist": patient // 5,
            "rater": rng.integers(0, 6, n),
            "x": rng.normal(2, 1, n),
            "w": rng.uniform(0.5, 3, n),
            "o": rng.normal(size=n),
        }
    )
    frame["y"] = (
        1
        + 0.5 * frame["x"]
        + rng.normal(0, 1.2, patients)[patient]
        + rng.normal(0, slope, patients)[patient] * frame["x"]
        + rng.normal(0, 0.6, 6)[frame["rater"]]
        + rng.normal(size=n) / np.sqrt(frame["w"])
        + frame["o"]
    )
    return frame


class Dense:
    """The deviance by n × n matrices, with any parameter held fixed."""

    def __init__(self, frame: pd.DataFrame, *, reml: bool) -> None:
        self.x = frame["x"].to_numpy()
        self.y = (frame["y"] - frame["o"]).to_numpy()
        self.fixed = np.column_stack([np.ones(len(frame)), self.x])
        self.noise = np.diag(1 / frame["w"])
        self.patient = np.equal.outer(frame["patient"].to_numpy(), frame["patient"].to_numpy())
        self.rater = np.equal.outer(frame["rater"].to_numpy(), frame["rater"].to_numpy())
        self.reml = reml

    def deviance(self, values: np.ndarray, held: tuple[int, float] | None) -> float:
        intercept, slope, r, rater, sigma = values
        both = r * intercept * slope
        x, fixed = self.x, self.fixed
        inner = intercept**2 + both * np.add.outer(x, x) + slope**2 * np.outer(x, x)
        variance = self.patient * inner + rater**2 * self.rater + sigma**2 * self.noise
        lower = np.linalg.cholesky(variance)
        y = np.linalg.solve(lower, self.y)
        fixed = np.linalg.solve(lower, fixed)
        if held is not None:
            y = y - held[1] * fixed[:, held[0]]
            fixed = np.delete(fixed, held[0], axis=1)
        information = fixed.T @ fixed
        residual = y - fixed @ np.linalg.solve(information, fixed.T @ y)
        found = 2 * np.log(np.diag(lower)).sum() + residual @ residual
        if self.reml:
            found += np.linalg.slogdet(information)[1]
        return float(found)

    def least(self, start: np.ndarray, place: int | None = None, value: float = 0.0) -> float:
        """Minimum with parameter `place` held: the first two are fixed effects."""
        held = (place, value) if place is not None and place < 2 else None

        def at(entries: np.ndarray) -> float:
            values = np.exp(entries)
            values[2] = np.tanh(entries[2])
            if place is not None and place >= 2:
                values[place - 2] = value
            return self.deviance(values, held)

        first = np.log(np.abs(start))
        first[2] = np.arctanh(start[2])
        return float(minimize(at, first, method="BFGS", options={"gtol": 1e-4}).fun)


@pytest.mark.parametrize("reml", [False, True])
def test_every_end_has_the_dense_deviance_of_the_limit(reml: bool) -> None:
    frame = rows(2)
    fit = fit_quietly(FORMULA, frame, weights="w", offset="o")
    table = fit.confint(reml=reml)
    dense = Dense(frame, reml=reml)
    start = table["estimate"].to_numpy()[2:]
    least = dense.least(start)
    tried = 0
    for place in range(2 if reml else 0, 7):
        for end in table.loc[place, ["ci_low", "ci_high"]].to_numpy(dtype=float):
            if abs(end) in (0.0, 1.0):
                continue
            assert dense.least(start, place, end) - least == pytest.approx(LIMIT, abs=1e-3)
            tried += 1
    assert tried >= 9


def same(one: pd.DataFrame, other: pd.DataFrame, unit: np.ndarray | float = 1.0) -> None:
    width = (one["ci_high"] - one["ci_low"]).to_numpy()
    for end in ("ci_low", "ci_high"):
        gap = (other[end] * unit - one[end]).to_numpy() / width
        assert np.abs(gap).max() <= 1e-5


def test_order_of_rows_and_labels_do_not_matter() -> None:
    frame = rows(2)
    mixed = frame.sample(frac=1, random_state=1, ignore_index=True)
    mixed["patient"] = "p" + mixed["patient"].astype(str)
    one, other = (
        fit_quietly(FORMULA, f, weights="w", offset="o").confint() for f in (frame, mixed)
    )
    same(one, other)


@pytest.mark.parametrize("scale", [1e-5, 1e5])
def test_units_of_columns_only_change_units(scale: float) -> None:
    frame = rows(2)
    one = fit_quietly(FORMULA, frame).confint()
    other = fit_quietly(FORMULA, frame.assign(x=frame["x"] * scale)).confint()
    unit = np.where((one["term"] == "x") & (one["with_term"] == ""), scale, 1.0)
    same(one, other, unit)
    other = fit_quietly(FORMULA, frame.assign(y=frame["y"] * scale + 7)).confint()
    unit = np.where(one["with_term"] == "", 1 / scale, 1.0)
    other.loc[0, ["ci_low", "ci_high"]] -= 7
    same(one, other, unit)


@pytest.mark.parametrize(
    "formula",
    [
        "y ~ x + (1 + x || patient)",
        "y ~ x + (1 + x | patient) + (1 | therapist)",
        "y ~ x + (1 | patient) + (1 + x | rater)",
        "y ~ 0 + x + (0 + x | patient)",
    ],
)
def test_dense_and_sparse_and_nested_designs(formula: str) -> None:
    frame = rows(5)
    fit = fit_quietly(formula, frame)
    table = fit.confint()
    assert ((table["ci_low"] < table["ci_high"]) | table["with_term"].ne("")).all()
    inside = fit_quietly(formula, frame, reml=False).confint()
    assert (inside["ci_low"] <= inside["estimate"] + 1e-6).all()
    assert (inside["estimate"] <= inside["ci_high"] + 1e-6).all()
    same(table, inside)  # by ML whatever the fit


def test_sparse_elimination_gives_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(3)
    patient = np.repeat(np.arange(200), 4)
    moved = rng.random(200) < 0.05
    place = patient // 3
    place = np.where(moved[patient] & (np.arange(800) % 4 > 1), (place + 1) % 67, place)
    frame = pd.DataFrame({"patient": patient, "place": place, "x": rng.normal(size=800)})
    frame["y"] = rng.normal(size=200)[patient] + rng.normal(size=67)[place] + rng.normal(size=800)
    formula = "y ~ x + (1 | patient) + (1 + x | place)"
    dense = fit_quietly(formula, frame)
    monkeypatch.setattr("alliance_stats.lmm.algebra.crossed.FEW", 10)
    monkeypatch.setattr("alliance_stats.lmm.algebra.crossed.SCATTERED", 0.0)
    sparse = fit_quietly(formula, frame)
    kinds = {type(f.criterion.design.products).__name__ for f in (dense, sparse)}
    assert kinds == {"DenseProducts", "SparseProducts"}
    same(dense.confint(), sparse.confint())


def test_a_variance_of_zero_has_an_interval_from_zero() -> None:
    frame = rows(4)
    frame["y"] -= frame.groupby("therapist")["y"].transform("mean")
    fit = fit_quietly("y ~ x + (1 | patient) + (1 | therapist)", frame)
    assert fit.singular
    with pytest.warns(FitWarning, match=r"The SD of \(Intercept\) at 'therapist' may be zero"):
        table = fit.confint(parameters=["therapist"])
    assert table["ci_low"].item() == 0.0
    assert 0 < table["ci_high"].item() < 2


def test_a_correlation_is_free_where_an_sd_may_be_zero() -> None:
    fit = fit_quietly("y ~ x + (1 + x | patient)", rows(1, slope=0.0))
    with pytest.warns(FitWarning, match="can have any value from -1 to 1"):
        table = fit.confint(parameters=["patient"])
    assert table["ci_low"].tolist()[1:] == [0.0, -1.0]
    assert table["ci_high"].tolist()[2] == 1.0


def test_a_search_that_ended_too_early_is_found_out() -> None:
    whole = fit_quietly("y ~ x + (1 + x | patient)", rows(2), reml=False)
    criterion = whole.criterion
    theta = whole.minimum.theta.copy()
    theta *= 1.5
    early = replace(whole.minimum, theta=theta, deviance=criterion.profile(theta).deviance)
    fit = MixedModelResult(whole.formula, criterion, early)
    with pytest.warns(FitWarning, match=r"came upon a log-likelihood \d+\.\d+ above"):
        found = fit.confint()
    same(whole.confint(), found)


def test_lower_levels_give_narrower_intervals_inside() -> None:
    fit = fit_quietly(FORMULA, rows(2))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        narrow, wide = (fit.confint(conf_level=level) for level in (0.5, 0.99))
    assert (narrow["ci_low"] >= wide["ci_low"]).all()
    assert (narrow["ci_high"] <= wide["ci_high"]).all()


def test_linear_in_the_limit_of_many_groups() -> None:
    """Fixed effects of a balanced design: n log(1 + t²/(n − p)…) in closed form."""
    frame = rows(2, patients=40)
    fit = fit_quietly("y ~ x + (1 | patient)", frame, reml=False)
    criterion = Criterion(fit.criterion.design, False)
    assert minimise(criterion).deviance == pytest.approx(fit.minimum.deviance, abs=1e-8)
    profile, wald = (fit.confint(method=m, parameters=["x"]) for m in ("profile", "wald"))  # type: ignore[arg-type]
    width = (wald["ci_high"] - wald["ci_low"]).item()
    assert abs(profile["ci_low"].item() - wald["ci_low"].item()) < 0.03 * width
    assert abs(profile["ci_high"].item() - wald["ci_high"].item()) < 0.03 * width


@pytest.mark.slow
def test_intervals_cover_as_often_as_they_say() -> None:
    """400 simulated studies of 40 patients with 8 sessions; Monte Carlo error of 95% is 1.1%."""
    formula, n_sims = "y ~ x + (1 + x | patient)", 400
    rng = np.random.default_rng(1)
    covariance = np.array([[1.0, 0.3], [0.3, 0.36]])
    truth = np.array([1.0, 0.5, 1.0, 0.6, 0.5, 1.0])
    hits = np.zeros(6)
    for _ in range(n_sims):
        patient = np.repeat(np.arange(40), 8)
        x = rng.normal(size=320)
        b = rng.multivariate_normal([0, 0], covariance, 40)[patient]
        y = 1 + 0.5 * x + b[:, 0] + b[:, 1] * x + rng.normal(size=320)
        fit = fit_quietly(formula, pd.DataFrame({"patient": patient, "x": x, "y": y}))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FitWarning)
            table = fit.confint()
        hits += ((table["ci_low"] <= truth) & (truth <= table["ci_high"])).to_numpy()
    coverage = hits / n_sims
    print("coverage", coverage, "± 0.011")
    assert (np.abs(coverage - 0.95) < 0.033).all()
