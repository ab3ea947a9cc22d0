"""What a manuscript shows of a question: sentences, tables as printed, the figure's caption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.paper.keys import row_keys
from alliance_stats.paper.results import table_slugs
from alliance_stats.paper.small_counts import without_small_counts
from alliance_stats.report.methods.text import methods_text
from alliance_stats.report.output.drawings import DRAWINGS
from alliance_stats.report.output.figures import figure_bytes
from alliance_stats.report.tables.coefficients import coef_table, further_tables
from alliance_stats.report.tables.table import Table
from alliance_stats.report.text import view_text
from alliance_stats.report.wording.decimals import view_decimals

COEFFICIENTS = "coefficients"


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure as PNG bytes, with the sentences that describe it."""

    png: bytes
    caption: str


def parts_of(view: ResultView, *, suppressed: bool, smallest: int) -> dict[str, Any]:
    """Everything printed of a view, as JSON; sentences are left out where cells were suppressed.

    Counts of fewer than `smallest` patients are taken out of sentences and notes; 0 for none.
    """
    said = [] if suppressed else [view_text(view), str(methods_text(view))]
    text, methods = (without_small_counts(part, smallest) for part in said) if said else ("", "")
    return {
        "title": view.title,
        "text": text.split("\n\n") if text else [],
        "methods": methods.split("\n\n") if methods else [],
        "tables": {name: _as_json(table, smallest) for name, table in _tables(view)},
        "rows": row_keys(view.terms),
        "decimals": view_decimals(view) if not view.terms.empty else None,
        "conf_level": view.conf_level,
        "estimate": view.labels.get("estimate", "b"),
    }


def figure_of(view: ResultView, *, smallest: int) -> Drawn | None:
    """The figure of a view, if its kind has one."""
    png = figure_bytes(view, suffix=".png")
    if png is None:
        return None
    return Drawn(png, without_small_counts(DRAWINGS[view.kind].caption(view), smallest))


def table_from(part: Mapping[str, Any]) -> Table:
    """A table as it was printed."""
    frame = pd.DataFrame(part["rows"], columns=part["headings"], dtype=object)
    return Table(
        frame,
        part["title"],
        tuple(part["notes"]),
        tuple(part["left"]),
        warning=part.get("warning", ""),
    )


def _tables(view: ResultView) -> list[tuple[str, Table]]:
    found = []
    if not view.terms.empty:
        found.append((COEFFICIENTS, coef_table(view)))
    names = [slug for heading, slug in table_slugs(view).items() if not view.tables[heading].empty]
    return [*found, *zip(names, further_tables(view), strict=True)]


def _as_json(table: Table, smallest: int) -> dict[str, Any]:
    return {
        "title": table.title,
        "headings": [str(name) for name in table.frame.columns],
        "rows": [[str(cell) for cell in row] for row in table.frame.to_numpy(dtype=object)],
        "left": [bool(side) for side in table.left],
        "notes": [without_small_counts(note, smallest) for note in table.notes],
        "warning": table.warning,
    }
