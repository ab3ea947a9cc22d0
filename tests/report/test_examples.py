from __future__ import annotations

import doctest
import importlib

import matplotlib
import pytest

matplotlib.use("agg")

MODULES = (
    "checklists.checklist",
    "citations",
    "compare",
    "descriptives",
    "figures",
    "methods.text",
    "symbols",
    "table",
    "word.table",
    "word.text",
    "documents.document",
    "documents.latex",
    "documents.markdown",
    "documents.marks",
    "documents.reading",
    "frames",
    "prose",
    "tables",
    "text",
    "save",
    "style",
    "words",
    "plots.outcome",
    "plots.within_between",
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name: str) -> None:
    module = importlib.import_module(f"alliance_stats.report.{name}")
    found = doctest.testmod(module)
    assert found.attempted > 0
    assert found.failed == 0
