from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import alliance_stats
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.report import cite
from alliance_stats.report.citations import apa, in_text
from alliance_stats.report.references import WORKS

CITATION = Path(__file__).parents[2] / "CITATION.cff"


def test_the_library_is_cited_as_in_its_own_file(two_level: Any) -> None:
    own = CITATION.read_text(encoding="utf-8")
    title = re.search(r'^title: "(.*)"$', own, flags=re.M)
    version = re.search(r"^version: (.*)$", own, flags=re.M)
    assert title is not None
    assert version is not None
    first = cite(two_level).splitlines()[0]
    assert title.group(1) in first
    assert f"(Version {alliance_stats.__version__})" in first
    assert version.group(1) == alliance_stats.__version__


def test_works_follow_the_kind_and_the_tests(two_level: Any) -> None:
    lines = cite(two_level).splitlines()
    assert lines == sorted(lines, key=str.casefold)
    assert any(line.startswith("Curran, P. J., & Bauer, D. J. (2011).") for line in lines)
    assert any("lmerTest" in line for line in lines)
    view = two_level.view()
    strict = cite(replace(view, labels={**view.labels, "ddf": "kenward-roger"}))
    assert "Kenward, M. G., & Roger, J. H. (1997)" in strict
    assert "lmerTest" not in strict
    pooled = cite(replace(view, fit=view.fit.assign(n_imputations=20)))
    assert "Rubin, D. B. (1987)" in pooled


def test_a_kind_without_works_cites_the_library_alone() -> None:
    none = pd.DataFrame()
    assert len(cite(ResultView("unheard_of", "", none, none, None, none)).splitlines()) == 1


def test_bibtex_is_balanced_and_escaped(two_level: Any) -> None:
    entries = cite(two_level, style="bibtex").split("\n\n")
    keys = [re.match(r"@(\w+)\{(\w+),", entry) for entry in entries]
    assert all(keys)
    assert all(entry.count("{") == entry.count("}") for entry in entries)
    assert "alliance\\_stats" in entries[0]
    bates = next(entry for entry in entries if "bates2015" in entry)
    assert "  author = {Bates, D. and Mächler, M. and Bolker, B. and Walker, S.}," in bates
    assert "  pages = {1--48}," in bates


def test_styles_of_apa() -> None:
    assert apa(WORKS["egger1997"]) == (
        "Egger, M., Davey Smith, G., Schneider, M., & Minder, C. (1997). Bias in meta-analysis "
        "detected by a simple, graphical test. BMJ, 315(7109), 629–634. "
        "https://doi.org/10.1136/bmj.315.7109.629"
    )
    assert apa(WORKS["nickell1981"]).startswith("Nickell, S. (1981).")
    assert in_text(["nickell1981", "curran2011", "bates2015"]) == (
        "(Bates et al., 2015; Curran & Bauer, 2011; Nickell, 1981)"
    )
    assert in_text([]) == ""


def test_other_styles_are_refused(two_level: Any) -> None:
    with pytest.raises(ArgumentError, match="style='mla' is not known"):
        cite(two_level, style="mla")  # type: ignore[arg-type]


def test_every_doi_looks_like_one() -> None:
    for work in WORKS.values():
        assert not work.doi or re.fullmatch(r"10\.\d{4,5}/\S+", work.doi)
        assert not work.pages or re.fullmatch(r"\d+–\d+", work.pages)
