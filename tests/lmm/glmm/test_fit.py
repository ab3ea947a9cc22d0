"""fit_glmm: invariances, recovery, singular and impossible data, one clear message each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.lmm.algebra import crossed
from alliance_stats.lmm.algebra.crossed_dense import DenseElimination
from alliance_stats.lmm.algebra.crossed_sparse import SparseElimination
from alliance_stats.lmm.glmm.fit import fit_glmm_quietly
from alliance_stats.lmm.glmm.result import GlmmResult

FORMULA = "yes ~ x + arm + (1 + x | rater) + (1 | therapist)"


def close(one: GlmmResult, other: GlmmResult) -> None:
    """Both fits are the same."""
    assert one.loglik == pytest.approx(other.loglik, abs=1e-8)
    left, right = one.tidy(), other.tidy()
    assert (np.abs(left["estimate"] - right["estimate"]) / left["se"]).max() < 1e-5
    np.testing.assert_allclose(left["se"], right["se"], rtol=1e-5)


def test_the_order_of_rows_and_labels_do_not_matter(small: pd.DataFrame) -> None:
    first = fit_glmm_quietly(FORMULA, small)
    other = small.sample(frac=1.0, random_state=3).assign(
        rater=lambda d: "r" + (9 - d["rater"]).astype(str),
        therapist=lambda d: d["therapist"].astype("category"),
    )
    close(first, fit_glmm_quietly(FORMULA, other))


def test_rows_may_be_counted_as_trials(small: pd.DataFrame) -> None:
    """0/1 rows that share everything are successes of trials, up to the constant."""
    single = fit_glmm_quietly("yes ~ arm + (1 | rater)", small)
    grouped = small.groupby(["arm", "rater"], as_index=False).agg(
        yes=("yes", "sum"), n=("yes", "size")
    )
    counted = fit_glmm_quietly("yes ~ arm + (1 | rater)", grouped, trials="n")
    constant = counted.criterion.design.response.constant
    assert counted.loglik - constant == pytest.approx(single.loglik, abs=1e-8)
    np.testing.assert_allclose(counted.beta, single.beta, rtol=1e-6)
    np.testing.assert_allclose(counted.vcov, single.vcov, rtol=1e-5)


def test_a_poisson_offset_is_a_known_part(small: pd.DataFrame) -> None:
    """A constant offset moves the intercept by as much, and nothing else."""
    plain = fit_glmm_quietly("count ~ x + (1 | rater)", small, family="poisson")
    moved = fit_glmm_quietly(
        "count ~ x + (1 | rater)", small.assign(known=0.7), family="poisson", offset="known"
    )
    assert moved.loglik == pytest.approx(plain.loglik, abs=1e-8)
    np.testing.assert_allclose(moved.beta + [0.7, 0.0], plain.beta, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("scale", "shift"), [(1e6, 0.0), (1e-6, 0.0), (10.0, 1e5)])
def test_the_unit_of_a_predictor_does_not_matter(
    small: pd.DataFrame, scale: float, shift: float
) -> None:
    formula = "successes ~ x + (1 + x | rater)"
    first = fit_glmm_quietly(formula, small, trials="m")
    moved = small.assign(x=small["x"] * scale + shift)
    other = fit_glmm_quietly(formula, moved, trials="m")
    assert other.loglik == pytest.approx(first.loglik, abs=1e-7)
    assert other.beta["x"] * scale == pytest.approx(first.beta["x"], rel=1e-6)
    assert other.tidy()["se"].iloc[1] * scale == pytest.approx(first.tidy()["se"].iloc[1], rel=1e-5)
    sd = np.sqrt(other.covariances["rater"].loc["x", "x"]) * scale
    assert sd == pytest.approx(np.sqrt(first.covariances["rater"].loc["x", "x"]), rel=1e-4)


def test_successes_and_failures_mirror_each_other(small: pd.DataFrame) -> None:
    for link in ("logit", "probit"):
        first = fit_glmm_quietly("yes ~ x + (1 | rater)", small, link=link)
        other = small.assign(yes=small["yes"] == 0)
        second = fit_glmm_quietly("yes ~ x + (1 | rater)", other, link=link)
        assert second.loglik == pytest.approx(first.loglik, abs=1e-8)
        np.testing.assert_allclose(second.beta, -first.beta, rtol=1e-5, atol=1e-7)


def test_the_truth_is_recovered() -> None:
    """1,000 groups of 12 rows: estimates within four standard errors of what they were made of."""
    rng = np.random.default_rng(7)
    group = np.repeat(np.arange(1000), 12)
    x = rng.normal(size=len(group))
    effect = rng.multivariate_normal([0, 0], [[0.8, 0.2], [0.2, 0.3]], 1000)
    eta = -0.4 + 0.6 * x + effect[group, 0] + effect[group, 1] * x
    frame = pd.DataFrame({"group": group, "x": x, "n": 8})
    frame["y"] = rng.binomial(8, 1 / (1 + np.exp(-eta)))
    frame["count"] = rng.poisson(np.exp(eta))
    for family, response, names in (
        ("binomial", "y", {"trials": "n"}),
        ("poisson", "count", {}),
    ):
        fit = fit_glmm_quietly(f"{response} ~ x + (1 + x | group)", frame, family=family, **names)
        table = fit.tidy()
        assert (np.abs(table["estimate"] - [-0.4, 0.6]) < 4 * table["se"]).all()
        found = fit.covariances["group"].to_numpy()
        assert np.abs(found - [[0.8, 0.2], [0.2, 0.3]]).max() < 0.12


def test_sparse_and_dense_elimination_of_crossed_factors_agree(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Patients some of whom change their therapist."""
    rng = np.random.default_rng(1)
    patient = np.repeat(np.arange(150), 4)
    therapist = patient // 5
    moved = (rng.random(150) < 0.2)[patient] & (np.tile(np.arange(4), 150) > 1)
    therapist = np.where(moved, (therapist + 1) % 30, therapist)
    eta = rng.normal(size=150)[patient] + rng.normal(size=30)[therapist]
    frame = pd.DataFrame({"patient": patient, "therapist": therapist})
    frame["y"] = rng.binomial(1, 1 / (1 + np.exp(-eta)))
    formula = "y ~ 1 + (1 | patient) + (1 | therapist)"
    dense = fit_glmm_quietly(formula, frame)
    assert isinstance(dense.evaluation.expected, DenseElimination)
    monkeypatch.setattr(crossed, "FEW", 0)
    monkeypatch.setattr(crossed, "SCATTERED", -1e9)
    sparse = fit_glmm_quietly(formula, frame)
    assert isinstance(sparse.evaluation.expected, SparseElimination)
    close(dense, sparse)


def test_a_singular_fit_is_exact_and_said(small: pd.DataFrame) -> None:
    rng = np.random.default_rng(2)
    frame = small.assign(chance=np.tile(np.arange(40), 6), yes=rng.permutation(small["yes"]))
    with pytest.warns(al.FitWarning, match="Singular fit at 'chance'"):
        fit = al.fit_glmm("yes ~ x + (1 | chance)", frame)
    assert fit.singular
    assert fit.converged
    assert fit.covariances["chance"].to_numpy().item() == 0.0
    assert fit.minimum.theta.item() == 0.0
    # with no variance between groups it is the model without random effects
    response = fit.criterion.design.response
    score = fit.criterion.design.fixed @ (response.y - 1 / (1 + np.exp(-fit.evaluation.modes.eta)))
    assert np.abs(score).max() < 1e-5
    information = fit.evaluation.in_beta_twice / 2
    np.testing.assert_allclose(fit.standard_vcov, np.linalg.inv(information), rtol=1e-4)


def test_collinear_columns_are_dropped_and_missing_rows_counted(small: pd.DataFrame) -> None:
    frame = small.assign(twice=2 * small["x"], x=small["x"].where(small["x"] > -1))
    with pytest.warns(al.DataWarning) as caught:
        fit = al.fit_glmm("yes ~ x + twice + (1 | rater)", frame)
    words = " ".join(str(warning.message) for warning in caught)
    assert "'twice' is determined" in words
    assert "x missing" in words
    assert fit.names == ("(Intercept)", "x")
    assert fit.glance()["n_dropped"].item() == int((small["x"] <= -1).sum())


def test_overdispersed_counts_are_said_and_an_effect_of_rows_takes_them_in() -> None:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"group": np.repeat(np.arange(40), 10), "row": np.arange(400)})
    frame["count"] = rng.poisson(np.exp(0.5 + rng.normal(size=400)))
    with pytest.warns(al.FitWarning, match="vary more than a Poisson model"):
        fit = al.fit_glmm("count ~ 1 + (1 | group)", frame, family="poisson")
    assert fit.dispersion()["ratio"].item() > 1.5
    with_rows = fit_glmm_quietly("count ~ 1 + (1 | row)", frame, family="poisson")
    assert not with_rows.about_fit
    assert np.sqrt(with_rows.covariances["row"].to_numpy().item()) == pytest.approx(1.0, abs=0.2)


def impossible(small: pd.DataFrame) -> dict[str, tuple[str, dict[str, Any], pd.DataFrame, str]]:
    """Formula, arguments, data and what the message says."""
    counts = {"family": "poisson"}
    whole = "yes ~ x + (1 | rater)"
    return {
        "labels": (whole, {}, small.assign(yes=small["yes"].map({0: "no", 1: "yes"})), "two label"),
        "other values": ("count ~ x + (1 | rater)", {}, small, "other than 0 and 1"),
        "all zero": (whole, {}, small.assign(yes=0), "0 in all 240 rows"),
        "all one": (whole, {}, small.assign(yes=1), "1 in all 240 rows"),
        "all trials": (
            "successes ~ x + (1 | rater)",
            {"trials": "m"},
            small.assign(successes=small["m"]),
            "all trials in all",
        ),
        "no event": ("count ~ x + (1 | rater)", counts, small.assign(count=0), "0 in all"),
        "too many": ("count ~ x + (1 | rater)", {"trials": "yes"}, small, "below 1"),
        "more than trials": (
            "successes ~ x + (1 | rater)",
            {"trials": "m"},
            small.assign(successes=small["successes"] + 3),
            "more successes",
        ),
        "negative": (
            "count ~ x + (1 | rater)",
            counts,
            small.assign(count=small["count"] - 1),
            "below zero",
        ),
        "not whole": (
            "count ~ x + (1 | rater)",
            counts,
            small.assign(count=small["count"] + 0.5),
            "not whole",
        ),
        "single rows": ("yes ~ x + (1 | row)", {}, small.assign(row=range(240)), "one row of 0 or"),
        "one group": (whole, {}, small.assign(rater=1), "has 1 group"),
        "separated": (
            "yes ~ z + (1 | rater)",
            {},
            small.assign(z=small["yes"] * 2.0 + small["x"] / 100),
            "separation: predictor z",
        ),
        "nearly separated": (
            "yes ~ arm + (1 | rater)",
            {},
            small.assign(yes=np.where(small["arm"] == "c", 1, small["yes"])),
            r"separation: predictor arm\[c\]",
        ),
        "no counts in an arm": (
            "count ~ z + (1 | rater)",
            counts,
            small.assign(z=(small["arm"] == "c") * 1, count=small["count"] * (small["arm"] != "c")),
            "separation: predictor z",
        ),
        "groups of one outcome": (
            "yes ~ 1 + (1 | rater)",
            {},
            small.assign(yes=small["rater"] % 2),
            "grows without end",
        ),
        "no column": ("yes ~ xx + (1 | rater)", {}, small, "column 'xx' not found. Did you mean"),
        "no trials": (whole, {"trials": "mm"}, small, "column 'mm' not found"),
    }


def test_impossible_data_are_refused_with_one_message(small: pd.DataFrame) -> None:
    for name, (formula, arguments, data, message) in impossible(small).items():
        with pytest.raises(al.DataError, match=message):
            al.fit_glmm(formula, data, **arguments)
        assert name


@pytest.mark.parametrize("link", ["cloglog", "probit"])
def test_separation_is_found_with_other_links(small: pd.DataFrame, link: str) -> None:
    frame = small.assign(z=small["yes"] * 2.0 + small["x"] / 100)
    with pytest.raises(al.DataError, match="separation: predictor z"):
        al.fit_glmm("yes ~ z + (1 | rater)", frame, link=link)


def test_wrong_arguments_are_refused(small: pd.DataFrame) -> None:
    formula = "count ~ x + (1 | rater)"
    with pytest.raises(al.ArgumentError, match="belongs to family='binomial'"):
        al.fit_glmm(formula, small, family="poisson", trials="m")
    for n_agq in (0, 26, True, 2.5):
        with pytest.raises(al.ArgumentError, match="no number of quadrature points"):
            al.fit_glmm(formula, small, n_agq=n_agq)
    with pytest.raises(al.FormulaError, match="no random effects"):
        al.fit_glmm("yes ~ x", small)
    with pytest.raises(al.ArgumentError, match="offset is a int"):
        al.fit_glmm(formula, small, family="poisson", offset=3)


def test_a_model_without_fixed_effects_is_fitted(small: pd.DataFrame) -> None:
    fit = fit_glmm_quietly("yes ~ 0 + (1 | rater)", small)
    assert fit.converged
    assert len(fit.tidy()) == 0
