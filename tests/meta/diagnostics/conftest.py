"""Cases with values of metafor, fitted here."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

import alliance_stats as al

CASES = (
    "bcg_reml", "bcg_dl_knha", "bcg_ee", "bcg_moderator", "bcg_level_alone", "bcg_three",
    "molloy_ml", "molloy_reml_knha", "molloy_pm_adhoc", "molloy_moderators", "molloy_zero",
)  # fmt: skip


@pytest.fixture(scope="session")
def load_case(
    load_reference: Callable[[str], tuple[pd.DataFrame, dict[str, Any]]],
) -> Callable[[str], SimpleNamespace]:
    """Frame, our fit, and what metafor says of it; missing values are NaN."""

    def load(case: str) -> SimpleNamespace:
        frame, values = load_reference(f"meta_influence/{case}")
        if values["rows"]:
            frame = frame.iloc[values["rows"]].reset_index(drop=True)
        mods = values["mods"] or None
        result = al.fit_meta(
            frame, vi=values["vi"], method=values["method"], test=values["test"], mods=mods
        )
        return SimpleNamespace(case=case, frame=frame, result=result, theirs=_numbers(values))

    return load


#: Those without moderators, which leave1out and cumul take.
MEANS = tuple(case for case in CASES if case not in {
    "bcg_moderator", "bcg_level_alone", "molloy_moderators",
})  # fmt: skip


@pytest.fixture(scope="session", params=MEANS)
def mean_case(
    request: pytest.FixtureRequest, load_case: Callable[[str], SimpleNamespace]
) -> SimpleNamespace:
    """Every case without moderators in turn."""
    return load_case(request.param)


@pytest.fixture(scope="session", params=CASES)
def metafor_case(
    request: pytest.FixtureRequest, load_case: Callable[[str], SimpleNamespace]
) -> SimpleNamespace:
    """Every case in turn."""
    return load_case(request.param)


@pytest.fixture(scope="session")
def studies_frame() -> Callable[..., pd.DataFrame]:
    """Simulated studies: heterogeneous Fisher's z, a moderator, a year."""

    def make(k: int, *, tau2: float = 0.03, seed: int = 1) -> pd.DataFrame:
        rng = np.random.default_rng(seed)
        n = rng.integers(20, 200, k)
        yi = rng.normal(0.28, np.sqrt(tau2 + 1.0 / n))
        return pd.DataFrame(
            {
                "study": [f"S{i}" for i in range(k)], "yi": yi, "vi": 1.0 / n,
                "dose": rng.normal(size=k), "year": rng.integers(1980, 2020, k),
            }
        )  # fmt: skip

    return make


def _numbers(values: Any) -> Any:
    """Lists of numbers as arrays, wherever they are."""
    if isinstance(values, dict):
        return {name: _numbers(value) for name, value in values.items()}
    if isinstance(values, list) and values and not isinstance(values[0], list | str):
        return np.array(values, dtype=float)
    if isinstance(values, list):
        return [_numbers(value) for value in values]
    return values


@pytest.fixture(scope="session")
def closeness(tol: SimpleNamespace) -> Callable[[str], float]:
    """Relative tolerance of a method: closed forms, or where an optimiser decides."""

    def of(method: str) -> float:
        return float(tol.closed_form if method in ("EE", "DL") else tol.meta_tau2)

    return of
