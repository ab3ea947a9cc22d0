"""alliance-stats, the command line: it reads options, calls the library and prints.

A thin door without statistics. Options are read by argparse of the standard library: the program
starts at once, needs no further package, and its help is plain ASCII that every terminal shows.
numpy and the models load when a command runs.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import shutil
import sys
import textwrap
import threading
import traceback
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn, TextIO

import alliance_stats as al
from alliance_stats._base.errors import AllianceStatsError, ArgumentError, DataWarning, FitWarning

FINE, REFUSED, BUG, INTERRUPTED, PIPE_CLOSED = 0, 1, 70, 130, 141
#: Seconds that a step may take before it is announced.
PATIENCE = 2.0
#: Column roles that are options; the required ones have their own name as default.
REQUIRED = ("patient", "session", "alliance", "outcome")
ROLES = (*REQUIRED, "therapist", "time", "outcome_better")
#: Random slopes by the word of the option.
SLOPES: dict[str, Any] = {"patient": None, "auto": "auto", "none": {}}

#: Minus, dashes, apostrophe, plus-minus, dots, infinity and square where the output lacks them.
_PLAIN: dict[int, Any] = {
    **str.maketrans("\u2212\u2013\u2014\u2019", "---'"),
    **{0xB1: "+/-", 0x2026: "...", 0x221E: "inf", 0xB2: "2"},
}
#: Arguments of the library in its messages, which name the options here.
_ARGUMENT = re.compile(
    r"\b(?P<name>time|time_column|random_slopes|mean_rows|therapist_mean|therapist_change)"
    r"=('(?P<value>\w+)'|\{\})"
    r"|roles=Roles\((?P<role>\w+)=…\)|\b(?P<label>therapist)='…'"
    r"|(?P<left>leave the therapist role out)"
)
#: What could move the cursor, colour the terminal or turn the reading direction.
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")

ABOUT = """\
Does the therapeutic alliance go with outcome, within and between patients?

Give a file with one row a session. 'check' says whether it can be used, 'analyse' fits the model
and writes a report."""

EXAMPLES = """\
example:
  alliance-stats analyse sessions.csv --alliance wai_total --outcome phq9 -o report.html

Each command has its own help: alliance-stats analyse --help

exit codes: 0 fine; 1 the data or an option cannot be used (one message says why); 2 the command
is mistyped; 70 an error of the program; 130 stopped with Ctrl-C."""

ABOUT_ANALYSE = """\
Fit the model of alliance and outcome within and between patients, print its coefficients, and
with -o save a report: first the description of the data, then the model with its sentences,
tables and figure.

FILE has one row a session: .csv or .tsv (UTF-8, decimal points) or .parquet. Name the columns
that are not called patient, session, alliance and outcome."""

EXAMPLE_ANALYSE = """\
example:
  alliance-stats analyse clinic.csv --patient id --alliance "WAI total" --outcome phq9 \\
      --therapist therapist --outcome-better lower -o report.html

Put names with blanks in quotation marks; write a name that begins with a hyphen as
--alliance=-name.

What you must know, such as sessions that were dropped or a singular fit, is printed as lines on
the error output (stderr), also with --quiet; the report holds it too. In a terminal a step that
takes more than two seconds is announced there."""

ABOUT_CHECK = """\
Read a file of sessions and say what is in it: rows, missing values, patients, how the ratings
vary within and between patients, and whether 'analyse' can fit its default model (exit code 0)
or not (exit code 1, with one message that says what to correct). No coefficient is shown, and
nothing is written.

If the file lacks the columns patient, session, alliance and outcome and no option names others,
the file is only read and its columns are listed."""

ONLY_READ = """
Only read, not checked. Say with --patient, --session, --alliance and --outcome which columns hold
what: then the sessions are checked."""

EXAMPLE_CHECK = """\
example:
  alliance-stats check clinic.csv --patient id --alliance "WAI total" --outcome phq9"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command in `argv` (by default the command line's) and return the exit code.

    0 fine; 1 the data or an option cannot be used; 70 an error of the program; 130 stopped with
    Ctrl-C. SystemExit with 2 for a mistyped command, with 0 after ``--help`` and ``--version``.
    """
    debug = os.environ.get("ALLIANCE_STATS_DEBUG", "0") not in ("", "0")
    try:
        args = _parser().parse_args(argv)
        debug = debug or args.debug
        with _messages_as_lines(debug):
            args.run(args)
        print(end="", flush=True)
    except AllianceStatsError as error:
        return _refused(str(error))
    except BrokenPipeError:  # as with `alliance-stats check file.csv | head`
        _forget_output()
        return PIPE_CLOSED
    except OSError as error:
        _forget_output()
        what = f"'{error.filename}'" if error.filename else "the output"
        return _refused(f"{what} cannot be read or written: {error.strerror or error}.")
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return _bug(error, debug)
    return FINE


def analyse(args: argparse.Namespace) -> None:
    """Load, describe, fit, save the report, print the coefficients."""
    output = None if args.output is None else Path(args.output).expanduser()
    if output is not None:
        _check_output(output, args.force)
    _check_file(args.file)
    with _step("Reading the file", args):
        sessions = al.load_sessions(args.file, _roles(args))
    if args.time is not None and args.time_column == "session" and args.time_trend != "none":
        _tell(f"The trend counts sessions; --time-column time counts in '{args.time}' instead.")
    _check_therapist(sessions)
    with _step("Fitting the model", args):
        result = al.fit_within_between(sessions, **_model_arguments(args))
        table = replace(al.coef_table(result), messages=())  # they are on stderr
    if output is not None:
        with _step("Writing the report", args):
            title = args.title or f"Alliance and outcome in {sessions.report.source}"
            _save([sessions, al.describe_levels(sessions), result], output, title)
    _print(repr(table), args)
    if output is not None:
        _print(f"\nReport: {output}", args)


def check(args: argparse.Namespace) -> None:
    """Load, report, describe; then try the default model of `analyse`, which raises if it fails."""
    _check_file(args.file)
    with warnings.catch_warnings():
        if not args.quiet:  # the printed results hold them
            warnings.simplefilter("ignore", DataWarning)
        with _step("Reading the file", args):
            sessions = _loaded_for_check(args)
        _print(repr(sessions.report).removeprefix("LoadReport from "), args)
        if sessions.roles is None:
            _print(ONLY_READ, args)
            return
        with _step("Describing the sessions", args):
            _print(f"\n{al.describe_levels(sessions)!r}", args)
        with _step("Trying the model", args):
            _print(f"\n{_usable(sessions)}", args)


def _model_arguments(args: argparse.Namespace) -> dict[str, Any]:
    """The options as `fit_within_between` names them."""
    names = ("time_column", "mean_rows", "therapist_mean", "therapist_change", "reml")
    given = {name: getattr(args, name) for name in names}
    return {"time": args.time_trend, "random_slopes": SLOPES[args.random_slopes], **given}


def _usable(sessions: al.SessionData) -> str:
    """How many sessions the model uses; raises where it cannot be fitted."""
    _check_therapist(sessions)
    used = al.fit_within_between(sessions).prepared
    return (
        f"Usable: {len(used.frame):,} of {len(sessions.frame):,} sessions have all that the model "
        f"needs, from {used.counts()['patient']:,} patients."
    )


def _loaded_for_check(args: argparse.Namespace) -> al.SessionData:
    """With roles if an option names a column or the file has the default names; else only read."""
    if any(getattr(args, role) is not None for role in ROLES):
        return al.load_sessions(args.file, _roles(args))
    sessions = al.load_sessions(args.file)
    named = set(REQUIRED) <= set(sessions.frame.columns)
    return al.load_sessions(args.file, al.Roles()) if named else sessions


def _roles(args: argparse.Namespace) -> al.Roles:
    """The roles that options name; the others keep their defaults."""
    given = {role: getattr(args, role) for role in ROLES if getattr(args, role) is not None}
    return al.Roles(**given)


def _check_file(file: str) -> None:
    """Refuse what is no path of a file, in the words of the command line."""
    if not file:
        raise ArgumentError("FILE is empty text. Give the path of a .csv, .tsv or .parquet file.")
    if Path(file).is_dir():
        raise ArgumentError(f"'{file}' is a folder. Give the path of a file in it.")


def _check_therapist(sessions: al.SessionData) -> None:
    """Refuse a column of therapists without any."""
    therapist = sessions.roles.therapist if sessions.roles is not None else None
    if therapist is not None and sessions.frame[therapist].isna().all():
        raise ArgumentError(
            f"column '{therapist}' (role 'therapist') is empty in all "
            f"{len(sessions.frame):,} sessions. Leave --therapist out, or fill the column."
        )


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


@contextlib.contextmanager
def _step(words: str, args: argparse.Namespace) -> Iterator[None]:
    """Announce a step that takes long: on a terminal only, and not if quiet."""
    if args.quiet or sys.stderr is None or not sys.stderr.isatty():
        yield
        return
    timer = threading.Timer(PATIENCE, _tell, [f"{words} ..."])
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextlib.contextmanager
def _messages_as_lines(debug: bool) -> Iterator[None]:
    """Print our warnings as plain lines, each once; others only for debugging."""
    said: set[str] = set()

    def show(message: Warning | str, category: type[Warning], *where: Any, **more: Any) -> None:
        ours = issubclass(category, DataWarning | FitWarning)
        text = str(message) if ours else f"{category.__name__}: {message}"
        if (ours or debug) and text not in said:
            said.add(text)
            _tell(text)

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = show
        yield


def _print(text: str, args: argparse.Namespace) -> None:
    """Results on stdout, unless quiet."""
    if not args.quiet:
        _write(text, sys.stdout)


def _tell(text: str) -> None:
    """One message on stderr, arguments as options: wrapped in a terminal, else one line."""
    line = " ".join(_ARGUMENT.sub(_as_option, text).split())
    if sys.stderr is not None and sys.stderr.isatty():
        width = max(30, min(88, shutil.get_terminal_size().columns - 1))
        line = textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False)
    _write(line, sys.stderr)


def _as_option(found: re.Match[str]) -> str:
    """``time_column='time'`` as ``--time-column time``."""
    if found["left"]:
        return "leave --therapist out"
    if role := found["role"] or found["label"]:
        return f"--{role}"
    name = "time-trend" if found["name"] == "time" else found["name"].replace("_", "-")
    return f"--{name} {found['value'] or 'none'}"


def _write(text: str, stream: TextIO | None) -> None:
    """Text without control characters, in what the stream can show; nothing if it is closed."""
    if stream is None:
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    text = _CONTROL.sub("?", text)
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        text = text.translate(_PLAIN).encode(encoding, "replace").decode(encoding)
    stream.write(f"{text}\n")


def _refused(message: str) -> int:
    _tell(f"Error: {message}")
    return REFUSED


def _bug(error: Exception, debug: bool) -> int:
    """One line without the error's text, which may show cells; the traceback if asked for."""
    if debug:
        _write("".join(traceback.format_exception(error)).rstrip(), sys.stderr)
    advice = "the lines above" if debug else "what the same command prints with --debug"
    _tell(
        f"Error: the program failed ({type(error).__name__}). That is a mistake in alliance_stats, "
        f"not yours: please report it with {advice}, after removing any data of patients."
    )
    return BUG


def _forget_output() -> None:
    """Let nothing unwritten complain when the interpreter ends."""
    with contextlib.suppress(OSError, ValueError):
        stdout = sys.stdout.fileno()
        os.dup2(os.open(os.devnull, os.O_WRONLY), stdout)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line and the way to the help."""

    def error(self, message: str) -> NoReturn:
        _tell(f"Error: {message}. See: {self.prog} --help")
        raise SystemExit(2)


def _parser() -> argparse.ArgumentParser:
    raw: Any = {"allow_abbrev": False, "formatter_class": argparse.RawDescriptionHelpFormatter}
    parser = _Parser(prog="alliance-stats", description=ABOUT, epilog=EXAMPLES, **raw)
    parser.add_argument("--version", action="version", version=f"alliance-stats {al.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for run, short, about, example in (
        (check, "say whether a file can be used", ABOUT_CHECK, EXAMPLE_CHECK),
        (analyse, "fit the model and write a report", ABOUT_ANALYSE, EXAMPLE_ANALYSE),
    ):
        raw |= {"usage": f"alliance-stats {run.__name__} FILE [options]", "help": short}
        command = commands.add_parser(run.__name__, description=about, epilog=example, **raw)
        command.set_defaults(run=run)
        command.add_argument("file", metavar="FILE", help="a .csv, .tsv or .parquet file")
        _add_columns(command.add_argument_group("columns of the file"))
        if run is analyse:
            _add_model(command.add_argument_group("model (as in fit_within_between)"))
        _add_output(command.add_argument_group("output"), report=run is analyse)
    return parser


def _add_columns(columns: argparse._ArgumentGroup) -> None:
    """Which column holds what."""
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


if __name__ == "__main__":
    sys.exit(main())
