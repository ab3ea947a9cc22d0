"""The command `check`: what a file holds, and whether `analyse` can use it."""

from __future__ import annotations

import argparse
import warnings
from typing import Any

import alliance_stats as al
from alliance_stats._base.errors import DataWarning
from alliance_stats.cli.arguments import REQUIRED, ROLES, check_file, roles_named, sheet_chosen
from alliance_stats.cli.lines import as_paragraph, print_result
from alliance_stats.cli.machine import print_json, records
from alliance_stats.cli.steps import step

ONLY_READ = """\
Only read, not checked. Say with --patient, --session, --alliance and --outcome which
columns hold what: then the sessions are checked."""


IN_PYTHON = """\
That is a step in Python: save its frame with frame.to_csv("sessions.csv", index=False), and
check that file."""


def check(args: argparse.Namespace) -> None:
    """Load, report, describe; then try the default model of `analyse`, which raises if it fails."""
    check_file(args.file)
    with warnings.catch_warnings():
        if not args.quiet:  # the printed results hold them
            warnings.simplefilter("ignore", DataWarning)
        with step("Reading the file", args):
            sessions = _loaded_for_check(args)
        if args.json:
            print_json(_content(sessions), args)
            return
        print_result(repr(sessions.report).removeprefix("LoadReport from "), args)
        if sessions.roles is None:
            print_result(f"\n{_next_step(sessions)}", args)
            return
        with step("Describing the sessions", args):
            print_result(f"\n{al.describe_levels(sessions)!r}", args)
        with step("Trying the model", args):
            print_result(f"\n{_usable(sessions)}", args)


def _content(sessions: al.SessionData) -> dict[str, Any]:
    """What a file holds, for other programs; raises where the default model cannot be fitted."""
    report = sessions.report
    content = {
        "columns": [str(name) for name in sessions.frame.columns],
        "messages": list(report.messages),
        "missing": records(report.missing),
        "rows_kept": report.rows_kept,
        "rows_read": report.rows_read,
        "source": report.source,
    }
    if sessions.roles is None:
        return content | {"usable": None}
    prepared = al.fit_within_between(sessions).prepared
    counts = {unit: int(n) for unit, n in prepared.counts().items()}
    levels = records(al.describe_levels(sessions).tidy())
    return content | {"levels": levels, "usable": {"rows": len(prepared.frame)} | counts}


def _next_step(sessions: al.SessionData) -> str:
    """What to do with a file that was only read: name columns, or give it another layout."""
    from alliance_stats.data.layout_hints import layout_advice

    advice = layout_advice(sessions.frame)
    if advice is None:
        return ONLY_READ
    if advice in sessions.report.messages:
        return IN_PYTHON
    return f"{as_paragraph(advice)}\n{IN_PYTHON}"


def _usable(sessions: al.SessionData) -> str:
    """How many sessions the model uses; raises where it cannot be fitted."""
    used = al.fit_within_between(sessions).prepared
    return (
        f"Usable: {len(used.frame):,} of {len(sessions.frame):,} sessions have all that the model "
        f"needs, from {used.counts()['patient']:,} patients."
    )


def _loaded_for_check(args: argparse.Namespace) -> al.SessionData:
    """With roles if an option names a column or the file has the default names; else only read."""
    sheet = sheet_chosen(args)
    if any(getattr(args, role) is not None for role in ROLES):
        return al.load_sessions(args.file, roles_named(args), sheet=sheet)
    sessions = al.load_sessions(args.file, sheet=sheet)
    named = set(REQUIRED) <= set(sessions.frame.columns)
    return al.load_sessions(args.file, al.Roles(), sheet=sheet) if named else sessions
