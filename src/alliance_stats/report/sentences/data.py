"""Sentences about data: what was read from a file, and what varies at which unit."""

from __future__ import annotations

from typing import Any

import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.views import ResultView
from alliance_stats.report.wording.numbers import Row, percent, records
from alliance_stats.report.wording.words import fit_value, one_line, units_phrase

_SHARE_PLACES = {
    "patient": "between patients",
    "therapist": "between therapists",
    "session": "within patients",
}
_PLAIN_NAMES = {
    "minimum": "min",
    "maximum": "max",
    "lower_quartile": "q1",
    "upper_quartile": "q3",
}


def sessions_paragraphs(view: ResultView) -> list[list[str]]:
    """A file of sessions: rows kept and dropped, units, missing values of each role."""
    return [[*_rows_sentences(view), _missing_sentence(view, "Missing values", "column", "values")]]


def levels_paragraphs(view: ResultView) -> list[list[str]]:
    """Units, sessions per patient, shares of variance, missing ratings."""
    units = units_phrase(view)
    return [
        [f"The data hold {units}." if units else "", *_size_sentences(view)],
        [*_share_sentences(view), _missing_sentence(view, "Ratings", "variable", "ratings")],
    ]


def _rows_sentences(view: ResultView) -> list[str]:
    source = one_line(fit_value(view, "source") or "the data")
    read, kept = fit_value(view, "rows_read"), fit_value(view, "rows_kept")
    units = units_phrase(view)
    if read is None or kept is None:
        return [f"The data hold {units}."] if units else []
    n_read, n_kept = int(str(read)), int(str(kept))
    tail = f": {units}" if units else ""
    if n_read == n_kept:
        return [f"All {counted(n_read, 'row')} read from {source} were kept{tail}."]
    first = f"Of {counted(n_read, 'row')} read from {source}, {n_kept:,} were kept{tail}."
    rows = _rows(view, "Dropped rows", ("reason", "rows"))
    reasons = ", ".join(f"{one_line(row['reason'])}: {int(row['rows']):,}" for row in rows)
    dropped = counted(n_read - n_kept, "row")
    verb = "was" if n_read - n_kept == 1 else "were"
    return [first, f"{dropped} {verb} dropped{f' ({reasons})' if reasons else ''}."]


def _missing_sentence(view: ResultView, table: str, names: str, what: str) -> str:
    """Missing values by column, with their share of the rows."""
    rows = _rows(view, table, (names, "missing"))
    if not rows:
        return ""
    cells = [
        f"{one_line(row[names])} {int(row['missing']):,} ({percent(_missing_share(row))})"
        for row in rows
        if row["missing"] > 0
    ]
    return f"Missing {what}: {', '.join(cells) or 'none'}."


def _missing_share(row: Row) -> float:
    if "share" in row:
        return float(row["share"])
    return float(row["missing"]) / (float(row["missing"]) + float(row["n"]))


def _size_sentences(view: ResultView) -> list[str]:
    """``Sessions per patient: median 8, from 1 to 23 (middle half 5 to 13).``"""
    columns = ("distribution", "median", "min", "max", "q1", "q3")
    sentences = []
    for row in _rows(view, "Sizes", columns):
        if pd.isna(row["median"]):
            continue
        median, low, high, q1, q3 = (_count(row[name]) for name in columns[1:])
        name = one_line(row["distribution"])
        sentences.append(
            f"{name[:1].upper()}{name[1:]}: median {median}, from {low} to {high} "
            f"(middle half {q1} to {q3})."
        )
    return sentences


def _share_sentences(view: ResultView) -> list[str]:
    """``Of the variance of wai_total, 1.5% lay between therapists, …``"""
    rows = _rows(view, "Variance by unit", ("variable", "unit", "icc"))
    sentences = []
    for variable in dict.fromkeys(row["variable"] for row in rows):
        parts = [
            f"{percent(row['icc'])} {_SHARE_PLACES.get(row['unit'], one_line(row['unit']))}"
            for row in rows
            if row["variable"] == variable and not pd.isna(row["icc"])
        ]
        if parts:
            listed = " and ".join([", ".join(parts[:-1]), parts[-1]] if parts[:-1] else parts)
            first, _, rest = listed.partition(" ")
            sentences.append(f"Of the variance of {one_line(variable)}, {first} lay {rest}.")
        else:
            sentences.append(f"The variance of {one_line(variable)} could not be split by unit.")
    return sentences


def _rows(view: ResultView, table: str, needed: tuple[str, ...]) -> list[dict[str, Any]]:
    """Rows of a further table, by the names of its columns or by their headings in print.

    None if it lacks a column.
    """
    frame = view.tables.get(table, pd.DataFrame()).rename(columns=_plain_name)
    return records(frame) if set(needed) <= set(frame.columns) else []


def _plain_name(heading: object) -> str:
    """``q1`` of ``Lower quartile``."""
    name = str(heading).lower().replace(" ", "_")
    return _PLAIN_NAMES.get(name, name)


def _count(value: float) -> str:
    """A quartile: whole where it is whole."""
    number = float(value)
    return f"{number:,.0f}" if number.is_integer() else f"{number:,.1f}"
