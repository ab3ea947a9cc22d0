"""Any text is read without an error, marks or none, and verdicts do not hang on layout."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import alliance_stats as al
from alliance_stats.report.statcheck.findings import VERDICTS

WORDS = (
    "t(23) t(0) F(2,45) F(2,1,987) χ²(2) Q(12) r(88) r z d b SE p OR N df M SD β ns and "
    "= < > ≤ ( ) [ , ; * _ $ \\chi <i> &lt; ² with one-tailed "
    "1.20 −.05 .047 0 1e999 -1e-320 999999999999 1,987"
)
INTERVALS = ["95% CI [.1, .2]", "95% CI [.2, .1]", "CI 0 to 1e400", "χ²(2, N = 90)", ". ", "\n\n"]
TOKENS = [*WORDS.split(), *INTERVALS]


@given(st.text(max_size=300))
def test_text_of_any_characters(text: str) -> None:
    assert isinstance(al.check_statistics(text + " ").ok, bool)


@settings(max_examples=300)
@given(st.lists(st.sampled_from(TOKENS), max_size=40))
def test_text_of_pieces_of_statistics(tokens: list[str]) -> None:
    check = al.check_statistics(" ".join(tokens) + " ")
    frame = check.frame
    assert set(frame["verdict"]) <= set(VERDICTS)
    known = frame["p_low"].notna()
    assert (frame.loc[known, "p_low"] <= frame.loc[known, "p_high"]).all()
    assert frame.loc[known, ["p_low", "p_high"]].apply(lambda p: p.between(0, 1)).all().all()
    assert al.report_text(check) and repr(check) and check._repr_html_()


@pytest.mark.parametrize("suffix", [".md", ".tex", ".html", ".txt"])
@settings(max_examples=40)
@given(text=st.text(st.sampled_from("a1. \n<>/!-\\{}[]$%&`*_^~'\"="), max_size=200))
def test_files_of_any_marks(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / f"paper{suffix}"
    path.write_text(text, encoding="utf-8")
    document = al.report.read_document(path)
    lines = text.count("\n") + 1
    for passage in document.passages:
        assert 1 <= int(passage.place(len(passage.text)).removeprefix("line ")) <= lines


def test_a_text_is_checked_the_same_as_its_passages(rng: np.random.Generator) -> None:
    """Order of paragraphs and their wrapping change places only."""
    parts = [
        "It did, t(23) = 2.10, p = .047.",
        "It did not, t(40) = 1.80, p = .04.",
        "Then b = −0.50, SE = 0.10, t(23) = −4.60, p < .001, 95% CI [−0.71, −0.29].",
        "And r = .38, 95% CI [.40, .55].",
    ]
    order = rng.permutation(len(parts))
    whole = al.check_statistics("\n\n".join(parts)).frame.drop(columns="place")
    turned = al.check_statistics("\n\n".join(parts[i] for i in order)).frame.drop(columns="place")
    pd.testing.assert_frame_equal(whole.iloc[order].reset_index(drop=True), turned)
    wrapped = al.check_statistics("\n\n".join(p.replace(" ", "\n") for p in parts)).frame
    pd.testing.assert_frame_equal(whole, wrapped.drop(columns="place"))


def test_reading_follows_no_links_and_runs_nothing(tmp_path: Path) -> None:
    text = (
        r"\input{/etc/passwd} <img src='http://x'> ![a](http://x) `r 1 + 1` t(23) = 2.10, p = .03."
    )
    for suffix in (".md", ".tex", ".html"):
        path = tmp_path / f"a{suffix}"
        path.write_text(text, encoding="utf-8")
        assert al.check_statistics(path).frame["verdict"].tolist() == ["inconsistent"]
