"""Speed of fit_therapist beside the three lmer calls it stands for.

    python benchmarks/bench_therapist.py --write docs/performance.md

This library makes the patients from the sessions, centres, and fits the outcome without and with
the alliance, the alliance itself, and the model with latent means; lme4 is given the patients and
fits the first three. Tests, exact intervals and effects of therapists are timed apart. The programs
take turns on one thread. The log-likelihoods, summed over the three fits, show that the same was
computed.
"""

from __future__ import annotations

import importlib
from typing import Any

import bench_lmm as shared  # first: it sets the number of threads before numpy is loaded
from bench_turns import Turns, run, take_turns

MARKS = ("<!-- bench_therapist: start -->", "<!-- bench_therapist: end -->")
SIZES = (2_000, 50_000)
HEADS = ("patients", "ours, ms", "lme4, ms", "times as fast", "with tests and therapists, ms")


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


def row(n: int, rounds: int) -> tuple[str, Turns]:
    """How many rows there are, and what was measured."""
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

    result = library.models.fit_therapist(sessions, **options)
    formulas = [fit.formula for fit in (result.before, result.after, result.fits.alliance)]
    turns = take_turns(result.prepared.frame, formulas, [fits, everything], rounds=rounds)
    return f"{len(result.prepared.frame):,}", turns


if __name__ == "__main__":
    run(row, SIZES, about=__doc__ or "", heads=HEADS, marks=MARKS)
