"""Profile intervals against lme4: its own, and the exact roots of its deviance."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from alliance_stats.lmm.fit import fit_quietly

REFERENCE = Path(__file__).resolve().parents[2] / "reference"
CASES = (
    "crossed_slopes",
    "singular_slope",
    "three_level_slopes",
    "two_level_slope",
    "weights_crossed",
)
#: The splines that lme4 interpolates with are not exact: of the width.
SPLINES = 1e-2


def keys_of(reference: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Group, term and other term in the order of lme4."""
    found = []
    for group, names in reference["cnms"].items():
        for j, first in enumerate(names):
            found.append((group, first, ""))
            found += [(group, first, second) for second in names[j + 1 :]]
    return [*found, ("Residual", "", ""), *(("", name, "") for name in reference["fixed"])]


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest) -> tuple[pd.DataFrame, dict[str, Any]]:
    text = (REFERENCE / "profile" / f"{request.param}.json").read_text(encoding="utf-8")
    reference = json.loads(text)
    frame = pd.read_csv(REFERENCE / reference["data"])
    fit = fit_quietly(reference["formula"], frame, weights=reference["weights"] or None)
    table = fit.confint().set_index(["group", "term", "with_term"])
    return table.loc[keys_of(reference)], reference


def gap(table: pd.DataFrame, ends: list[list[float | None]]) -> np.ndarray:
    """Differences of the ends in widths; NaN where lme4 found none."""
    wanted = np.array(ends, dtype=float)
    found = table[["ci_low", "ci_high"]].to_numpy()
    return np.asarray(np.abs(found - wanted) / (found[:, 1:] - found[:, :1]))


def test_the_grid_of_cases_does_not_shrink() -> None:
    assert {p.stem for p in (REFERENCE / "profile").glob("*.json")} == set(CASES)


def test_exact_ends(case: tuple[pd.DataFrame, dict[str, Any]], tol: SimpleNamespace) -> None:
    table, reference = case
    assert len(table) == len(reference["exact"])
    assert gap(table, reference["exact"]).max() <= tol.interval_profile / 10


def test_ends_of_confint(case: tuple[pd.DataFrame, dict[str, Any]]) -> None:
    table, reference = case
    found = gap(table, reference["confint"])
    if reference["weights"]:  # lme4 1.1-31 is wrong there (tests/reference/README.md)
        found = found[: -len(reference["fixed"])]
    assert np.isfinite(found).sum() >= 8
    assert np.nanmax(found) <= SPLINES
