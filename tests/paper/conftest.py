"""A copy of the example paper, and a small one that is fitted in the test."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from alliance_stats.paper.stored import Stored, load_stored

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "paper"


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """The example paper with its results, to be changed."""
    target = tmp_path / "paper"
    shutil.copytree(EXAMPLE, target, ignore=shutil.ignore_patterns("*.docx", "__pycache__"))
    return target


@pytest.fixture(scope="session")
def stored() -> Stored:
    return load_stored(EXAMPLE)
