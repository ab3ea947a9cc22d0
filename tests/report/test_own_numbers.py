"""Reports of every kind of result, as files: no number of their texts and tables is doubted."""

from __future__ import annotations

from pathlib import Path

import pytest

import alliance_stats as al

from .zoo import every_kind, some_kinds

SUFFIXES = [".md", ".html", ".docx"]


def check_of(results: dict[str, object], path: Path) -> al.report.StatisticsCheck:
    """What is found in the report of all results but one of a text with errors."""
    kept = {kind: result for kind, result in results.items() if kind != "statcheck"}
    al.save_report(kept, path, figures=False)
    return al.check_statistics(path)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_reports_of_a_few_kinds_are_consistent(tmp_path: Path, suffix: str) -> None:
    check = check_of(some_kinds(), tmp_path / f"report{suffix}")
    assert check.problems.empty, check.problems[["place", "text", "message"]].to_string()
    assert len(check.frame) > 60


@pytest.mark.slow
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_reports_of_every_kind_are_consistent(tmp_path: Path, suffix: str) -> None:
    check = check_of(every_kind(), tmp_path / f"report{suffix}")
    assert check.problems.empty, check.problems[["place", "text", "message"]].to_string()
    assert check.frame["place"].str.startswith("table").sum() > 300
    assert len(check.frame) > 500
