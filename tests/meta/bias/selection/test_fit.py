"""selection_model: metafor, recovery, invariances, intervals, refusals."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import chdtri

import alliance_stats as al
from alliance_stats.meta.bias.selection.result import SelectionResult

FOLDER = Path(__file__).parents[3] / "reference" / "meta_bias"


@cache
def data(name: str) -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv", dtype={"study": str})


@cache
def pinned(name: str) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return values


def many(values: object) -> np.ndarray:
    return np.atleast_1d(np.array(values, dtype=float))


def fitted(case: dict[str, Any]) -> SelectionResult:
    steps = case["type"] == "stepfun"
    how: dict[str, Any] = {"steps": many(case["steps"])} if steps else {}
    return al.meta.selection_model(
        data(case["data"]), kind="steps" if steps else "beta", mods=case["mods"],
        alternative=case["alternative"], method=case["method"], **how,
    )  # fmt: skip


def close(ours: object, theirs: object, limit: float, case: object) -> None:
    b = many(theirs)
    size = np.maximum(1.0, np.abs(b))
    np.testing.assert_allclose(many(ours) / size, b / size, rtol=0, atol=limit, err_msg=str(case))


@pytest.mark.parametrize("case", pinned("selection")["cases"], ids=lambda c: f"{c['data']}")
def test_steps_against_metafor(case: dict[str, Any], tol: SimpleNamespace) -> None:
    result, p = fitted(case), len(many(case["beta"]))
    assert result.converged
    assert result.loglik > case["loglik"] - tol.loglik_absolute
    close(result.beta, case["beta"], tol.meta_pooled, case)
    close(result.tau2, case["tau2"], tol.meta_tau2 * max(case["tau2"], 1e-3), case)
    close(result.weights, case["delta"][1:], tol.meta_tau2, case)
    close(result.se[:p], case["se"], tol.meta_tau2, case)
    close(result.se[p + 1 :], case["se_delta"][1:], tol.meta_tau2, case)
    close(result.lr_test[0], case["lrt"], tol.meta_tau2, case)
    assert result.lr_test[1] == case["lrt_df"]
    assert result.lr_test[2] == pytest.approx(case["lrt_p"], rel=1e-5)


@pytest.mark.parametrize("case", pinned("selection")["fixed"], ids=lambda c: c["kind"])
def test_given_weights_against_metafor(case: dict[str, Any], tol: SimpleNamespace) -> None:
    result = al.meta.selection_model(
        data(case["data"]), steps=case["steps"], weights=case["weights"]
    )
    close(result.beta, case["beta"], tol.meta_pooled, case)
    close(result.se[0], case["se"], tol.meta_tau2, case)
    close(result.tau2, case["tau2"], tol.meta_tau2 * max(case["tau2"], 1e-2), case)
    assert np.isnan(result.lr_test[0])
    assert result.tidy()["effect"].tolist() == ["adjusted"]


@pytest.mark.parametrize("case", pinned("selection")["profile"], ids=lambda c: c["data"])
def test_profile_intervals_against_metafor(case: dict[str, Any], tol: SimpleNamespace) -> None:
    table = al.meta.selection_model(data(case["data"])).confint().set_index("effect")
    for effect, name in (("heterogeneity", "tau2"), ("weight", "delta")):
        low, high = case[name]
        width = tol.interval_profile * (high - low)
        assert table.loc[effect, "ci_low"] == pytest.approx(low, abs=width)
        assert table.loc[effect, "ci_high"] == pytest.approx(high, abs=width)


def test_the_profile_finds_heterogeneity_again_after_it_was_zero() -> None:
    """From τ² = 0 there is no slope: a search that began there stayed there."""
    result = al.meta.selection_model(data("hackshaw1998"))
    held = result.search.held()
    held[2] = True
    zero = type(result.best)(result.beta, 0.0, np.log([0.1733]), 0.0, True)
    assert result.search.highest(zero, held=held).tau2 == pytest.approx(0.00199, abs=1e-5)


@pytest.mark.parametrize("how", [{"steps": (0.025, 0.5)}, {"kind": "beta"}, {"mods": "struct"}])
def test_profile_ends_lie_at_the_level(how: dict[str, Any]) -> None:
    """Held at an end, the best of all other parameters is χ²/2 below the maximum."""
    result = al.meta.selection_model(data("mcdaniel1994"), **how)
    table, search = result.confint(), result.search
    drop = 0.5 * chdtri(1.0, 0.05)
    for j, row in table.iterrows():
        for end in ("ci_low", "ci_high"):
            value, best = float(row[end]), result.best
            beta, tau2, eta = best.beta.copy(), best.tau2, best.eta.copy()
            place = int(j)  # type: ignore[call-overload]
            if row["effect"] == "adjusted":
                beta[place] = value
            elif row["effect"] == "heterogeneity":
                tau2 = value
            else:
                k = place - search.p - 1
                eta[k] = value - 1.0 if result.kind == "beta" else np.log(value)
            held = search.held()
            held[place] = True
            start = type(best)(beta, tau2, eta, 0.0, True)
            found = search.highest(start, held=held)
            assert result.loglik - found.loglik == pytest.approx(drop, abs=1e-5)


def selected(k: int, seed: int, weight: float = 0.3) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    v = 1.0 / (np.maximum(10, np.rint(60 * np.exp(0.8 * rng.standard_normal(8 * k)))) - 3)
    y = 0.2 + np.sqrt(0.03 + v) * rng.standard_normal(8 * k)
    seen = (y / np.sqrt(v) > 1.959964) | (rng.uniform(size=8 * k) < weight)
    return pd.DataFrame({"yi": y[seen][:k], "vi": v[seen][:k]})


def test_what_was_simulated_is_found() -> None:
    result = al.meta.selection_model(selected(1500, 1))
    truth = np.array([0.2, 0.03, 0.3])
    found = np.r_[result.beta, result.tau2, result.weights]
    assert (np.abs(found - truth) < 3.0 * result.se).all()
    assert result.lr_test[2] < 1e-6
    assert al.fit_meta(selected(1500, 1)).beta[0] > 0.25  # what is published is biased


def test_order_scale_and_sign() -> None:
    frame = selected(60, 2)
    first = al.meta.selection_model(frame, steps=(0.025, 0.5))
    turned = al.meta.selection_model(frame.iloc[::-1], steps=(0.025, 0.5))
    scaled = al.meta.selection_model(
        frame.assign(yi=1e4 * frame["yi"], vi=1e8 * frame["vi"]), steps=(0.025, 0.5)
    )
    flipped = al.meta.selection_model(
        frame.assign(yi=-frame["yi"]), steps=(0.025, 0.5), alternative="less"
    )
    for other, factor in ((turned, 1.0), (scaled, 1e4), (flipped, -1.0)):
        np.testing.assert_allclose(other.beta, factor * first.beta, rtol=1e-6)
        np.testing.assert_allclose(other.weights, first.weights, rtol=1e-6)
        np.testing.assert_allclose(other.tau2, factor**2 * first.tau2, rtol=1e-6)
        assert other.lr_test[0] == pytest.approx(first.lr_test[0], abs=1e-9)


def test_heterogeneity_at_zero_is_exactly_zero_and_said() -> None:
    result = al.meta.selection_model(data("raudenbush1985"), steps=(0.05, 0.3))
    assert result.tau2 == 0.0
    assert np.isnan(result.se[1])
    assert any("estimated as 0" in message for message in result.messages)
    assert result.confint().set_index("effect").loc["heterogeneity", "ci_low"] == 0.0
    equal = al.meta.selection_model(data("raudenbush1985"), steps=(0.05, 0.3), method="EE")
    np.testing.assert_allclose(result.beta, equal.beta, rtol=1e-7)
    assert "heterogeneity" not in set(equal.confint()["effect"])


def test_the_fit_says_equal_effects() -> None:
    frame = selected(40, 3)
    assert al.meta.selection_model(al.fit_meta(frame, method="EE")).method == "EE"
    assert al.meta.selection_model(al.fit_meta(frame, method="DL")).method == "ML"


def test_weights_at_p_values() -> None:
    result = al.meta.selection_model(selected(60, 2), steps=(0.025, 0.5))
    np.testing.assert_array_equal(
        result.weight_at(np.array([0.01, 0.025, 0.2, 0.9])),
        np.r_[1.0, 1.0, result.weights],
    )
    curve = result.curve()
    assert set(curve["row"]) == {"curve", "study"}
    beta = al.meta.selection_model(selected(60, 2), kind="beta")
    assert float(beta.weight_at(0.5)) == pytest.approx(1.0)


def test_few_effects_and_the_other_direction_are_said() -> None:
    frame = selected(60, 2)
    last = np.sort(al.meta.selection_model(frame).p_values)[-3]
    few = al.meta.selection_model(frame, steps=(0.025, last))
    assert any("Few of the 60 effects" in message for message in few.messages)
    other = al.meta.selection_model(frame, alternative="less", steps=(0.9,))
    assert any("alternative='greater'" in message for message in other.messages)


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"steps": (0.5, 0.025)}, "do not increase"),
        ({"steps": ()}, "do not increase"),
        ({"steps": (0.025,), "weights": (1.0,)}, "1 weights for 2 intervals"),
        ({"weights": (0.5, 1.0)}, "first must be 1"),
        ({"weights": (1.0, 0.0)}, "all above 0"),
        ({"kind": "beta", "steps": (0.025,)}, "belong to kind='steps'"),
        ({"kind": "step"}, "Did you mean 'steps'"),
        ({"alternative": "two-sided"}, "two.sided"),
        ({"method": "REML"}, "Allowed: 'ML', 'EE'"),
    ],
)
def test_refused_arguments(how: dict[str, Any], words: str) -> None:
    with pytest.raises(al.ArgumentError, match=words):
        al.meta.selection_model(selected(30, 4), **how)


def test_refused_data() -> None:
    frame = selected(30, 4)
    with pytest.raises(al.DataError, match=r"in \(0, 1e-12\]"):
        al.meta.selection_model(frame, steps=(1e-12, 0.5))
    with pytest.raises(al.UnsupportedError, match="30 effects come from 15 studies"):
        al.meta.selection_model(frame.assign(study=np.repeat(np.arange(15), 2)))
    assert al.meta.selection_model(frame, steps=(1e-12, 0.5), weights=(1, 0.9, 0.5)).converged


@pytest.mark.parametrize("case", pinned("selection_beta")["cases"], ids=lambda c: f"{c['data']}")
def test_the_beta_curve_against_metafor(case: dict[str, Any], tol: SimpleNamespace) -> None:
    """Its likelihood at its estimates is ours there, and no higher than ours at ours."""
    result = fitted(case)
    at = result.search.likelihood.expand(many(case["beta"]), case["tau2"], many(case["delta"]) - 1)
    assert at.value == pytest.approx(case["loglik"], abs=5e-4)  # its integrals: 1e-4, relative
    np.testing.assert_allclose(result.beta, many(case["beta"]), atol=2e-4)
    np.testing.assert_allclose(result.weights, case["delta"], rtol=2e-4)
    assert result.converged
    assert result.loglik >= at.value - tol.loglik_absolute
    gradient = result.search.likelihood.expand(result.beta, result.tau2, result.best.eta).gradient
    free = ~result.search.held()
    free[result.search.p] &= result.tau2 > 0
    assert np.abs(gradient[free] * np.nan_to_num(result.se)[free]).max() < 1e-4
