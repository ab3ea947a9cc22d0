"""Speed of fit_mediation beside two lmer calls with draws, and beside lme of the stacked rows.

    python benchmarks/bench_mediation.py --write docs/performance.md

This library centres, lags, fits and draws; R is given the centred, lagged and stacked columns. The
programs take turns on one thread. The 5,000 draws after the fits are timed apart.
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

START, END = "<!-- bench_mediation: start -->", "<!-- bench_mediation: end -->"
SIZES = (2_000, 20_000)


def sessions_of(n: int) -> Any:
    """Sessions of ten a patient, paths that differ between patients, loaded with roles."""
    library = importlib.import_module("alliance_stats")
    frame = shared.simulate(n)
    rng = np.random.default_rng(1)
    patient = frame["patient"].to_numpy() - 1
    a, b = rng.multivariate_normal([0.5, -0.5], [[0.1, -0.04], [-0.04, 0.1]], patient.max() + 1).T
    frame["wai"] = 5.0 + frame["alliance_within"] + frame["alliance_between"]
    before = frame.groupby("patient")["wai"].shift(1).fillna(5.0)
    frame["m"] = a[patient] * (before - 5.0) + rng.normal(size=len(frame))
    level = rng.normal(size=patient.max() + 1)[patient]
    earlier = frame.groupby("patient")["m"].shift(1).fillna(0.0)
    frame["phq"] = level + b[patient] * earlier + 1.5 * rng.normal(size=len(frame))
    roles = library.Roles(
        patient="patient", session="session", alliance="wai", outcome="phq", alliance_at="after",
        outcome_at="before",
    )  # fmt: skip
    return library.load_sessions(frame[["patient", "session", "wai", "m", "phq"]], roles)


def row(n: int, rounds: int) -> tuple[str, str]:
    """One row of the table, and R's versions."""
    library = importlib.import_module("alliance_stats")
    specification = importlib.import_module("alliance_stats.models.mediation.specification")
    drawing = importlib.import_module("alliance_stats.models.mediation.monte_carlo")
    sessions = sessions_of(n)

    def fitted(**more: Any) -> Any:
        fit = library.models.fit_mediation
        return fit(sessions, mediator="m", mediator_at="before", **more)

    def apart() -> float:
        result = fitted(random_slopes={})
        return float(result.fits.mediator.loglik + result.fits.outcome.loglik)

    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        simple, free = fitted(random_slopes={}), fitted()
        simple.prepared.frame.to_csv(folder / "sessions.csv", index=False)
        stacked = specification.stacked_rows(free.prepared, free.specification)
        stacked = stacked.rename(columns={specification.EQUATION: "equation"})
        stacked.to_csv(folder / "stacked.csv", index=False)
        process = shared.RProcess.start("peer_mediation.R", folder)
        stack.callback(process.stop)
        version = process.read()
        a, b, _ = simple.prepared.path_columns("within")
        two = "\t".join([*simple.formulas.values(), a, b])
        fixed, random = free.formulas["joint"].split(" + (")
        one = f"{fixed}\t~ {random.split(' | ')[0]}"
        found: dict[str, list[tuple[float, float]]] = {
            k: [] for k in ("apart", "two", "all", "one")
        }
        for _ in range(rounds + 1):
            found["apart"].append(shared.timed(apart))
            found["two"].append(process.ask_about("two", two))
            found["all"].append(shared.timed(lambda: float(fitted().fits.joint.loglik)))
            found["one"].append(process.ask_about("one", one))
        draws = median(
            shared.timed(lambda: len(drawing.monte_carlo_draws(free.estimates, 5000, 1)))[0]
            for _ in range(9)
        )
    seconds = {key: median(s for s, _ in values[1:]) for key, values in found.items()}
    cells = [
        f"{n:,}", f"{1000 * seconds['apart']:.0f}", f"{1000 * seconds['two']:,.0f}",
        f"{seconds['two'] / seconds['apart']:.1f}", f"{1000 * seconds['all']:.0f}",
        f"{1000 * seconds['one']:,.0f}", f"{seconds['one'] / seconds['all']:.1f}",
        f"{found['all'][-1][1]:.3f}", f"{found['one'][-1][1]:.3f}", f"{1000 * draws:.1f}",
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
        "sessions", "the same paths, ms", "two lmer fits and draws, ms", "ratio",
        "paths differ (three fits), ms", "lme of stacked rows alone, ms", "ratio",
        "log-likelihood", "lme's", "5,000 draws, ms",
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
