"""Results as JSON for other programs: numbers of 12 digits, null where there is none."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

import alliance_stats as al
from alliance_stats.cli.lines import print_result


def print_json(content: Mapping[str, Any], args: argparse.Namespace) -> None:
    """One object on stdout, keys in order."""
    from alliance_stats.paper.results import as_json

    print_result(as_json(content).decode().rstrip("\n"), args)


def records(frame: Any) -> list[dict[str, Any]]:
    """The rows of a frame."""
    from alliance_stats.paper.results import as_value

    names = [str(name) for name in frame.columns]
    return [
        {name: as_value(value)[0] for name, value in zip(names, row, strict=True)}
        for row in frame.itertuples(index=False, name=None)
    ]


def result_content(result: Any) -> dict[str, Any]:
    """A result: its coefficients, fit, counts, sentences and messages."""
    view = result.view()
    return {
        "coefficients": records(view.terms),
        "fit": (records(view.fit) or [{}])[0],
        "kind": view.kind,
        "messages": list(view.messages),
        "n": {str(row["unit"]): row["n"] for row in records(view.levels)},
        "tables": {name: records(table) for name, table in view.tables.items()},
        "text": str(al.report_text(result)),
        "title": view.title,
    }
