"""Speed of fit_dyads beside lme of the stacked rows.

    python benchmarks/bench_dyads.py --write docs/performance.md

This library checks, centres, stacks and fits; nlme is given the stacked rows. The programs take
turns on one thread. Tests, k and intervals of the variances are timed with the fit in a column of
their own; so is the simulated bias of a lagged fit.
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
import warnings
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import bench_lmm as shared  # sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd

START, END = "<!-- bench_dyads: start -->", "<!-- bench_dyads: end -->"
SIZES = (2_000, 20_000)
MEMBERS = {
    "patient": {"predictor": "x1", "outcome": "y1"},
    "therapist": {"predictor": "x2", "outcome": "y2"},
}


def pairs(rng: np.random.Generator, n: int, r: float) -> Any:
    """Two standard normal variables (n, 2) that correlate r."""
    first, second = rng.normal(size=(2, n))
    return np.column_stack([first, r * first + np.sqrt(1 - r * r) * second])


def sessions_of(n: int) -> Any:
    """Sessions of ten a patient, loaded with roles."""
    library = importlib.import_module("alliance_stats")
    rng = np.random.default_rng(1)
    patient = np.repeat(np.arange(n // 10), 10)
    x = pairs(rng, n // 10, 0.4)[patient] + pairs(rng, n, 0.3)
    rest = pairs(rng, n // 10, 0.4)[patient] + pairs(rng, n, 0.3) * [1.0, 1.3]
    y = x @ np.array([[0.4, 0.1], [0.2, 0.3]]) + rest
    frame = pd.DataFrame(np.hstack([x, y]), columns=["x1", "x2", "y1", "y2"])
    frame = frame.assign(patient=patient, session=np.tile(np.arange(1, 11), n // 10))
    roles = library.Roles(alliance="x1", alliance_therapist="x2", outcome="y1")
    return library.load_sessions(frame, roles)


def row(n: int, rounds: int) -> tuple[str, str]:
    """One row of the table, and R's versions."""
    library = importlib.import_module("alliance_stats")
    sessions = sessions_of(n)

    def fitted() -> Any:
        return library.models.fit_dyads(sessions, members=MEMBERS)

    def everything() -> float:
        result = fitted()
        tests = result.tidy()["df"].sum() + result.patterns()["ci_low"].abs().min()
        return float(tests + result.variances()["ci_high"].sum())

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        result = fitted()
        result.prepared.frame.to_csv(folder / "rows.csv", index=False)
        process = shared.RProcess.start("peer_dyads.R", folder / "rows.csv")
        stack.callback(process.stop)
        version = process.read()
        fixed, random = result.formula.split(" + (")
        request = f"{fixed}\t~ {random.split(' | ')[0]}"
        found: dict[str, list[tuple[float, float]]] = {"fit": [], "all": [], "lme": []}
        for _ in range(rounds + 1):
            found["fit"].append(shared.timed(lambda: float(fitted().fit.loglik)))
            found["all"].append(shared.timed(everything))
            found["lme"].append(process.ask_about("lme", request))
    lagged = library.models.fit_dyads(sessions)
    bias = shared.timed(lambda: len(lagged.bias))[0]
    seconds = {key: median(s for s, _ in values[1:]) for key, values in found.items()}
    cells = [
        f"{n:,}", f"{1000 * seconds['fit']:.0f}", f"{1000 * seconds['lme']:,.0f}",
        f"{seconds['lme'] / seconds['fit']:.0f}", f"{1000 * seconds['all']:.0f}",
        f"{found['fit'][-1][1]:.3f}", f"{found['lme'][-1][1]:.3f}", f"{bias:.1f}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |", version


def main() -> None:
    """Run, print the table, and write it when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sessions", type=int, nargs="+", default=list(SIZES))
    parser.add_argument("--write", type=Path, help="Markdown file with the two marker comments")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    made = [row(n, options.rounds) for n in options.sessions]
    heads = [
        "sessions", "fit_dyads, ms", "lme, ms", "ratio", "with tests, k and intervals, ms",
        "log-likelihood", "lme's", "simulated bias (200 studies a row), s",
    ]  # fmt: skip
    text = "\n".join(
        [
            f"Ten sessions a patient, one thread, median of {options.rounds} calls.",
            "",
            "| " + " | ".join(heads) + " |",
            "|" + " --- |" * len(heads),
            *(cells for cells, _ in made),
            "",
            f"{made[0][1]}, default settings.",
        ]
    )
    print(text)
    if options.write:
        shared.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
