"""Bootstrap sums over clusters: what is drawn, reproducibly, and what it is equal to."""

from __future__ import annotations

import numpy as np
import pytest

from alliance_stats._base.errors import ArgumentError
from alliance_stats.numeric import resample
from alliance_stats.numeric.resample import bootstrap_sums, resample_counts, spawn_generators


def test_sums_are_those_of_rows_drawn_by_cluster(rng: np.random.Generator) -> None:
    rows = rng.normal(size=(40, 3))
    cluster = rng.integers(0, 6, 40)
    totals = np.array([rows[cluster == g].sum(axis=0) for g in range(6)])
    sums = bootstrap_sums(totals, 5, rng=3)
    counts = resample_counts(6, 5, spawn_generators(3, 1)[0])
    for found, drawn in zip(sums, counts, strict=True):
        naive = np.concatenate(
            [rows[cluster == g] for g in np.repeat(np.arange(6), drawn.astype(int))]
        )
        np.testing.assert_allclose(found, naive.sum(axis=0), rtol=1e-12, atol=1e-12)


def test_shape_seed_and_chunks(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    totals = rng.normal(size=(7, 2, 2))
    assert bootstrap_sums(totals, 9, rng=1).shape == (9, 2, 2)
    assert np.array_equal(bootstrap_sums(totals, 9, rng=1), bootstrap_sums(totals, 9, rng=1))
    assert not np.array_equal(bootstrap_sums(totals, 9, rng=1), bootstrap_sums(totals, 9, rng=2))
    monkeypatch.setattr(resample, "CHUNK", 14)
    chunked = bootstrap_sums(totals, 9, rng=1)
    assert chunked.shape == (9, 2, 2)
    assert np.unique(chunked[:, 0, 0]).size > 5  # chunks do not repeat each other


def test_counts_have_the_moments_of_a_multinomial() -> None:
    counts = resample_counts(10, 20_000, np.random.default_rng(1))
    assert (counts.sum(axis=1) == 10).all()
    np.testing.assert_allclose(counts.mean(axis=0), 1.0, atol=0.04)
    np.testing.assert_allclose(counts.var(axis=0), 0.9, atol=0.05)


def test_a_bad_seed_is_refused() -> None:
    with pytest.raises(ArgumentError, match="rng=-1 cannot seed"):
        spawn_generators(-1, 2)
