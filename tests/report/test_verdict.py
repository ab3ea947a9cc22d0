"""The steps from a row of coefficients to what a text may say of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from alliance_stats.report.wording.verdict import direction, verdict, verdicts

ROW = {
    "effect": "within", "unit": "session", "term": "x_lag1", "estimate": -0.5, "se": 0.1,
    "statistic": -5.0, "df": 90.0, "p_value": 1e-6, "ci_low": -0.7, "ci_high": -0.3,
}  # fmt: skip
NOTHING = dict.fromkeys(("estimate", "se", "statistic", "df", "p_value", "ci_low", "ci_high"))


def said(view: Any, *, given: str = "", **changes: Any) -> str:
    return verdict(
        view, {**ROW, **changes}, asked="whether x predicts the next y",
        found=lambda towards: f"x predicted a {towards} next y", given=given,
    )  # fmt: skip


def test_every_step(two_level: Any) -> None:
    view = two_level.view()
    assert said(view).startswith("x predicted a lower (better) next y (b = −0.500, ")
    assert said(view, ci_low=0.3, ci_high=0.7).startswith("x predicted a higher (worse) next y (")
    null = said(view, ci_high=0.1)
    assert null.startswith("whether x predicts the next y was inconclusive: the data are ")
    assert "effects from −0.700 to 0.100 (b = " in null
    no_ends = said(view, ci_low=np.nan)
    assert "has no interval, so nothing is concluded from it (b = −0.500" in no_ends
    assert said(view, **NOTHING) == "whether x predicts the next y could not be estimated."


def test_what_was_held_constant_stands_with_both(two_level: Any) -> None:
    view = two_level.view()
    assert "a lower (better) next y, given the last y (b" in said(view, given="given the last y")
    assert "next y, given the last y, was inconclusive" in said(
        view, given="given the last y", ci_high=0.1
    )
    assert "given" not in said(view, given="given the last y", ci_low=None)


@pytest.mark.parametrize(
    ("sign", "better", "words"),
    [(1, "higher", "higher (better)"), (1, "lower", "higher (worse)"), (-1, "", "lower"),
     (-1, "lower", "lower (better)"), (-1, "higher", "lower (worse)")],
)  # fmt: skip
def test_direction(sign: int, better: str, words: str) -> None:
    assert direction(sign, better) == words


def test_counts_stand_in_the_first_sentence_only(two_level: Any) -> None:
    view = two_level.view()
    sentences = verdicts(view, ("between", "early_alliance", "within"), lambda row: row["effect"])
    assert sentences == ["Across 1,987 sessions of 240 patients, between", "Within"]
    bare = replace(view, levels=view.levels.head(0))
    assert verdicts(bare, ("within",), lambda row: row["effect"]) == ["Within"]
    assert verdicts(view, ("early_alliance",), lambda row: row["effect"]) == []
