"""fit_response_surface: an oracle, recovery, invariances, and what it refuses."""

from __future__ import annotations

import warnings
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.models import SurfaceResult

ROLES = al.Roles(alliance="p", alliance_therapist="t", outcome="z", outcome_better="higher")


def made(
    seed: int, *, n: int = 80, sessions: int = 10, within: float = 0.0, between: float = 0.0,
    slope: float = 0.0,
) -> pd.DataFrame:  # fmt: skip
    """Ratings around one mean; disagreement in a session (or on average) costs its square."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(n), sessions)
    p_mean, t_mean = rng.multivariate_normal([40, 40], [[25, 12], [12, 25]], n).T
    p_own, t_own = rng.multivariate_normal([0, 0], [[16, 6], [6, 16]], len(patient)).T
    p, t = p_mean[patient] + p_own, t_mean[patient] + t_own
    z = 20 - within * (p - t) ** 2 - between * ((p_mean - t_mean) ** 2)[patient]
    z = z + slope * p + rng.normal(0, 2, n)[patient] + rng.normal(0, 2, len(patient))
    return pd.DataFrame(
        {
            "patient": patient, "session": np.tile(np.arange(1, sessions + 1), n), "p": p, "t": t,
            "z": z, "intake": rng.normal(15, 5, n)[patient],
        }
    )  # fmt: skip


def fitted(frame: pd.DataFrame, **options: Any) -> SurfaceResult:
    options = {"random_slopes": {}, "n_boot": 0} | options
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_response_surface(frame, options.pop("roles", ROLES), **options)


def test_the_surface_equals_dense_generalised_least_squares(tol: SimpleNamespace) -> None:
    frame = made(1, n=30, sessions=6)
    result = fitted(frame, time="none")
    own = frame.groupby("patient")[["p", "t"]].transform("mean")
    centre = own.mean(axis=1)
    x, y = frame["p"] - centre, frame["t"] - centre
    u, w = (own[c] - own.drop_duplicates().to_numpy().mean() for c in ("p", "t"))
    columns = [np.ones(len(x)), x, y, x**2, x * y, y**2, u, w, u**2, u * w, w**2]
    design = np.column_stack(columns)
    z = np.eye(30)[frame["patient"]]
    v = result.fit.covariances["patient"].to_numpy()[0, 0] * z @ z.T
    v += result.fit.sigma2 * np.eye(len(x))
    information = design.T @ np.linalg.solve(v, design)
    beta = np.linalg.solve(information, design.T @ np.linalg.solve(v, frame["z"]))
    np.testing.assert_allclose(result.b, beta[1:6], rtol=1e-7)
    covariance = np.linalg.inv(information)[1:6, 1:6]
    weights = np.array([0, 0, 1, -1, 1.0])
    row = result.tidy().set_index("effect").loc["a4"]
    assert row["se"] == pytest.approx(np.sqrt(weights @ covariance @ weights), rel=1e-6)


@pytest.mark.parametrize("level", ["within", "between"])
def test_a_known_congruence_effect_is_found(level: str) -> None:
    frame = made(2, n=150, **{level: 0.05})
    result = fitted(frame, level=level, n_boot=200, rng=1)
    assert result.verdict.startswith("shown")
    rows = result.tidy().set_index("effect")
    wanted = {"b3": -0.05, "b4": 0.1, "b5": -0.05, "a4": -0.2, "a3": 0.0, "a2": 0.0}
    for name, truth in wanted.items():
        # means of ten sessions have errors, which flatten the surface between patients
        room = 3.5 * rows.loc[name, "se"] + (0.15 * abs(truth) if level == "between" else 0.0)
        assert abs(rows.loc[name, "estimate"] - truth) < room
    p11 = result.axes().set_index("term").loc["p11"]
    assert p11["ci_low"] < 1 < p11["ci_high"] < 3


def test_congruence_at_one_level_is_not_seen_at_the_other() -> None:
    result = fitted(made(3, n=150, between=0.05), level="within")
    row = result.tidy().set_index("effect").loc["a4"]
    assert abs(row["statistic"]) < 3.5


def test_an_effect_of_one_rating_alone_is_no_congruence() -> None:
    """What a difference score would take for agreement."""
    result = fitted(made(4, n=150, slope=0.5), n_boot=200, rng=1)
    assert result.verdict == "not shown"
    status = result.conditions().set_index("condition")["status"]
    assert status["a3"] == "contradicted"


def test_swapping_the_ratings_swaps_the_coefficients() -> None:
    frame = made(5, n=40, within=0.02)
    one = fitted(frame, random_slopes={"patient": ["x", "y"]})
    other = fitted(frame, x="therapist", y="patient", random_slopes={"patient": ["x", "y"]})
    np.testing.assert_allclose(other.b, one.b[[1, 0, 4, 3, 2]], rtol=1e-5, atol=1e-8)
    a, b = (r.tidy().set_index("effect")["estimate"] for r in (one, other))
    for name, sign in (("a1", 1), ("a2", 1), ("a3", -1), ("a4", 1), ("a5", -1)):
        assert b[name] == pytest.approx(sign * a[name], rel=1e-5, abs=1e-8)
    assert one.axes()["estimate"][3] == pytest.approx(1 / other.axes()["estimate"][3], rel=1e-4)


def test_the_side_that_is_better_turns_conditions_but_no_coefficient() -> None:
    frame = made(6, n=60, within=0.05)
    higher = fitted(frame, n_boot=100, rng=1)
    lower = fitted(
        frame.assign(z=-frame["z"]), n_boot=100, rng=1,
        roles=al.Roles(alliance="p", alliance_therapist="t", outcome="z", outcome_better="lower"),
    )  # fmt: skip
    np.testing.assert_allclose(lower.b, -higher.b, rtol=1e-6)
    numbers = ["estimate", "ci_low", "ci_high"]
    np.testing.assert_allclose(
        lower.conditions()[numbers], higher.conditions()[numbers], rtol=1e-4, atol=1e-6
    )
    assert lower.verdict == higher.verdict


def test_shifts_of_the_scale_change_nothing_between_patients() -> None:
    frame = made(7, n=60)
    a = fitted(frame, level="between")
    b = fitted(frame.assign(p=frame["p"] + 100, t=frame["t"] + 100), level="between")
    np.testing.assert_allclose(a.tidy()["estimate"], b.tidy()["estimate"], rtol=1e-5, atol=1e-8)
    assert b.prepared.midpoint == pytest.approx(a.prepared.midpoint + 100)


def test_the_midpoint_moves_slopes_but_not_curvature() -> None:
    frame = made(8, n=60, between=0.03)
    mean = fitted(frame, level="between")
    scale = fitted(frame, level="between", scale=(0, 100), midpoint="scale")
    assert scale.prepared.midpoint == 50
    np.testing.assert_allclose(mean.b[2:], scale.b[2:], rtol=1e-4)
    move = 50 - mean.prepared.midpoint
    expected = mean.b[0] + move * (2 * mean.b[2] + mean.b[3])
    assert scale.b[0] == pytest.approx(expected, rel=1e-4)


def test_draws_are_those_of_the_model_and_of_the_seed() -> None:
    frame = made(9, n=40)
    one, same = (fitted(frame, n_boot=100, rng=3).axes() for _ in range(2))
    pd.testing.assert_frame_equal(one, same)
    draws = fitted(frame, n_boot=100, rng=3).draws
    assert draws.b.shape == (100, 5)
    assert draws.cluster == "patient"
    assert draws.n_clusters == 40


def test_without_draws_congruence_is_not_decided() -> None:
    result = fitted(made(10, n=100, within=0.05))
    assert result.verdict == "not decided"
    assert result.axes()["ci_low"].isna().all()


def test_agreement_counts_rows_beyond_half_a_standard_deviation() -> None:
    frame = made(11, n=40)
    row = fitted(frame).agreement.iloc[0]
    spread = np.sqrt((frame["p"].var() + frame["t"].var()) / 2)
    gap = frame["p"] - frame["t"]
    assert row["x_higher"] == pytest.approx((gap > spread / 2).mean())
    assert row["x_higher"] + row["alike"] + row["y_higher"] == pytest.approx(1.0)


def test_too_little_disagreement_is_said() -> None:
    frame = made(12, n=40)
    frame["t"] = frame["p"] + np.random.default_rng(1).normal(2, 1, len(frame))
    messages = fitted(frame).messages
    assert any("little disagreement" in message for message in messages)


def test_names_with_blanks_and_categories_among_covariates() -> None:
    frame = made(13, n=40).rename(columns={"p": "the patient's", "t": "other one"})
    frame["arm"] = np.where(frame["patient"] % 2, "a", "b")
    frame.loc[:2, "arm"] = None
    roles = al.Roles(
        alliance="the patient's", alliance_therapist="other one", outcome="z",
        outcome_better="higher",
    )  # fmt: skip
    for level in ("within", "between"):
        result = fitted(frame, roles=roles, level=level, covariates=["arm", "intake"])
        assert len(result.b) == 5
        assert result.view().plot is not None
    assert any("arm missing: 3" in message for message in result.messages)
    assert result.to_r().count("the patient's") > 3


def test_the_grid_of_the_figure_is_the_fitted_surface() -> None:
    frame = made(14, n=40, between=0.02)
    result = fitted(frame, level="between", covariates=["intake"])
    grid = result.view().plot.query("layer == 'grid'")
    row = grid.iloc[[700]]
    m = result.prepared.midpoint
    data = pd.DataFrame(
        {
            "p_mean": row["x"] - m, "t_mean": row["y"] - m, "intake": frame["intake"].mean(),
            "session_since_start": 4.5,
        }
    )  # fmt: skip
    expected = result.fit.predict(data, kind="marginal")["prediction"].item()
    assert row["z"].item() == pytest.approx(expected, rel=1e-8)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"level": "session"}, al.ArgumentError, "level='session' is not known"),
        ({"midpoint": "mean"}, al.ArgumentError, "would be ignored within"),
        ({"level": "between", "midpoint": "scale"}, al.ArgumentError, "needs scale"),
        ({"covariates": ["gap"]}, al.DataError, "difference score"),
        ({"covariates": ["square"]}, al.DataError, "difference score"),
        ({"covariates": "intake"}, al.ArgumentError, "give a list"),
        ({"covariates": ["p"]}, al.ArgumentError, "in the model already"),
        ({"y": "z"}, al.ArgumentError, "the outcome or an"),
        ({"n_boot": 1000}, al.ArgumentError, "draws random numbers"),
        ({"n_boot": 5, "rng": 1}, al.ArgumentError, "no usable number"),
        ({"rng": 1}, al.ArgumentError, "would be ignored"),
        ({"scale": {"p": (0, 99), "t": (0, 9)}}, al.DataError, "POMP"),
        ({"random_slopes": {"patient": ["p"]}}, al.ArgumentError, "can differ between"),
        ({"time": "never"}, al.ArgumentError, "time='never'"),
        ({"roles": {"alliance": "p", "alliance_therapist": "t", "outcome": "z"}},
         al.ArgumentError, "improvement is not known"),
    ],
)  # fmt: skip
def test_what_is_refused(options: dict[str, Any], error: type[Exception], words: str) -> None:
    frame = made(15, n=20)
    frame["gap"] = 7 - (frame["p"] - frame["t"])
    frame["square"] = (frame["p"] - frame["t"]) ** 2
    with pytest.raises(error, match=words):
        fitted(frame, **options)


def test_ratings_that_never_differ_have_no_surface() -> None:
    frame = made(16, n=20)
    frame["t"] = frame["p"] + 3
    with pytest.raises(al.DataError, match="cannot be estimated"):
        fitted(frame, level="within")


def test_a_rating_of_patients_has_no_surface_within_them() -> None:
    frame = made(16, n=20)
    frame["t"] = frame.groupby("patient")["t"].transform("mean")
    with pytest.raises(al.DataError, match="does not vary within patients"):
        fitted(frame)


def test_few_clusters_cannot_be_drawn() -> None:
    with pytest.raises(al.DataError, match="cannot be drawn again"):
        fitted(made(17, n=8), n_boot=100, rng=1)


def test_it_shows_itself() -> None:
    result = fitted(made(10, n=100, within=0.05))
    assert "Congruence: not decided" in repr(result)
    assert "<table" in result._repr_html_()
    assert result.glance()["congruence"].item() == "not decided"
    assert result.view().refit == (
        "al.models.fit_response_surface(sessions, level='within', x='p', y='t', time='linear', "
        "random_slopes={}, mean_rows='available', reml=True, n_boot=0)"
    )


def test_congruence_is_rarely_taken_for_shown_where_there_is_none() -> None:
    """A slice of benchmarks/calibrate_congruence.py: the curvature alone would say it in 2.5%."""
    claims = [
        fitted(made(seed, n=40, sessions=5), level=level).verdict != "not shown"
        for seed in range(100, 140)
        for level in ("within", "between")
    ]
    assert sum(claims) <= 6
