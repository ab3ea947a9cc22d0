"""Reference values of the reliability room."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

FOLDER = Path(__file__).resolve().parents[1] / "reference" / "reliability"


@pytest.fixture(scope="session")
def reliability_values() -> Callable[[str], dict[str, Any]]:
    """Pinned values of one file."""
    return lambda name: json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def reliability_data() -> Callable[[str], pd.DataFrame]:
    """Data that R read too."""
    return lambda name: pd.read_csv(FOLDER / f"{name}.csv")
