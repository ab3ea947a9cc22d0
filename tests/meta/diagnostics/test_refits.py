"""Refits of many subsets: pieces, sums, likelihoods with two maxima."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

import alliance_stats as al
from alliance_stats.meta.diagnostics import refits as module
from alliance_stats.meta.diagnostics.refits import refit
from alliance_stats.meta.diagnostics.subsets import Subsets


@pytest.mark.parametrize("growing", [False, True])
def test_sums_are_those_of_the_rows_kept(growing: bool, rng: np.random.Generator) -> None:
    subsets = Subsets(np.array([0, 2, 1, 1, 3, 0]), growing)
    values = rng.normal(size=(6, 3))
    keep = subsets.keep(np.arange(4))
    assert_allclose(subsets.sums(values), keep @ values)
    assert_allclose(subsets.left_out(values), (1 - keep) @ values, atol=1e-12)


@pytest.mark.parametrize("growing", [False, True])
def test_pieces_do_not_matter(
    growing: bool, studies_frame: Callable[..., pd.DataFrame], monkeypatch: pytest.MonkeyPatch
) -> None:
    result = al.fit_meta(studies_frame(30), mods="dose")
    subsets = Subsets(np.arange(30), growing)
    whole = refit(result, subsets)
    monkeypatch.setattr(module, "CELLS", 1)
    single = refit(result, subsets)
    assert_allclose(single.beta, whole.beta, rtol=1e-7)
    assert_allclose(single.tau2, whole.tau2, rtol=1e-7)
    assert_allclose(single.of_all, whole.of_all, rtol=1e-7)


def test_the_higher_of_two_maxima_is_found() -> None:
    """Without the last study the likelihood has its higher maximum far from that of all."""
    rng = np.random.default_rng(8)
    found = 0
    for _ in range(60):
        vi = np.concatenate([np.full(3, 1e-4), rng.uniform(0.5, 2.0, 4)])
        yi = rng.normal(0.0, np.sqrt(vi) + np.concatenate([np.full(3, 0.01), np.full(4, 2.0)]))
        frame = pd.DataFrame({"yi": yi, "vi": vi})
        result = al.fit_meta(frame, method="ML")
        ours = refit(result, Subsets(np.arange(7)))
        first = refit(result, Subsets(np.arange(7), growing=True))
        for i in range(7):
            again = al.fit_meta(frame.drop(index=i), method="ML")
            assert ours.tau2[i] == pytest.approx(again.tau2, rel=1e-5, abs=1e-9)
            found += again.tau2 > 0
        for i in range(1, 7):
            again = al.fit_meta(frame.head(i + 1), method="ML")
            assert first.tau2[i] == pytest.approx(again.tau2, rel=1e-5, abs=1e-9)
    assert found > 50


def test_five_thousand_studies_stay_small(studies_frame: Callable[..., pd.DataFrame]) -> None:
    """Pieces: no array of all subsets times all studies."""
    import tracemalloc

    result = al.fit_meta(studies_frame(1500), method="DL")
    tracemalloc.start()
    refit(result, Subsets(np.arange(1500)))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6  # all at once would be 18 MB an array
