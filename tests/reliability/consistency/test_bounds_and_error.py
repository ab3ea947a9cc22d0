"""Lower bounds, split halves, retest, errors of measurement: R and naive computations."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.reliability.consistency import splits

Values = Callable[[str], dict[str, Any]]
Data = Callable[[str], pd.DataFrame]
room = al.reliability


@pytest.mark.parametrize(
    ("key", "standardised"),
    [("lambdas", False), ("lambdas_standardised", True), ("lambdas_psych", True)],
)
def test_lambdas(
    key: str,
    standardised: bool,
    reliability_values: Values,
    reliability_data: Data,
    tol: SimpleNamespace,
) -> None:
    expected = reliability_values("consistency")[key]
    found = room.guttman_lambdas(reliability_data("items"), standardised=standardised)
    for i in range(1, 7):
        value = found.value(f"lambda {i}")
        assert value == pytest.approx(expected[f"l{i}"], rel=tol.closed_form), i


def naive_lambda4(covariance: np.ndarray) -> float:
    k = len(covariance)
    best = -np.inf
    for half in combinations(range(k), k // 2):
        rest = [i for i in range(k) if i not in half]
        inside = covariance[np.ix_(half, half)].sum() + covariance[np.ix_(rest, rest)].sum()
        best = max(best, 2 * (1 - inside / covariance.sum()))
    return best


@pytest.mark.parametrize("k", [2, 3, 6, 9])
def test_best_split_is_the_best_of_all(
    k: int, rng: np.random.Generator, tol: SimpleNamespace
) -> None:
    x = rng.normal(size=(60, 2)) @ rng.normal(size=(2, k)) + rng.normal(size=(60, k))
    found = room.guttman_lambdas(x).value("lambda 4")
    assert found == pytest.approx(naive_lambda4(np.cov(x.T)), rel=tol.closed_form)


def test_search_finds_what_trying_all_finds(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(10):
        x = rng.normal(size=(80, 3)) @ rng.normal(size=(3, 12)) + rng.normal(size=(80, 12))
        covariance = np.cov(x.T)
        exact = splits.best_split(covariance)[0]
        with monkeypatch.context() as patched:
            patched.setattr(splits, "MOST_EXACT", 4)
            searched, is_exact = splits.best_split(covariance)
        assert not is_exact
        assert searched @ covariance @ searched == pytest.approx(exact @ covariance @ exact)


def test_more_than_twenty_items_are_searched_and_said(rng: np.random.Generator) -> None:
    x = rng.normal(size=(90, 1)) + rng.normal(size=(90, 24))
    with pytest.warns(al.DataWarning, match="searched for by exchanging"):
        found = room.guttman_lambdas(x)
    assert found.value("lambda 4") > found.value("lambda 3")


def test_bounds_of_degenerate_items() -> None:
    x = np.arange(12.0)
    same = room.guttman_lambdas(np.column_stack([x, x, x]))
    assert same.value("lambda 3") == pytest.approx(1.0)
    assert np.isnan(same.value("lambda 6"))
    opposite = room.guttman_lambdas(np.column_stack([x, -x]))
    assert np.isnan(opposite.value("lambda 1"))


def test_split_half(
    reliability_values: Values, reliability_data: Data, tol: SimpleNamespace
) -> None:
    expected = reliability_values("consistency")["halves"]
    frame = reliability_data("items")
    result = room.split_half(frame)
    for term, name in (
        ("halves r", "r"), ("spearman-brown", "spearman_brown"), ("guttman", "guttman"),
        ("horst", "spearman_brown"),
    ):  # fmt: skip
        assert result.value(term) == pytest.approx(expected[name], rel=tol.closed_form), term
    row = result.tidy().set_index("term").loc["spearman-brown"]
    ends = [row["ci_low"], row["ci_high"]]
    np.testing.assert_allclose(ends, expected["interval"], rtol=tol.closed_form)
    over = result.tables["Over splits"].set_index("term").loc["spearman-brown"]
    for name in ("lowest", "average", "highest"):
        assert over[name] == pytest.approx(expected[name], rel=tol.closed_form)
    seven = room.split_half(frame.iloc[:, :7])
    assert seven.value("horst") == pytest.approx(expected["horst"], rel=tol.closed_form)


def test_average_of_guttmans_halves_is_alpha(reliability_data: Data, tol: SimpleNamespace) -> None:
    """Cronbach (1951): the mean over all splits into equal halves."""
    frame = reliability_data("items")
    over = room.split_half(frame).tables["Over splits"].set_index("term")
    alpha = al.cronbach_alpha(frame).value("alpha")
    assert over.loc["guttman", "average"] == pytest.approx(alpha, rel=tol.closed_form)


def test_a_chosen_half_and_drawn_splits(rng: np.random.Generator) -> None:
    frame = pd.DataFrame(rng.normal(size=(50, 1)) + rng.normal(size=(50, 4)), columns=list("abcd"))
    chosen = room.split_half(frame, first=["a", "b"])
    r = np.corrcoef(frame[["a", "b"]].sum(axis=1), frame[["c", "d"]].sum(axis=1))[0, 1]
    assert chosen.value("halves r") == pytest.approx(r)
    many = rng.normal(size=(50, 1)) + rng.normal(size=(50, 22))
    assert "Over splits" not in room.split_half(many).tables
    drawn = room.split_half(many, rng=1).tables["Over splits"]
    assert drawn["lowest"].lt(drawn["average"]).all()
    for arguments, match in (
        ({"first": ["z"]}, "column 'z'"),
        ({"first": list("abcd")}, "names 4 items of 4"),
        ({"rng": 1}, "rng would be ignored"),
    ):
        with pytest.raises((al.DataError, al.ArgumentError), match=match):
            room.split_half(frame, **arguments)


def test_retest_is_correlation_icc_and_t_test(
    rng: np.random.Generator, tol: SimpleNamespace
) -> None:
    true = rng.normal(size=40)
    first, second = true + rng.normal(size=40), true + 0.3 + rng.normal(size=40)
    result = room.test_retest(first, np.append(second[:-1], np.nan))
    first, second = first[:-1], second[:-1]
    assert result.n_dropped == 1 and result.counts["person"] == 39
    assert result.value("r") == pytest.approx(np.corrcoef(first, second)[0, 1])
    frame = pd.DataFrame(
        {"t": np.tile(range(39), 2), "r": np.repeat([0, 1], 39), "y": np.append(first, second)}
    )
    forms = al.icc(frame, targets="t", raters="r", ratings="y")
    for term in ("ICC(C,1)", "ICC(A,1)"):
        assert result.value(term) == pytest.approx(forms.value(term), rel=tol.closed_form)
    d = second - first
    change = result.tables["Change"].iloc[0]
    assert change["t"] == pytest.approx(d.mean() / (d.std(ddof=1) / np.sqrt(39)))
    error = result.tables["Error"].iloc[0]
    assert error["standard_error_of_measurement"] == pytest.approx(d.std(ddof=1) / np.sqrt(2))
    with pytest.raises(al.DataError, match="1 complete pair of 2, at least 3"):
        room.test_retest([1, 2], [1, None])


def test_standard_errors_and_correction() -> None:
    errors = room.standard_error_of_measurement(sd=8.0, reliability=0.75, conf_level=0.9)
    assert errors.value("measurement") == pytest.approx(4.0)
    assert errors.value("true score") == pytest.approx(8 * np.sqrt(0.75 * 0.25))
    assert errors.value("prediction") == pytest.approx(8 * np.sqrt(1 - 0.75**2))
    half = errors.tidy().set_index("term").loc["difference", "half_width"]
    assert half == pytest.approx(1.6448536 * np.sqrt(2) * 4.0)
    corrected = room.disattenuated_correlation(0.4, reliability_x=0.8, reliability_y=0.5, n=100)
    assert corrected.estimate == pytest.approx(0.4 / np.sqrt(0.4))
    row = corrected.tidy().iloc[0]
    z = np.arctanh(0.4) + np.array([-1, 1]) * 1.959963985 / np.sqrt(97)
    np.testing.assert_allclose([row["ci_low"], row["ci_high"]], np.tanh(z) / np.sqrt(0.4), 1e-7)
    with pytest.warns(al.DataWarning, match=r"beyond 1 \(1\.11\)"):
        room.disattenuated_correlation(0.5, reliability_x=0.45, reliability_y=0.45)


@pytest.mark.parametrize(
    ("call", "match"),
    [
        (lambda: room.standard_error_of_measurement(sd=0, reliability=0.8), "sd=0 is not above"),
        (lambda: room.standard_error_of_measurement(sd=1, reliability=1.2), "reliability=1.2"),
        (lambda: room.disattenuated_correlation(1.3, reliability_x=0.8), "r=1.3"),
        (lambda: room.disattenuated_correlation(0.3, reliability_x=0), "reliability_x=0"),
        (lambda: room.disattenuated_correlation(0.3, reliability_x=0.8, n=3), "n=3"),
    ],
)
def test_values_out_of_range_are_refused(call: Callable[[], Any], match: str) -> None:
    with pytest.raises(al.ArgumentError, match=match):
        call()
