from __future__ import annotations

import importlib
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[3] / "docs"


def test_page_is_that_of_the_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run docs/instruments_table.py where this fails."""
    monkeypatch.syspath_prepend(DOCS)
    table = importlib.import_module("instruments_table")
    assert table.PAGE.read_text(encoding="utf-8") == table.page()
    assert table.main(["--check"]) == 0
