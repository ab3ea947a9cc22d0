"""Sentences about the same effects under other choices."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import groupby

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.numbers import (
    Row,
    has_interval,
    interval,
    number,
    records,
    sign_of,
)
from alliance_stats.report.wording.words import effect_place, listed, one_line


def sensitivity_sentences(
    view: ResultView, effects: Collection[str], places: Mapping[str, str] | None = None
) -> list[str]:
    """One sentence a model: the `effects` in it, and where they would support another statement.

    `places` says where an effect lies, by default `effect_place`.
    """
    frame = view.tables.get("Sensitivity", pd.DataFrame())
    if not {"model", "effect", "estimate"} <= set(frame.columns):
        return []
    rows = [row for row in records(frame) if row["effect"] in effects]
    fitted = {row["effect"]: row for row in rows if row["model"] == "as fitted"}
    others = [row for row in rows if row["model"] != "as fitted"]
    sentences = []
    for model, same in groupby(others, key=lambda row: str(row["model"])):
        parts = [
            _sensitivity(view, row, fitted.get(row["effect"]), _place(row, places)) for row in same
        ]
        sentences.append(f"Sensitivity analysis {one_line(model)}: {listed(parts)}.")
    return sentences


def _place(row: Row, places: Mapping[str, str] | None) -> str:
    own = None if places is None else places.get(row["effect"])
    return effect_place(row["effect"]) if own is None else own


def _sensitivity(view: ResultView, row: Row, fitted: Row | None, place: str) -> str:
    if pd.isna(row["estimate"]):
        return f"no estimate {place}".rstrip()
    decimals = view_decimals(view)
    ends = f", {interval(row, decimals, view.conf_level)}" if has_interval(row) else ""
    changed = changed_words(row, fitted) if fitted is not None else ""
    size = f"b = {number(row['estimate'], decimals)} {place}".rstrip()
    return f"{size}{ends}{changed}"


def changed_words(row: Row, fitted: Row) -> str:
    """What a reader must not miss: the row supports another statement than the fitted model."""
    now, before = sign_of(row), sign_of(fitted)
    if now == before:
        return ""
    if now == 0:
        return " (inconclusive here)"
    return " (of the opposite sign)" if before else " (conclusive only here)"
