"""The command `meta`: effect sizes, one model or the other, a report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import alliance_stats as al


@pytest.fixture
def studies(folder: Path) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"study": ["Abel", "Bond", "Cole", "Dorn", "Eck"], "r": [0.52, 0.05, 0.61, 0.28, 0.3],
         "n": [41, 86, 35, 120, 64], "year": [1994, 1997, 1999, 2002, 2004]}
    )  # fmt: skip
    frame.to_csv(folder / "studies.csv", index=False)
    return frame


RENAMED = ["--column", "ri=r", "--column", "ni=n"]


def test_the_mean_is_that_of_the_library(run: Any, studies: pd.DataFrame) -> None:
    result = al.fit_meta(al.effect_sizes(studies, ri="r", ni="n"))
    done = run("meta", "studies.csv", *RENAMED)
    assert done.code == 0
    assert repr(al.coef_table(result)).splitlines()[2] in done.out
    assert str(al.report_text(result))[:60] in " ".join(done.out.split())
    as_json = json.loads(run("meta", "studies.csv", *RENAMED, "--json").out)
    assert as_json["coefficients"][0]["estimate"] == pytest.approx(result.tidy()["estimate"][0])
    assert as_json["report"] is None


def test_a_report_with_the_forest_plot(folder: Path, run: Any, studies: pd.DataFrame) -> None:
    done = run("meta", "studies.csv", *RENAMED, "-o", "forest.html")
    assert done.code == 0
    assert "data:image/png" in (folder / "forest.html").read_text(encoding="utf-8")
    assert run("meta", "studies.csv", *RENAMED, "-o", "forest.html").code == 1


def test_several_effects_need_rho(folder: Path, run: Any, studies: pd.DataFrame) -> None:
    doubled = pd.concat([studies, studies.assign(r=studies["r"] - 0.1)])
    doubled.to_excel(folder / "two.xlsx", index=False)
    done = run("meta", "two.xlsx", *RENAMED)
    assert done.code == 1
    assert "5 studies of 5 have several effects, up to 2. Say with --rho" in done.err
    done = run("meta", "two.xlsx", *RENAMED, "--rho", "0.6")
    assert done.code == 0
    assert "Multilevel" in done.out


def test_effects_that_are_computed_already(folder: Path, run: Any, studies: pd.DataFrame) -> None:
    al.effect_sizes(studies, ri="r", ni="n").to_csv(folder / "yi.csv", index=False)
    plain = run("meta", "studies.csv", *RENAMED).out
    given = run("meta", "yi.csv", "--yi", "yi", "--vi", "vi", "--measure", "ZCOR")
    assert given.code == 1
    assert run("meta", "yi.csv", "--yi", "yi", "--vi", "vi").code == 0
    assert "0.3" in plain


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--column", "rri=r"], "no measure has this input"),
        (["--column", "ri"], "is not INPUT=COL"),
        ([*RENAMED, "--rho", "0.5"], "--rho is of no use"),
        (["--yi", "r"], "Give both"),
        ([*RENAMED, "--measure", "ZCORR"], "Did you mean 'ZCOR'?"),
        ([*RENAMED, "--method", "RML"], "Did you mean 'REML'?"),
        ([*RENAMED, "--study", "paper"], "column 'paper' not found"),
        ([*RENAMED, "--mods", "yaer"], "yaer"),
    ],
)
def test_what_is_refused(run: Any, studies: pd.DataFrame, words: list[str], said: str) -> None:
    done = run("meta", "studies.csv", *words)
    assert (done.code, done.out) == (1, "")
    assert said in done.err


def test_moderators(run: Any, studies: pd.DataFrame) -> None:
    done = run("meta", "studies.csv", *RENAMED, "--mods", "year", "--method", "DL")
    assert done.code == 0
    assert "year" in done.out
