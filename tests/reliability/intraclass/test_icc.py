"""Intraclass correlations: psych and pingouin, published tables, incomplete designs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

Values = Callable[[str], dict[str, Any]]
Data = Callable[[str], pd.DataFrame]
COLUMNS = {"targets": "target", "raters": "rater", "ratings": "rating"}


def long(table: np.ndarray) -> pd.DataFrame:
    """One rating a row; missing cells left out."""
    n, k = table.shape
    frame = pd.DataFrame(
        {"target": np.repeat(range(n), k), "rater": np.tile(range(k), n), "rating": table.ravel()}
    )
    return frame[frame["rating"].notna()].reset_index(drop=True)


@pytest.fixture
def table(rng: np.random.Generator) -> np.ndarray:
    n, k = 30, 5
    return rng.normal(size=(n, 1)) + np.linspace(-1.0, 1.0, k) + rng.normal(size=(n, k))


def test_six_forms_are_those_of_psych(
    reliability_values: Values, reliability_data: Data, tol: SimpleNamespace
) -> None:
    found = al.icc(reliability_data("ratings"), **COLUMNS).tidy().set_index("shrout_fleiss")
    expected = pd.DataFrame(reliability_values("icc")["psych"])
    names = ["ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)"]
    for name, (_, row) in zip(names, expected.iterrows(), strict=True):
        ours = found.loc[name]
        for column, other in (
            ("estimate", "icc"), ("statistic", "f"), ("df", "df1"), ("df_denominator", "df2"),
            ("p_value", "p"), ("ci_low", "low"), ("ci_high", "high"),
        ):  # fmt: skip
            assert ours[column] == pytest.approx(row[other], rel=tol.closed_form), (name, column)


def test_pingouin_finds_the_same(table: np.ndarray, tol: SimpleNamespace) -> None:
    import pingouin

    frame = long(table)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of pandas, about pingouin
        other = pingouin.intraclass_corr(frame, **COLUMNS)
    ours = al.icc(frame, **COLUMNS)
    names = {"ICC(1,1)": "ICC(1)", "ICC(1,k)": "ICC(k)"}
    names |= {"ICC1": "ICC(1)", "ICC2": "ICC(A,1)", "ICC3": "ICC(C,1)"}  # of older versions
    names |= {"ICC1k": "ICC(k)", "ICC2k": "ICC(A,k)", "ICC3k": "ICC(C,k)"}
    for _, row in other.iterrows():
        name = names.get(row["Type"], row["Type"])
        assert ours.value(name) == pytest.approx(row["ICC"], rel=tol.closed_form)


def naive_components(table: np.ndarray) -> tuple[float, float, float]:
    """Expected mean squares solved, from sums of squares over cells."""
    n, k = table.shape
    grand = table.mean()
    msr = sum(k * (row.mean() - grand) ** 2 for row in table) / (n - 1)
    msc = sum(n * (column.mean() - grand) ** 2 for column in table.T) / (k - 1)
    sse = sum(
        (table[i, j] - table[i].mean() - table[:, j].mean() + grand) ** 2
        for i in range(n)
        for j in range(k)
    )
    mse = sse / ((n - 1) * (k - 1))
    return (msr - mse) / k, (msc - mse) / n, mse


def test_forms_are_shares_of_variance(table: np.ndarray, tol: SimpleNamespace) -> None:
    t, r, e = naive_components(table)
    k = table.shape[1]
    found = al.icc(long(table), **COLUMNS)
    expected = {
        "ICC(C,1)": t / (t + e),
        "ICC(C,k)": t / (t + e / k),
        "ICC(A,1)": t / (t + r + e),
        "ICC(A,k)": t / (t + (r + e) / k),
    }
    for name, value in expected.items():
        assert found.value(name) == pytest.approx(value, rel=tol.closed_form)


def test_complete_and_incomplete_ways_agree(table: np.ndarray, tol: SimpleNamespace) -> None:
    """REML of complete ratings with positive variances is the analysis of variance."""
    from alliance_stats.reliability.intraclass.icc import _complete, _incomplete
    from alliance_stats.reliability.intraclass.ratings import read_ratings

    read = read_ratings(long(table), **COLUMNS)
    closed, by_reml = _complete(read, 0.95)[0], _incomplete(read, 0.95)[0]
    for one, other in zip(closed, by_reml, strict=True):
        for name in ("estimate", "low", "high", "f", "df1", "df2", "p"):
            assert getattr(other, name) == pytest.approx(getattr(one, name), rel=tol.reliability)


def test_incomplete_design_rests_on_lme4s_variances(
    reliability_values: Values, reliability_data: Data, tol: SimpleNamespace
) -> None:
    expected = reliability_values("icc")["incomplete"]
    with pytest.warns(al.DataWarning, match="Incomplete: 70 of 100 pairs"):
        result = al.icc(reliability_data("ratings_incomplete"), **COLUMNS)
    variances = result.tables["Variances"].set_index("model")
    for model, name in (
        ("one-way random", "one_way"), ("two-way random", "random"), ("two-way mixed", "mixed"),
    ):  # fmt: skip
        lme4 = expected[name]
        for ours, theirs in (("targets", "target"), ("residual", "Residual"), ("raters", "rater")):
            if theirs in lme4:
                value = variances.loc[model, ours]
                assert value == pytest.approx(lme4[theirs], rel=tol.variance)
    terms = result.tidy().set_index(["group", "term"])
    row = terms.loc[("two-way random", "ICC(A,1)")]
    assert row["statistic"] == pytest.approx(expected["f"], rel=tol.closed_form)
    assert (row["df"], row["df_denominator"]) == (expected["df1"], expected["df2"])
    row = terms.loc[("one-way random", "ICC(1)")]
    assert row["statistic"] == pytest.approx(expected["one_way_f"], rel=tol.closed_form)
    assert row["df_denominator"] == expected["one_way_df2"]
    lme4 = expected["random"]
    a = lme4["target"] / (lme4["target"] + lme4["rater"] + lme4["Residual"])
    assert terms.loc[("two-way random", "ICC(A,1)"), "estimate"] == pytest.approx(
        a, rel=tol.variance
    )


def test_test_of_targets_equals_least_squares_when_raters_are_many(
    rng: np.random.Generator, tol: SimpleNamespace
) -> None:
    """More raters than targets, in two unconnected parts."""
    from alliance_stats.reliability.intraclass.incomplete import test_of_targets as test
    from alliance_stats.reliability.intraclass.ratings import read_ratings

    cells = np.full((6, 14), np.nan)
    cells[:3, :7] = rng.normal(size=(3, 7))
    cells[3:, 7:] = rng.normal(size=(3, 7))
    cells[0, 0] = cells[4, 9] = np.nan
    frame = long(cells)
    raters = pd.get_dummies(frame["rater"]).to_numpy(float)
    both = np.column_stack([raters, pd.get_dummies(frame["target"]).to_numpy(float)])
    y = frame["rating"].to_numpy()
    rss = [float(np.sum((y - x @ np.linalg.lstsq(x, y)[0]) ** 2)) for x in (raters, both)]
    found = test(read_ratings(frame, **COLUMNS))
    ranks = [np.linalg.matrix_rank(x) for x in (raters, both)]
    assert (found.df1, found.df2) == (ranks[1] - ranks[0], len(y) - ranks[1])
    f = (rss[0] - rss[1]) / found.df1 / (rss[1] / found.df2)
    assert found.f == pytest.approx(f, rel=tol.closed_form)


def test_order_labels_and_units_do_not_matter(table: np.ndarray, tol: SimpleNamespace) -> None:
    frame = long(table)
    first = al.icc(frame, **COLUMNS).tidy()
    frame["target"] = "T" + frame["target"].astype(str)
    frame["rater"] = pd.Categorical(frame["rater"].map(lambda j: f"R{9 - j}"))
    frame["rating"] = 1e4 + 3.0 * frame["rating"]
    second = al.icc(frame.sample(frac=1, random_state=2), **COLUMNS).tidy()
    for column in ("estimate", "statistic", "ci_low", "ci_high"):
        np.testing.assert_allclose(second[column], first[column], rtol=tol.closed_form)


@pytest.mark.parametrize("form", ["ICC(A,1)", "ICC(2,1)"])
def test_one_form_is_a_number(form: str, table: np.ndarray) -> None:
    whole = al.icc(long(table), **COLUMNS)
    one = al.icc(long(table), form=form, **COLUMNS)
    assert one.estimate == whole.value("ICC(A,1)")
    with pytest.raises(al.ArgumentError, match="10 coefficients"):
        _ = whole.estimate


def test_raters_who_rate_one_target_only_allow_the_one_way_form(rng: np.random.Generator) -> None:
    frame = pd.DataFrame(
        {"target": np.repeat(range(20), 3), "rater": range(60), "rating": rng.normal(size=60)}
    )
    result = al.icc(frame, **COLUMNS)
    assert np.isfinite(result.value("ICC(1)"))
    assert np.isnan(result.value("ICC(A,1)"))
    assert "every rater rated one target only" in " ".join(result.messages)


def test_ratings_without_error_agree_perfectly() -> None:
    result = al.icc(long(np.tile(np.arange(6.0)[:, None], (1, 3))), **COLUMNS)
    for name in ("ICC(1)", "ICC(C,1)", "ICC(A,1)", "ICC(A,k)"):
        assert result.value(name) == pytest.approx(1.0)


def test_negative_estimates_are_said(rng: np.random.Generator) -> None:
    table = rng.normal(size=(8, 3))
    table -= table.mean(axis=1, keepdims=True)
    with pytest.warns(al.DataWarning, match="below zero"):
        assert al.icc(long(table), **COLUMNS).value("ICC(1)") == pytest.approx(-0.5)


def test_the_same_pair_twice_is_refused_with_counts(table: np.ndarray) -> None:
    frame = pd.concat([long(table), long(table).iloc[:2]])
    with pytest.raises(al.DataError, match=r"2 pairs of 'target' and 'rater' have .*\(4 ratings\)"):
        al.icc(frame, **COLUMNS)


@pytest.mark.parametrize(
    ("change", "arguments", "error", "match"),
    [
        ({"rating": "high"}, {}, al.DataError, "'rating' is not numeric"),
        ({"rater": "a", "target": range(150)}, {}, al.DataError, "1 rater with ratings"),
        ({}, {"form": "ICC(4,1)"}, al.ArgumentError, r"form='ICC\(4,1\)' is not known"),
        ({}, {"raters": "judge"}, al.DataError, "column 'judge'"),
        ({}, {"raters": "target"}, al.ArgumentError, "three columns"),
    ],
)
def test_what_is_refused(
    table: np.ndarray, change: Any, arguments: Any, error: type[Exception], match: str
) -> None:
    with pytest.raises(error, match=match):
        al.icc(long(table).assign(**change), **{**COLUMNS, **arguments})


def test_missing_ratings_are_counted(table: np.ndarray) -> None:
    frame = long(table)
    frame.loc[[3, 7], "rating"] = np.nan
    with pytest.warns(al.DataWarning, match=r"2 of 150 ratings dropped \(rating missing: 2\)"):
        assert al.icc(frame, **COLUMNS).n_dropped == 2


@pytest.mark.slow
@pytest.mark.parametrize("n_raters", [4, 12])
def test_intervals_of_incomplete_designs_cover(n_raters: int) -> None:
    """1,000 studies of 30 targets, 40% of the ratings missing."""
    rng = np.random.default_rng(3)
    n, k, studies = 30, n_raters, 1000
    truth = {"ICC(1)": 1 / 2.25, "ICC(C,1)": 0.5, "ICC(A,1)": 1 / 2.25}
    inside = dict.fromkeys(truth, 0)
    for _ in range(studies):
        cells = rng.normal(size=(n, 1)) + 0.5 * rng.normal(size=k) + rng.normal(size=(n, k))
        cells[rng.random((n, k)) < 0.4] = np.nan
        found = al.icc(long(cells), **COLUMNS).tidy().drop_duplicates("term").set_index("term")
        for name, value in truth.items():
            inside[name] += found.loc[name, "ci_low"] < value < found.loc[name, "ci_high"]
    for name, count in inside.items():
        if name != "ICC(1)":  # raters recur, so ratings of different targets are not independent
            assert 0.93 < count / studies < 0.975, (name, count / studies)
