"""REDCap's missing-data codes: set to missing where they are given, pointed out where not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted, name_list
from alliance_stats._base.errors import ArgumentError

#: Codes that REDCap proposes when a project sets up missing-data codes.
PROPOSED_CODES = frozenset(
    {"NI", "INV", "UNK", "NASK", "ASKU", "NAV", "MSK", "NA", "NAVU", "NP", "QS", "QI", "TRC"}
    | {"UNC", "DER", "PINF", "NINF", "OTH"}
)


def set_missing(
    frame: pd.DataFrame, codes: Sequence[str | float], *, keep: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Set the cells that are a code to missing, and count them.

    Parameters
    ----------
    frame : DataFrame
        The export; it is not changed.
    codes : sequence of str or float
        The project's missing-data codes.
    keep : sequence of str
        Columns that are left as they are.

    Returns
    -------
    frame : DataFrame
        A copy. Columns whose other cells are all numbers become numbers.
    counts : DataFrame
        ``field, code, cells``.

    Examples
    --------
    >>> frame = pd.DataFrame({"id": ["1", "2"], "wai": ["40", "UNK"]})
    >>> recoded, counts = set_missing(frame, ["UNK"], keep=["id"])
    >>> recoded["wai"].tolist(), counts["cells"].tolist()
    ([40.0, nan], [1])
    """
    texts = _code_texts(codes)
    frame = frame.copy()
    rows = []
    for name in frame.columns:
        if name in keep or str(name).endswith(("_complete", "_timestamp")) or "___" in str(name):
            continue
        found = {text: _cells_equal(frame[name], text) for text in texts}
        found = {text: at for text, at in found.items() if at.any()}
        if found:
            rows += [(str(name), text, int(at.sum())) for text, at in found.items()]
            frame[name] = _as_numbers(frame[name].mask(np.logical_or.reduce(list(found.values()))))
    unused = [text for text in texts if text not in {row[1] for row in rows}]
    if unused:
        raise ArgumentError(
            f"missing_codes has {counted(len(unused), 'code')} that no field holds: "
            f"{name_list(unused)}. Leave {agree(len(unused), 'it', 'them')} out."
        )
    columns = ["field", "code", "cells"]
    return frame, pd.DataFrame(rows, columns=columns, dtype=object).astype({"cells": int})


def code_messages(frame: pd.DataFrame, *, keep: Sequence[str]) -> list[str]:
    """Say which fields hold numbers and codes that REDCap proposes for missing data."""
    seen: dict[str, set[str]] = {}
    for name in frame.columns:
        column = frame[name]
        if name in keep or not (pd.api.types.is_string_dtype(column) or column.dtype == object):
            continue
        cells = column.dropna().astype(str).str.strip()
        words = set(cells[pd.to_numeric(cells, errors="coerce").isna()])
        if words and words <= PROPOSED_CODES and len(words) < cells.nunique():
            seen[str(name)] = words
    if not seen:
        return []
    codes = sorted(set().union(*seen.values()))
    return [
        f"{counted(len(seen), 'field')} {agree(len(seen), 'holds', 'hold')} numbers and what "
        f"REDCap proposes as missing-data codes ({', '.join(codes)}): {name_list(seen)}. Give "
        f"missing_codes={codes!r} to read them as missing; else "
        f"{agree(len(seen), 'the field stays text', 'the fields stay texts')}."
    ]


def _code_texts(codes: Sequence[str | float]) -> list[str]:
    """The codes as they are written."""
    if isinstance(codes, str) or not isinstance(codes, Sequence):
        raise ArgumentError(
            f"missing_codes={codes!r} is not a list. Give for example missing_codes=['UNK', -99]."
        )
    texts = [f"{code:g}" if isinstance(code, float) else str(code).strip() for code in codes]
    if not all(texts):
        raise ArgumentError("missing_codes holds an empty code. Empty cells are missing anyway.")
    return list(dict.fromkeys(texts))


def _cells_equal(column: pd.Series, text: str) -> np.ndarray:
    """Which cells are the code, as number or text."""
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        number = pd.to_numeric(pd.Series([text]), errors="coerce").iloc[0]
        return (column == number).fillna(False).to_numpy(dtype=bool)
    if pd.api.types.is_string_dtype(column) or column.dtype == object:
        return column.map(lambda cell: isinstance(cell, str) and cell.strip() == text).to_numpy(
            dtype=bool
        )
    return np.zeros(len(column), dtype=bool)


def _as_numbers(column: pd.Series) -> pd.Series:
    """Texts that are all numbers, and none written like an identifier, as numbers."""
    if pd.api.types.is_numeric_dtype(column):
        return column
    cells = column.dropna().astype(str).str.strip()
    if cells.str.match(r"[+-]?0\d").any() or pd.to_numeric(cells, errors="coerce").isna().any():
        return column
    return pd.to_numeric(column, errors="coerce")
