"""Whether item columns hold the responses that an instrument has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import agree, counted, name_list, numeric_column
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.measures.instruments.instrument import Instrument
from alliance_stats.measures.instruments.key import Range
from alliance_stats.measures.scoring.rescale import check_range

Floats = NDArray[np.float64]
_MOST_VALUES = 5


def item_values(
    frame: pd.DataFrame, columns: Sequence[str], instrument: Instrument, response: Range
) -> Floats:
    """The responses as an array of rows by items, missing as NaN.

    Raises
    ------
    DataError
        If a column holds no numbers, or numbers that are no responses: coded from another
        lowest value, of a version with another range, missing codes, not whole.
    """
    for name in columns:
        _check_kind(frame, name, response)
    # by columns, so that what is done over the items of a row runs along the rows
    values = np.array([frame[name].to_numpy(dtype=float, na_value=np.nan) for name in columns]).T
    _check_values(values, columns, instrument, response)
    return values


def chosen_response(instrument: Instrument, response: Range | None) -> Range:
    """The range of the responses: the usual one, or another one that the instrument has."""
    if response is None:
        return instrument.responses[0]
    check_range(response, name="response")
    for known in instrument.responses:
        if tuple(response) == tuple(known):
            return known
    allowed = ", ".join(_shown(known) for known in instrument.responses)
    raise ArgumentError(
        f"response={response!r} is no range of {instrument.key}. Allowed: {allowed}. "
        "For another version write an instrument of your own (load_instrument)."
    )


def _shown(response: Range) -> str:
    return f"({response[0]:g}, {response[1]:g})"


def _check_kind(frame: pd.DataFrame, name: str, response: Range) -> None:
    """Raise DataError for categories, words and truth values."""
    column = frame[name]
    if isinstance(column.dtype, pd.CategoricalDtype):
        raise DataError(f"item '{name}' holds categories, not numbers. {_map(name)}")
    if pd.api.types.is_bool_dtype(column) and tuple(response) != (0, 1):
        raise DataError(
            f"item '{name}' holds true and false, but responses go from {response[0]:g} to "
            f"{response[1]:g}. Give the numbers of the responses."
        )
    if column.dtype == object or pd.api.types.is_string_dtype(column):
        as_number = pd.to_numeric(column, errors="coerce")
        words = int((as_number.isna() & column.notna()).sum())
        if words:
            raise DataError(
                f"item '{name}' holds words in {counted(words, 'row')} of {len(column):,}, not "
                f"numbers. {_map(name)}"
            )
    numeric_column(frame, name, what="item")


def _map(name: str) -> str:
    return (
        f"Give each label its number, such as frame['{name}'].map({{'never': 1, …}}); "
        "load_sessions keeps the numbers of SPSS and Stata files and sets the labels beside them."
    )


def _check_values(
    values: Floats, columns: Sequence[str], instrument: Instrument, response: Range
) -> None:
    low, high = response
    if not values.size:
        return
    seen = (float(np.fmin.reduce(values, axis=None)), float(np.fmax.reduce(values, axis=None)))
    if seen[0] < low or seen[1] > high:
        out = (values < low) | (values > high)
        what = _out_of_range(values, out, columns)
        raise DataError(
            f"{instrument.key} has responses {low:g} to {high:g}, but {what}. "
            f"{_remedy(seen, values[out], instrument, response)}"
        )
    if instrument.whole:
        _check_whole(values, columns, instrument)


def _check_whole(values: Floats, columns: Sequence[str], instrument: Instrument) -> None:
    broken = values - np.floor(values) > 0  # False where missing
    if broken.any():
        raise DataError(
            f"{instrument.key} has whole responses, but {_by_item(broken, columns)} not whole. "
            "Correct them; scores with imputed items need an instrument of your own with "
            "whole = false."
        )


def _by_item(marked: NDArray[np.bool_], columns: Sequence[str]) -> str:
    """``12 values are`` of items by name and count."""
    n, each = int(marked.sum()), marked.sum(axis=0)
    named = [f"'{c}' ({k:,})" for c, k in zip(columns, each, strict=True) if k]
    items = f"{len(named)} items" if len(named) > _MOST_VALUES else name_list(named)
    return f"{counted(n, 'value')} of {items} {agree(n, 'is', 'are')}"


def _out_of_range(values: Floats, out: NDArray[np.bool_], columns: Sequence[str]) -> str:
    found, times = np.unique(values[out], return_counts=True)
    shown = [f"{v:g} ({n:,} times)" for v, n in zip(found, times, strict=True)][:_MOST_VALUES]
    more = ", …" if len(found) > _MOST_VALUES else ""
    return f"{_by_item(out, columns)} outside: {', '.join(shown)}{more}"


def _remedy(seen: Range, outside: Floats, instrument: Instrument, response: Range) -> str:
    """What to do about responses out of range, by what they look like."""
    low, high = response
    for other in instrument.responses:
        if other != response and other[0] <= seen[0] and seen[1] <= other[1]:
            a, b = other
            return (
                f"All lie between {a:g} and {b:g}: score this version with "
                f"response=({a:g}, {b:g}), and add rescale=({low:g}, {high:g}) to set its scores "
                "on the usual scale."
            )
    shift = -1 if low == 1 else 1
    if low in (0, 1) and low + shift <= seen[0] and seen[1] <= high + shift:
        sign = "+" if shift < 0 else "-"
        return (
            f"All lie between {low + shift:g} and {high + shift:g}: the items are coded from "
            f"{low + shift:g}. Give frame[items] {sign} 1."
        )
    if not instrument.whole and seen[1] <= 10 * high:
        return "In millimetres? Give frame[items] / 10."
    codes = np.unique(outside)
    if len(codes) <= 3:
        listed = ", ".join(f"{code:g}" for code in codes)
        return (
            f"If {listed} {agree(len(codes), 'means', 'mean')} missing: "
            f"frame[items].replace([{listed}], float('nan')). Else correct them."
        )
    return "Correct them, or name the right columns with items=."
