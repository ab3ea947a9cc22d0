"""Speed of tests, intervals and refits of mixed models, beside lmerTest, pbkrtest, lme4, mixedlm.

    python benchmarks/bench_inference.py --write docs/performance.md

The model has slopes at both levels. Fitting is not counted, but for the refits and the fit with
AR(1) residuals, which has slopes of patients only. The programs take turns on the same rows, on one
thread; the table shows medians. The value shown (degrees of freedom of the within effect, upper end
of the interval of the residual SD, mean residual SD of the refits, log-likelihood) is there to see
that the same thing was computed.
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import bench_lmm as shared  # sets the number of threads before numpy is loaded
import pandas as pd

RANDOM = shared.MODELS[3]
FORMULA = f"{shared.FIXED} + {RANDOM}"
START, END = "<!-- bench_inference: start -->", "<!-- bench_inference: end -->"
REFITS = 200
R_REFITS = 20  # in R; the time is multiplied


@dataclass(frozen=True)
class Task:
    """What is timed, on how many sessions, the R program, and whether that runs once only."""

    name: str
    words: str
    sessions: int
    peer: str
    once: bool = False


TASKS = (
    Task("satterthwaite", "Satterthwaite, all coefficients", 2_000, "lmerTest"),
    Task("satterthwaite", "Satterthwaite, all coefficients", 50_000, "lmerTest", once=True),
    Task("kenward-roger", "Kenward–Roger, all coefficients", 2_000, "pbkrtest"),
    Task("kenward-roger", "Kenward–Roger, all coefficients", 500_000, "–"),
    Task("profile", "profile intervals, all parameters", 2_000, "lme4", once=True),
    Task("residual", "fit with AR(1) residuals, one slope", 2_000, "nlme"),
    Task("refits", f"{REFITS} parametric bootstrap refits", 2_000, "lme4, fresh fits", once=True),
)


def ours(task: Task, frame: pd.DataFrame) -> Callable[[], float]:
    """One call of this library, on a fit made beforehand."""
    library = importlib.import_module("alliance_stats")
    if task.name == "residual":
        formula = f"{shared.FIXED} + {shared.PATIENT_SLOPE}"
        structure = library.lmm.ar1("session", within="patient")
        return lambda: float(library.fit_lmm(formula, frame, residual=structure).loglik)
    fit = library.fit_lmm(FORMULA, frame)
    if task.name == "profile":
        return lambda: float(_sigma(fit.confint(method="profile")))
    if task.name == "refits":
        return lambda: float(fit.bootstrap(REFITS, rng=1).draws["sigma"].mean())
    return lambda: float(_fresh(fit).tidy(ddf=task.name)["df"].iloc[2])


def _fresh(fit: object) -> object:
    """The same fit without anything it has computed since."""
    copy = object.__new__(type(fit))
    for name in type(fit).__dataclass_fields__:  # type: ignore[attr-defined]
        object.__setattr__(copy, name, getattr(fit, name))
    return copy


def _sigma(table: pd.DataFrame) -> float:
    """Upper end of the residual SD."""
    return float(table.loc[table["group"] == "Residual", "ci_high"].item())


def mixedlm_refits(frame: pd.DataFrame) -> tuple[float, float]:
    """Seconds of 200 refits by mixedlm from 20 fresh fits, and their mean residual SD."""
    lmer = importlib.import_module("mixedlm").lmer
    fit = importlib.import_module("alliance_stats").fit_lmm(FORMULA, frame)
    responses = fit.simulate(frame, n=R_REFITS, rng=1)
    frames = [frame.assign(symptom=responses.iloc[:, i]) for i in range(R_REFITS)]
    seconds, value = shared.timed(
        lambda: sum(float(lmer(FORMULA, one).sigma) for one in frames) / R_REFITS
    )
    return seconds * REFITS / R_REFITS, value


def run(task: Task, rounds: int) -> tuple[list[str], str]:
    """Table rows of one task, and R's versions."""
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "sessions.csv"
        shared.simulate(task.sessions).to_csv(data, index=False)
        frame = pd.read_csv(data)
        call = ours(task, frame)
        own = [shared.timed(call) for _ in range(rounds + 1)][1:]
        other: list[tuple[float, float]] = []
        version = ""
        if task.peer != "–":
            process = shared.RProcess.start("peer_inference.R", data)
            stack.callback(process.stop)
            version = process.read()
            turns = 1 if task.once else rounds
            other = [process.ask(task.name, RANDOM) for _ in range(turns)]
            factor = REFITS / R_REFITS if task.name == "refits" else 1.0
            other = [(factor * seconds, value) for seconds, value in other]
        rows = [row(task, own, task.peer, other)]
        if task.name == "refits":
            rows.append(row(task, own, "mixedlm, fresh fits", [mixedlm_refits(frame)]))
        return rows, version


def row(
    task: Task, own: list[tuple[float, float]], peer: str, other: list[tuple[float, float]]
) -> str:
    """One row of the table."""
    mine = median(seconds for seconds, _ in own)
    theirs = median(seconds for seconds, _ in other) if other else float("nan")
    cells = [
        task.words,
        f"{task.sessions:,}",
        f"{1000 * mine:.1f}",
        peer,
        f"{1000 * theirs:,.0f}" if other else "–",
        f"{theirs / mine:.0f}" if other else "–",
        f"{own[-1][1]:.3f}",
        f"{other[-1][1]:.3f}" if other else "–",
    ]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Run, print the table, and write it when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path, help="Markdown file with the two marker comments")
    options = parser.parse_args()
    rows: list[str] = []
    version = ""
    for task in TASKS:
        shared.say(f"{task.words}, {task.sessions:,} sessions")
        more, found = run(task, options.rounds)
        rows, version = rows + more, found or version
    heads = ["what", "sessions", "alliance_stats, ms", "beside", "ms", "ratio", "ours", "theirs"]
    text = "\n".join(
        [
            f"Model `{RANDOM}`, one thread, median of {options.rounds} calls "
            "(R once where it is slow).",
            "",
            "| " + " | ".join(heads) + " |",
            "|" + " --- |" * len(heads),
            *rows,
            "",
            f"The last two columns show one of the values computed. {version}.",
        ]
    )
    print(text)
    if options.write:
        shared.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
