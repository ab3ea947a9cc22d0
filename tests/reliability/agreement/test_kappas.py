"""Kappas, AC and alpha: R, statsmodels, naive loops, missing ratings, what is refused."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats.reliability.agreement import chance
from alliance_stats.reliability.agreement.categories import Categories

Values = Callable[[str], dict[str, Any]]
Data = Callable[[str], pd.DataFrame]
room = al.reliability
SCALE = [1, 2, 3, 4]


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_cohen_kappa_and_both_standard_errors(
    weights: Any, reliability_values: Values, reliability_data: Data, tol: SimpleNamespace
) -> None:
    frame = reliability_data("categories")
    expected = reliability_values("agreement")["kappa"][weights or "none"]
    row = room.cohen_kappa(frame["a"], frame["b"], weights=weights).tidy().iloc[0]
    assert row["estimate"] == pytest.approx(expected["kappa"], rel=tol.closed_form)
    assert row["se"] == pytest.approx(expected["se"], rel=tol.closed_form)
    assert row["se_null"] == pytest.approx(expected["se_null"], rel=tol.closed_form)
    assert row["statistic"] == pytest.approx(
        expected["kappa"] / expected["se_null"], rel=tol.closed_form
    )


def test_cohen_kappa_is_psychs(
    reliability_values: Values, reliability_data: Data, tol: SimpleNamespace
) -> None:
    frame = reliability_data("categories")
    expected = reliability_values("agreement")["psych_kappa"]
    plain = room.cohen_kappa(frame["a"], frame["b"]).tidy().iloc[0]
    weighted = room.cohen_kappa(frame["a"], frame["b"], weights="quadratic")
    assert plain["estimate"] == pytest.approx(expected["none"], rel=tol.closed_form)
    assert plain["se"] == pytest.approx(expected["se"], rel=tol.closed_form)
    assert weighted.estimate == pytest.approx(expected["quadratic"], rel=tol.closed_form)


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_cohen_kappa_is_that_of_statsmodels(
    weights: Any, rng: np.random.Generator, tol: SimpleNamespace
) -> None:
    from statsmodels.stats.inter_rater import cohens_kappa

    a = rng.integers(0, 5, 90)
    b = np.where(rng.random(90) < 0.5, a, rng.integers(0, 5, 90))
    other = cohens_kappa(pd.crosstab(a, b).to_numpy(), wt=weights)
    row = room.cohen_kappa(a, b, weights=weights).tidy().iloc[0]
    for ours, theirs in (
        (row["estimate"], other.kappa), (row["se"], other.std_kappa),
        (row["se_null"], other.std_kappa0), (row["ci_low"], other.kappa_low),
    ):  # fmt: skip
        assert ours == pytest.approx(theirs, rel=tol.closed_form)


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_highest_kappa_is_reached_by_sorted_ratings(weights: Any, rng: np.random.Generator) -> None:
    """Of all ways to pair the ratings, the ordered one agrees most where weights are given."""
    a, b = rng.choice([1, 2, 3, 4], 50, p=[0.4, 0.3, 0.2, 0.1]), rng.integers(1, 5, 50)
    highest = room.cohen_kappa(a, b, weights=weights).tables["Agreement"]["highest_kappa"].item()
    ordered = room.cohen_kappa(np.sort(a), np.sort(b), weights=weights).estimate
    if weights is None:
        assert highest >= ordered
    else:
        assert highest == pytest.approx(ordered)
    for _ in range(20):
        assert room.cohen_kappa(a, rng.permutation(b), weights=weights).estimate <= highest + 1e-12


def test_words_and_their_order() -> None:
    words = ["never", "often", "always"]
    a = pd.Series(pd.Categorical(["never", "often", "always", "often"], words, ordered=True))
    b = pd.Series(pd.Categorical(["never", "always", "always", "often"], words, ordered=True))
    by_type = room.cohen_kappa(a, b, weights="linear").estimate
    by_name = room.cohen_kappa(
        a.astype(str), b.astype(str), weights="linear", categories=words
    ).estimate
    by_alphabet = room.cohen_kappa(a.astype(str), b.astype(str), weights="linear").estimate
    assert by_type == by_name != by_alphabet


def test_unused_numbers_are_said_when_weights_count_places() -> None:
    a, b = [1, 2, 5, 5], [1, 2, 2, 5]
    with pytest.warns(al.DataWarning, match="Nobody used 3, 4. Weights count places"):
        room.cohen_kappa(a, b, weights="linear")
    full = room.cohen_kappa(a, b, weights="linear", categories=[1, 2, 3, 4, 5])
    assert full.messages == ()
    assert room.cohen_kappa(a, b).messages == ()


def test_missing_pairs_are_counted_and_one_category_is_undefined() -> None:
    with pytest.warns(al.DataWarning, match=r"1 of 4 units dropped"):
        assert room.cohen_kappa(["a", "b", None, "a"], ["a", "b", "b", "b"]).n_dropped == 1
    result = room.cohen_kappa(["a"] * 5, ["a"] * 5)
    assert np.isnan(result.estimate) and np.isnan(result.tidy()["p_value"].item())
    assert "undefined" in result.messages[0]


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: room.cohen_kappa([1, 2], [1, 2, 3]), al.DataError, "2 rows, the second 3"),
        (lambda: room.cohen_kappa([1, "x"], [1, 2]), al.DataError, "numbers and text"),
        (lambda: room.cohen_kappa([1, 2], [1, 2], weights="cubic"), al.ArgumentError, "cubic"),
        (lambda: room.cohen_kappa([1, 7], [1, 2], categories=SCALE), al.DataError, "1 rating of 4"),
        (lambda: room.cohen_kappa([1], [1], categories=[1, 1]), al.ArgumentError, "twice"),
        (lambda: room.cohen_kappa([None], [1]), al.DataError, "no complete pair"),
        (lambda: room.gwet_ac([[1, None], [None, 2]]), al.DataError, "none of the 2 units"),
        (lambda: room.gwet_ac([[1, 1], [1, 1]]), al.DataError, "only one category"),
        (lambda: room.fleiss_kappa([[1], [2]]), al.DataError, "1 rater given"),
        (lambda: room.fleiss_kappa([1, 2, 3]), al.ArgumentError, "1 dimensions"),
        (
            lambda: room.krippendorff_alpha([["a", "b"]], metric="interval"),
            al.DataError,
            "needs numbers",
        ),
        (
            lambda: room.krippendorff_alpha([[1, -1], [1, 1]], metric="ratio"),
            al.DataError,
            "1 value of the scale is below",
        ),
        (
            lambda: room.krippendorff_alpha([[1, 2]], metric="nominal", n_boot=500),
            al.ArgumentError,
            "would be ignored",
        ),
        (lambda: room.krippendorff_alpha([[1, 2]], metric="count"), al.ArgumentError, "'count'"),
    ],
)
def test_what_is_refused(call: Callable[[], Any], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        call()


def test_krippendorffs_metric_has_no_default() -> None:
    with pytest.raises(TypeError, match="metric"):
        room.krippendorff_alpha([[1, 2]])  # type: ignore[call-arg]


def test_fleiss_kappa(
    reliability_values: Values, reliability_data: Data, tol: SimpleNamespace
) -> None:
    expected = reliability_values("agreement")["fleiss"]
    result = room.fleiss_kappa(reliability_data("categories"))
    row = result.tidy().iloc[0]
    for name in ("estimate", "se", "se_null"):
        assert row[name] == pytest.approx(expected[name], rel=tol.closed_form)
    np.testing.assert_allclose(
        result.tables["By category"]["kappa"], expected["by_category"], rtol=tol.closed_form
    )
    gaps = room.fleiss_kappa(reliability_data("categories_missing"))
    expected = reliability_values("agreement")["fleiss_missing"]
    assert gaps.estimate == pytest.approx(expected["estimate"], rel=tol.closed_form)
    assert gaps.tidy()["se"].item() == pytest.approx(expected["se"], rel=tol.closed_form)
    assert np.isnan(gaps.tidy()["p_value"].item())


def test_fleiss_kappa_is_that_of_statsmodels(
    rng: np.random.Generator, tol: SimpleNamespace
) -> None:
    from statsmodels.stats.inter_rater import aggregate_raters
    from statsmodels.stats.inter_rater import fleiss_kappa as other

    ratings = rng.integers(0, 3, (40, 5))
    expected = other(aggregate_raters(ratings)[0])
    assert room.fleiss_kappa(ratings).estimate == pytest.approx(expected, rel=tol.closed_form)


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_gwet_with_missing_ratings(
    weights: Any, reliability_values: Values, reliability_data: Data, tol: SimpleNamespace
) -> None:
    expected = reliability_values("agreement")["ac1" if weights is None else f"ac2_{weights}"]
    with pytest.warns(al.DataWarning, match=r"of 60 units dropped \(no rating\)"):
        result = room.gwet_ac(reliability_data("categories_missing"), weights=weights)
    row = result.tidy().iloc[0]
    assert row["estimate"] == pytest.approx(expected["estimate"], rel=tol.closed_form)
    assert row["se"] == pytest.approx(expected["se"], rel=tol.closed_form)
    shares = result.tables["Agreement"].iloc[0]
    assert shares["expected"] == pytest.approx(expected["expected"], rel=tol.closed_form)


def test_linearised_standard_errors_match_the_spread_of_simulated_studies() -> None:
    rng = np.random.default_rng(4)
    chances = (chance.gwet_chance, chance.fleiss_chance, chance.no_chance)
    found = np.empty((400, len(chances), 2))
    for study in found:
        truth = rng.choice(3, 100, p=[0.6, 0.3, 0.1])[:, None]
        seen = np.where(rng.random((100, 3)) < 0.75, truth, rng.integers(0, 3, (100, 3)))
        codes = np.where(rng.random((100, 3)) < 0.1, -1, seen)
        counts = chance.count_categories(Categories(codes, (0, 1, 2), ("a", "b", "c")))
        for row, by in zip(study, chances, strict=True):
            one = chance.corrected(counts, np.eye(3), by(counts, np.eye(3)))
            row[:] = one.estimate, one.se
    for estimates, errors in found.transpose(1, 2, 0):
        assert errors.mean() == pytest.approx(estimates.std(), rel=0.1)


def test_percent_agreement_counts_pairs(rng: np.random.Generator) -> None:
    ratings = rng.integers(0, 3, (30, 4)).astype(float)
    ratings[rng.random((30, 4)) < 0.2] = np.nan
    shares = []
    for unit in ratings:
        seen = unit[~np.isnan(unit)]
        pairs = [x == y for i, x in enumerate(seen) for j, y in enumerate(seen) if i != j]
        if pairs:
            shares.append(np.mean(pairs))
    assert room.percent_agreement(ratings).estimate == pytest.approx(np.mean(shares))


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval", "ratio"])
def test_krippendorff_with_missing_ratings(
    metric: Any, reliability_values: Values, reliability_data: Data, tol: SimpleNamespace
) -> None:
    expected = reliability_values("agreement")["krippendorff"][metric]
    found = room.krippendorff_alpha(reliability_data("categories_missing"), metric=metric)
    assert found.estimate == pytest.approx(expected, rel=tol.closed_form)


def naive_alpha(ratings: np.ndarray, metric: str) -> float:
    """Alpha from all pairs of values, ranks among all pairable values."""
    units = [row[~np.isnan(row)] for row in ratings]
    units = [unit for unit in units if len(unit) > 1]
    values = np.concatenate(units)
    rank = {v: np.sum(values < v) + np.sum(values == v) / 2 for v in set(values)}

    def squared(x: float, y: float) -> float:
        if metric == "nominal":
            return float(x != y)
        if metric == "ratio":
            return ((x - y) / (x + y)) ** 2 if x + y > 0 else 0.0
        if metric == "ordinal":
            return float((rank[x] - rank[y]) ** 2)
        return (x - y) ** 2

    pairs = [(x, y, len(unit) - 1) for unit in units for x in unit for y in unit]
    observed = sum(squared(x, y) / others for x, y, others in pairs)
    expected = sum(squared(x, y) for x in values for y in values)
    return float(1 - (len(values) - 1) * observed / expected) if expected > 0 else np.nan


@pytest.mark.parametrize("metric", ["nominal", "ordinal", "interval", "ratio"])
def test_krippendorffs_bootstrap_is_alpha_of_resampled_units(
    metric: Any, rng: np.random.Generator, tol: SimpleNamespace
) -> None:
    from alliance_stats.numeric.resample import resample_counts, spawn_generators

    truth = rng.integers(0, 5, 12)[:, None]
    ratings = np.clip(truth + rng.integers(-1, 2, (12, 3)), 0, 4).astype(float)
    ratings[rng.random((12, 3)) < 0.1] = np.nan
    ratings = ratings[(~np.isnan(ratings)).sum(axis=1) > 1]
    row = room.krippendorff_alpha(ratings, metric=metric, n_boot=200, rng=3).tidy().iloc[0]
    assert row["estimate"] == pytest.approx(naive_alpha(ratings, metric), rel=tol.closed_form)
    counts = resample_counts(len(ratings), 200, spawn_generators(3, 1)[0]).astype(int)
    draws = [naive_alpha(np.repeat(ratings, c, axis=0), metric) for c in counts]
    np.testing.assert_allclose(
        [row["ci_low"], row["ci_high"]], np.quantile(draws, [0.025, 0.975]), rtol=tol.closed_form
    )


def test_alpha_of_two_complete_raters_nears_the_icc(
    rng: np.random.Generator, tol: SimpleNamespace
) -> None:
    """Interval alpha is an ANOVA ratio: 1 − (N − 1)/N times within over total mean square."""
    y = rng.normal(size=(50, 1)) + rng.normal(size=(50, 2))
    within = np.mean((y - y.mean(axis=1, keepdims=True)) ** 2) * 2
    expected = 1 - within / y.var(ddof=1)
    found = room.krippendorff_alpha(y, metric="interval").estimate
    assert found == pytest.approx(expected, rel=tol.closed_form)


def test_identical_ratings_leave_alpha_undefined() -> None:
    for value in (1, 0.1, 1 / 3):
        result = room.krippendorff_alpha([[value, value]] * 7, metric="interval")
        assert np.isnan(result.estimate)
        assert "none could disagree" in result.messages[0]


def test_thousands_of_different_values(rng: np.random.Generator, tol: SimpleNamespace) -> None:
    y = rng.normal(size=(20_000, 1)) + rng.normal(size=(20_000, 2))
    found = room.krippendorff_alpha(y, metric="interval", n_boot=200, rng=1)
    assert found.tidy()["ci_low"].item() < found.estimate < found.tidy()["ci_high"].item()
    ranks = pd.DataFrame(y).stack().rank().unstack()
    by_rank = room.krippendorff_alpha(ranks, metric="interval").estimate
    ordinal = room.krippendorff_alpha(y, metric="ordinal").estimate
    assert ordinal == pytest.approx(by_rank, rel=tol.closed_form)
    with pytest.raises(al.UnsupportedError, match="too much memory for metric='ratio'"):
        room.krippendorff_alpha(np.abs(y), metric="ratio")


def test_many_ordinal_values_need_no_bootstrap(rng: np.random.Generator) -> None:
    y = rng.normal(size=(80, 1)) + rng.normal(size=(80, 2))
    assert np.isfinite(room.krippendorff_alpha(y, metric="ordinal").estimate)
    with pytest.raises(al.UnsupportedError, match="160 ordinal values"):
        room.krippendorff_alpha(y, metric="ordinal", rng=1)


@pytest.mark.parametrize("name", ["gwet_ac", "fleiss_kappa", "percent_agreement"])
def test_order_of_units_and_raters_and_names_do_not_matter(
    name: str, reliability_data: Data, tol: SimpleNamespace
) -> None:
    frame = reliability_data("categories_missing")
    words = {1.0: "d", 2.0: "a", 3.0: "c", 4.0: "b"}
    other = frame.sample(frac=1, random_state=1)[["c", "a", "b"]]
    other = other.apply(lambda column: column.map(words))
    call = getattr(room, name)
    first, second = call(frame).tidy().iloc[0], call(other).tidy().iloc[0]
    assert second["estimate"] == pytest.approx(first["estimate"], rel=tol.closed_form)
    assert second["se"] == pytest.approx(first["se"], rel=tol.closed_form)
