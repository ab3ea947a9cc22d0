"""Speed of fit_congruence and fit_response_surface beside the lmer calls they stand for.

    python benchmarks/bench_congruence.py

This library centres the ratings and fits; lme4 is given the columns and fits the same formulas at
its default settings. With 200 draws of therapists, lme4's time is that of one fit times 201. The
programs take turns on one thread. The log-likelihoods show that the same was computed.
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

SIZES = (2_000, 50_000)
DRAWS = 200
CASES = ("truth and bias", "surface within", "surface between")


def sessions_of(n: int) -> tuple[Any, Any]:
    """Sessions of ten a patient and ten patients a therapist with two ratings, loaded."""
    library = importlib.import_module("alliance_stats")
    frame, rng = shared.simulate(n), np.random.default_rng(2)
    frame["wai"] = 50.0 + 5.0 * (frame["alliance_within"] + frame["alliance_between"])
    frame["wai_t"] = 20.0 + 0.5 * frame["wai"] + rng.normal(0, 3, len(frame))
    frame["phq"] = frame["symptom"]
    roles = library.Roles(
        therapist="therapist", alliance="wai", alliance_therapist="wai_t", outcome="phq",
        outcome_better="lower",
    )  # fmt: skip
    columns = ["patient", "session", "therapist", "wai", "wai_t", "phq"]
    return library.load_sessions(frame[columns], roles), library


def analysis(library: Any, sessions: Any, case: str, draws: int) -> Any:
    """The whole call."""
    if case == CASES[0]:
        return library.models.fit_congruence(sessions, scale=(-100, 200))
    return library.models.fit_response_surface(
        sessions, level=case.split()[1], scale=(-100, 200), n_boot=draws,
        rng=1 if draws else None,
    )  # fmt: skip


def row(n: int, case: str, rounds: int) -> tuple[str, str]:
    """One row of the table, and R's versions."""
    sessions, library = sessions_of(n)
    result = analysis(library, sessions, case, 0)
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "sessions.csv"
        result.prepared.frame.to_csv(data, index=False)
        process = shared.RProcess.start("peer_lme4.R", data)
        stack.callback(process.stop)
        version = process.read()
        own, other = [], []
        for _ in range(rounds + 1):
            call = lambda: float(analysis(library, sessions, case, 0).fit.loglik)  # noqa: E731
            own.append(shared.timed(call))
            other.append(process.ask_about("default", result.formula))
    mine, theirs = (median(seconds for seconds, _ in found[1:]) for found in (own, other))
    drawn = "–"
    if case != CASES[0]:
        seconds = shared.timed(lambda: float(analysis(library, sessions, case, DRAWS).b[0]))[0]
        drawn = f"{seconds:.1f} ({theirs * (DRAWS + 1) / seconds:,.0f})"
    cells = [
        case, f"{result.fit.n_obs:,}", f"{1000 * mine:.0f}", f"{1000 * theirs:,.0f}",
        f"{theirs / mine:.1f}", drawn, f"{own[-1][1]:.3f}", f"{other[-1][1]:.3f}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |", version


def main() -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found = [row(n, case, options.rounds) for n in options.sizes for case in CASES]
    print(
        f"| model | sessions | ours, ms | lme4, ms | times as fast | with {DRAWS} draws, s "
        "(times as fast) | log-likelihood | of lme4 |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    print("\n".join(line for line, _ in found))
    print(found[0][1])


if __name__ == "__main__":
    main()
