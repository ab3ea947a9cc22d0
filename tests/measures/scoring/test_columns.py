from __future__ import annotations

import pandas as pd
import pytest

from alliance_stats import ArgumentError, DataError
from alliance_stats.measures import get_instrument
from alliance_stats.measures.scoring.columns import item_columns

WAI = get_instrument("wai_sr")
PHQ = get_instrument("phq_9")


def frame(*names: str) -> pd.DataFrame:
    return pd.DataFrame(columns=list(names))


def numbered(pattern: str, n: int = 12) -> list[str]:
    return [pattern.format(i) for i in range(1, n + 1)]


@pytest.mark.parametrize(
    "pattern",
    ["wai{}", "wai_{:02d}", "WAI-{}", "Wai SR {}", "WAISR_{:03d}", "wai_sr_item_{}", "wai.{}",
     "WAI_SR_i{}", "waiQ{:02d}"],
)  # fmt: skip
def test_items_are_found_in_any_spelling(pattern: str) -> None:
    names = numbered(pattern)
    shuffled = frame("patient", *names[::-1], "wai_total", "wai")
    assert item_columns(shuffled, WAI) == names


def test_a_total_beside_the_items_is_no_item() -> None:
    names = numbered("phq9_{}", 9)
    assert item_columns(frame("phq9", *names), PHQ) == names
    assert item_columns(frame(*numbered("phq{}", 9)), PHQ) == numbered("phq{}", 9)


def test_scores_of_sessions_are_not_taken_for_items() -> None:
    """phq91 … phq99 may be the PHQ-9 of sessions 1 to 9."""
    with pytest.raises(DataError, match="'phq' numbers 9; missing: 1–9; too much: 91–99"):
        item_columns(frame(*numbered("phq9{}", 9)), PHQ)


def test_items_in_given_order() -> None:
    names = [f"q{letter}" for letter in "abcdefghi"]
    assert item_columns(frame(*sorted(names, reverse=True)), PHQ, items=names) == names
    with pytest.raises(ArgumentError, match="items holds 8 columns, but phq_9 has 9 items"):
        item_columns(frame(*names), PHQ, items=names[:8])
    with pytest.raises(ArgumentError, match="names a column twice"):
        item_columns(frame(*names), PHQ, items=[*names[:8], names[0]])
    with pytest.raises(DataError, match="column 'qz' not found"):
        item_columns(frame(*names), PHQ, items=[*names[:8], "qz"])
    with pytest.raises(ArgumentError, match="both given"):
        item_columns(frame(*names), PHQ, items=names, item_prefix="q")


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (numbered("wai{}", 11), "'wai' numbers 11; missing: 12"),
        (numbered("wai{}", 36), "'wai' numbers 36; too much: 13–36"),
        ([*numbered("wai{}"), "WAI_03"], "several columns for one item: wai3, WAI_03"),
        (["wai2", "wai14"], "missing: 1, 3–12; too much: 14"),
        (
            ["patient", "wai_total"],
            "no item columns of wai_sr found: looked for wai_sr1 … wai_sr12",
        ),
        (numbered("all_{}"), "Columns numbered 1 to 12: 'all'. Give item_prefix="),
        (numbered("x{}", 5), r"Numbered columns there: 'x' \(1–5\)"),
        (
            [*numbered("wai{}"), *numbered("wai_sr_{}")],
            r"there are 2 sets of item columns \(beginning with wai_sr_1, wai1\)",
        ),
    ],
)
def test_columns_that_are_not_one_for_each_item(names: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        item_columns(frame(*names), WAI)


def test_columns_of_several_levels() -> None:
    levels = pd.DataFrame(columns=pd.MultiIndex.from_product([["wai"], range(1, 13)]))
    with pytest.raises(DataError, match="columns of the frame have several levels"):
        item_columns(levels, WAI)


def test_prefix_of_another_form() -> None:
    both = frame(*numbered("wai_p{}"), *numbered("wai_t{}"))
    assert item_columns(both, WAI, item_prefix="wai_t") == numbered("wai_t{}")
    with pytest.raises(DataError, match="Columns numbered 1 to 12: 'wai_p', 'wai_t'"):
        item_columns(both, WAI)
