from __future__ import annotations

import doctest
import importlib
from pathlib import Path

import pytest

import alliance_stats.data

MODULES = sorted(p.stem for p in Path(str(alliance_stats.data.__file__)).parent.glob("[a-z]*.py"))


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name: str) -> None:
    module = importlib.import_module(f"alliance_stats.data.{name}")
    assert doctest.testmod(module).failed == 0
