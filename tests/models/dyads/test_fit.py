"""fit_dyads: dense oracle, invariances, what it refuses and what it says."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats._base.errors import (
    ArgumentError,
    DataError,
    DataWarning,
    UnsupportedError,
)
from alliance_stats.models.dyads.bias import COLUMNS, large_bias
from alliance_stats.models.dyads.patterns import Ratio, fieller, monte_carlo
from alliance_stats.models.dyads.result import DyadResult

ROLES = al.Roles(alliance="x1", alliance_therapist="x2", outcome="y1")
MEMBERS = {
    "patient": {"predictor": "x1", "outcome": "y1"},
    "therapist": {"predictor": "x2", "outcome": "y2"},
}
SWAPPED = dict(reversed(MEMBERS.items()))
EFFECTS = np.array([[0.5, 0.25], [0.4, -0.4]])  # actor, partner of both


def pairs(rng: np.random.Generator, n: int, r: float) -> np.ndarray:
    first, second = rng.normal(size=(2, n))
    return np.column_stack([first, r * first + np.sqrt(1 - r * r) * second])


def simulated(
    seed: int = 1, n: int = 40, sessions: int = 6, missing: float = 0.0, scale: float = 1.5
) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(n), sessions)
    session = np.tile(np.arange(1, sessions + 1), n)
    x = pairs(rng, n, 0.4)[patient] + pairs(rng, len(patient), 0.2)
    rest = pairs(rng, n, 0.5)[patient] + pairs(rng, len(patient), 0.3) * [1.0, scale]
    y = 3.0 + 0.1 * session[:, None] + rest
    y[:, 0] += EFFECTS[0, 0] * x[:, 0] + EFFECTS[0, 1] * x[:, 1]
    y[:, 1] += EFFECTS[1, 0] * x[:, 1] + EFFECTS[1, 1] * x[:, 0]
    values = np.where(rng.random((len(patient), 4)) < missing, np.nan, np.hstack([x, y]))
    frame = pd.DataFrame(values, columns=["x1", "x2", "y1", "y2"])
    return frame.assign(patient=[f"P{k}" for k in patient], session=session)


def fit(frame: pd.DataFrame, roles: al.Roles = ROLES, **options: Any) -> DyadResult:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return al.models.fit_dyads(frame, roles, **({"members": MEMBERS} | options))


def estimates(result: DyadResult) -> pd.Series:
    return result.effects.set_index(["effect", "group"])["estimate"]


def dense(result: DyadResult) -> tuple[np.ndarray, np.ndarray, float]:
    """β, its covariance and the restricted log-likelihood from V = ZGZ' + R, row by row."""
    frame, fitted = result.prepared.frame, result.fit
    x = frame[list(fitted.names)].to_numpy()
    y = frame["rating"].to_numpy()
    names = ["patient_intercept", "therapist_intercept"]
    z, g = frame[names].to_numpy(), fitted.covariances["patient"].loc[names, names].to_numpy()
    same = frame["patient"].to_numpy()[:, None] == frame["patient"].to_numpy()
    at_once = same & (frame["session"].to_numpy()[:, None] == frame["session"].to_numpy())
    residual = fitted.residual
    assert residual is not None
    sd = fitted.sigma * residual.ratios
    r = sd[:, None] * residual.correlations * sd
    number = frame["member_number"].to_numpy() - 1
    v = same * (z @ g @ z.T) + at_once * r[np.ix_(number, number)]
    inverse = np.linalg.inv(v)
    information = x.T @ inverse @ x
    beta = np.linalg.solve(information, x.T @ inverse @ y)
    left = y - x @ beta
    n, p = x.shape
    dets = np.linalg.slogdet(v)[1] + np.linalg.slogdet(information)[1]
    loglik = -0.5 * (dets + left @ inverse @ left + (n - p) * np.log(2 * np.pi))
    return beta, np.linalg.inv(information), float(loglik)


def test_dense_oracle() -> None:
    result = fit(simulated(missing=0.1))
    beta, covariance, loglik = dense(result)
    assert result.fit.beta.to_numpy() == pytest.approx(beta, rel=1e-8, abs=1e-8)
    assert result.fit.vcov.to_numpy() == pytest.approx(covariance, rel=1e-6, abs=1e-10)
    assert result.fit.loglik == pytest.approx(loglik, abs=1e-6)


def test_recovery() -> None:
    result = fit(simulated(seed=2, n=400, sessions=8))
    table = result.effects.query("unit == 'session'").set_index(["effect", "group"])
    truth = {
        ("actor", "patient"): 0.5, ("partner", "patient"): 0.25,
        ("actor", "therapist"): 0.4, ("partner", "therapist"): -0.4,
    }  # fmt: skip
    for key, value in truth.items():
        assert abs(table.loc[key, "estimate"] - value) < 3.5 * table.loc[key, "se"]
    patterns = result.patterns().query("unit == 'session'").set_index("member")
    assert patterns.loc["therapist", "compatible"] == "contrast"
    assert patterns.loc["patient", "k"] == pytest.approx(0.5, abs=0.15)
    variances = result.variances().query("kind == 'correlation'").set_index("unit")
    assert variances.loc["session", "estimate"] == pytest.approx(0.3, abs=0.06)
    assert variances.loc["patient", "estimate"] == pytest.approx(0.5, abs=0.15)


def test_order_of_rows_and_of_members_does_not_matter() -> None:
    frame = simulated(missing=0.1)
    result = fit(frame)
    shuffled = fit(frame.sample(frac=1.0, random_state=3).reset_index(drop=True))
    swapped = fit(frame, members=SWAPPED)
    for other in (shuffled, swapped):
        same = estimates(other).reindex(estimates(result).index)
        assert same.to_numpy() == pytest.approx(estimates(result).to_numpy(), rel=1e-6, abs=1e-8)
        assert other.fit.loglik == pytest.approx(result.fit.loglik, abs=1e-7)
        test = other.distinguishability["statistic"].item()
        assert test == pytest.approx(result.distinguishability["statistic"].item(), abs=1e-5)
    p = swapped.equality()["p_value"].to_numpy()
    assert p == pytest.approx(result.equality()["p_value"].to_numpy(), rel=1e-4)


def test_scales_of_members_need_not_be_the_same() -> None:
    frame = simulated()
    result = fit(frame)
    other = fit(frame.assign(y2=1000.0 * frame["y2"], x2=0.01 * frame["x2"] + 7))
    units = {
        ("actor", "patient"): 1.0, ("partner", "patient"): 100.0,
        ("actor", "therapist"): 100_000.0, ("partner", "therapist"): 1000.0,
    }  # fmt: skip
    for key, factor in units.items():
        assert estimates(other)[key] == pytest.approx(factor * estimates(result)[key], rel=1e-6)
    sizes = other.effect_sizes()["estimate"].to_numpy()
    assert sizes == pytest.approx(result.effect_sizes()["estimate"].to_numpy(), rel=1e-6)


def test_session_with_one_member_is_kept_and_counted() -> None:
    frame = simulated()
    frame.loc[[3, 10], "y2"] = np.nan
    with pytest.warns(DataWarning, match="2 sessions of 240 with one member only, kept"):
        result = al.models.fit_dyads(frame, ROLES, members=MEMBERS)
    assert result.fit.n_obs == 478
    assert result.glance()["n_both"].item() == 238
    assert "therapist: 238 of 240 sessions in the model (not: y2 missing: 2)." in result.messages


def test_lagged_default_uses_the_session_before_only() -> None:
    frame = simulated(sessions=8).drop(index=[4]).reset_index(drop=True)  # patient 0, session 5
    result = fit(frame, members=None, bias_simulations=0)
    rows = result.prepared.frame
    own = rows[(rows["patient"] == "P0") & (rows["member"] == "patient")].set_index("session")
    assert own.index.tolist() == [2, 3, 4, 7, 8]
    patient = frame[frame["patient"] == "P0"].set_index("session")
    assert own.loc[7, "actor"] == pytest.approx(patient.loc[6, "x1"] - patient["x1"].mean())
    assert own.loc[7, "partner"] == pytest.approx(patient.loc[6, "x2"] - patient["x2"].mean())
    assert not result.prepared.between
    assert any("correlation of their intercepts" in note for note in result.notes)


def test_bias_of_short_treatments_is_found_and_named() -> None:
    rng = np.random.default_rng(5)
    n, t = 80, 6
    rating = np.zeros((n, t, 2))
    level = rng.normal(size=(n, 2))
    state = np.zeros((n, 2))
    for k in range(-20, t):
        state = 0.3 * state + rng.normal(size=(n, 2))
        if k >= 0:
            rating[:, k] = level + state
    frame = pd.DataFrame(rating.reshape(-1, 2), columns=["x1", "x2"])
    frame = frame.assign(patient=np.repeat(np.arange(n), t), session=np.tile(np.arange(t), n), y1=0)
    frame["y1"] = rng.normal(size=len(frame))
    result = fit(frame, members=None, bias_simulations=100)
    assert list(result.bias.columns) == list(COLUMNS)
    assert {("actor", "patient"), ("actor", "therapist")} <= set(result.biased)
    matched = result.bias.query("effect == 'actor'")["true"]
    assert matched.to_numpy() == pytest.approx([0.3, 0.3], abs=0.15)
    nickell = result.bias.query("effect == 'actor'")["nickell"]
    assert nickell.to_numpy() == pytest.approx(-1.3 / 5, abs=0.05)
    assert any(note.startswith("Biased for this design") for note in result.notes)
    again = fit(frame, members=None, bias_simulations=100)
    pd.testing.assert_frame_equal(again.bias, result.bias)


def test_replica_of_the_data_gives_the_estimates() -> None:
    """The fast fitter of simulated studies, on the ratings of the data themselves."""
    from alliance_stats.models.dyads.replicas import fitter_of, layout_of

    result = fit(simulated(missing=0.1), members=None, bias_simulations=0)
    fitter, layout = fitter_of(result.fit, result.prepared), layout_of(result.prepared)
    wide = result.prepared.wide
    ratings = np.nan_to_num(np.array([wide["x1"].to_numpy(), wide["x2"].to_numpy()]))
    both = np.stack([ratings, 2.0 * ratings], axis=-1)  # two studies at once
    studies, _ = fitter.fit(layout, both, fitter.start, tolerance=1e-10)
    found = studies[0]
    assert studies[1, ..., 0] == pytest.approx(found[..., 0], rel=1e-6, abs=1e-8)
    table = result.effects.set_index(["group", "effect"])
    for k, member in enumerate(MEMBERS):
        for side, effect in enumerate(("actor", "partner")):
            row = table.loc[(member, effect)]
            assert found[k, side] == pytest.approx([row["estimate"], row["se"]], rel=1e-5)


def test_no_bias_table_without_own_past() -> None:
    result = fit(simulated(), lagged=True)
    assert result.bias.empty and not result.biased
    assert any("was not simulated: predictors" in note for note in result.notes)


def test_slopes_of_members_alike_are_nested_in_the_model() -> None:
    frame = simulated(n=120, sessions=8)
    result = fit(frame, random_slopes={"patient": ["actor"]})
    row = result.distinguishability.iloc[0]
    assert row["df"] == 6 + (10 - 6) + 1  # fixed effects, patients' blocks, residuals
    assert row["statistic"] > 0


def test_alike_members_are_not_told_apart() -> None:
    rng = np.random.default_rng(8)
    frame = simulated(n=60, scale=1.0)
    frame["y1"] = rng.normal(size=len(frame)) + frame.groupby("patient")["x1"].transform("first")
    frame["y2"] = rng.normal(size=len(frame)) + frame.groupby("patient")["x1"].transform("first")
    assert fit(frame).distinguishability["p_value"].item() > 0.001


def test_fieller_and_draws_agree_where_the_actor_effect_is_large() -> None:
    ratio = Ratio(2.0, 1.0, np.array([[0.02, 0.005], [0.005, 0.03]]), np.inf)
    drawn = monte_carlo(ratio, 0.95, 400_000, np.random.default_rng(1))
    assert drawn == pytest.approx(fieller(ratio, 0.95), abs=0.01)


def test_fieller_has_no_ends_where_the_actor_effect_is_near_zero() -> None:
    assert fieller(Ratio(0.19, 1.0, np.diag([0.01, 0.01]), np.inf), 0.95) == (-np.inf, np.inf)
    assert np.isfinite(fieller(Ratio(0.20, 1.0, np.diag([0.01, 0.01]), np.inf), 0.95)).all()
    assert fieller(Ratio(0.20, 1.0, np.diag([0.01, 0.01]), 20.0), 0.95) == (-np.inf, np.inf)


def test_k_is_undefined_and_said() -> None:
    frame = simulated()
    frame["y1"] = np.random.default_rng(4).normal(size=len(frame))
    result = fit(frame)
    row = result.patterns().query("unit == 'session' and member == 'patient'").iloc[0]
    assert np.isnan(row["k"]) and np.isinf(row["ci_high"]) and np.isnan(row["mc_low"])
    assert any("k is undefined for" in message for message in result.messages)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"members": {"a": MEMBERS["patient"]}}, ArgumentError, "names 1, not two"),
        ({"members": {"a": {"predictor": "x1"}, "b": {}}}, ArgumentError, "needs the columns"),
        (
            {"members": MEMBERS | {"therapist": {"predictor": "x2", "outcome": "y1"}}},
            UnsupportedError, "fit_perspectives",
        ),
        (
            {"members": MEMBERS | {"therapist": {"predictor": "x1", "outcome": "y2"}}},
            ArgumentError, "both members have the predictor",
        ),
        ({"members": None, "lagged": False}, ArgumentError, "Use lagged=True"),
        ({"step": 2}, ArgumentError, "step=2 would be ignored"),
        ({"lagged": True, "step": 0}, ArgumentError, "step=0 is not"),
        ({"bias_simulations": 100}, ArgumentError, "would be ignored"),
        ({"members": None, "bias_simulations": 3}, ArgumentError, "not a usable number"),
        ({"therapist_level": True}, ArgumentError, "needs the role 'therapist'"),
        ({"time": "factor"}, ArgumentError, "time"),
        ({"random_slopes": "auto"}, ArgumentError, "random_slopes='auto' is not known"),
        ({"random_slopes": {"patient": ["between"]}}, ArgumentError, "Effects that can differ"),
        ({"random_slopes": {"patient": ["actor", "partner"]}, "time": "patient"}, DataError, "few"),
    ],
)  # fmt: skip
def test_refused_arguments(options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        fit(simulated(sessions=4), **options)


def test_needs_members_or_a_role() -> None:
    with pytest.raises(ArgumentError, match="no role 'alliance_therapist'"):
        fit(simulated(), al.Roles(alliance="x1", outcome="y1"), members=None)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.assign(x2=np.nan), "therapist has no rating in column 'x2'"),
        (lambda f: f.assign(y2=4.0), "constant in all 240 ratings"),
        (lambda f: f.assign(x2=f.groupby("patient")["x2"].transform("first")), "constant within"),
        (lambda f: f.assign(x2=f["x2"] - f.groupby("patient")["x2"].transform("mean")), "centred"),
        (lambda f: f[f["session"] == 1], "constant within|at most one a patient"),
        (lambda f: f.rename(columns={"patient": "member"}), "column that the model makes"),
    ],
)
def test_refused_data(change: Any, words: str) -> None:
    frame = change(simulated())
    roles = al.Roles(
        alliance="x1", alliance_therapist="x2", outcome="y1",
        patient="member" if "member" in frame else "patient",
    )  # fmt: skip
    with pytest.raises(DataError, match=words):
        fit(frame, roles)


def test_too_few_sessions_for_a_lag() -> None:
    frame = simulated()
    with pytest.raises(DataError, match="need 3 sessions or more"):
        fit(frame[frame["session"] <= 2], members=None, bias_simulations=0)


def test_identifiers_of_any_kind() -> None:
    frame = simulated()
    result = fit(frame)
    numbers = fit(frame.assign(patient=frame["patient"].str[1:].astype(int)))
    kinds = fit(frame.assign(patient=frame["patient"].astype("category")))
    for other in (numbers, kinds):
        assert estimates(other).to_numpy() == pytest.approx(estimates(result).to_numpy(), rel=1e-7)


def test_names_of_members_are_free() -> None:
    frame = simulated()
    members = dict(zip(["Partner A", "`wife"], MEMBERS.values(), strict=True))
    with pytest.raises(Exception, match="`"):
        fit(frame, members=members)
    members = dict(zip(["Partner A", "zweite Person"], MEMBERS.values(), strict=True))
    result = fit(frame, members=members)
    assert set(result.effects["group"]) == {"Partner A", "zweite Person"}
    assert "`Partner A_actor`" in result.to_r()
    assert estimates(result).to_numpy() == pytest.approx(estimates(fit(frame)).to_numpy(), rel=1e-7)


def test_singular_intercepts_are_said() -> None:
    rng = np.random.default_rng(12)
    frame = simulated()
    frame[["y1", "y2"]] = rng.normal(size=(len(frame), 2))
    result = fit(frame)
    rows = result.variances().query("unit == 'patient'")
    assert result.fit.singular
    assert any("Singular fit" in message for message in result.messages)
    assert rows.loc[rows["kind"] == "correlation", "ci_low"].isna().all()


def test_view_and_refit() -> None:
    result = fit(simulated())
    view = result.view()
    assert view.kind == "dyads" and view.labels["verb"] == "association"
    assert view.refit is not None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        again = eval(  # noqa: S307
            view.refit, {"al": al, "sessions": al.load_sessions(simulated(), ROLES)}
        )
    pd.testing.assert_frame_equal(again.tidy(), result.tidy())
    assert "Actor-partner patterns" in view.tables
    assert repr(result) and result._repr_html_()


def test_large_bias_needs_half_a_standard_error() -> None:
    table = pd.DataFrame(
        {"effect": ["actor", "partner"], "member": ["a", "a"], "bias_in_se": [-0.6, 0.4]}
    )
    assert large_bias(table) == {("actor", "a"): -0.6}
