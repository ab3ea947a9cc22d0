"""Numbers inside a sentence: ``b = −0.108, SE = 0.021, t(187.3) = −5.14, p < .001, 95% CI […]``."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd

from alliance_stats._base.printing import (
    MINUS,
    format_df,
    format_fixed,
    format_interval,
    format_number,
    format_p,
    interval_heading,
    without_zero,
)
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.bounded import is_bounded
from alliance_stats.report.wording.decimals import view_decimals
from alliance_stats.report.wording.words import effect_place

Row = Mapping[str, Any]


def number(value: float, decimals: int | None) -> str:
    """A number with a real minus sign, in the decimals of its table."""
    if decimals is None:
        return format_number(float(value), minus=MINUS)
    return format_fixed(value, decimals, minus=MINUS)


def percent(share: object, decimals: int = 1) -> str:
    """A share in per cent: ``12.5%``.

    >>> percent(0.125), percent(-0.004), percent(0.42, 0)
    ('12.5%', '−0.4%', '42%')
    """
    return f"{number(100 * float(str(share)), decimals)}%"


def interval(row: Row, decimals: int | None, conf_level: float) -> str:
    """``95% CI [−0.149, −0.067]``."""
    ends = format_interval(row["ci_low"], row["ci_high"], decimals, minus=MINUS)
    return f"{interval_heading(conf_level)} {ends}"


def compatible_range(row: Row, decimals: int | None) -> str:
    """``−0.023 to 0.051``, the ends of the interval in words."""
    return f"{number(row['ci_low'], decimals)} to {number(row['ci_high'], decimals)}"


def numbers(row: Row, decimals: int | None, conf_level: float) -> str:
    """Everything a sentence says about one coefficient; what is not a number is left out."""
    parts = [f"b = {number(row['estimate'], decimals)}"]
    if _known(row, "se"):
        parts.append(f"SE = {number(row['se'], decimals)}")
    if _known(row, "statistic"):
        df = float(row.get("df", math.inf))
        test = f"t({format_df(df)})" if math.isfinite(df) else "z"
        parts.append(f"{test} = {format_fixed(row['statistic'], 2, minus=MINUS)}")
    if _known(row, "p_value"):
        parts.append(p_phrase(float(row["p_value"])))
    if has_interval(row):
        parts.append(interval(row, decimals, conf_level))
    return ", ".join(parts)


def view_number(view: ResultView, value: float) -> str:
    """A number in the decimals of its view, without the zero where it is bounded."""
    shown = number(value, view_decimals(view))
    return without_zero(shown) if is_bounded(view) else shown


def view_range(view: ResultView, row: Row) -> str:
    """``−.02 to .05``, the ends of the interval in words, as the view prints its numbers."""
    return f"{view_number(view, row['ci_low'])} to {view_number(view, row['ci_high'])}"


def view_interval(view: ResultView, row: Row) -> str:
    """``95% CI [−.02, .05]``, as the view prints its numbers."""
    shown = interval(row, view_decimals(view), view.conf_level)
    return without_zero(shown) if is_bounded(view) else shown


def p_phrase(value: float) -> str:
    """``p < .001`` or ``p = .034``."""
    shown = format_p(value)
    return f"p {shown}" if shown[0] in "<>" else f"p = {shown}"


def has_interval(row: Row) -> bool:
    """Whether both ends of the interval are known."""
    return _known(row, "ci_low") and _known(row, "ci_high")


def sign_of(row: Row) -> int:
    """The sign of a coefficient whose interval leaves out zero; 0 if it is inconclusive."""
    if not has_interval(row) or row["ci_low"] <= 0 <= row["ci_high"]:
        return 0
    return 1 if row["ci_low"] > 0 else -1


def coefficient_numbers(view: ResultView) -> list[tuple[Row, str]]:
    """Each row of the coefficients with its numbers as a phrase."""
    return [(row, view_numbers(view, row)) for row in records(view.terms)]


def view_numbers(view: ResultView, row: Row) -> str:
    """The numbers of a coefficient in the decimals of its view; bounded ones without the zero."""
    said = numbers(row, view_decimals(view), view.conf_level)
    return without_zero(said) if is_bounded(view) else said


def standardised_sizes(view: ResultView, effects: Collection[str]) -> list[str]:
    """``−0.12 within patients, 95% CI [−0.17, −0.07]`` for each of the `effects` with a size."""
    frame = view.tables.get("Standardised effects", pd.DataFrame())
    return [
        f"{number(row['estimate'], 2)} {effect_place(row['effect'])}".rstrip()
        + (f", {interval(row, 2, view.conf_level)}" if has_interval(row) else "")
        for row in records(frame)
        if row.get("effect") in effects and math.isfinite(row["estimate"])
    ]


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a frame as mappings; missing words are empty."""
    filled = frame.copy()
    for name in ("effect", "unit", "term"):
        if name in filled.columns:
            filled[name] = ["" if pd.isna(v) else str(v) for v in filled[name]]
    return [{str(k): v for k, v in row.items()} for row in filled.to_dict("records")]


def _known(row: Row, name: str) -> bool:
    return name in row and not pd.isna(row[name])
