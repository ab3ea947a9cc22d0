"""The command `analyse`: the model, its coefficients and the report."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import alliance_stats as al
from alliance_stats._base.errors import ArgumentError
from alliance_stats.cli.arguments import check_file, model_arguments, roles_named, sheet_chosen
from alliance_stats.cli.lines import print_result, tell
from alliance_stats.cli.steps import step


def analyse(args: argparse.Namespace) -> None:
    """Load, describe, fit, save the report, print the coefficients."""
    output = None if args.output is None else Path(args.output).expanduser()
    if output is not None:
        _check_output(output, args.force)
    check_file(args.file)
    with step("Reading the file", args):
        sessions = al.load_sessions(args.file, roles_named(args), sheet=sheet_chosen(args))
    if args.time is not None and args.time_column == "session" and args.time_trend != "none":
        tell(f"The trend counts sessions; --time-column time counts in '{args.time}' instead.")
    with step("Fitting the model", args):
        result = al.fit_within_between(sessions, **model_arguments(args))
        table = replace(al.coef_table(result), messages=())  # they are on stderr
    if output is not None:
        with step("Writing the report", args):
            title = args.title or f"Alliance and outcome in {sessions.report.source}"
            _save([sessions, al.describe_levels(sessions), result], output, title)
    print_result(repr(table), args)
    if output is not None:
        print_result(f"\nReport: {output}", args)


def _check_output(output: Path, force: bool) -> None:
    """Refuse before the analysis what would be refused after it, and to replace files unasked."""
    from alliance_stats.report.save import report_target

    target, figures = report_target(output)
    made = [target, figures] if target.suffix.lower() == ".md" else [target]
    there = [path for path in made if path.exists() or path.is_symlink()]
    if there and not force:
        raise ArgumentError(
            f"'{there[0]}' exists already. Give -o another name, or --force to replace it."
        )


def _save(results: list[Any], output: Path, title: str) -> None:
    """Write the report; an error names it, not the temporary file beside it."""
    try:
        al.save_report(results, output, title=title)
    except OSError as error:
        raise ArgumentError(
            f"the report '{output}' cannot be written: {error.strerror or error}. "
            "Give -o another path."
        ) from error
