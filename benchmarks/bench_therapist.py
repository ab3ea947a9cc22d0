"""Speed of fit_therapist beside the three lmer calls it stands for.

    python benchmarks/bench_therapist.py

This library makes the patients from the sessions, centres, and fits the outcome without and with
the alliance, the alliance itself, and the model with latent means; lme4 is given the patients and
fits the first three. Tests, exact intervals and effects of therapists are timed apart. The programs
take turns on one thread. The log-likelihoods, summed over the three fits, show that the same was
computed.
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

SIZES = (2_000, 50_000)


def sessions_of(n: int) -> tuple[Any, Any]:
    """Sessions of ten a patient and ten patients a therapist, loaded."""
    library = importlib.import_module("alliance_stats")
    frame = shared.simulate(n)
    frame["wai"] = 5.0 + frame["alliance_within"] + frame["alliance_between"]
    frame["phq"] = frame["symptom"]
    frame["intake"] = frame.groupby("patient")["symptom"].transform("first")
    roles = library.Roles(
        patient="patient", session="session", therapist="therapist", alliance="wai", outcome="phq",
        baseline="intake", outcome_better="lower",
    )  # fmt: skip
    columns = ["patient", "session", "therapist", "wai", "phq", "intake"]
    return library.load_sessions(frame[columns], roles), library


def row(n: int, rounds: int) -> tuple[str, str]:
    """One row of the table, and R's versions."""
    sessions, library = sessions_of(n)
    options = {"early_change": False}

    def fits() -> float:
        found = library.models.fit_therapist(sessions, **options).fits
        return float(found.before.loglik + found.after.loglik + found.alliance.loglik)

    def everything() -> float:
        result = library.models.fit_therapist(sessions, **options)
        return float(
            result.tidy()["statistic"].sum()
            + result.shares()["ci_high"].sum()
            + result.therapist_effects()["se"].sum()
        )

    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "patients.csv"
        result = library.models.fit_therapist(sessions, **options)
        result.prepared.frame.to_csv(data, index=False)
        formulas = [fit.formula for fit in (result.before, result.after, result.fits.alliance)]
        process = shared.RProcess.start("peer_lme4.R", data)
        stack.callback(process.stop)
        version = process.read()
        own, all_of_it, other = [], [], []
        for _ in range(rounds + 1):
            own.append(shared.timed(fits))
            all_of_it.append(shared.timed(everything))
            other.append([process.ask_about("default", formula) for formula in formulas])
    mine, whole = (median(seconds for seconds, _ in found[1:]) for found in (own, all_of_it))
    theirs = median(sum(seconds for seconds, _ in three) for three in other[1:])
    cells = [
        f"{len(result.prepared.frame):,}", f"{1000 * mine:.0f}", f"{1000 * theirs:,.0f}",
        f"{theirs / mine:.1f}", f"{1000 * whole:.0f}",
        f"{own[-1][1]:.3f}", f"{sum(value for _, value in other[-1]):.3f}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |", version


def main() -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    found = [row(n, options.rounds) for n in SIZES]
    print(
        "| patients | ours, ms | lme4, ms | times as fast | with tests and therapists, ms "
        "| log-likelihood | of lme4 |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    print("\n".join(line for line, _ in found))
    print(found[0][1])


if __name__ == "__main__":
    main()
