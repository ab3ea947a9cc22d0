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
from alliance_stats.report.citing.rests_on import WORKS, reference_keys
from alliance_stats.report.citing.styles import apa, in_text, ris

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
    assert apa(WORKS["riley2011"]).endswith(
        "BMJ, 342, Article d549. https://doi.org/10.1136/bmj.d549"
    )
    assert "detect change reliably? Personality and" in apa(WORKS["cranford2006"])


def test_works_inside_a_sentence_stand_together_by_author() -> None:
    keys = ("nickell1981", "viechtbauer2010", "curran2011", "bates2015", "viechtbauer2005")
    assert in_text(WORKS[key] for key in keys) == (
        "(Bates et al., 2015; Curran & Bauer, 2011; Nickell, 1981; Viechtbauer, 2005, 2010)"
    )
    assert in_text([]) == ""


def test_letters_with_marks_stand_beside_their_own(two_level: Any) -> None:
    none = pd.DataFrame()
    kinds = ("latent_within_between", "importance")
    lines = cite([ResultView(kind, "", none, none, None, none) for kind in kinds]).splitlines()
    order = [line.split(",")[0] for line in lines]
    assert order.index("Lüdtke") < order.index("Luo")


def view_of(kind: str, title: str = "", notes: tuple[str, ...] = (), **said: str) -> ResultView:
    none = pd.DataFrame()
    fit = pd.DataFrame({name: [said.pop(name)] for name in ("method", "test") if name in said})
    return ResultView(kind, title, none, fit, None, none, notes=notes, labels=said)


@pytest.mark.parametrize(
    ("view", "has", "has_not"),
    [
        (view_of("meta", method="DL", test="z"), "dersimonian1986", "knapp2003"),
        (view_of("meta", method="PM", test="knha"), "paule1982", "dersimonian1986"),
        (view_of("meta", method="REML", test="knha", test_words="CR2 t tests"),
         "pustejovsky2018", "knapp2003"),
        (view_of("meta", method="EE", notes=("Intervals of τ² are by Q-profile.",)),
         "viechtbauer2007", "riley2011"),
        (view_of("lmm", ddf="cluster-robust (CR2) Satterthwaite"),
         "pustejovsky2018", "kuznetsova2017"),
        (view_of("lmm", ddf="cluster-robust (CR0) Satterthwaite"), "liang1986", "pustejovsky2018"),
        (view_of("lmm", ddf="Barnard–Rubin"), "barnard1999", "kuznetsova2017"),
        (view_of("lmm", residual="ar1('session', within='patient')"), "pinheiro2000", "knapp2003"),
        (view_of("cross_lagged", model="dpm", missing="fiml"), "allison2017", "hamaker2015"),
        (view_of("cross_lagged", model="ri-clpm", missing="fiml"), "enders2001", "allison2017"),
        (view_of("meta_failsafe", method="rosenberg"), "rosenberg2005", "rosenthal1979"),
        (view_of("meta_selection", method="ML"), "vevea1995", "citkowicz2017"),
        (view_of("kappa", "Fleiss' kappa"), "fleiss1971", "cohen1960"),
        (view_of("kappa", "Cohen's kappa"), "cohen1960", "fleiss1971"),
        (view_of("multilevel_reliability"), "cranford2006", "geldhof2014"),
    ],
)  # fmt: skip
def test_works_follow_what_a_view_says(view: ResultView, has: str, has_not: str) -> None:
    keys = reference_keys(view)
    assert has in keys
    assert has_not not in keys


def test_ris_has_every_author_and_both_pages(two_level: Any) -> None:
    entries = cite(two_level, style="ris").strip("\n").split("\n\n")
    assert all(e.startswith("TY  - ") and e.endswith("\nER  - ") for e in entries)
    bates = next(e for e in entries if "lme4" in e).splitlines()
    assert bates[1:5] == [
        "AU  - Bates, D.", "AU  - Mächler, M.", "AU  - Bolker, B.", "AU  - Walker, S."
    ]  # fmt: skip
    assert "SP  - 1" in bates and "EP  - 48" in bates and "VL  - 67" in bates
    assert ris(WORKS["kenny2006"]).startswith("TY  - BOOK") and "PB  - Guilford Press" in ris(
        WORKS["kenny2006"]
    )
    assert "SP  - d549\nDO" in ris(WORKS["riley2011"])


def test_other_styles_are_refused(two_level: Any) -> None:
    with pytest.raises(ArgumentError, match="style='mla' is not known"):
        cite(two_level, style="mla")  # type: ignore[arg-type]


def test_every_doi_looks_like_one() -> None:
    for work in WORKS.values():
        assert not work.doi or re.fullmatch(r"10\.\d{4,5}/\S+", work.doi)
        assert not work.pages or re.fullmatch(r"\d+–\d+|Article \w+", work.pages)
