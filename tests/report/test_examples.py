from __future__ import annotations

import doctest
import importlib
import pkgutil
from pathlib import Path

import matplotlib
import pytest

import alliance_stats.report

matplotlib.use("agg")


def _modules() -> list[str]:
    """Modules of the room that hold examples."""
    package = alliance_stats.report
    found = pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    root = Path(package.__path__[0])
    path = {m.name: root.joinpath(*m.name.split(".")[2:]).with_suffix(".py") for m in found}
    return [name for name, p in path.items() if p.exists() and ">>> " in p.read_text("utf-8")]


@pytest.mark.parametrize("name", _modules())
def test_examples_are_true(name: str) -> None:
    found = doctest.testmod(importlib.import_module(name))
    assert found.attempted > 0
    assert found.failed == 0
