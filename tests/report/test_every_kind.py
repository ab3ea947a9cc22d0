from __future__ import annotations

import re
from pathlib import Path

import pytest

import alliance_stats
from alliance_stats.report import (
    check_statistics,
    cite,
    methods_text,
    report_text,
    reporting_checklist,
    save_figure,
    save_report,
)
from alliance_stats.report.citing.rests_on import KINDS, WORKS
from alliance_stats.report.methods.kinds import SENTENCES
from alliance_stats.report.output.drawings import DRAWINGS
from alliance_stats.report.sentences.writers import WRITERS

from .zoo import every_kind, some_kinds

FORMATS = (".docx", ".html", ".md")


@pytest.mark.parametrize("suffix", FORMATS)
def test_quick_kinds_are_written(suffix: str, tmp_path: Path) -> None:
    results = some_kinds()
    path = save_report(results, tmp_path / f"report{suffix}", figures=False)
    assert path.stat().st_size > 10_000


@pytest.mark.slow
@pytest.mark.parametrize("suffix", FORMATS)
def test_every_kind_is_written(suffix: str, tmp_path: Path) -> None:
    results = every_kind()
    assert set(WRITERS) | set(DRAWINGS) | set(SENTENCES) <= set(results)
    path = save_report(results, tmp_path / f"report{suffix}", figures=suffix == ".docx")
    assert path.stat().st_size > 50_000


@pytest.mark.slow
def test_every_figure_is_saved(tmp_path: Path) -> None:
    for kind in sorted(DRAWINGS):
        path = save_figure(every_kind()[kind], tmp_path / f"{kind}.svg")
        assert path.stat().st_size > 2_000


@pytest.mark.slow
def test_every_kind_has_methods_and_a_checklist() -> None:
    for result in every_kind().values():
        text = methods_text(result)
        assert re.search(r"Analyses used alliance_stats \d", text)
        assert "nan" not in text.split()
        assert check_statistics(text).frame.empty, text
        assert len(reporting_checklist(result).frame) > 20
        assert str(report_text(result))


#: Kinds that are described coefficient by coefficient.
_GENERIC = {"lmm", "glmm"}
#: Other arguments of that name in the source.
_OF_OTHERS = {"stable", "cluster", "typical", "none"}


def test_every_kind_of_view_has_its_sentences() -> None:
    source = Path(alliance_stats.__file__).parent
    files = [path for path in source.rglob("*.py") if "report" not in path.parts[-3:-1]]
    kinds = {k for f in files for k in re.findall(r"\bkind=\"(\w+)\"", f.read_text("utf-8"))}
    assert len(kinds) > 50
    assert kinds - _OF_OTHERS - _GENERIC <= set(WRITERS)


@pytest.mark.slow
def test_bounded_values_have_no_zero_before_the_point() -> None:
    for kind, result in every_kind().items():
        text = str(report_text(result))
        assert not re.search(r"\b(r|ρ|ICC\([\w,]+\)|alpha|omega|kappa) = [−]?0\.\d", text), kind


def test_references_are_used_and_known() -> None:
    assert {key for keys in KINDS.values() for key in keys} <= set(WORKS)
    for key, work in WORKS.items():
        assert key.rstrip("b").endswith(work.year)
        assert work.volume or not work.issue
    assert "Jacobson" not in cite(some_kinds())
