"""The simulated bias: the refits are those of the model, and a known case is reproduced."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance_stats.data.centering import center_within
from alliance_stats.models.lagged.bias import (
    Paths,
    _noise,
    _process,
    approximate_nickell,
    large_bias,
)
from alliance_stats.models.lagged.replicas import fitter_of, layout_of
from alliance_stats.models.process import draw_deviations, grid_of, process_of

from .conftest import ROLES, SAME, TWO, fit, simulated


@pytest.mark.parametrize("options", [{}, {"gap": "previous"}, {"time": "factor"}, {"step": 2}])
def test_the_ratings_themselves_give_the_fit_again(
    frame: pd.DataFrame, options: dict[str, object]
) -> None:
    """Columns, lags, gaps and groups of a simulated study are those of the model."""
    result = fit(frame, random_slopes={}, **options)
    ratings = {
        "outcome": frame["phq"].to_numpy(float)[:, None],
        "alliance": frame["wai"].to_numpy(float)[:, None],
    }
    layout = layout_of(result.prepared)
    for equation in result.prepared.equations:
        made = fitter_of(result.fits[equation.side], result.prepared, equation)
        found, _ = made.fit(layout, ratings, made.start, tolerance=1e-10)
        cross, se, own = found[0]
        table = result.tidy().set_index("effect")
        assert cross == pytest.approx(table.loc[equation.cross_effect, "estimate"], rel=1e-5)
        assert se == pytest.approx(table.loc[equation.cross_effect, "se"], rel=1e-5)
        assert own == pytest.approx(table.loc[equation.own_effect, "estimate"], rel=1e-5)


def test_studies_fitted_together_are_as_if_fitted_alone(frame: pd.DataFrame) -> None:
    """To far less than the Monte Carlo error of 200 studies, a fourteenth of a standard error.

    On average nearer still: what is left of each search has no direction.
    """
    result = fit(frame)  # with random slopes, which vanish in many studies
    layout, n = layout_of(result.prepared), 12
    rng = np.random.default_rng(5)
    y, x = frame[["phq"]].to_numpy(float), frame[["wai"]].to_numpy(float)
    drawn = {
        "outcome": y + 0.3 * rng.standard_normal((len(y), n)),
        "alliance": x + 0.3 * rng.standard_normal((len(x), n)),
    }
    off: list[float] = []
    for equation in result.prepared.equations:
        made = fitter_of(result.fits[equation.side], result.prepared, equation)
        found, _ = made.fit(layout, drawn, made.start)
        for k in range(n):
            again = frame.assign(phq=drawn["outcome"][:, k], wai=drawn["alliance"][:, k])
            alone = fit(again).tidy().set_index("effect")
            b, se = alone.loc[equation.cross_effect, ["estimate", "se"]]
            off.append((found[k, 0] - b) / se)
            assert found[k, 1] == pytest.approx(se, rel=0.01)
            own = alone.loc[equation.own_effect]
            off.append((found[k, 2] - own["estimate"]) / own["se"])
    assert np.abs(off).max() < 0.02
    assert abs(np.mean(off)) < 0.002


def test_the_process_is_stationary_with_its_paths(rng: np.random.Generator) -> None:
    """Outcome first in every session: f_t = .3 f + −.2 e, e_t = .4 e + −.3 f_t."""
    patient, session = np.repeat(np.arange(3000), 6), np.tile(np.arange(1.0, 7.0), 3000)
    within = np.array([[0.0, 0.0], [-0.3, 0.0]])
    before = np.array([[0.3, -0.2], [0.0, 0.4]])
    process = process_of(within, before, np.diag([1.0, 2.0]))
    grid = grid_of(patient, session, 1, by_rows=False)
    f, e = (v[:, 0].reshape(3000, 6) for v in draw_deviations(process, grid, 1, rng))
    for t in (0, 5):
        assert np.cov(f[:, t], e[:, t]) == pytest.approx(process.s, abs=0.2)
    past = np.column_stack([f[:, :-1].ravel(), e[:, :-1].ravel()])
    assert np.linalg.lstsq(past, f[:, 1:].ravel(), rcond=None)[0] == pytest.approx(
        [0.3, -0.2], abs=0.04
    )
    both = np.column_stack([f[:, 1:].ravel(), e[:, :-1].ravel()])
    assert np.linalg.lstsq(both, e[:, 1:].ravel(), rcond=None)[0] == pytest.approx(
        [-0.3, 0.4], abs=0.04
    )


def test_the_process_runs_through_missed_sessions() -> None:
    patient, session = np.array([0, 0, 0, 1, 1]), np.array([5.0, 2.0, 3.0, 1.0, 900.0])
    grid = grid_of(patient, session, 1, by_rows=False)
    assert grid.length.tolist() == [4, 41]
    assert grid.row.tolist() == [3, 0, 1, 4, 44]
    assert grid_of(patient, session, 1, by_rows=True).row.tolist() == [2, 0, 1, 3, 4]


def test_an_explosive_process_is_pulled_back() -> None:
    process = process_of(np.zeros((2, 2)), np.diag([1.2, 0.5]), np.eye(2))
    assert np.abs(np.linalg.eigvals(process.a)).max() == pytest.approx(0.95)
    assert (np.linalg.eigvalsh(process.s) > 0).all()


def test_residuals_covary_only_where_neither_rating_comes_first(frame: pd.DataFrame) -> None:
    result = fit(frame, TWO, random_slopes={})
    assert _noise(result.fits, result.prepared)[0, 1] == 0.0
    same = fit(frame, SAME, random_slopes={})
    assert _noise(same.fits, same.prepared)[0, 1] < 0.0  # the path within the session
    paths = Paths({"outcome": 0.3, "alliance": 0.4}, {"outcome": -0.1, "alliance": -0.2})
    a = _process(result.prepared, paths, np.eye(2)).a
    assert a == pytest.approx(np.array([[0.3, -0.1], [-0.06, 0.42]]))


def test_approximate_nickell() -> None:
    assert approximate_nickell(0.3, 6) == pytest.approx(-0.26)
    assert np.isnan(approximate_nickell(0.3, 1))


def within_bias(n_patients: int, sessions: int, seed: int) -> float:
    """Mean within-patient least-squares path in studies of the known case: another estimator."""
    frame = simulated(np.random.default_rng(seed), n_patients, sessions, path=0.0, within=False)
    patient = np.repeat(np.arange(n_patients), sessions)
    rows = np.arange(n_patients * sessions).reshape(n_patients, sessions)
    y = frame["phq"].to_numpy()
    x = center_within(frame["wai"].to_numpy(), patient)["within"]
    own = center_within(y, patient)["within"]
    columns = [own[rows[:, :-1]].ravel(), x[rows[:, :-1]].ravel()]
    columns.append(np.tile(np.arange(sessions - 1), n_patients) - (sessions - 2) / 2)
    centred = y[rows[:, 1:]] - y[rows[:, 1:]].mean(axis=1, keepdims=True)
    return float(np.linalg.lstsq(np.column_stack(columns), centred.ravel(), rcond=None)[0][1])


def test_the_known_case_of_six_sessions(rng: np.random.Generator) -> None:
    """True cross-lag 0, reverse −.2, autoregressions .3, 300 patients, 6 sessions.

    The path is biased by about .05 and a test that ignores it rejects about half the time.
    """
    assert within_bias(40_000, 6, 1) == pytest.approx(0.05, abs=0.008)
    frame = simulated(rng, 300, 6, path=0.0, within=False)
    result = fit(frame, SAME, random_slopes={}, rng=1)
    row = result.bias.set_index(["effect", "truth"]).loc[("alliance_to_outcome", "zero")]
    assert row["bias"] == pytest.approx(0.05, abs=0.015)
    assert row["mc_error"] < 0.004
    assert 0.25 < row["rejected"] < 0.7
    assert result.biased["alliance_to_outcome"] > 1.0
    own = result.bias.set_index("effect").loc["outcome_autoregression"]
    assert own["bias"] == pytest.approx(own["nickell"], abs=0.06)
    assert own["true"] == pytest.approx(0.3, abs=0.08)
    assert any(note.startswith("Biased for this design") for note in result.notes)


def test_long_treatments_are_not_biased(rng: np.random.Generator) -> None:
    result = fit(simulated(rng, 40, 40), TWO, random_slopes={}, bias_simulations=50)
    assert not result.biased
    assert any("less than half a standard error" in note for note in result.notes)


def test_bias_is_the_same_for_the_same_seed(frame: pd.DataFrame) -> None:
    options = {"bias_simulations": 50, "random_slopes": {}}
    first, again = (fit(frame, ROLES, rng=3, **options).bias for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    other = fit(frame, ROLES, rng=4, **options).bias
    assert not np.allclose(first["mean"], other["mean"])


def test_without_simulations_the_notes_say_so(frame: pd.DataFrame) -> None:
    result = fit(frame, bias_simulations=0)
    assert result.bias.empty and result.biased == {}
    assert any("was not simulated" in note for note in result.notes)


def test_large_bias_is_the_larger_of_both_truths() -> None:
    table = pd.DataFrame(
        {
            "effect": ["alliance_to_outcome"] * 2 + ["outcome_to_alliance"] * 2,
            "bias_in_se": [0.3, -0.7, 0.5, np.nan],
        }
    )
    assert large_bias(table) == {"alliance_to_outcome": -0.7}
