"""Speed of fit_lagged beside the two lmer calls it stands for.

    python benchmarks/bench_lagged.py --write docs/performance.md

This library centres, lags, fits both equations and tests them; lme4 is given the centred and lagged
columns and only fits. The programs take turns on one thread. The log-likelihoods, summed over both
equations, show that the same was computed. The simulated bias is timed apart: it is computed when
asked for.
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

START, END = "<!-- bench_lagged: start -->", "<!-- bench_lagged: end -->"
SIZES = (2_000, 50_000)


def sessions_of(n: int) -> tuple[Any, Any]:
    """Sessions of ten a patient and ten patients a therapist, loaded, and their roles."""
    library = importlib.import_module("alliance_stats")
    frame = shared.simulate(n)
    frame["wai"] = 5.0 + frame["alliance_within"] + frame["alliance_between"]
    frame["phq"] = frame["symptom"]
    roles = library.Roles(
        patient="patient", session="session", therapist="therapist", alliance="wai", outcome="phq",
        alliance_at="after", outcome_at="before",
    )  # fmt: skip
    columns = ["patient", "session", "therapist", "wai", "phq"]
    return library.load_sessions(frame[columns], roles), library


def row(n: int, rounds: int) -> tuple[str, str]:
    """One row of the table, and R's versions."""
    sessions, library = sessions_of(n)

    def fits() -> float:
        result = library.fit_lagged(sessions, bias_simulations=0)
        return float(result.glance()["loglik"].sum())

    def tests() -> float:
        result = library.fit_lagged(sessions, bias_simulations=0)
        return float(result.tidy()["statistic"].sum())

    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "lagged.csv"
        result = library.fit_lagged(sessions)
        result.prepared.frame.to_csv(data, index=False)
        process = shared.RProcess.start("peer_lme4.R", data)
        stack.callback(process.stop)
        version = process.read()
        own, tested, other = [], [], []
        for _ in range(rounds + 1):
            own.append(shared.timed(fits))
            tested.append(shared.timed(tests))
            other.append([process.ask_about("default", f) for f in result.formulas.values()])
        bias = shared.timed(lambda: float(result.bias["mean"].sum()))[0]
    mine, with_tests = (median(s for s, _ in found[1:]) for found in (own, tested))
    theirs = median(sum(seconds for seconds, _ in both) for both in other[1:])
    cells = [
        f"{n:,}", f"{1000 * mine:.0f}", f"{1000 * theirs:,.0f}", f"{theirs / mine:.0f}",
        f"{1000 * with_tests:.0f}",
        f"{own[-1][1]:.3f}", f"{sum(value for _, value in other[-1]):.3f}", f"{bias:.1f}",
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
        "sessions", "fit_lagged, ms", "two lmer fits, ms", "ratio", "with Satterthwaite tests, ms",
        "log-likelihood", "lmer's", "simulated bias (200 studies a row), s",
    ]  # fmt: skip
    text = "\n".join(
        [
            "Both equations with a slope of each patient and random intercepts of therapists, one "
            f"thread, median of {options.rounds} calls.",
            "",
            "| " + " | ".join(heads) + " |",
            "|" + " --- |" * len(heads),
            *(cells for cells, _ in made),
            "",
            f"{made[0][1]}, default settings, fits only.",
        ]
    )
    print(text)
    if options.write:
        shared.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
