"""Permutation tests against loops over every permutation, and drawn ones against all."""

from __future__ import annotations

from itertools import permutations, product

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import ArgumentError
from alliance_stats.meta.univariate.permutation import all_arrangements, all_signs, log_arrangements


@pytest.fixture
def frame() -> pd.DataFrame:
    rng = np.random.default_rng(5)
    vi = rng.uniform(0.01, 0.1, 6)
    return pd.DataFrame(
        {
            "yi": 0.2 + rng.normal(size=6) * np.sqrt(vi + 0.05),
            "vi": vi,
            "year": [1, 4, 2, 9, 7, 5],
            "format": list("abcabc"),
        }
    )


@pytest.mark.parametrize("test", ["knha", "z"])
def test_signs_one_by_one(frame: pd.DataFrame, test: str) -> None:
    result = al.fit_meta(frame, test=test)  # type: ignore[arg-type]
    observed = abs(result.tidy()["statistic"].iloc[0])
    hits = 0
    for signs in product((-1, 1), repeat=6):
        flipped = al.fit_meta(frame.assign(yi=frame["yi"] * np.array(signs)), test=test)  # type: ignore[arg-type]
        hits += abs(flipped.tidy()["statistic"].iloc[0]) >= observed * (1 - 1e-9)
    found = result.permutation_test()
    assert found.tidy()["p_value"].iloc[0] == hits / 64
    assert (found.exact, found.n_permutations) == (True, 64)


def test_orders_one_by_one(frame: pd.DataFrame) -> None:
    result = al.fit_meta(frame, mods="year", method="DL")
    observed = abs(result.tidy()["statistic"].iloc[1])
    hits = 0
    for order in permutations(range(6)):
        moved = frame.assign(year=frame["year"].to_numpy()[list(order)])
        statistic = al.fit_meta(moved, mods="year", method="DL").tidy()["statistic"].iloc[1]
        hits += abs(statistic) >= observed * (1 - 1e-9)
    found = result.permutation_test()
    assert found.n_permutations == 720
    assert found.tidy()["p_value"].tolist() == [hits / 720]
    assert found.tidy()["term"].tolist() == ["year"]


def test_rows_that_are_alike_are_not_permuted_with_each_other(frame: pd.DataFrame) -> None:
    found = al.fit_meta(frame, mods="format").permutation_test()
    assert found.n_permutations == 90  # 6! / (2! 2! 2!)
    table = found.moderator_test()
    assert table["term"].tolist() == ["format", "all moderators"]
    assert table["p_value"].iloc[0] == table["p_value"].iloc[1]


def test_arrangements_are_all_and_different() -> None:
    ways = all_arrangements(np.array([0, 1, 2, 1, 0]))
    assert len(ways) == len({tuple(w) for w in ways.tolist()}) == 30
    assert np.exp(log_arrangements(np.array([0, 1, 2, 1, 0]))) == pytest.approx(30)
    assert len({tuple(s) for s in all_signs(5).tolist()}) == 32


def test_drawn_permutations_agree_with_all(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(8)
    frame = pd.DataFrame({"yi": 0.15 + 0.3 * rng.normal(size=10), "vi": rng.uniform(0.01, 0.1, 10)})
    result = al.fit_meta(frame)
    exact = result.permutation_test().tidy()["p_value"].iloc[0]
    monkeypatch.setattr("alliance_stats.meta.univariate.permutation.EXACT", 100)
    with pytest.raises(ArgumentError, match=r"1\.02e\+03 permutations, too many .* Give rng=1"):
        result.permutation_test()
    drawn = result.permutation_test(rng=1, n=4000)
    p = drawn.tidy()["p_value"].iloc[0]
    assert p == pytest.approx(exact, abs=4 * np.sqrt(exact * (1 - exact) / 4000))
    assert p == result.permutation_test(rng=1, n=4000).tidy()["p_value"].iloc[0]
    assert (drawn.exact, drawn.n_permutations) == (False, 4000)
    with pytest.raises(ArgumentError, match="n=50 is no number"):
        result.permutation_test(rng=1, n=50)


def test_shown(frame: pd.DataFrame) -> None:
    found = al.fit_meta(frame, mods="year").permutation_test()
    assert "over all 720 permutations of the studies against their moderators" in repr(found)
    assert "<table>" in found._repr_html_()
    view = found.view()
    assert (view.kind, list(view.tables)) == ("meta_permutation", ["Moderators"])
    assert view.terms[["ci_low", "ci_high"]].isna().all(axis=None)
