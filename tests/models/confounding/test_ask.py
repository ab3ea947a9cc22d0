"""Confounding: published numbers, exact algebra within patients, bounds, errors."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import stdtrit

import alliance_stats as al
from alliance_stats import ArgumentError, DataError, UnsupportedError
from alliance_stats.models import AllianceResult, ConfoundingResult
from alliance_stats.models.confounding.omitted import Coefficient, bounds

ROLES = al.Roles(alliance="x", outcome="y")


def fitted(frame: Any, roles: Any = ROLES, **options: Any) -> AllianceResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.fit_within_between(frame, roles, **options)


# Exposure to violence and attitudes to peace in Darfur: section 5 of Cinelli and Hazlett (2020),
# to more digits than printed there, as the authors' software gives them.
DARFUR = Coefficient(0.09731582, 0.02325654, 783.0, 0.02325654, 783.0)
DARFUR_BOUNDS = {
    1: (0.00916428667504862, 0.12464092303637, 0.07522027, 0.02187333, 3.438903),
    2: (0.0183285733500972, 0.249324064199975, 0.05291517, 0.02035006, 2.600246),
    3: (0.0274928600251459, 0.374050471038094, 0.03039602, 0.01867007, 1.628062),
}


def test_published_example_robustness_values() -> None:
    assert DARFUR.partial_r2 == pytest.approx(0.02187309, abs=5e-9)
    assert DARFUR.robustness(1.0) == pytest.approx(0.1387764, abs=1e-7)
    assert DARFUR.robustness_alpha(1.0, 0.05) == pytest.approx(0.07625797, abs=1e-7)


def test_published_example_bounds_by_a_covariate() -> None:
    """The covariate's partial R² are solved from its own bound; the multiples must follow."""
    with_d, with_y = DARFUR_BOUNDS[1][:2]
    r2_d = with_d / (1 + with_d)
    tied = r2_d**2 / (1 - r2_d) ** 2
    f = with_y * (1 - tied) / (1 + np.sqrt(tied)) ** 2
    for k, expected in DARFUR_BOUNDS.items():
        found = bounds(r2_d, f / (1 + f), k, k)
        assert found == pytest.approx(expected[:2], rel=1e-9)
        estimate, se = DARFUR.adjusted(*found), DARFUR.adjusted_se(*found)
        assert estimate == pytest.approx(expected[2], abs=1e-8)
        assert se == pytest.approx(expected[3], abs=1e-8)
        assert estimate / se == pytest.approx(expected[4], abs=1e-6)
    ends = 0.03039602 + np.array([-1, 1]) * DARFUR.critical(0.05) * 0.01867007
    np.testing.assert_allclose(ends, [-0.006253282, 0.06704533], atol=1e-7)


def test_extreme_scenario_and_robustness_values_leave_what_they_say() -> None:
    assert DARFUR.adjusted(DARFUR.partial_r2, 1.0) == pytest.approx(0, abs=1e-12)
    for q in (1.0, 0.5):
        rv = DARFUR.robustness(q)
        assert DARFUR.adjusted(rv, rv) == pytest.approx((1 - q) * DARFUR.estimate, abs=1e-12)
        rva = DARFUR.robustness_alpha(q, 0.05)
        t = (DARFUR.adjusted(rva, rva) - (1 - q) * DARFUR.estimate) / DARFUR.adjusted_se(rva, rva)
        assert t == pytest.approx(stdtrit(782, 0.975), rel=1e-9)
    weak = Coefficient(0.01, 0.02, 100.0, 0.02, 100.0)
    assert weak.robustness_alpha(1.0, 0.05) == 0.0
    negative = Coefficient(-0.09731582, 0.02325654, 783.0, 0.02325654, 783.0)
    assert negative.robustness(1.0) == DARFUR.robustness(1.0)
    assert negative.adjusted(0.01, 0.1) == -DARFUR.adjusted(0.01, 0.1)


@pytest.mark.parametrize("df", [3.0, 4.0, 6.0, 30.0])
def test_robustness_for_a_test_is_the_least_over_all_weaker_confounders(df: float) -> None:
    """By brute force: the largest t over R²_Y <= R², R²_D <= R² reaches the critical value."""
    c = Coefficient(1.0, 0.05, df, 0.05, df)
    rv = c.robustness_alpha(1.0, 0.05)
    assert 0 < rv < 1
    r2_y = np.linspace(0, rv, 20_001)
    t = c.adjusted(rv, r2_y) / c.adjusted_se(rv, np.minimum(r2_y, 1 - 1e-12))
    assert t.min() == pytest.approx(c.critical(0.05), rel=1e-4)


@pytest.fixture(scope="module")
def hidden() -> pd.DataFrame:
    """Sessions with a known confounder z, an observed variable w, and unequal lengths."""
    rng = np.random.default_rng(3)
    patient = np.repeat(np.arange(60), rng.integers(4, 15, 60))
    n = len(patient)
    session = np.concatenate([np.arange(1, k + 1) for k in np.bincount(patient)])
    w = rng.normal(size=n) + rng.normal(size=60)[patient]
    z = 0.4 * w + rng.normal(size=n)
    x = 40 + 3 * rng.normal(size=60)[patient] + 0.5 * w - 0.6 * z + 0.1 * session
    x = x + rng.normal(size=n)
    y = 12 + 2 * rng.normal(size=60)[patient] + 0.7 * z + 0.3 * w - 0.2 * x - 0.3 * session
    return pd.DataFrame(
        {"patient": patient, "session": session, "x": x, "y": y + rng.normal(size=n), "w": w,
         "z": z}
    )  # fmt: skip


def dummies(frame: pd.DataFrame, *columns: str) -> np.ndarray:
    """A dummy for every patient, then the columns."""
    patient = pd.get_dummies(frame["patient"]).to_numpy(dtype=float)
    return np.column_stack([patient, *(frame[c].to_numpy(dtype=float) for c in columns)])


def ols(y: np.ndarray, x: np.ndarray, place: int = -1) -> tuple[float, float, float, int]:
    """Coefficient, standard error, partial R² and residual degrees of freedom of a column."""
    b = np.linalg.lstsq(x, y, rcond=None)[0]
    rest = y - x @ b
    df = len(y) - x.shape[1]
    se = float(np.sqrt(rest @ rest / df * np.linalg.inv(x.T @ x)[place, place]))
    t = float(b[place]) / se
    return float(b[place]), se, t * t / (t * t + df), df


def test_within_regression_equals_dummies(hidden: pd.DataFrame) -> None:
    found = fitted(hidden, random_slopes={}).confounding()
    b, se, r2, df = ols(hidden["y"].to_numpy(), dummies(hidden, "session", "x"))
    assert found.within.df == df
    assert found.regression.estimate == pytest.approx(b, rel=1e-9)
    assert found.regression.se == pytest.approx(se, rel=1e-9)
    row = found.tidy().iloc[1]
    assert row["partial_r2"] == pytest.approx(r2, rel=1e-9)
    assert row["df"] == df


def test_mixed_model_is_the_within_regression_where_theory_says_so(
    hidden: pd.DataFrame, tol: SimpleNamespace
) -> None:
    """Random intercepts, no time: the same coefficient; the variance is estimated otherwise."""
    found = fitted(hidden, random_slopes={}, time="none").confounding()
    mixed, within = found.mixed, found.regression
    assert mixed.estimate == pytest.approx(within.estimate, abs=tol.beta_in_se * within.se)
    assert mixed.se == pytest.approx(within.se, rel=0.02)
    assert mixed.partial_r2 == pytest.approx(within.partial_r2, rel=1e-3)


def test_known_confounder_left_out_is_found_again_exactly(hidden: pd.DataFrame) -> None:
    """The long regression with z has the estimate, SE and t that the formulas give."""
    short = fitted(hidden, random_slopes={}).confounding().regression
    y, x = hidden["y"].to_numpy(), hidden["x"].to_numpy()
    b, se, _, df = ols(y, dummies(hidden, "session", "z", "x"))
    _, _, r2_y, _ = ols(y, dummies(hidden, "session", "x", "z"))
    _, _, r2_d, _ = ols(x, dummies(hidden, "session", "z"))
    assert abs(b) < abs(short.estimate)  # the confounder had made it larger
    assert short.adjusted(r2_d, r2_y) == pytest.approx(b, rel=1e-8)
    assert short.adjusted_se(r2_d, r2_y) == pytest.approx(se, rel=1e-8)
    assert df == short.unit_df - 1


def test_bound_of_a_benchmark_as_strong_as_itself(hidden: pd.DataFrame) -> None:
    """The partial R² of the benchmark are those of dummies, and the bound holds for z."""
    result = fitted(hidden, random_slopes={})
    found = result.confounding(benchmarks=["w"], kd=(1, 2), ky=(1, 3))
    y, x = hidden["y"].to_numpy(), hidden["x"].to_numpy()
    _, _, r2_y, _ = ols(y, dummies(hidden, "session", "x", "w"))
    _, _, r2_d, _ = ols(x, dummies(hidden, "session", "w"))
    assert found.within.strengths(0) == pytest.approx((r2_d, r2_y), rel=1e-9)
    table = found.bounds
    assert table["k"].tolist() == [1, 2]
    np.testing.assert_allclose(
        table[["r2_alliance", "r2_outcome"]].to_numpy()[1], bounds(r2_d, r2_y, 2, 3)
    )
    b, se, _, df = ols(y, dummies(hidden, "session", "w", "x"))
    assert found.regression.estimate == pytest.approx(b, rel=1e-9)
    assert found.regression.se == pytest.approx(se, rel=1e-9)
    assert found.within.df == df
    one = found.adjust(*table.loc[0, ["r2_alliance", "r2_outcome"]]).iloc[0]
    assert one["estimate"] == table["estimate"][0]
    assert one["ci_low"] < one["estimate"] < one["ci_high"]


def test_bound_is_reached_by_a_confounder_of_just_that_strength() -> None:
    """z made orthogonal to w, as strong as w with x and y: the bound is its bias at least."""
    rng = np.random.default_rng(8)
    patient = np.repeat(np.arange(80), 10)
    basis = rng.normal(size=(800, 4))
    basis -= pd.DataFrame(basis).groupby(patient).transform("mean").to_numpy()
    w, z, u, v = np.linalg.qr(basis)[0].T * np.sqrt(800)
    x = 0.5 * w + 0.5 * z + u
    y = -0.3 * x + 0.6 * w + 0.6 * z + v
    frame = pd.DataFrame({"patient": patient, "session": np.tile(np.arange(1, 11), 80),
                          "x": 40 + x, "y": 10 + y, "w": w, "z": z})  # fmt: skip
    result = fitted(frame, random_slopes={}, time="none")
    found = result.confounding(benchmarks=["w"], kd=(1,))
    long = ols(frame["y"].to_numpy(), dummies(frame, "w", "z", "x"))[0]
    short = found.regression.estimate
    bound = found.bounds.iloc[0]
    true_d = ols(frame["x"].to_numpy(), dummies(frame, "w", "z"))[2]
    true_y = ols(frame["y"].to_numpy(), dummies(frame, "w", "x", "z"))[2]
    assert bound["r2_alliance"] == pytest.approx(true_d, rel=1e-9)  # exact by construction
    assert true_y <= bound["r2_outcome"] + 1e-9
    assert found.regression.adjusted(true_d, true_y) == pytest.approx(
        np.sign(short) * (abs(short) - abs(long - short)), rel=1e-8
    )
    worst = found.regression.bias(bound["r2_alliance"], bound["r2_outcome"])
    assert worst >= abs(long - short) - 1e-9


def test_time_of_every_kind_is_held_constant(hidden: pd.DataFrame) -> None:
    y = hidden["y"].to_numpy()
    factor = pd.get_dummies(hidden["session"], drop_first=True).to_numpy(dtype=float)
    own = dummies(hidden)[:, :] * hidden["session"].to_numpy()[:, None]
    expected = {
        "none": dummies(hidden, "x"),
        "factor": np.column_stack([dummies(hidden), factor, hidden["x"]]),
        "patient": np.column_stack([dummies(hidden), own, hidden["x"]]),
    }
    for time, design in expected.items():
        found = fitted(hidden, random_slopes={}, time=time).confounding()
        b, se, _, df = ols(y, design)
        assert found.within.df == df
        assert found.regression.estimate == pytest.approx(b, rel=1e-8)
        assert found.regression.se == pytest.approx(se, rel=1e-8)


def test_scale_and_order_of_rows_do_not_matter(hidden: pd.DataFrame) -> None:
    columns = ["partial_r2", "robustness", "robustness_alpha"]
    first = fitted(hidden).confounding(benchmarks=["w"])
    moved = hidden.sample(frac=1, random_state=2).reset_index(drop=True)
    moved = moved.assign(x=3 * moved["x"] - 5, y=-0.1 * moved["y"], w=100 * moved["w"])
    other = fitted(moved).confounding(benchmarks=["w"])
    np.testing.assert_allclose(other.tidy()[columns], first.tidy()[columns], rtol=1e-4)
    names = ["r2_alliance", "r2_outcome"]
    np.testing.assert_allclose(other.bounds[names], first.bounds[names], rtol=1e-8)


def test_contours_and_plot_frame(hidden: pd.DataFrame) -> None:
    found = fitted(hidden).confounding(benchmarks=["w"])
    grid = found.contours(limit=0.4)
    assert len(grid) == 61 * 61
    corner = grid.iloc[0]
    assert corner["estimate"] == found.mixed.estimate
    row = grid[(grid["r2_alliance"] > 0.1) & (grid["r2_outcome"] > 0.1)].iloc[0]
    again = found.adjust(row["r2_alliance"], row["r2_outcome"]).iloc[0]
    assert row["estimate"] == pytest.approx(again["estimate"], rel=1e-12)
    assert row["statistic"] == pytest.approx(again["statistic"], rel=1e-12)
    plot = found.view().plot
    assert plot is not None
    assert plot["layer"].value_counts().to_dict() == {"grid": 3721, "benchmark": 3, "robustness": 1}
    assert plot.loc[plot["layer"] == "benchmark", "label"].tolist() == ["", "", "3 × w"]
    zero = plot[plot["layer"] == "robustness"].iloc[0]
    assert zero["estimate"] == pytest.approx(0, abs=1e-12)


def test_words_and_tables(hidden: pd.DataFrame) -> None:
    found = fitted(hidden).confounding(q=0.5, benchmarks=["w"])
    text = al.report_text(found)
    assert "would have to explain" in text
    assert "to account for 50% of the within-patient association" in text
    assert "predict" not in text
    assert "Effects differ between patients" in repr(found)
    assert "<table" in found._repr_html_()
    assert found.view().labels["verb"] == "association"
    assert found.glance()["q"].item() == 0.5
    assert found.tidy()["model"].tolist() == ["mixed model", "within regression"]


def test_correlated_residuals_are_called_approximate(hidden: pd.DataFrame) -> None:
    found = fitted(hidden, residual="ar1", random_slopes={}).confounding()
    assert any("Residuals are correlated" in note for note in found.notes)
    assert found.regression == fitted(hidden, random_slopes={}).confounding().regression


def test_benchmarks_with_gaps_leave_sessions_out(hidden: pd.DataFrame) -> None:
    gappy = hidden.copy()
    gappy.loc[gappy.index[::9], "w"] = np.nan
    found = fitted(gappy).confounding(benchmarks=["w"])
    n = int(gappy["w"].notna().sum())
    assert found.glance()["n_obs"].item() == n
    missing = len(gappy) - n
    assert any(m.startswith(f"{missing} of {len(gappy)} sessions") for m in found.messages)
    complete = gappy.dropna()
    b = ols(complete["y"].to_numpy(), dummies(complete, "session", "w", "x"))[0]
    assert found.regression.estimate == pytest.approx(b, rel=1e-8)


def test_confounder_that_cannot_be_so_strong_is_nan() -> None:
    assert np.isnan(bounds(0.6, 0.1, 2, 2)).all()
    assert bounds(0.3, 0.9, 1, 1)[1] == 1.0


def test_three_levels_and_changes_of_therapist() -> None:
    result = fitted(al.load_example("therapist_change"), None, therapist_change="dyad")
    found = result.confounding()
    assert isinstance(found, ConfoundingResult)
    frame = result.prepared.frame
    pairs = frame.groupby(["therapist", "patient"]).ngroups
    assert found.within.df == len(frame) - pairs - 2
    crossed = fitted(al.load_example("therapist_change"), None, therapist_change="crossed")
    rows = crossed.prepared.frame  # the therapist's part varies within patients here
    df = crossed.confounding().within.df
    assert df == len(rows) - rows["patient"].nunique() - 3


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"effect": "between"}, UnsupportedError, "only the within effect is covered"),
        ({"q": 0}, ArgumentError, "q=0 is not a share"),
        ({"q": 1.5}, ArgumentError, "q=1.5 is not a share"),
        ({"alpha": 1.5}, ArgumentError, "alpha"),
        ({"benchmarks": "w"}, ArgumentError, "give a list of columns"),
        ({"benchmarks": []}, ArgumentError, "give a list of columns"),
        ({"benchmarks": ["w", "w"]}, ArgumentError, "names a column twice"),
        ({"benchmarks": ["mood"]}, DataError, "column 'mood' not found"),
        ({"benchmarks": ["stable"]}, DataError, "stable does not vary within patients"),
        ({"benchmarks": ["word"]}, DataError, "word"),
        ({"benchmarks": ["x"]}, ArgumentError, "x_within is in the model already"),
        ({"kd": ()}, ArgumentError, "multiples above 0"),
        ({"kd": (0, 1)}, ArgumentError, "multiples above 0"),
        ({"kd": (1, 2), "ky": (1,)}, ArgumentError, "as many of each"),
    ],
)
def test_errors(
    hidden: pd.DataFrame, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    frame = hidden.assign(stable=hidden["patient"] * 1.0, word="a")
    with pytest.raises(error, match=message):
        fitted(frame).confounding(**options)


def test_changed_sessions_are_noticed(hidden: pd.DataFrame) -> None:
    frame = hidden.copy()
    sessions = al.load_sessions(frame, ROLES)
    result = fitted(sessions, None)
    sessions.frame["y"] = sessions.frame["y"].to_numpy()[::-1].copy()
    with pytest.raises(DataError, match="were changed after the fit"):
        result.confounding(benchmarks=["w"])
    found = fitted(hidden).confounding()
    with pytest.raises(ArgumentError, match="r2_alliance=1"):
        found.adjust(1, 0.5)
    with pytest.raises(ArgumentError, match="limit=2"):
        found.contours(limit=2)
