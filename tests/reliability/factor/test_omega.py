"""McDonald's omega: lavaan's and semTools' values, recovery, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

FOLDER = Path(__file__).resolve().parents[2] / "reference" / "sem"
FACTORS = {"task": ["t1", "t2", "t3"], "goal": ["g1", "g2", "g3"], "bond": ["b1", "b2", "b3"]}
NINE = [item for own in FACTORS.values() for item in own]


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    return json.loads((FOLDER / "omega.json").read_text(encoding="utf-8"))


def read(name: str = "items") -> pd.DataFrame:
    return pd.read_csv(FOLDER / f"{name}.csv")


def congeneric(n: int, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, 1)) * [1.0, 0.8, 0.6, 0.9] + rng.normal(size=(n, 4)) * 0.8
    return pd.DataFrame(values, columns=list("abcd"))


TRUTH = 3.3**2 / (3.3**2 + 4 * 0.64)


@pytest.mark.parametrize("estimator", ["ml", "mlr"])
def test_omega_of_one_factor(estimator: str, known: dict[str, Any], tol: SimpleNamespace) -> None:
    row = al.mcdonald_omega(read()[NINE], estimator=estimator).terms.iloc[0]
    expected = known["one"][estimator]["omega"]
    assert row["estimate"] == pytest.approx(expected["est"], abs=tol.reliability)
    assert row["estimate"] == pytest.approx(known["semtools_one"], abs=tol.reliability)
    assert row["se"] == pytest.approx(expected["se"], rel=tol.sem_se)


def test_omega_with_missing_values_and_with_clusters(
    known: dict[str, Any], tol: SimpleNamespace
) -> None:
    fiml = al.mcdonald_omega(read("items_missing")[NINE], missing="fiml").terms.iloc[0]
    assert fiml["estimate"] == pytest.approx(known["one_fiml"]["omega"]["est"], abs=tol.reliability)
    assert fiml["se"] == pytest.approx(known["one_fiml"]["omega"]["se"], rel=tol.sem_se)
    with pytest.warns(al.DataWarning, match="mixes differences within and between clusters"):
        clustered = al.mcdonald_omega(read()[["clinic", *NINE]], cluster="clinic")
    expected = known["one_cluster"]["omega"]
    assert clustered.estimate == pytest.approx(expected["est"], abs=tol.reliability)
    assert clustered.terms["se"].item() == pytest.approx(expected["se"], rel=tol.sem_se)


def test_omegas_of_a_bifactor_model(known: dict[str, Any], tol: SimpleNamespace) -> None:
    found = al.mcdonald_omega(read()[NINE], factors=FACTORS).terms.set_index(["group", "term"])
    for group, ending in (("all items", ""), *((name, f"_{name}") for name in FACTORS)):
        for term, name in (("omega_total", "total"), ("omega_hierarchical", "hierarchical")):
            row, expected = found.loc[(group, term)], known["bifactor"][name + ending]
            assert row["estimate"] == pytest.approx(expected["est"], abs=tol.reliability)
            assert row["se"] == pytest.approx(expected["se"], rel=tol.sem_se)


def test_omega_total_of_an_exploratory_model(known: dict[str, Any], tol: SimpleNamespace) -> None:
    found = al.mcdonald_omega(read()[NINE], n_factors=3)
    assert found.estimate == pytest.approx(known["exploratory"], abs=tol.reliability)
    again = al.mcdonald_omega(read()[NINE[::-1]], n_factors=3)  # another fixed rotation
    assert again.estimate == pytest.approx(found.estimate, abs=tol.reliability)
    assert again.terms["se"].item() == pytest.approx(found.terms["se"].item(), rel=tol.sem_se)


def test_delta_method_is_the_numeric_derivative() -> None:
    from alliance_stats.reliability.factor.composite import factor_variance, total_variance
    from alliance_stats.sem import factor_model
    from alliance_stats.sem.fit import fit_quietly
    from alliance_stats.sem.moments import implied

    fit = fit_quietly(factor_model(FACTORS, second_order="g"), read())
    weights, factor = np.arange(1.0, 10.0), fit.spec.variables.index("g")

    def share(theta: np.ndarray) -> float:
        at = implied(fit.layout, theta)
        part = factor_variance(fit.layout, at, 0, weights, factor)
        return (part / total_variance(fit.layout, at, 0, weights)).value

    at = fit.implied
    exact = factor_variance(fit.layout, at, 0, weights, factor) / total_variance(
        fit.layout, at, 0, weights
    )
    step = 1e-6
    numeric = [
        (share(fit.theta + step * e) - share(fit.theta - step * e)) / (2 * step)
        for e in np.eye(len(fit.theta))
    ]
    assert np.allclose(exact.slope, numeric, atol=1e-8)


def test_the_truth_is_found_and_the_bootstrap_agrees() -> None:
    large = al.mcdonald_omega(congeneric(20_000)).terms.iloc[0]
    assert abs(large["estimate"] - TRUTH) < 3.5 * large["se"]
    delta = al.mcdonald_omega(congeneric(300)).terms.iloc[0]
    drawn = al.mcdonald_omega(congeneric(300), interval="bootstrap", n_boot=400, rng=1)
    row = drawn.terms.iloc[0]
    assert row["se"] == pytest.approx(delta["se"], rel=0.15)
    assert row["ci_low"] == pytest.approx(delta["ci_low"], abs=0.01)
    again = al.mcdonald_omega(congeneric(300), interval="bootstrap", n_boot=400, rng=1)
    assert again.terms.equals(drawn.terms)


@pytest.mark.slow
@pytest.mark.parametrize("skewed", [False, True])
def test_intervals_cover(skewed: bool) -> None:
    """2,000 samples of 200; Monte Carlo error of the share is .005."""
    covered = 0
    for seed in np.random.SeedSequence(1).spawn(2000):
        rng = np.random.default_rng(seed)
        drawn = rng.chisquare(3, (200, 5)) if skewed else rng.normal(3, np.sqrt(6), (200, 5))
        standard = (drawn - 3) / np.sqrt(6)
        values = standard[:, :1] * [1.0, 0.8, 0.6, 0.9] + 0.8 * standard[:, 1:]
        row = al.mcdonald_omega(pd.DataFrame(values, columns=list("abcd"))).terms.iloc[0]
        covered += row["ci_low"] < TRUTH < row["ci_high"]
    assert 0.934 <= covered / 2000 <= 0.966


def test_omega_does_not_depend_on_order_or_common_unit() -> None:
    data = congeneric(200)
    first = al.mcdonald_omega(data).estimate
    assert al.mcdonald_omega(data[list("dbca")].iloc[::-1]).estimate == pytest.approx(first)
    assert al.mcdonald_omega(100 * data + 3).estimate == pytest.approx(first)


def test_columns_may_be_named_by_numbers() -> None:
    data = congeneric(200)
    numbered = data.set_axis(range(4), axis=1)
    assert al.mcdonald_omega(numbered).estimate == al.mcdonald_omega(data).estimate
    assert list(numbered.columns) == [0, 1, 2, 3]


def test_intervals_stay_inside_and_improper_models_are_named() -> None:
    rng = np.random.default_rng(4)
    data = pd.DataFrame(rng.normal(size=(25, 1)) + 0.05 * rng.normal(size=(25, 4)))
    data.columns = list("abcd")
    row = al.mcdonald_omega(data).terms.iloc[0]
    assert 0.9 < row["ci_low"] < row["estimate"] < row["ci_high"] < 1.0


@pytest.mark.parametrize(
    ("items", "options", "error", "words"),
    [
        (["a", "b"], {}, al.ArgumentError, "2 items given"),
        (list("abcd"), {"n_factors": 0}, al.ArgumentError, "n_factors=0 is no count"),
        (list("abcd"), {"n_factors": 3}, al.ArgumentError, "not identified"),
        (list("abcd"), {"factors": {"f": list("abcd")}}, al.UnsupportedError, "three subscales"),
        (list("abcd"), {"interval": "bootstrap"}, al.ArgumentError, "needs rng="),
        (list("abcd"), {"rng": 1}, al.ArgumentError, "rng= has no part"),
        (
            list("abcd"),
            {"interval": "bootstrap", "rng": 1, "missing": "fiml"},
            al.UnsupportedError,
            "complete, independent rows",
        ),
        (list("abcd"), {"conf_level": 95}, al.ArgumentError, "conf_level=95"),
    ],
)
def test_what_is_refused(
    items: list[str], options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        al.mcdonald_omega(congeneric(100)[items], **options)


def test_factors_must_hold_every_item_once() -> None:
    data = read()[NINE]
    with pytest.raises(al.ArgumentError, match="every item once: b3"):
        al.mcdonald_omega(data, factors={**FACTORS, "bond": ["b1", "b2", "g3"]})
    with pytest.raises(al.ArgumentError, match="n_factors=2 and 3 factors"):
        al.mcdonald_omega(data, factors=FACTORS, n_factors=2)


def test_text_and_table() -> None:
    found = al.mcdonald_omega(congeneric(200))
    assert "McDonald's omega (200 rows, 4 items)" in repr(found)
    assert al.coef_table(found).frame.shape[0] == 1
    assert list(found.tables["Loadings"]["term"])[0] == "general =~ a"
