"""The search's start, and separation against a linear programme that decides it."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.optimize import linprog

from alliance_stats import DataError
from alliance_stats.lmm.glmm.families import LINKS, Family
from alliance_stats.lmm.glmm.responses import Response
from alliance_stats.lmm.glmm.start import fixed_only

FAMILIES = [family for links in LINKS.values() for family in links.values()]


def separated(x: np.ndarray, response: Response) -> bool:
    """Whether a combination of the columns (p, n) tells outcomes apart (Albert & Anderson, 1984).

    It is one that is not negative where all trials succeeded, not positive where none did, zero
    elsewhere, and not zero everywhere.
    """
    y, m = response.y, response.trials
    side = -(y == 0).astype(float)
    if response.family.name == "binomial":
        side += y == m
    signed, mixed = (x * side)[:, side != 0], x[:, side == 0]
    found = linprog(
        -signed.sum(axis=1),
        A_ub=-signed.T if signed.size else None,
        b_ub=np.zeros(signed.shape[1]) if signed.size else None,
        A_eq=mixed.T if mixed.size else None,
        b_eq=np.zeros(mixed.shape[1]) if mixed.size else None,
        bounds=[(-1, 1)] * len(x),
    )
    return bool(found.fun < -1e-7)


def drawn(family: Family, rng: np.random.Generator) -> SimpleNamespace | None:
    """A small design and response; None where all outcomes are the same or columns collinear."""
    n, p = int(rng.integers(10, 50)), int(rng.integers(1, 4))
    columns = [rng.normal(size=n) if rng.random() < 0.6 else rng.random(n) < 0.2 for _ in range(p)]
    x = np.array([np.ones(n), *columns], dtype=float)
    x[1:] -= x[1:].mean(axis=1)[:, None]
    if np.linalg.matrix_rank(x) < p + 1:
        return None
    x[1:] /= x[1:].std(axis=1)[:, None]
    eta = x.T @ rng.normal(size=p + 1) * rng.choice([0.5, 2.0])
    if family.name == "poisson":
        trials, y = np.ones(n), rng.poisson(np.exp(np.clip(eta, -20, 6))).astype(float)
    else:
        trials = np.ones(n) if rng.random() < 0.6 else rng.integers(1, 15, n).astype(float)
        y = rng.binomial(trials.astype(int), family.mean(eta)).astype(float)
    if not y.any() or (family.name == "binomial" and (y == trials).all()):
        return None
    response = Response(family, y, trials, np.zeros(n))
    return SimpleNamespace(fixed=x, response=response, names=tuple("abcd"[: p + 1]))


@pytest.mark.parametrize("family", FAMILIES, ids=lambda f: f.link)
def test_separation_is_found_where_it_is_and_nowhere_else(family: Family) -> None:
    rng = np.random.default_rng(11)
    seen = {True: 0, False: 0}
    for _ in range(60):
        design = drawn(family, rng)
        if design is None:
            continue
        expected = separated(design.fixed, design.response)
        seen[expected] += 1
        if expected:
            with pytest.raises(DataError, match="separation"):
                fixed_only(design)
            continue
        beta = fixed_only(design)
        score = design.response.parts(beta @ design.fixed).score
        assert np.abs(design.fixed @ score).max() < 1e-4
    assert min(seen.values()) >= 5
