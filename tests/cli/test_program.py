"""The command line: what it prints where, its exit codes, and that it never shows a traceback."""

from __future__ import annotations

import inspect
import os
import re
import shlex
import subprocess
import sys
import tomllib
import typing
import warnings
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import alliance_stats as al
from alliance_stats import __main__ as door
from alliance_stats import cli
from alliance_stats.cli import arguments, options
from alliance_stats.data.centering import TherapistMean
from alliance_stats.data.therapist_change import TherapistChange
from alliance_stats.models.prepare import MeanRows, Time, TimeColumn
from alliance_stats.models.specification import Residual

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "how-to" / "command-line.md"
COLUMNS = ["--alliance", "wai_total", "--outcome", "phq9"]
THREE = [*COLUMNS, "--therapist", "therapist", "--outcome-better", "lower"]
#: Programs started in another folder import the same package.
HERE = {"PYTHONPATH": os.fspath(Path(al.__file__).resolve().parents[1])}
NO_TIME = [*COLUMNS, "--time-trend", "none"]


def started(
    *words: str, env: dict[str, str] | None = None, encoding: str = "utf-8"
) -> subprocess.CompletedProcess[str]:
    """Run the program in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "alliance_stats", *words],
        capture_output=True, encoding=encoding, env={**os.environ, **HERE, **(env or {})},
    )  # fmt: skip


def files(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def library_says(frame: pd.DataFrame) -> list[str]:
    """What the library warns of when it describes and fits the three levels, each text once."""
    roles = al.Roles(
        therapist="therapist", alliance="wai_total", outcome="phq9", outcome_better="lower"
    )
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        al.describe_levels(frame, roles)
        al.fit_within_between(frame, roles)
    texts = {str(said.message) for said in caught}
    assert any(re.fullmatch(r"\d+ of \d+ sessions dropped \(.*\)\.", text) for text in texts)
    return sorted(texts)


def refused(done: Any, *words: str) -> None:
    """Exit code 1, nothing on stdout, one line on stderr that holds the words."""
    assert done.code == 1
    assert done.out == ""
    (line,) = done.err.splitlines()
    assert line.startswith("Error: ")
    for word in words:
        assert word in line


def test_entry_point_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    module, _, name = project["scripts"]["alliance-stats"].partition(":")
    assert (module, getattr(door, name)) == (door.__name__, door.main)


def test_ctrl_c_during_the_imports_is_quiet(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Stopped:
        def find_spec(self, name: str, *_: object) -> None:
            if name == cli.__name__:
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, cli.__name__)
    monkeypatch.delattr(al, "cli")
    monkeypatch.setattr(sys, "meta_path", [Stopped(), *sys.meta_path])
    assert door.main() == 130
    assert tuple(capsys.readouterr()) == ("", "")


def test_the_door_loads_nothing_before_it_can_be_stopped() -> None:
    code = (
        "import sys\nimport alliance_stats\nbefore = set(sys.modules)\n"
        "import alliance_stats.__main__\nprint(*set(sys.modules) - before)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={**os.environ, **HERE}
    )
    assert done.stdout.split() == ["alliance_stats.__main__"]


def test_analyse_as_a_program(folder: Path, frame: pd.DataFrame) -> None:
    done = started("analyse", "sessions.csv", *THREE, "-o", "report.html")
    assert done.returncode == 0
    assert "Within patients" in done.stdout
    assert done.stdout.endswith("\nReport: report.html\n")
    assert sorted(done.stderr.splitlines()) == library_says(frame)
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert text.index("Sessions read from sessions.csv") < text.index("Satterthwaite")
    assert "<h1>Alliance and outcome in sessions.csv</h1>" in text


def test_analyse_prints_what_the_library_gives(folder: Path, run: Any, frame: pd.DataFrame) -> None:
    done = run("analyse", "sessions.csv", *THREE)
    roles = al.Roles(
        therapist="therapist", alliance="wai_total", outcome="phq9", outcome_better="lower"
    )
    with pytest.warns(al.DataWarning):
        table = al.coef_table(al.fit_within_between(frame, roles))
    assert done.out.strip() == repr(table).removesuffix("\n".join(table.messages)).strip()
    assert done.err.splitlines() == list(table.messages)
    assert files(folder) == {"sessions.csv"}


def test_options_reach_the_model(folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, object] = {}
    fit = al.fit_within_between

    def spy(sessions: al.SessionData, **arguments: Any) -> object:
        seen.update(arguments, roles=sessions.roles)
        return fit(sessions, **arguments)

    monkeypatch.setitem(vars(al), "fit_within_between", spy)
    words = "--time-trend log --time week --time-column time --random-slopes none --no-reml"
    more = "--mean-rows fitted --therapist-mean sessions --therapist-change crossed"
    more += " --residual continuous_ar1 --covariate phq9_intake --covariate-parts raw"
    done = run("analyse", "sessions.csv", *THREE, *words.split(), *more.split())
    assert done.code == 0
    assert seen == {
        "time": "log", "time_column": "time", "random_slopes": {}, "reml": False,
        "mean_rows": "fitted", "therapist_mean": "sessions", "therapist_change": "crossed",
        "residual": "continuous_ar1", "covariates": ("phq9_intake",), "covariate_parts": "raw",
        "roles": al.Roles(
            therapist="therapist", alliance="wai_total", outcome="phq9", outcome_better="lower",
            time="week",
        ),
    }  # fmt: skip


def test_defaults_and_choices_are_the_library_s() -> None:
    args = options.parser().parse_args(["analyse", "file.csv"])
    wanted = inspect.signature(al.fit_within_between).parameters
    given = arguments.model_arguments(args)
    assert given == {
        name: p.default for name, p in wanted.items() if name not in ("sessions", "roles")
    }
    assert arguments.roles_named(args) == al.Roles()
    for option, allowed in (
        ("--time-trend", Time), ("--time-column", TimeColumn), ("--mean-rows", MeanRows),
        ("--therapist-mean", TherapistMean), ("--therapist-change", TherapistChange),
        ("--residual", Residual),
    ):  # fmt: skip
        for word in typing.get_args(allowed):
            options.parser().parse_args(["analyse", "file.csv", option, word])


def test_default_column_names_may_be_left_out(folder: Path, run: Any, frame: pd.DataFrame) -> None:
    named = frame.rename(columns={"wai_total": "alliance", "phq9": "outcome"})
    named.to_csv("named.csv", index=False)
    assert "Within patients" in run("analyse", "named.csv").out
    assert "\nUsable: " in run("check", "named.csv").out


def test_quiet_keeps_messages_and_the_report(folder: Path, run: Any) -> None:
    done = run(
        "analyse", "sessions.csv", *NO_TIME, "-o", "report.md", "--quiet", "--title", "A < B"
    )
    assert (done.code, done.out) == (0, "")
    assert "sessions dropped" in done.err
    assert files(folder) == {"sessions.csv", "report.md", "report_files"}
    assert (folder / "report.md").read_text(encoding="utf-8").startswith("# A \\< B\n")


def test_an_existing_report_is_kept_unless_forced(folder: Path, run: Any) -> None:
    report = folder / "report.html"
    report.write_text("old", encoding="utf-8")
    refused(run("analyse", "sessions.csv", *NO_TIME, "-o", "report.html"), "exists", "--force")
    assert report.read_text(encoding="utf-8") == "old"
    assert run("analyse", "sessions.csv", *NO_TIME, "-o", "report.html", "--force").code == 0
    assert report.read_text(encoding="utf-8") != "old"


def test_figures_of_another_report_are_kept(folder: Path, run: Any) -> None:
    (folder / "report_files").mkdir()
    refused(run("analyse", "sessions.csv", *NO_TIME, "-o", "report.md"), "report_files", "--force")


def test_a_failed_replacement_keeps_the_old_report(
    folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: object, target: object) -> None:
        raise OSError(28, "No space left on device", str(target))

    (folder / "report.html").write_text("old", encoding="utf-8")
    monkeypatch.setattr(os, "replace", full)
    done = run("analyse", "sessions.csv", *NO_TIME, "-o", "report.html", "--force")
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[-1].startswith(
        "Error: the report 'report.html' cannot be written: No"
    )
    assert (folder / "report.html").read_text(encoding="utf-8") == "old"
    assert files(folder) == {"sessions.csv", "report.html"}


@pytest.mark.parametrize(
    ("output", "words"),
    [
        ("report.pdf", [".html", ".md"]),
        ("report", [".html, .md or .docx"]),
        ("nowhere/report.html", ["folder 'nowhere' does not exist"]),
        ("sessions.csv/report.html", ["folder 'sessions.csv' does not exist"]),
        ("r" * 300 + ".html", ["cannot be read or written"]),
    ],
)
def test_output_that_cannot_be_written(
    folder: Path, run: Any, output: str, words: list[str]
) -> None:
    refused(run("analyse", "sessions.csv", *COLUMNS, "-o", output), *words)
    assert files(folder) == {"sessions.csv"}


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="this user may write everywhere"
)
def test_folder_without_permission(folder: Path, run: Any) -> None:
    (folder / "locked").mkdir(mode=0o500)
    done = run("analyse", "sessions.csv", *NO_TIME, "-o", "locked/report.html")
    assert done.code == 1
    assert done.err.splitlines()[-1].startswith("Error: ")


def bad_files(frame: pd.DataFrame) -> dict[str, tuple[str, list[str], list[str]]]:
    """Name of the case: content of the file, options, words of the message."""
    texts = frame.assign(phq9=frame["phq9"].astype(object).where(frame.index != 5, "severe"))
    other = frame["therapist"].where(frame.index != 1, "T99")
    return {
        "column": (frame.to_csv(index=False), ["--alliance", "wai_totl", "--outcome", "phq9"],
                   ["'wai_totl' (role 'alliance') not found. Did you mean 'wai_total'?"]),
        "text": (texts.to_csv(index=False), COLUMNS, ["outcome column 'phq9' is not numeric"]),
        "empty": ("", COLUMNS, ["empty"]),
        "header": ("patient,session,wai_total,phq9\n", COLUMNS, []),
        "binary": ("\x00\x01\x02", COLUMNS, []),
        "therapists": (frame.assign(therapist=other).to_csv(index=False), THREE, ["therapist"]),
        "twice": (frame.to_csv(index=False), ["--alliance", "phq9", "--outcome", "phq9"],
                  ["two roles"]),
        "nameless": (frame.to_csv(index=False), ["--alliance", "", "--outcome", "phq9"],
                     ["alliance=''"]),
    }  # fmt: skip


@pytest.mark.parametrize("command", ["analyse", "check"])
@pytest.mark.parametrize("case", list(bad_files(pd.DataFrame(columns=["phq9", "therapist"]))))
def test_bad_files(folder: Path, run: Any, frame: pd.DataFrame, command: str, case: str) -> None:
    content, options, words = bad_files(frame)[case]
    (folder / "bad.csv").write_text(content, encoding="utf-8")
    before = files(folder)
    done = run(command, "bad.csv", *options, *(["-o", "r.html"] * (command == "analyse")))
    assert done.code == 1
    last = done.err.splitlines()[-1]
    assert last.startswith("Error: ")
    assert all(word in last for word in words)
    assert "severe" not in done.err
    assert files(folder) == before
    assert (done.out == "") == (command == "analyse" or case != "therapists")


@pytest.mark.parametrize("command", ["analyse", "check"])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("session.csv", ["not found", "sessions.csv"]),
        ("data.sav", ["not found"]),
        (".", []),
        ("", []),
    ],
)
def test_files_that_are_not_there(
    folder: Path, run: Any, command: str, name: str, words: list[str]
) -> None:
    refused(run(command, name, *COLUMNS), *words)


@pytest.mark.parametrize("command", ["analyse", "check"])
def test_a_folder_is_not_a_file(folder: Path, run: Any, command: str) -> None:
    (folder / "data").mkdir()
    refused(run(command, "data", *COLUMNS), "'data' is a folder")


@pytest.mark.parametrize("more", [[], ["--force"]])
def test_a_folder_is_not_replaced(folder: Path, run: Any, more: list[str]) -> None:
    (folder / "report.html").mkdir()
    (folder / "report_files").touch()
    done = run("analyse", "sessions.csv", *COLUMNS, "-o", "report.html", *more)
    refused(done, "'report.html' is a folder. Give the path of a file.")
    done = run("analyse", "sessions.csv", *COLUMNS, "-o", "report.md", *more)
    refused(done, "'report_files' is a file, but the figures need a folder of that name.")
    assert files(folder) == {"sessions.csv", "report.html", "report_files"}


def test_a_report_that_cannot_be_written_is_named(
    folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", ".report.html.1f2e3d4c.tmp")

    monkeypatch.setitem(vars(al), "save_report", full)
    done = run("analyse", "sessions.csv", *NO_TIME, "-o", "report.html")
    said = "Error: the report 'report.html' cannot be written: No space left on device."
    assert (done.code, done.out) == (1, "")
    assert done.err.splitlines()[-1].startswith(said)
    assert ".tmp" not in done.err


def test_a_folder_that_is_locked_is_refused_first(
    folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    done = run("analyse", "sessions.csv", *COLUMNS, "-o", "report.html")
    refused(done, "folder '.' cannot be written to.")


@pytest.mark.parametrize("command", ["analyse", "check"])
def test_therapists_that_cannot_be_compared(
    folder: Path, run: Any, frame: pd.DataFrame, command: str
) -> None:
    frame.assign(therapist=None).to_csv("none.csv", index=False)
    frame.assign(therapist="T1").to_csv("one.csv", index=False)
    for name, words in (
        ("none.csv", f"therapist column 'therapist' is empty in all {len(frame)} sessions. Fill"),
        ("one.csv", "or leave --therapist out."),
    ):  # fmt: skip
        done = run(command, name, *THREE)
        assert done.code == 1
        assert words in done.err.splitlines()[-1]


def test_no_traceback_as_a_program(folder: Path) -> None:
    done = started("analyse", "missing.csv", "--debug")
    assert done.returncode == 1
    assert done.stdout == ""
    assert re.fullmatch(r"Error: file 'missing.csv' not found.*\n", done.stderr)


def test_check_reports_and_describes(folder: Path, run: Any, frame: pd.DataFrame) -> None:
    done = run("check", "sessions.csv", *THREE)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("sessions.csv: ")
    assert "Variance by unit" in done.out
    assert re.search(r"\nUsable: \d+ of \d+ sessions .* from 60 patients\.\n$", done.out)
    assert files(folder) == {"sessions.csv"}
    quiet = run("check", "sessions.csv", *THREE, "--quiet")
    assert (quiet.code, quiet.out) == (0, "")
    assert sorted(quiet.err.splitlines()) == library_says(frame)


def test_check_refuses_what_analyse_refuses(folder: Path, run: Any, frame: pd.DataFrame) -> None:
    complete = frame.dropna(subset=["wai_total", "phq9"]).groupby("patient")
    complete.filter(lambda rows: len(rows) > 1).groupby("patient").head(2).to_csv(
        "short.csv", index=False
    )
    checked, analysed = (run(c, "short.csv", *COLUMNS) for c in ("check", "analyse"))
    assert (checked.code, analysed.code) == (1, 1)
    assert checked.err.splitlines()[-1] == analysed.err.splitlines()[-1]
    assert "too few" in checked.err
    assert "Use --random-slopes none for fewer." in checked.err
    assert run("analyse", "short.csv", *COLUMNS, "--random-slopes", "none").code == 0


def test_a_singular_fit_is_said_once(folder: Path, run: Any) -> None:
    few = al.simulate_sessions(n_patients=30, n_therapists=3, within_effect_sd=0.0, rng=1)
    few.frame.to_csv("flat.csv", index=False)
    done = run("analyse", "flat.csv", *COLUMNS, "-o", "report.md")
    assert done.code == 0
    assert sum(line.startswith("Singular fit") for line in done.err.splitlines()) == 1
    assert "Warning" not in done.err
    assert len(set(done.err.splitlines())) == len(done.err.splitlines())


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--time-column", "time"], ["--time-column time needs the role 'time'", "Give --time,"]),
        (["--time", "week", "--time-column", "time", "--time-trend", "none"],
         ["--time-column time would be ignored with --time-trend none."]),
        (["--therapist-mean", "sessions"],
         ["--therapist-mean sessions would be ignored", "Give --therapist,"]),
    ],
)  # fmt: skip
def test_messages_name_options(
    folder: Path, run: Any, options: list[str], words: list[str]
) -> None:
    refused(run("analyse", "sessions.csv", *COLUMNS, *options), *words)


def test_closed_streams(folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert cli.main(["check", "sessions.csv", *COLUMNS]) == 0
    monkeypatch.setattr(sys, "stderr", None)
    assert cli.main(["check", "missing.csv", *COLUMNS]) == 1


def test_a_time_column_that_is_not_counted_is_said(folder: Path, run: Any) -> None:
    said = "The trend counts sessions; --time-column time counts in 'week' instead."
    assert said in run("analyse", "sessions.csv", *COLUMNS, "--time", "week").err
    weeks = run("analyse", "sessions.csv", *COLUMNS, "--time", "week", "--time-column", "time")
    assert said not in weeks.err
    assert "week since start" in weeks.out


@pytest.mark.parametrize(
    "words",
    [
        [], ["analyze", "f.csv"], ["analyse"], ["analyse", "f.csv", "--colour"],
        ["analyse", "f.csv", "--time-trend", "cubic"], ["analyse", "f.csv", "--outcome"],
        ["check", "f.csv", "-o", "r.html"], ["analyse", "f.csv", "--quie"],
    ],
)  # fmt: skip
def test_usage_errors(run: Any, words: list[str]) -> None:
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert line.startswith("Error: ")
    assert line.endswith("--help")


def test_version(run: Any) -> None:
    done = run("--version")
    assert (done.code, done.out, done.err) == (0, f"alliance-stats {al.__version__}\n", "")


COMMAND_NAMES = [
    "check",
    "analyse",
    "score",
    "reliability",
    "meta",
    "new-paper",
    "run",
    "render",
    "check-paper",
]


@pytest.mark.parametrize("command", [[], *([name] for name in COMMAND_NAMES)])
def test_help_is_plain_and_names_every_option(run: Any, command: list[str]) -> None:
    done = run(*command, "--help")
    assert done.code == 0
    assert done.out.isascii()
    assert "example:\n  alliance-stats " in done.out
    parser: Any = options.parser()
    if command:
        parser = parser._subparsers._group_actions[0].choices[command[0]]
    for action in parser._actions:
        assert action.help or not action.option_strings
        for option in action.option_strings:
            assert re.search(rf"(?<!\S){option}\b", done.out)


def examples_of(text: str) -> list[list[str]]:
    """The commands that a help shows, as words without the program's name."""
    shown = text.replace("\\\n", " ").splitlines()
    return [shlex.split(line)[1:] for line in shown if line.startswith("  alliance-stats ")]


@pytest.mark.slow
def test_examples_of_the_help_run_as_printed(folder: Path, run: Any, frame: pd.DataFrame) -> None:
    renamed = frame.rename(columns={"patient": "id", "wai_total": "WAI total"})
    renamed.to_csv("clinic.csv", index=False)
    with pd.ExcelWriter("clinic.xlsx") as workbook:
        renamed.to_excel(workbook, sheet_name="Ratings", index=False)
    al.load_example("items").frame.to_csv("answers.csv", index=False)
    al.load_example("effects").to_csv("studies.csv", index=False)
    for name in COMMAND_NAMES:
        for command in examples_of(run(name, "--help").out):
            made = command[0] == "new-paper" and Path(command[1]).exists()
            done = run(*command, *(["--force"] if "-o" in command or made else []))
            assert done.code == 0, (command, done.err)
            assert done.out


@pytest.mark.parametrize("width", [60, 80])
def test_help_fits_the_terminal(run: Any, monkeypatch: pytest.MonkeyPatch, width: int) -> None:
    """But for examples, which are to be copied as they are."""
    monkeypatch.setenv("COLUMNS", str(width))
    for name in COMMAND_NAMES:
        lines = run(name, "--help").out.splitlines()
        text = [line for line in lines if not line.startswith(("  alliance-stats ", "      --"))]
        assert max(map(len, text)) <= width, name


def test_help_loads_no_numpy() -> None:
    code = (
        "import sys\nfrom alliance_stats import cli\n"
        "try:\n    cli.main(['analyse', '--help'])\nexcept SystemExit:\n    pass\n"
        "print('loaded:', *{'numpy', 'pandas', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.splitlines()[-1] == "loaded:"


def fails(*_: object, **__: object) -> None:
    raise RuntimeError("cell of patient P17")


def test_an_unexpected_error_is_one_line(
    folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(vars(al), "load_sessions", fails)
    done = run("check", "sessions.csv")
    assert (done.code, done.out) == (70, "")
    (line,) = done.err.splitlines()
    assert "RuntimeError" in line
    assert "report it" in line
    assert "P17" not in line
    debugged = run("check", "sessions.csv", "--debug")
    assert debugged.code == 70
    assert debugged.err.startswith("Traceback (most recent call last):")
    monkeypatch.setenv("ALLIANCE_STATS_DEBUG", "1")
    assert run("check", "sessions.csv").err == debugged.err
    monkeypatch.setenv("ALLIANCE_STATS_DEBUG", "0")
    assert run("check", "sessions.csv").err == done.err


def test_ctrl_c_is_quiet(folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def stopped(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setitem(vars(al), "load_sessions", stopped)
    done = run("analyse", "sessions.csv")
    assert (done.code, done.out, done.err) == (130, "", "")


def test_a_closed_pipe_is_quiet(folder: Path) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "alliance_stats", "check", "sessions.csv"]
    done = subprocess.run(
        command, stdout=writer, stderr=subprocess.PIPE, text=True, env={**os.environ, **HERE}
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, "")


def test_other_warnings_are_for_debugging(
    folder: Path, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = al.load_sessions

    def loading(*given: Any, **more: Any) -> al.SessionData:
        warnings.warn("overflow", RuntimeWarning, stacklevel=1)
        return load(*given, **more)

    monkeypatch.setitem(vars(al), "load_sessions", loading)
    assert "overflow" not in run("check", "sessions.csv").err
    assert "RuntimeWarning: overflow" in run("check", "sessions.csv", "--debug").err


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_terminals_without_a_minus_sign(folder: Path, encoding: str) -> None:
    env = {"PYTHONIOENCODING": encoding}
    done = started("analyse", "sessions.csv", *THREE, env=env, encoding=encoding)
    assert done.returncode == 0
    assert re.search(r"^Within patients +-0\.\d", done.stdout, re.MULTILINE)
    assert "?" not in done.stdout


HOSTILE = [
    "WAI total", "it's", 'x"y', "<script>alert(1)</script>", "100%", "= 1+1", "a,b", "-dash",
    "--force", "µ ü π", "wai|patient", "(1 | x)", "$(id)", "a\\b", "{0}", "class",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_column_names(folder: Path, run: Any, frame: pd.DataFrame, name: str) -> None:
    frame.rename(columns={"wai_total": name}).to_csv("hostile.csv", index=False)
    options = [f"--alliance={name}", "--outcome", "phq9"]
    assert run("check", "hostile.csv", *options).code == 0
    done = run("analyse", "hostile.csv", *options, "--random-slopes", "none", "-o", "report.html")
    assert (done.code, "Within patients" in done.out) == (0, True), done.err
    assert "<script>alert" not in (folder / "report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["a`b", "\x1b[31mred", "\N{RIGHT-TO-LEFT OVERRIDE}abc"])
def test_names_that_no_formula_holds(
    folder: Path, run: Any, frame: pd.DataFrame, name: str
) -> None:
    frame.rename(columns={"wai_total": name}).to_csv("hostile.csv", index=False)
    for command in ("check", "analyse"):
        done = run(command, "hostile.csv", f"--alliance={name}", "--outcome", "phq9")
        assert done.code == 1
        assert done.err.splitlines()[-1].endswith("Rename the column.")
        assert "\x1b" not in done.out + done.err
        assert "\N{RIGHT-TO-LEFT OVERRIDE}" not in done.out + done.err
    listed = run("check", "hostile.csv")
    assert listed.code == 0
    assert "\x1b" not in listed.out


def test_hostile_names_on_an_ascii_terminal(folder: Path, frame: pd.DataFrame) -> None:
    frame.rename(columns={"wai_total": "µ ü π"}).to_csv("hostile.csv", index=False)
    env = {"PYTHONIOENCODING": "ascii"}
    good = started("analyse", "hostile.csv", "--alliance", "µ ü π", "--outcome", "phq9", env=env)
    assert (good.returncode, good.stdout.isascii()) == (0, True)
    bad = started("analyse", "hostile.csv", "--alliance", "µ ü", "--outcome", "phq9", env=env)
    assert (bad.returncode, bad.stderr.isascii()) == (1, True)
    assert "Did you mean '? ? ?'?" in bad.stderr


COMMANDS = re.findall(r"^```console\n\$ alliance-stats (.*)\n((?:.*\n)*?)```$",
                      PAGE.read_text(encoding="utf-8"), re.MULTILINE)  # fmt: skip


@pytest.mark.parametrize(("command", "shown"), COMMANDS, ids=range(len(COMMANDS)))
def test_commands_of_the_page(folder: Path, run: Any, command: str, shown: str) -> None:
    whole = al.load_example("sessions").frame
    whole.to_csv("sessions.csv", index=False)
    al.load_example("items").frame.to_csv("answers.csv", index=False)
    with pd.ExcelWriter("clinic.xlsx") as book:
        whole.to_excel(book, sheet_name="All weeks", index=False)
        patients = whole[["patient", "therapist"]].drop_duplicates()
        patients.to_excel(book, sheet_name="Patients", index=False)
    al.load_example("effects").to_csv("studies.csv", index=False)
    if "mypaper" in command and not command.startswith("new-paper"):
        al.paper.new_paper("mypaper")
    if command.startswith(("render", "check-paper")):
        al.paper.run_study("mypaper")
    done = run(*shlex.split(command))
    assert done.code == (1 if "Error" in shown else 0)
    if "Error" in shown:  # messages about the data may stand before it
        assert done.err.endswith(shown)
    else:
        assert done.out.startswith(shown.rstrip("\n"))
