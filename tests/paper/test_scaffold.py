"""A new paper works at once, and nothing is written over."""

from __future__ import annotations

from pathlib import Path

import pytest

from alliance_stats._base.errors import ArgumentError
from alliance_stats.paper import check_paper, new_paper, render_paper, run_study
from alliance_stats.paper.run import differing
from alliance_stats.paper.scaffold import TEMPLATE
from alliance_stats.paper.stored import load_stored

from .conftest import EXAMPLE


def test_a_new_paper_works_at_once(tmp_path: Path) -> None:
    folder = new_paper(tmp_path / "mine")
    assert {p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file()} == set(
        TEMPLATE
    )
    run = run_study(folder)
    written = render_paper(folder)
    assert [path.name for path in written] == ["manuscript-rendered.md", "manuscript-rendered.docx"]
    assert check_paper(folder).ok
    assert differing(run.values, load_stored(EXAMPLE).values) == []


def test_the_template_says_that_data_are_synthetic() -> None:
    for name in ("README.md", "manuscript.md", "study.toml", "analysis.py"):
        assert "synthetic" in (EXAMPLE / name).read_text(encoding="utf-8")


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ArgumentError, match="is not empty"):
        new_paper(tmp_path)
    with pytest.raises(ArgumentError, match="is a file"):
        new_paper(tmp_path / "notes.txt")
    with pytest.raises(ArgumentError, match="does not exist"):
        new_paper(tmp_path / "a" / "b")
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    new_paper(tmp_path, force=True)
    assert (tmp_path / "notes.txt").read_text() == "mine"
