"""study.toml is read strictly, and nothing in it leads out of the paper."""

from __future__ import annotations

from pathlib import Path

import pytest

from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.paper import load_study

DATA = '[data.sessions]\nexample = "sessions"\n'
ASKED = '[questions.alliance]\nfit = "fit_within_between"\n'


def study(folder: Path, text: str):  # type: ignore[no-untyped-def]
    (folder / "study.toml").write_text(text, encoding="utf-8")
    return load_study(folder)


def test_the_smallest_study(tmp_path: Path) -> None:
    read = study(tmp_path, DATA + ASKED)
    assert read.questions["alliance"].data == "sessions"
    assert read.questions["alliance"].seed == 1
    assert (read.smallest_cell, read.manuscript) == (5, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("titel = 'x'\n", ["key 'titel' is not known", "Did you mean 'title'?"]),
        (DATA + '[questions.a]\nfit = "fit_within_betwen"', ["Did you mean 'fit_within_between'?"]),
        (DATA + ASKED + "options = { tme = 'log' }", ["key 'tme'", "Did you mean 'time'?"]),
        (DATA + ASKED + "options = { rng = 3 }", ["key 'rng' is not known"]),
        (DATA + ASKED + "options = { roles = {} }", ["key 'roles' is not known"]),
        (DATA + '[data.sessions.roles]\npatient_id = "x"', ["key 'patient_id' is not known"]),
        (DATA + ASKED + "seed = 1.5", ["seed = 1.5", "whole number"]),
        (DATA + ASKED + "figure = 'yes'", ["true or false"]),
        (DATA + "[questions.Alliance]\nfit = 'fit_outcome'", ["is no name for keys"]),
        (DATA + ASKED + "data = 'sesions'", ["Did you mean 'sessions'?"]),
        ("[data.a]\n" + ASKED, ["neither of file and example"]),
        ("[data.a]\nexample = 'sessions'\nfile = 'a.csv'\n", ["both of file and example"]),
        ("[data.a]\nfile = '../a.csv'\n", ["is no path inside the paper"]),
        ("[data.a]\nfile = 'x/../../a.csv'\n", ["is no path inside the paper"]),
        ("[data.a]\nfile = '/etc/hosts'\n", ["is no path inside the paper"]),
        ("[data.a]\nfile = 'C:\\\\a.csv'\n", ["is no path inside the paper"]),
        ("[data.a]\nfile = '..\\\\a.csv'\n", ["is no path inside the paper"]),
        ("[manuscript]\npath = '../m.md'\n", ["is no path inside the paper"]),
        ("[manuscript]\npath = 'm.md'\noutput = '/tmp'\n", ["output = '/tmp' is no path inside"]),
        ("[manuscript]\npath = 'm.odt'\n", [".md, .tex or .docx"]),
        ("[manuscript]\npath = 'm.docx'\nformats = ['md']\n", ["'md' cannot be made from a .docx"]),
        ("[privacy]\nsmallest_cell = 2\n", ["smallest_cell = 2", "5 or more"]),
        ("[data]\nsessions = 1\n", ["'sessions' is no table"]),
        ("x = [", ["is no TOML"]),
        (ASKED, ["names no data"]),
    ],
)
def test_what_is_refused(tmp_path: Path, text: str, words: list[str]) -> None:
    with pytest.raises(DataError) as refused:
        study(tmp_path, text)
    for word in words:
        assert word in str(refused.value)


def test_a_link_out_of_the_paper_is_refused(tmp_path: Path) -> None:
    paper = tmp_path / "paper"
    paper.mkdir()
    (tmp_path / "secret.csv").write_text("a\n1\n")
    (paper / "data.csv").symlink_to(tmp_path / "secret.csv")
    with pytest.raises(DataError, match="leads out of the paper by a link"):
        study(paper, '[data.a]\nfile = "data.csv"\n')


def test_a_folder_without_a_study_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"has no study\.toml"):
        load_study(tmp_path)
    with pytest.raises(ArgumentError, match="is no folder"):
        load_study(tmp_path / "nowhere")
