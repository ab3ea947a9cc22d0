"""The options of the program and its commands."""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from alliance_stats._version import __version__
from alliance_stats.cli.analyse import analyse
from alliance_stats.cli.arguments import RESIDUALS, SLOPES
from alliance_stats.cli.check import check
from alliance_stats.cli.help import (
    ABOUT,
    ABOUT_ANALYSE,
    ABOUT_CHECK,
    EXAMPLE_ANALYSE,
    EXAMPLE_CHECK,
    EXAMPLES,
    FILE,
)
from alliance_stats.cli.lines import tell


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line and the way to the help."""

    def error(self, message: str) -> NoReturn:
        tell(f"Error: {message}. See: {self.prog} --help")
        raise SystemExit(2)


def parser() -> argparse.ArgumentParser:
    """The program with its two commands."""
    raw: Any = {"allow_abbrev": False, "formatter_class": argparse.RawDescriptionHelpFormatter}
    program = _Parser(prog="alliance-stats", description=ABOUT, epilog=EXAMPLES, **raw)
    program.add_argument("--version", action="version", version=f"alliance-stats {__version__}")
    commands = program.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for run, short, about, example in (
        (check, "say whether a file can be used", ABOUT_CHECK, EXAMPLE_CHECK),
        (analyse, "fit the model and write a report", ABOUT_ANALYSE, EXAMPLE_ANALYSE),
    ):
        raw |= {"usage": f"alliance-stats {run.__name__} FILE [options]", "help": short}
        command = commands.add_parser(run.__name__, description=about, epilog=example, **raw)
        command.set_defaults(run=run)
        command.add_argument("file", metavar="FILE", help=FILE)
        _add_columns(command.add_argument_group("sheet and columns of the file"))
        if run is analyse:
            _add_model(command.add_argument_group("model (as in fit_within_between)"))
        _add_output(command.add_argument_group("output"), report=run is analyse)
    return program


def _add_columns(columns: argparse._ArgumentGroup) -> None:
    """Which sheet is read, and which column holds what."""
    sheet = "for workbooks: the sheet's name, or its position counted from 0"
    columns.add_argument("--sheet", metavar="NAME|POSITION", help=sheet)
    for role, text in (
        ("patient", "the patient's identifier (default: patient)"),
        ("session", "the number of the session (default: session)"),
        ("alliance", "the alliance score, not centred (default: alliance)"),
        ("outcome", "the outcome score, such as symptoms (default: outcome)"),
        ("therapist", "the therapist's identifier; with it the model has three levels"),
        ("time", "weeks since intake, as numbers"),
    ):
        columns.add_argument(f"--{role}", metavar="COL", help=text)
    better = "which way of the outcome is improvement; without it no text says 'better'"
    columns.add_argument("--outcome-better", choices=("lower", "higher"), help=better)


def _add_model(group: argparse._ArgumentGroup) -> None:
    """What `fit_within_between` can be told."""
    for name, choices, text in (
        ("time-trend", ("linear", "log", "factor", "patient", "none"),
         "how outcome changes over time in all patients: a line, log(1 + t), a mean for every "
         "time, or a line that differs between patients"),
        ("time-column", ("session", "time"),
         "count time in session numbers, or in the column of --time"),
        ("random-slopes", tuple(SLOPES),
         "let the effect within patients differ between patients, drop that if the fit is "
         "singular or fails, or leave it out"),
        ("mean-rows", ("available", "fitted"),
         "a patient's mean is of all alliance ratings, or of the sessions in the model"),
        ("therapist-mean", ("patients", "sessions"),
         "a therapist's mean is of the patients' means, or of all sessions"),
        ("therapist-change", ("raise", "dyad", "first", "crossed"),
         "patients with several therapists are refused; each pair counts as a patient; all "
         "sessions count for the first; or patients and therapists are crossed"),
        ("residual", tuple(RESIDUALS),
         "residuals of a patient's sessions are independent, or correlated from one session to the "
         "next or over time"),
    ):  # fmt: skip
        group.add_argument(
            f"--{name}", choices=choices, default=choices[0], help=f"{text} (default: {choices[0]})"
        )
    full = "full instead of restricted maximum likelihood"
    group.add_argument("--no-reml", dest="reml", action="store_false", help=full)


def _add_output(group: argparse._ArgumentGroup, *, report: bool) -> None:
    """What is written and printed."""
    written = (
        "write a report: .html (one file) or .md (figures beside it, in a folder that ends in "
        "_files); without -o the coefficients are only printed"
    )
    force = "replace an existing report once the new one is complete; else that is refused"
    quiet = "print no results, only messages and errors"
    debug = "if the program fails, show where (so does the variable ALLIANCE_STATS_DEBUG=1)"
    if report:
        group.add_argument("-o", "--output", metavar="REPORT", help=written)
        group.add_argument("--force", action="store_true", help=force)
        group.add_argument("--title", metavar="TEXT", help="the heading of the report")
    group.add_argument("--quiet", action="store_true", help=quiet)
    group.add_argument("--debug", action="store_true", help=debug)
