"""The command `analyse`: the model, its coefficients and the report."""

from __future__ import annotations

import argparse
from dataclasses import replace

import alliance_stats as al
from alliance_stats.cli.arguments import check_file, model_arguments, roles_named, sheet_chosen
from alliance_stats.cli.lines import print_result, tell
from alliance_stats.cli.machine import print_json, result_content
from alliance_stats.cli.outputs import check_report, output_path, save
from alliance_stats.cli.steps import step


def analyse(args: argparse.Namespace) -> None:
    """Load, describe, fit, save the report, print the coefficients."""
    output = output_path(args.output)
    if output is not None:
        check_report(output, args.force)
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
            save([sessions, al.describe_levels(sessions), result], output, title)
    if args.json:
        print_json(result_content(result) | {"report": output and str(output)}, args)
        return
    print_result(repr(table), args)
    if output is not None:
        print_result(f"\nReport: {output}", args)
