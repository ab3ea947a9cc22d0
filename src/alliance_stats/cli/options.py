"""The options of the program and its commands."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Callable
from typing import Any, NoReturn

from alliance_stats._version import __version__
from alliance_stats.cli.analyse import analyse
from alliance_stats.cli.arguments import RESIDUALS, SLOPES
from alliance_stats.cli.check import check
from alliance_stats.cli.help import (
    ABOUT,
    ABOUT_ANALYSE,
    ABOUT_CHECK,
    ABOUT_RELIABILITY,
    ABOUT_SCORE,
    EXAMPLE_ANALYSE,
    EXAMPLE_CHECK,
    EXAMPLE_RELIABILITY,
    EXAMPLE_SCORE,
    EXAMPLES,
    FILE,
)
from alliance_stats.cli.help_paper import (
    ABOUT_CHECK_PAPER,
    ABOUT_META,
    ABOUT_NEW_PAPER,
    ABOUT_RENDER,
    ABOUT_RUN,
    EXAMPLE_CHECK_PAPER,
    EXAMPLE_META,
    EXAMPLE_NEW_PAPER,
    EXAMPLE_RENDER,
    EXAMPLE_RUN,
)
from alliance_stats.cli.lines import tell
from alliance_stats.cli.meta import meta
from alliance_stats.cli.paper import check_paper, new_paper, render, run_paper
from alliance_stats.cli.reliability import reliability
from alliance_stats.cli.score import score


class _Formatter(argparse.HelpFormatter):
    """Paragraphs in the width of the terminal; lines that are set in, such as examples, stay."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n\n".join(_filled(part, width) for part in text.split("\n\n"))


def _filled(part: str, width: int) -> str:
    if "\n  " in part or part.startswith("  "):
        return part
    return textwrap.fill(" ".join(part.split()), width, break_on_hyphens=False)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one line and the way to the help."""

    def error(self, message: str) -> NoReturn:
        tell(f"Error: {message}. See: {self.prog} --help")
        raise SystemExit(2)


def parser() -> argparse.ArgumentParser:
    """The program with its commands."""
    raw: Any = {"allow_abbrev": False, "formatter_class": _Formatter}
    program = _Parser(prog="alliance-stats", description=ABOUT, epilog=EXAMPLES, **raw)
    program.add_argument("--version", action="version", version=f"alliance-stats {__version__}")
    commands = program.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for run, short, about, example in (
        (check, "say whether a file can be used", ABOUT_CHECK, EXAMPLE_CHECK),
        (analyse, "fit the model and write a report", ABOUT_ANALYSE, EXAMPLE_ANALYSE),
        (score, "score a questionnaire", ABOUT_SCORE, EXAMPLE_SCORE),
        (reliability, "say how reliable its scores are", ABOUT_RELIABILITY, EXAMPLE_RELIABILITY),
        (meta, "pool the effects of studies", ABOUT_META, EXAMPLE_META),
        (new_paper, "make a paper whose numbers are tested", ABOUT_NEW_PAPER, EXAMPLE_NEW_PAPER),
        (run_paper, "fit what a paper asks", ABOUT_RUN, EXAMPLE_RUN),
        (render, "put the numbers into its manuscript", ABOUT_RENDER, EXAMPLE_RENDER),
        (check_paper, "test every number of a paper", ABOUT_CHECK_PAPER, EXAMPLE_CHECK_PAPER),
    ):
        name, (metavar, words) = _NAMES.get(run, run.__name__), _GIVEN.get(run, ("FILE", FILE))
        raw |= {"usage": f"alliance-stats {name} {metavar} [options]", "help": short}
        command = commands.add_parser(name, description=about, epilog=example, **raw)
        command.set_defaults(run=run)
        command.add_argument(metavar.lower(), metavar=metavar, help=words)
        _ADDED[run](command)
    return program


def _for_check(command: argparse.ArgumentParser) -> None:
    _add_columns(command.add_argument_group("sheet and columns of the file"))
    _add_output(command.add_argument_group("output"), None)


def _for_analyse(command: argparse.ArgumentParser) -> None:
    _add_columns(command.add_argument_group("sheet and columns of the file"))
    _add_model(command.add_argument_group("model (as in fit_within_between)"))
    _add_output(command.add_argument_group("output"), "REPORT")


def _for_score(command: argparse.ArgumentParser) -> None:
    _add_sheet(command.add_argument_group("sheet"))
    _add_key(command.add_argument_group("questionnaire (as in score)"))
    _add_output(command.add_argument_group("output"), "TABLE")


def _for_reliability(command: argparse.ArgumentParser) -> None:
    columns = command.add_argument_group("sheet and columns of the file")
    _add_sheet(columns)
    for name, text in (*_IDS, ("therapist", "the therapist's identifier")):
        columns.add_argument(f"--{name}", metavar="COL", help=text)
    _add_key(command.add_argument_group("questionnaire (as in score)"))
    how = command.add_argument_group("coefficients (as in reliability_report)")
    crossed = "a session number is the same occasion for all patients, as in a diary"
    each = "alpha and omega at each session, not at the first and the last only"
    how.add_argument("--crossed", action="store_true", help=crossed)
    how.add_argument("--each-session", action="store_true", help=each)
    _add_output(command.add_argument_group("output"), "REPORT")


def _for_meta(command: argparse.ArgumentParser) -> None:
    columns = command.add_argument_group("sheet and columns of the file")
    _add_sheet(columns)
    for name, text in (
        ("study", "names of the studies (default: study); effects of one sample share a name"),
        ("yi", "effect sizes, where they are computed already"),
        ("vi", "their sampling variances"),
    ):
        columns.add_argument(f"--{name}", metavar="COL", help=text)
    renamed = "a column of the file that has another name: ri=r says that r holds the ri"
    columns.add_argument(
        "--column", dest="columns", metavar="INPUT=COL", action="append", help=renamed
    )
    how = command.add_argument_group("effects and model (as in effect_sizes and fit_meta)")
    for name, metavar, text in (
        ("measure", "NAME", "what is computed, such as ZCOR, SMD or OR (default: ZCOR)"),
        ("direction", "WAY|COL", "which way of the outcome is improvement, or a column that says"),
        ("method", "NAME", "estimator of the variance between studies (default: REML)"),
        ("mods", "TERMS", "moderators, such as 'year + rater'"),
    ):
        how.add_argument(f"--{name}", metavar=metavar, help=text)
    zero = "count an effect that is only called not significant as zero (default: leave it out)"
    how.add_argument("--unreported-zero", action="store_true", help=zero)
    rho = "correlation of sampling errors within a study; needed where one has several effects"
    how.add_argument("--rho", metavar="NUMBER", type=float, help=rho)
    _add_output(command.add_argument_group("output"), "REPORT")


def _for_new_paper(command: argparse.ArgumentParser) -> None:
    output = command.add_argument_group("output")
    output.add_argument("--force", action="store_true", help="write into a folder with files")
    _add_talk(output)


def _for_run(command: argparse.ArgumentParser) -> None:
    output = command.add_argument_group("output")
    force = "replace results that differ; else that is refused, and the keys are named"
    output.add_argument("--force", action="store_true", help=force)
    _add_talk(output)


def _for_render(command: argparse.ArgumentParser) -> None:
    output = command.add_argument_group("output")
    force = "replace rendered files that differ; the source is never changed"
    output.add_argument("--force", action="store_true", help=force)
    _add_talk(output)


def _for_check_paper(command: argparse.ArgumentParser) -> None:
    rerun = "fit the study again and compare with results.json, at 1e-8"
    command.add_argument("--rerun", action="store_true", help=rerun)
    _add_talk(command.add_argument_group("output"))


#: What each command is told beside the file.
_ADDED: dict[Callable[[argparse.Namespace], object], Callable[[argparse.ArgumentParser], None]] = {
    check: _for_check,
    analyse: _for_analyse,
    score: _for_score,
    reliability: _for_reliability,
    meta: _for_meta,
    new_paper: _for_new_paper,
    run_paper: _for_run,
    render: _for_render,
    check_paper: _for_check_paper,
}
#: Names of commands that functions cannot have.
_NAMES: dict[Callable[[argparse.Namespace], object], str] = {
    new_paper: "new-paper",
    run_paper: "run",
    check_paper: "check-paper",
}
_PAPER = ("DIR", "the folder of the paper: it holds study.toml")
#: What is given to a command, if it is no file of sessions.
_GIVEN: dict[Callable[[argparse.Namespace], object], tuple[str, str]] = {
    meta: ("FILE", "the studies: text, Excel or another table, one row an effect"),
    new_paper: ("DIR", "a folder that does not exist yet, or is empty"),
    run_paper: _PAPER,
    render: _PAPER,
    check_paper: _PAPER,
}
_IDS = (
    ("patient", "the patient's identifier (default: patient)"),
    ("session", "the number of the session (default: session)"),
)


def _add_sheet(columns: argparse._ArgumentGroup) -> None:
    """Which sheet is read."""
    sheet = "for workbooks: the sheet's name, or its position counted from 0"
    columns.add_argument("--sheet", metavar="NAME|POSITION", help=sheet)


def _add_key(group: argparse._ArgumentGroup) -> None:
    """Which questionnaire the items are of, and how they are coded."""
    key = "short name of the questionnaire, such as wai_sr or phq_9"
    prefix = "beginning of the item columns: wai finds wai1, WAI_01, wai-item-1"
    turned = "items that the key reverses were reversed before"
    ends = "lowest and highest response, where the questionnaire has several versions"
    missing = "give a score where at most so many of its items are missing"
    group.add_argument("--instrument", metavar="KEY", required=True, help=key)
    group.add_argument("--item-prefix", metavar="TEXT", help=prefix)
    group.add_argument("--prereversed", action="store_true", help=turned)
    group.add_argument("--response", metavar=("LOW", "HIGH"), nargs=2, type=float, help=ends)
    group.add_argument("--max-missing", metavar="NUMBER", type=int, help=missing)


def _add_columns(columns: argparse._ArgumentGroup) -> None:
    """Which sheet is read, and which column holds what."""
    _add_sheet(columns)
    for role, text in (
        *_IDS,
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
    covariate = "a covariate, centred as the alliance is; once for each column"
    group.add_argument(
        "--covariate", dest="covariates", metavar="COL", action="append", help=covariate
    )
    parts = ("both", "raw")
    of_both = "a covariate's parts within and between patients, or the column as it is"
    group.add_argument(
        "--covariate-parts", choices=parts, default=parts[0], help=f"{of_both} (default: both)"
    )
    full = "full instead of restricted maximum likelihood"
    group.add_argument("--no-reml", dest="reml", action="store_false", help=full)


def _add_output(group: argparse._ArgumentGroup, written: str | None) -> None:
    """What is written and printed; `written` is what -o names."""
    texts = {
        "REPORT": "write a report: .docx (Word), .html (one file) or .md (figures beside it, in a "
        "folder that ends in _files); without -o the coefficients are only printed",
        "TABLE": "write the file with its scores: .csv or .tsv; without -o nothing is written",
    }
    force = "replace an existing file once the new one is complete; else that is refused"
    if written is not None:
        group.add_argument("-o", "--output", metavar=written, help=texts[written])
        group.add_argument("--force", action="store_true", help=force)
    if written == "REPORT":
        group.add_argument("--title", metavar="TEXT", help="the heading of the report")
    _add_talk(group)


def _add_talk(group: argparse._ArgumentGroup) -> None:
    """How much is printed, and in which form."""
    quiet = "print no results, only messages and errors"
    as_json = "print the results as JSON, for other programs"
    debug = "if the program fails, show where (so does the variable ALLIANCE_STATS_DEBUG=1)"
    form = group.add_mutually_exclusive_group()
    form.add_argument("--quiet", action="store_true", help=quiet)
    form.add_argument("--json", action="store_true", help=as_json)
    group.add_argument("--debug", action="store_true", help=debug)
