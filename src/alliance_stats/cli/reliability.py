"""The command `reliability`: every reliability of a questionnaire, with a recommendation."""

from __future__ import annotations

import argparse

import alliance_stats as al
from alliance_stats.cli.arguments import check_file, sheet_chosen
from alliance_stats.cli.lines import as_paragraph, print_result
from alliance_stats.cli.machine import print_json, result_content
from alliance_stats.cli.outputs import check_report, output_path, save
from alliance_stats.cli.score import key_arguments
from alliance_stats.cli.steps import step


def reliability(args: argparse.Namespace) -> None:
    """Load, report, save; print the recommendation and the coefficients of the main score."""
    output = output_path(args.output)
    if output is not None:
        check_report(output, args.force)
    check_file(args.file)
    with step("Reading the file", args):
        sessions = al.load_sessions(args.file, sheet=sheet_chosen(args))
    with step("Estimating", args):
        report = al.reliability_report(
            sessions,
            args.instrument,
            patient=args.patient or "patient",
            session=args.session or "session",
            therapist=args.therapist,
            nested=not args.crossed,
            at="each" if args.each_session else "ends",
            **key_arguments(args),
        )
    if output is not None:
        with step("Writing the report", args):
            save([report], output, args.title or f"Reliability in {sessions.report.source}")
    if args.json:
        content = result_content(report) | {"recommendation": report.recommendation}
        print_json(content | {"report": output and str(output)}, args)
        return
    print_result("\n".join(map(as_paragraph, report.recommendation.splitlines())), args)
    print_result(f"\n{report.main_table()}", args)
    if output is not None:
        print_result(f"\nReport: {output}", args)
