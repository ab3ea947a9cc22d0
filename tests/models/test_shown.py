"""Results in a console and in a notebook say the same."""

from __future__ import annotations

import re
from html import unescape

import pandas as pd

import alliance_stats as al
from alliance_stats._base.printing import MINUS
from alliance_stats._base.shown import result_html, result_text
from alliance_stats.models.outcome.result import OutcomeResult
from alliance_stats.models.within_between.result import AllianceResult

TABLE = pd.DataFrame({"term": ["a<b"], "estimate": [-1.5]})


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text.replace(MINUS, "-"))


def test_the_pieces_stand_in_order_and_are_escaped() -> None:
    given = ("x & y", [TABLE, TABLE], ["First.", "Second <i>."])
    text, html = result_text(*given), result_html(*given)
    assert text.split("\n\n")[0] == "x & y"
    assert text.endswith("\n\nFirst.\nSecond <i>.")
    assert text.count("a<b") == html.count("a&lt;b") == 2
    assert html.count("<caption>") == 1
    assert "<caption>x &amp; y</caption>" in html
    assert html.endswith("<p>First.</p><p>Second &lt;i&gt;.</p>")


def test_both_results_say_the_same_in_text_and_html() -> None:
    sessions = al.load_example("sessions")
    results: list[AllianceResult | OutcomeResult] = [
        al.fit_within_between(sessions),
        al.fit_outcome(sessions, rng=1, n_boot=200),
    ]
    for result in results:
        html = re.sub(r"<[^>]+>", "", result._repr_html_())
        assert squeezed(unescape(html)) == squeezed(repr(result))
        assert result.view().title in repr(result).splitlines()[0]
        for sentence in (*result.notes, *result.messages):
            assert squeezed(sentence) in squeezed(repr(result))
