"""What a manuscript shows of a question: sentences, tables as printed, the figure's caption."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.paper.keys import row_keys
from alliance_stats.paper.results import table_slugs
from alliance_stats.report.drawings import DRAWINGS
from alliance_stats.report.figures import figure_bytes
from alliance_stats.report.methods.text import methods_text
from alliance_stats.report.table import Table
from alliance_stats.report.tables import coef_table, further_tables, view_decimals
from alliance_stats.report.text import view_text

COEFFICIENTS = "coefficients"


@dataclass(frozen=True, eq=False)
class Drawn:
    """A figure as PNG bytes, with the sentences that describe it."""

    png: bytes
    caption: str


def parts_of(view: ResultView, *, suppressed: bool) -> dict[str, Any]:
    """Everything printed of a view, as JSON; sentences are left out where cells were suppressed."""
    tables = dict(_tables(view))
    sentences = [] if suppressed else view_text(view).split("\n\n")
    return {
        "title": view.title,
        "text": sentences,
        "methods": [] if suppressed else str(methods_text(view)).split("\n\n"),
        "tables": {name: _as_json(table) for name, table in tables.items()},
        "rows": row_keys(view.terms),
        "decimals": view_decimals(view) if not view.terms.empty else None,
        "conf_level": view.conf_level,
        "estimate": view.labels.get("estimate", "b"),
    }


def figure_of(view: ResultView) -> Drawn | None:
    """The figure of a view, if its kind has one."""
    png = figure_bytes(view, suffix=".png")
    return None if png is None else Drawn(png, DRAWINGS[view.kind].caption(view))


def table_from(part: Mapping[str, Any]) -> Table:
    """A table as it was printed."""
    frame = pd.DataFrame(part["rows"], columns=part["headings"], dtype=object)
    return Table(frame, part["title"], tuple(part["notes"]), tuple(part["left"]))


def _tables(view: ResultView) -> list[tuple[str, Table]]:
    found = []
    if not view.terms.empty:
        found.append((COEFFICIENTS, coef_table(view)))
    names = [slug for heading, slug in table_slugs(view).items() if not view.tables[heading].empty]
    return [*found, *zip(names, further_tables(view), strict=True)]


def _as_json(table: Table) -> dict[str, Any]:
    return {
        "title": table.title,
        "headings": [str(name) for name in table.frame.columns],
        "rows": [[str(cell) for cell in row] for row in table.frame.to_numpy(dtype=object)],
        "left": [bool(side) for side in table.left],
        "notes": list(table.notes),
    }
