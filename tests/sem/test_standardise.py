"""The standardised solution: derivatives against differences, invariance under units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from alliance_stats.sem import ModelSpec, Parameter
from alliance_stats.sem.fit import fit_quietly
from alliance_stats.sem.moments import implied
from alliance_stats.sem.result import SemResult
from alliance_stats.sem.standardise import Places, jacobian, standardised

ITEMS = list("abcde")


@pytest.fixture(scope="module")
def fit() -> SemResult:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(300, 1)) + rng.normal(size=(300, 5)) + 2
    entries = [Parameter("paths", "a", "f", value=1.0)]
    entries += [Parameter("paths", name, "f") for name in "bc"]
    entries += [Parameter("paths", "f", "d"), Parameter("paths", "e", "f")]
    entries += [Parameter("covariances", "a", "b")]
    entries += [Parameter("covariances", name, name) for name in (*ITEMS, "f")]
    entries += [Parameter("means", name) for name in ITEMS]
    spec = ModelSpec(tuple(ITEMS), ("f",), tuple(entries))
    return fit_quietly(spec, pd.DataFrame(values, columns=ITEMS))


@pytest.mark.parametrize("kind", [0, 1, 2])
def test_derivatives(fit: SemResult, kind: int) -> None:
    own = fit.layout.kinds[kind]
    places = Places(kind, fit.layout.part[own], fit.layout.row[own], fit.layout.column[own])
    exact = jacobian(fit.layout, fit.implied, places)
    step = 1e-6
    numeric = np.stack(
        [
            standardised(implied(fit.layout, fit.theta + step * e), places)
            - standardised(implied(fit.layout, fit.theta - step * e), places)
            for e in np.eye(len(fit.theta))
        ],
        axis=1,
    ) / (2 * step)
    assert np.allclose(exact, numeric, atol=1e-8)


def test_explained_and_residual_shares_add_up(fit: SemResult) -> None:
    table = fit.tidy(standardised=True).set_index("term")["estimate"]
    assert table["f =~ c"] ** 2 + table["c ~~ c"] == pytest.approx(1.0, abs=1e-9)
    assert table["f ~ d"] ** 2 + table["f ~~ f"] == pytest.approx(1.0, abs=1e-9)
