"""Imputed data sets with the values of mitml, and their fits."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult

FOLDER = Path(__file__).resolve().parents[2] / "reference"
REFERENCES: dict[str, Any] = json.loads((FOLDER / "pool" / "pool.json").read_text(encoding="utf-8"))
FRAMES = [
    frame.reset_index(drop=True)
    for _, frame in pd.read_csv(FOLDER / REFERENCES["data"]).groupby("imputation")
]


@lru_cache
def fitted(formula: str, reml: bool, m: int) -> list[MixedModelResult]:
    return [fit_quietly(formula, frame, reml=reml) for frame in FRAMES[:m]]


@pytest.fixture(scope="session")
def cases() -> dict[str, Any]:
    """The reference values by case."""
    found: dict[str, Any] = REFERENCES["cases"]
    return found


@pytest.fixture(scope="session")
def frames() -> list[pd.DataFrame]:
    """Eight imputations of 60 patients with 5 sessions."""
    return [frame.copy() for frame in FRAMES]


@pytest.fixture(scope="session")
def fits_of() -> Callable[..., list[MixedModelResult]]:
    """Fits of a formula to the first m imputations."""

    def fits(formula: str, *, reml: bool = True, m: int = 8) -> list[MixedModelResult]:
        return fitted(formula, reml, m)

    return fits
