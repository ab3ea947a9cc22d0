"""The commands for answers to items: they print and write what the library gives."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import alliance_stats as al

KEY = ["--instrument", "phq_9", "--item-prefix", "phq9"]


@pytest.fixture
def answers(folder: Path) -> pd.DataFrame:
    frame = al.load_example("items").frame
    frame.to_csv(folder / "answers.csv", index=False)
    return frame


def test_score_prints_the_report_and_writes_the_scores(
    folder: Path, run: Any, answers: pd.DataFrame
) -> None:
    done = run("score", "answers.csv", *KEY, "-o", "scored.csv")
    assert done.code == 0
    assert "phq_9_total" in done.out
    assert done.out.endswith("\nScores: scored.csv\n")
    assert done.err.count("missing items") == 1
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = al.score(answers, "phq_9", item_prefix="phq9")
    written = pd.read_csv(folder / "scored.csv")
    pd.testing.assert_series_equal(written["phq_9_total"], expected["phq_9_total"])
    again = run("score", "answers.csv", *KEY, "-o", "scored.csv")
    assert again.code == 1
    assert "exists already" in again.err
    assert run("score", "answers.csv", *KEY, "-o", "scored.csv", "--force", "--quiet").out == ""


def test_reliability_prints_the_recommendation_and_writes_a_report(
    folder: Path, run: Any, answers: pd.DataFrame
) -> None:
    done = run("reliability", "answers.csv", *KEY, "-o", "reliability.html")
    assert done.code == 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = al.reliability_report(
            answers, "phq_9", patient="patient", session="session", item_prefix="phq9"
        )
    said = " ".join(done.out.split())
    assert all(" ".join(line.split()) in said for line in report.recommendation.splitlines())
    assert report.main_table() in done.out
    text = (folder / "reliability.html").read_text(encoding="utf-8")
    assert "<h1>Reliability in answers.csv</h1>" in text
    assert "Figure 1" in text


def test_options_reach_the_report(folder: Path, run: Any, answers: pd.DataFrame) -> None:
    done = run("reliability", "answers.csv", *KEY, "--crossed", "--each-session")
    assert "RkF" in done.out
    assert "alpha, session 8" in done.out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["score", "answers.csv"], 2, "--instrument"),
        (["score", "answers.csv", "--instrument", "nothing"], 1, "nothing"),
        (["score", "answers.csv", *KEY, "-o", "scored.xlsx"], 1, ".csv or .tsv"),
        (["score", "answers.csv", *KEY, "-o", "no/scored.csv"], 1, "cannot be written"),
        (["reliability", "answers.csv", *KEY, "--patient", "pat"], 1, "'pat' not found"),
        (["reliability", "answers.csv", *KEY, "-o", "x.pdf"], 1, "'.pdf'"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    folder: Path, run: Any, answers: pd.DataFrame, words: list[str], code: int, said: str
) -> None:
    done = run(*words)
    assert done.code == code
    assert said in done.err
    assert done.out == ""
