"""Speed of fit_event beside the two glmer calls it stands for.

    python benchmarks/bench_event.py --write docs/performance.md

This library makes the rows at risk and the predictors, fits the hazards of dropout and of the
agreed end and tests them; lme4 is given the rows at risk and only fits. The programs take turns on
one thread. The log-likelihoods, summed over both hazards, show that the same was computed.
Incidence with its intervals and the view with all sensitivity rows are timed apart.
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

START, END = "<!-- bench_event: start -->", "<!-- bench_event: end -->"
PATIENTS = (240, 5_000)
PATIENTS_A_THERAPIST = 10


def sessions_of(n: int) -> tuple[Any, Any]:
    """Sessions of patients of whom one in five drops out."""
    library = importlib.import_module("alliance_stats")
    made = library.simulate_sessions(
        n_patients=n, n_therapists=n // PATIENTS_A_THERAPIST, caseload_cv=0.0, rng=1
    )
    return made, library


def row(n: int, rounds: int) -> tuple[str, str]:
    """One row of the table, and R's versions."""
    sessions, library = sessions_of(n)

    def fits() -> float:
        result = library.models.fit_event(sessions, baseline="log")
        result.tidy()
        return float(result.glance()["loglik"].sum())

    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "risk.csv"
        result = library.models.fit_event(sessions, baseline="log")
        frame = result.prepared.frame
        at_risk = frame["competing_came"] == 0
        frame.assign(event_came=np.where(at_risk, frame["event_came"], np.nan)).to_csv(
            data, index=False
        )
        process = shared.RProcess.start("peer_glmm.R", data)
        stack.callback(process.stop)
        version = process.read()
        own, other = [], []
        for _ in range(rounds + 1):
            own.append(shared.timed(fits))
            formulas = result.formulas.values()
            other.append([process.ask_about("binomial 1 cloglog", f) for f in formulas])
        curves = shared.timed(lambda: float(result.incidence()["estimate"].sum()))[0]
        view = shared.timed(lambda: float(len(result.view().terms)))[0]
    mine = median(seconds for seconds, _ in own[1:])
    theirs = median(sum(seconds for seconds, _ in both) for both in other[1:])
    cells = [
        f"{n:,}", f"{len(frame):,}", f"{1000 * mine:.0f}", f"{1000 * theirs:,.0f}",
        f"{theirs / mine:.0f}", f"{own[-1][1]:.3f}", f"{sum(v for _, v in other[-1]):.3f}",
        f"{1000 * curves:.0f}", f"{1000 * view:,.0f}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |", version


def main() -> None:
    """Run, print the table, and write it when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--patients", type=int, nargs="+", default=list(PATIENTS))
    parser.add_argument("--write", type=Path, help="Markdown file with the two marker comments")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    made = [row(n, options.rounds) for n in options.patients]
    heads = [
        "patients", "sessions", "fit_event, ms", "two glmer fits, ms", "ratio", "log-likelihood",
        "glmer's", "incidence, ms", "view with sensitivity, ms",
    ]  # fmt: skip
    text = "\n".join(
        [
            f"Both hazards with therapists' frailty, {PATIENTS_A_THERAPIST} patients a therapist, "
            f"logarithm of session as baseline, one thread, median of {options.rounds} calls.",
            "",
            "| " + " | ".join(heads) + " |",
            "|" + " --- |" * len(heads),
            *(cells for cells, _ in made),
            "",
            f"{made[0][1]}, default settings, fits with standard errors only.",
        ]
    )
    print(text)
    if options.write:
        shared.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
