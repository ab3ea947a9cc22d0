"""Alpha: R's psych, published formulas, resampling, what is refused."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.reliability.consistency.coefficients import (
    alpha,
    bonett_interval,
    feldt_interval,
)

Values = Callable[[str], dict[str, Any]]
Data = Callable[[str], pd.DataFrame]


@pytest.fixture
def answers(rng: np.random.Generator) -> np.ndarray:
    return rng.normal(size=(80, 1)) + rng.normal(size=(80, 5))


@pytest.mark.parametrize("case", ["complete", "listwise", "pairwise"])
def test_coefficients_and_items_are_those_of_psych(
    case: str, reliability_values: Values, reliability_data: Data, tol: SimpleNamespace
) -> None:
    expected = reliability_values("consistency")[case]
    frame = reliability_data("items" if case == "complete" else "items_missing")
    pairs = case == "pairwise"
    result = (
        al.cronbach_alpha(frame, missing="pairwise", interval="bootstrap", n_boot=200, rng=1)
        if pairs
        else al.cronbach_alpha(frame)
    )
    for term, name in (
        ("alpha", "alpha"),
        ("standardised alpha", "standardised"),
        ("average r", "average_r"),
    ):
        assert result.value(term) == pytest.approx(expected[name], rel=tol.closed_form)
    items = result.tables["Items"]
    for column in ("mean", "sd") if pairs else ("mean", "sd", "item_rest_r"):
        np.testing.assert_allclose(items[column], expected[column], rtol=tol.closed_form)
    without = result.tables["Without the item"]
    for column, name in (
        ("alpha", "dropped_alpha"),
        ("standardised_alpha", "dropped_standardised"),
        ("average_r", "dropped_average_r"),
    ):
        np.testing.assert_allclose(without[column], expected[name], rtol=tol.closed_form)
    assert result.counts["row"] == expected["n"]


@pytest.mark.parametrize("interval", ["feldt", "bonett"])
def test_intervals_and_standard_error(
    interval: Any, reliability_values: Values, reliability_data: Data, tol: SimpleNamespace
) -> None:
    expected = reliability_values("consistency")["complete"]
    row = al.cronbach_alpha(reliability_data("items"), interval=interval).tidy().iloc[0]
    ends = [row["ci_low"], row["ci_high"]]
    np.testing.assert_allclose(ends, expected[interval], rtol=tol.closed_form)
    assert row["se"] == pytest.approx(expected["ase_psych"], rel=tol.closed_form)


def test_alpha_is_the_same_in_any_order_unit_and_container(
    answers: np.ndarray, rng: np.random.Generator, tol: SimpleNamespace
) -> None:
    first = al.cronbach_alpha(answers).value("alpha")
    frame = pd.DataFrame(1000.0 + 7.0 * answers, columns=list("abcde"))
    some = [[*row[:4], None] if i == 0 else list(row) for i, row in enumerate(answers)]
    assert al.cronbach_alpha(some).n_dropped == 1
    shuffled = frame.sample(frac=1, random_state=1)[list("cabed")]
    for same in (shuffled, shuffled.to_numpy().tolist()):
        assert al.cronbach_alpha(same).value("alpha") == pytest.approx(first, rel=tol.closed_form)


def test_pingouin_finds_the_same_interval(answers: np.ndarray, tol: SimpleNamespace) -> None:
    import pingouin

    row = al.cronbach_alpha(answers, conf_level=0.9).tidy().iloc[0]
    other, ends = pingouin.cronbach_alpha(pd.DataFrame(answers), ci=0.9)
    assert row["estimate"] == pytest.approx(other, rel=tol.closed_form)
    np.testing.assert_allclose([row["ci_low"], row["ci_high"]], ends, atol=5.1e-4)


def naive_bootstrap(x: np.ndarray, counts: np.ndarray, clusters: np.ndarray) -> list[float]:
    """Alpha of rows written out as often as their cluster is drawn."""
    found = []
    for drawn in counts:
        rows = np.concatenate(
            [np.repeat(np.flatnonzero(clusters == c), int(n)) for c, n in enumerate(drawn)]
        )
        c = pd.DataFrame(x[rows]).cov().to_numpy()
        k = len(c)
        found.append(k / (k - 1) * (1 - np.trace(c) / c.sum()))
    return found


@pytest.mark.parametrize("kind", ["rows", "clusters", "pairs"])
def test_bootstrap_equals_alpha_of_resampled_rows(
    kind: str, answers: np.ndarray, rng: np.random.Generator, tol: SimpleNamespace
) -> None:
    from alliance_stats.numeric.resample import resample_counts, spawn_generators

    clusters = np.arange(80) if kind != "clusters" else rng.permutation(np.repeat(np.arange(40), 2))
    if kind == "pairs":
        answers[rng.random(answers.shape) < 0.1] = np.nan
    result = al.cronbach_alpha(
        answers,
        interval="bootstrap",
        missing="pairwise" if kind == "pairs" else "complete",
        cluster=clusters.astype(str) if kind == "clusters" else None,
        n_boot=200,
        rng=5,
    )
    labels = pd.factorize(clusters)[0]
    counts = resample_counts(labels.max() + 1, 200, spawn_generators(5, 1)[0])
    draws = naive_bootstrap(answers, counts, labels)
    row = result.tidy().iloc[0]
    expected = [np.std(draws, ddof=1), *np.quantile(draws, [0.025, 0.975])]
    np.testing.assert_allclose(
        row[["se", "ci_low", "ci_high"]].to_numpy(float), expected, rtol=tol.closed_form
    )


@pytest.mark.parametrize("missing", ["complete", "pairwise"])
def test_resamples_of_one_row_only_are_left_out_and_counted(missing: Any) -> None:
    rows = np.array([[0.1, 0.2, 0.7], [0.3, 0.1, 0.9], [0.5, 0.7, 1.1], [np.nan, 0.3, 0.2]])
    if missing == "complete":
        rows = rows[:3]
    found = al.cronbach_alpha(rows, missing=missing, interval="bootstrap", n_boot=500, rng=1)
    assert any("Alpha is undefined in" in message for message in found.messages)
    assert found.tidy()["ci_high"].iloc[0] <= 1.0


def test_two_thousand_resamples_take_less_than_a_second(rng: np.random.Generator) -> None:
    answers = rng.normal(size=(1000, 1)) + rng.normal(size=(1000, 12))
    began = time.process_time()
    al.cronbach_alpha(answers, interval="bootstrap", n_boot=2000, rng=1)
    assert time.process_time() - began < 1.0


def test_clusters_by_the_name_of_a_column(answers: np.ndarray, rng: np.random.Generator) -> None:
    frame = pd.DataFrame(answers, columns=list("abcde")).assign(patient=np.repeat(range(20), 4))
    by_name = al.cronbach_alpha(frame, cluster="patient", interval="bootstrap", rng=1)
    by_label = al.cronbach_alpha(answers, cluster=frame["patient"], interval="bootstrap", rng=1)
    assert by_name.tidy().equals(by_label.tidy())
    assert by_name.counts["cluster"] == 20
    assert "Only 20 clusters" in by_name.messages[0]


def test_negative_alpha_is_returned_and_explained(rng: np.random.Generator) -> None:
    first = rng.normal(size=100)
    items = pd.DataFrame({"calm": first, "tense": -first + 0.3 * rng.normal(size=100)})
    with pytest.warns(al.DataWarning, match="average covariance between items is negative"):
        result = al.cronbach_alpha(items)
    assert result.value("alpha") < 0
    assert "Without the item" not in result.tables


def test_an_item_worded_the_other_way_is_named(answers: np.ndarray) -> None:
    answers[:, 2] *= -1
    with pytest.warns(al.DataWarning, match=r"One item correlates negatively .*: item 3 \(-0\.\d"):
        al.cronbach_alpha(answers)


def test_missing_and_constant_items_are_counted(answers: np.ndarray) -> None:
    frame = pd.DataFrame(answers, columns=list("abcde")).assign(f=3)
    frame.loc[:3, "a"] = None
    with pytest.warns(al.DataWarning) as caught:
        result = al.cronbach_alpha(frame)
    said = [str(w.message) for w in caught]
    assert said[0] == "4 of 80 rows dropped (a missing: 4)."
    assert "1 item left out because all rows gave the same answer: f." in said
    assert result.counts == {"row": 76, "item": 5} and result.n_dropped == 4
    same = al.cronbach_alpha(answers[4:])
    assert result.value("alpha") == same.value("alpha")


def test_items_whose_sum_is_constant_are_undefined() -> None:
    x = np.arange(10.0)
    result = al.cronbach_alpha(np.column_stack([x, -x]))
    assert np.isnan(result.value("alpha"))
    assert "does not vary" in result.messages[-1]


def test_identical_items_have_alpha_one() -> None:
    x = np.arange(10.0)
    for interval in ("feldt", "bonett"):
        row = al.cronbach_alpha(np.column_stack([x, x, x]), interval=interval).tidy().iloc[0]
        assert row["estimate"] == pytest.approx(1.0)
        assert row["ci_low"] == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("items", "arguments", "error", "match"),
    [
        (np.zeros(5), {}, al.ArgumentError, "1 dimensions is no table"),
        (np.ones((5, 1)), {}, al.DataError, "1 item given, at least 2"),
        (np.ones((5, 3)), {}, al.DataError, "0 items of 3 vary over the 5 rows"),
        (np.full((5, 3), np.nan), {}, al.DataError, "0 complete rows of 5"),
        (pd.DataFrame({"a": [1, 2, 3], "b": list("xyz")}), {}, al.DataError, "item 'b' is not"),
        (np.eye(5), {"interval": "exact"}, al.ArgumentError, "interval='exact' is not known"),
        (np.eye(5), {"interval": "bootstrap"}, al.ArgumentError, "needs random numbers"),
        (np.eye(5), {"rng": 1}, al.ArgumentError, "would be ignored"),
        (np.eye(5), {"n_boot": 10}, al.ArgumentError, "n_boot=10 is not a usable"),
        (np.eye(5), {"conf_level": 95}, al.ArgumentError, "0.95 instead of 95"),
        (np.eye(5), {"missing": "pairwise"}, al.UnsupportedError, "not with pairs"),
        (np.eye(5), {"cluster": [1, 1, 2, 2, 3]}, al.UnsupportedError, "not with cluster="),
        (
            np.eye(5),
            {"cluster": [1, 2], "interval": "bootstrap", "rng": 1},
            al.DataError,
            "2 labels for 5 rows",
        ),
        (
            np.eye(5),
            {"cluster": "patient", "interval": "bootstrap", "rng": 1},
            al.ArgumentError,
            "names a column",
        ),
    ],
)
def test_what_is_refused(items: Any, arguments: Any, error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        al.cronbach_alpha(items, **arguments)


def test_item_statistics(
    reliability_data: Data, reliability_values: Values, tol: SimpleNamespace
) -> None:
    frame = reliability_data("items")
    table = al.reliability.item_statistics(frame).tidy()
    expected = reliability_values("consistency")["complete"]
    np.testing.assert_allclose(table["estimate"], expected["item_rest_r"], rtol=tol.closed_form)
    np.testing.assert_allclose(table["skew"], frame.skew(), rtol=tol.closed_form)
    assert table["share_at_maximum"].tolist() == (frame == frame.max()).mean().tolist()
    assert table["share_at_minimum"].tolist() == (frame == frame.min()).mean().tolist()


def test_feldt_and_bonett_cover(rng: np.random.Generator) -> None:
    """2,000 samples of 40 rows and 6 parallel items: true alpha .8."""
    studies, n, k = 2000, 40, 6
    x = rng.normal(size=(studies, n, 1)) + np.sqrt(1.5) * rng.normal(size=(studies, n, k))
    x -= x.mean(axis=1, keepdims=True)
    estimates = alpha(x.transpose(0, 2, 1) @ x / (n - 1.0))
    for interval in (feldt_interval, bonett_interval):
        ends = np.array([interval(float(a), n, k, 0.95) for a in estimates])
        share = np.mean((ends[:, 0] < 0.8) & (ends[:, 1] > 0.8))
        assert abs(share - 0.95) < 3 * np.sqrt(0.95 * 0.05 / studies)
