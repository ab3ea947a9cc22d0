"""Reading the numbers of studies: field words to columns, cells to numbers or "n.s."."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import (
    columns_present,
    did_you_mean,
    numeric_column,
    some_row_places,
)
from alliance_stats._base.errors import ArgumentError, DataError, UnsupportedError
from alliance_stats.meta.effects.conversions import signs_of
from alliance_stats.meta.effects.forms import Form, Measure
from alliance_stats.meta.effects.measures import INPUTS
from alliance_stats.meta.effects.ranges import check_range, check_swapped

#: How papers write that a result was not significant, and no more.
_NOT_SIGNIFICANT = frozenset(
    {"ns", "n.s.", "n.s", "n. s.", "not significant", "nonsignificant", "non-significant"}
)
#: Words for a regression coefficient, which is not a correlation.
_COEFFICIENTS = frozenset({"b", "beta", "betai", "std_beta", "stdbeta", "b_std", "bstd", "slope"})


@dataclass(frozen=True, eq=False)
class Inputs:
    """What was given for each row.

    Attributes
    ----------
    values : mapping of str to array (k,)
        By field word; NaN where missing.
    not_significant : array (k,) of bool
        Rows with the words "n.s." in place of a result.
    forms : tuple of Form
        Forms of input whose columns are all given.
    """

    values: Mapping[str, np.ndarray]
    not_significant: np.ndarray
    forms: tuple[Form, ...]


def read_inputs(
    frame: pd.DataFrame, name: str, measure: Measure, given: Mapping[str, str | float]
) -> Inputs:
    """The numbers that `measure` can use, checked.

    Parameters
    ----------
    frame : DataFrame
        One row an effect.
    name, measure : str, Measure
        What is computed.
    given : mapping
        Field words to columns, or to one number for all rows. If empty, columns that are named by
        field words.
    """
    columns = dict(given) or {w: w for w in measure.inputs if w in frame.columns}
    _check_words(name, measure, columns)
    forms = tuple(form for form in measure.forms if set(form.inputs) <= set(columns))
    _check_forms(name, measure, columns, forms, named=bool(given))
    used = {word for form in forms for word in form.inputs}
    silent = np.zeros(len(frame), dtype=bool)
    values = {}
    for word in (word for word in columns if word in used):
        values[word], not_significant = _numbers(frame, word, columns[word])
        silent |= not_significant
    check_swapped(values, columns)
    for word, numbers in values.items():
        check_range(word, columns[word], numbers)
    return Inputs(values, silent, forms)


def _check_words(name: str, measure: Measure, columns: Mapping[str, str | float]) -> None:
    """Raise for a field word that is not known, or not of this measure."""
    for word in columns:
        if word.lower() in _COEFFICIENTS:
            raise UnsupportedError(
                f"'{word}' names a regression coefficient, which is not a correlation: it depends "
                "on what else is in the model, and may be above 1. Give the t of the coefficient "
                "with measure='ZPCOR' (ti=, ni=, controls=), or ask the authors for r."
            )
        if word not in INPUTS:
            raise ArgumentError(
                f"'{word}' is not known.{did_you_mean(word, measure.inputs)} "
                f"measure={name!r} is made from: {_alternatives(measure)}."
            )


def _check_forms(
    name: str,
    measure: Measure,
    columns: Mapping[str, str | float],
    forms: tuple[Form, ...],
    *,
    named: bool,
) -> None:
    """Raise unless some form is complete, and every column that was named is used."""
    if not forms:
        seen = f"given: {' '.join(columns)}" if columns else "no column is so named"
        raise ArgumentError(
            f"measure={name!r} is made from: {_alternatives(measure)}; {seen}. Name the columns, "
            f"for example {', '.join(f'{word}=…' for word in measure.forms[0].inputs)}."
        )
    used = {word for form in forms for word in form.inputs}
    idle = [word for word in columns if word not in used]
    if idle and named:
        with_it = [form.words for form in measure.forms if idle[0] in form.inputs]
        advice = (
            f"With it goes: {', or '.join(with_it)}"
            if with_it
            else f"measure={name!r} is made from: {_alternatives(measure)}"
        )
        raise ArgumentError(
            f"'{idle[0]}' would not be used. {advice}. Complete it or leave it out."
        )


def _alternatives(measure: Measure) -> str:
    return ", or ".join(form.words for form in measure.forms)


def _numbers(frame: pd.DataFrame, word: str, column: str | float) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of a column, and where it says "n.s."; one number stands for all rows."""
    nowhere = np.zeros(len(frame), dtype=bool)
    if isinstance(column, int | float | np.number) and not isinstance(column, bool):
        return np.full(len(frame), float(column)), nowhere
    if not isinstance(column, str):
        raise ArgumentError(
            f"{word}={column!r} is neither the name of a column nor a number. Give one of them."
        )
    columns_present(frame, [column])
    cells = frame[column]
    if word == "signi":
        return _directions(cells, column), nowhere
    if cells.dtype == object or pd.api.types.is_string_dtype(cells):
        text = cells.map(_written, na_action="ignore")
        nowhere = text.isin(_NOT_SIGNIFICANT).to_numpy()
        numbers = text.mask(nowhere | (text == "").to_numpy())
        read = pd.to_numeric(numbers, errors="coerce")
        if (read.isna() & numbers.notna()).any():
            numeric_column(frame.assign(**{column: numbers}), column)
        cells = read
        frame = frame.assign(**{column: read})
    numeric_column(frame, column)
    return cells.to_numpy(dtype=float, na_value=np.nan), nowhere


def _written(cell: object) -> object:
    return cell.strip().lower().replace("\N{MINUS SIGN}", "-") if isinstance(cell, str) else cell


def _directions(cells: pd.Series, column: str) -> np.ndarray:
    """1 and −1 of words or signs, with the rows named that hold neither."""
    signs = np.full(len(cells), np.nan)
    bad = []
    for row, cell in enumerate(cells):
        try:
            signs[row] = signs_of(None if pd.isna(cell) else cell)
        except ArgumentError:
            bad.append(row)
    if bad:
        raise DataError(
            f"column '{column}' (signi) holds no direction at {some_row_places(bad)}. "
            "Write 'positive' or 'negative' (or 1, −1)."
        )
    return signs
