"""The command `score`: the scores of a questionnaire, printed and added to the file."""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path
from typing import Any

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError, DataWarning
from alliance_stats.cli.arguments import check_file, sheet_chosen
from alliance_stats.cli.lines import print_result
from alliance_stats.cli.machine import print_json, records
from alliance_stats.cli.outputs import output_path, refuse_existing
from alliance_stats.cli.steps import step


def key_arguments(args: argparse.Namespace) -> dict[str, Any]:
    """The options of scoring as `score` names them."""
    return {
        "item_prefix": args.item_prefix,
        "prereversed": args.prereversed,
        "response": None if args.response is None else tuple(args.response),
        "max_missing": args.max_missing,
    }


def score(args: argparse.Namespace) -> None:
    """Load, score, print what was scored, and with -o write the file with its scores."""
    output = output_path(args.output)
    if output is not None:
        _check_table(output, args.force)
    check_file(args.file)
    with step("Reading the file", args):
        frame = al.load_sessions(args.file, sheet=sheet_chosen(args)).frame
    key = key_arguments(args)
    scored = al.score(frame, args.instrument, **key)  # its warnings are those of the report
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        report = al.measures.score_report(frame, args.instrument, **key)
    if output is not None:
        _write(scored, output)
    if args.json:
        print_json(_content(report) | {"file": output and str(output)}, args)
        return
    shown = repr(report).split("\n\n")[:3]
    print_result("\n\n".join(shown), args)
    if output is not None:
        print_result(f"\nScores: {output}", args)


def _content(report: Any) -> dict[str, Any]:
    """The scores and the items for other programs."""
    return {
        "instrument": report.instrument.key,
        "items": records(report.items),
        "messages": list(report.messages),
        "rows": report.rows,
        "scores": records(report.scores),
    }


def _check_table(output: Path, force: bool) -> None:
    if output.suffix.lower() not in (".csv", ".tsv"):
        raise ArgumentError(f"'{output}' is no table. Give -o a name that ends in .csv or .tsv.")
    refuse_existing([output], force)


def _write(scored: Any, output: Path) -> None:
    separator = "\t" if output.suffix.lower() == ".tsv" else ","
    try:
        scored.to_csv(output, index=False, sep=separator)
    except OSError as error:
        raise ArgumentError(
            f"'{output}' cannot be written: {error.strerror or error}. Give -o another path."
        ) from error
