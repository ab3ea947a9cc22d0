"""Speed of generalised linear mixed models, fit and standard errors, beside lme4's glmer.

    python benchmarks/bench_glmm.py --write docs/performance.md

glmer runs with its default settings, once a model. The programs take turns on the same rows, on
one thread. The log-likelihoods are there to see that the same thing was computed: glmer's default
search ends a little below the maximum.
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
import numpy as np
import pandas as pd

START, END = "<!-- bench_glmm: start -->", "<!-- bench_glmm: end -->"
PATIENTS, ROWS, CASELOAD = 5_000, 10, 20


@dataclass(frozen=True)
class Task:
    """A model and how it is fitted."""

    words: str
    formula: str
    family: str = "binomial"
    n_agq: int = 1


FIXED = "~ x + session + arm"
TASKS = (
    Task("0/1, (1 \\| patient)", f"y {FIXED} + (1 | patient)"),
    Task("0/1, (1 \\| patient), 11 points", f"y {FIXED} + (1 | patient)", n_agq=11),
    Task("0/1, (1 \\| therapist/patient)", f"y {FIXED} + (1 | therapist/patient)"),
    Task("0/1, (1 + x \\| patient)", f"y {FIXED} + (1 + x | patient)"),
    Task("counts, (1 \\| patient)", f"count {FIXED} + (1 | patient)", family="poisson"),
)


def simulate() -> pd.DataFrame:
    """Patients of therapists, with a yes/no outcome and a count in every session."""
    rng = np.random.default_rng(1)
    n = PATIENTS * ROWS
    patient = np.repeat(np.arange(PATIENTS), ROWS)
    therapist = patient // CASELOAD
    x, session = rng.normal(size=n), np.tile(np.arange(ROWS), PATIENTS)
    arm = rng.integers(0, 2, PATIENTS)[patient]
    eta = -0.5 + 0.4 * x - 0.05 * session + 0.3 * arm + 0.9 * rng.normal(size=PATIENTS)[patient]
    eta += 0.4 * rng.normal(size=PATIENTS)[patient] * x
    eta += 0.5 * rng.normal(size=PATIENTS // CASELOAD)[therapist]
    return pd.DataFrame(
        {
            "patient": patient,
            "therapist": therapist,
            "x": x,
            "session": session,
            "arm": arm,
            "y": rng.binomial(1, 1.0 / (1.0 + np.exp(-eta))),
            "count": rng.poisson(np.exp(eta - 1.0)),
        }
    )


def ours(task: Task, frame: pd.DataFrame) -> Callable[[], float]:
    """One call of this library: formula to standard errors."""
    library = importlib.import_module("alliance_stats")

    def call() -> float:
        fit = library.fit_glmm(task.formula, frame, family=task.family, n_agq=task.n_agq)
        fit.tidy()
        return float(fit.loglik)

    return call


def row(task: Task, own: list[tuple[float, float]], other: tuple[float, float]) -> str:
    """One row of the table."""
    mine = median(seconds for seconds, _ in own)
    cells = [
        task.words,
        f"{1000 * mine:.0f}",
        f"{1000 * other[0]:,.0f}",
        f"{other[0] / mine:.0f}",
        f"{own[-1][1]:.3f}",
        f"{other[1]:.3f}",
    ]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Run, print the table, and write it when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path, help="Markdown file with the two marker comments")
    options = parser.parse_args()
    rows: list[str] = []
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "sessions.csv"
        simulate().to_csv(data, index=False)
        frame = pd.read_csv(data)
        process = shared.RProcess.start("peer_glmm.R", data)
        stack.callback(process.stop)
        version = process.read()
        for task in TASKS:
            shared.say(task.words)
            own = [shared.timed(ours(task, frame)) for _ in range(options.rounds + 1)][1:]
            other = process.ask_about(f"{task.family} {task.n_agq}", task.formula)
            rows.append(row(task, own, other))
    heads = ["model", "alliance_stats, ms", "glmer, ms", "ratio", "log-likelihood", "glmer's"]
    text = "\n".join(
        [
            f"{PATIENTS:,} patients with {ROWS} rows each, fit and standard errors, one thread, "
            f"median of {options.rounds} calls (glmer once).",
            "",
            "| " + " | ".join(heads) + " |",
            "|" + " --- |" * len(heads),
            *rows,
            "",
            f"{version}, default settings.",
        ]
    )
    print(text)
    if options.write:
        shared.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
