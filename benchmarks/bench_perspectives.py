"""Speed of fit_perspectives beside the four lmer calls it stands for.

    python benchmarks/bench_perspectives.py --write docs/performance.md

Alliance as patient, therapist and observer rate it, three levels, patients' own slopes of all
three. lme4 is given the centred rows and fits the model of all perspectives and that of each alone.
This library fits the same, and, in a column of its own, makes the whole result from the sessions,
with joint tests, unique shares, correlations and overlap. The programs take turns on one thread.
"""

from __future__ import annotations

import bench_lmm as shared  # first: it sets the number of threads before numpy is loaded
import numpy as np
from bench_turns import Turns, run, take_turns

import alliance_stats as al
from alliance_stats.models.perspectives.model import fit_alone, fit_together

MARKS = ("<!-- bench_perspectives: start -->", "<!-- bench_perspectives: end -->")
RATINGS = {"patient": "wai", "therapist": "wai_therapist", "observer": "wai_observer"}
SIZES = (2_000, 20_000)
HEADS = ("sessions", "ours, ms", "lme4, ms", "times as fast", "whole result, ms")


def sessions_of(n: int) -> al.SessionData:
    """Sessions of ten a patient and ten patients a therapist, rated by three."""
    frame, rng = shared.simulate(n), np.random.default_rng(2)
    truth = frame["alliance_within"] + frame["alliance_between"]
    for column in RATINGS.values():
        patients = rng.normal(size=frame["patient"].nunique())[frame["patient"].factorize()[0]]
        frame[column] = 5.0 + 0.7 * truth + 0.5 * patients + 0.7 * rng.normal(size=len(frame))
    roles = al.Roles(
        therapist="therapist", alliance="wai", alliance_therapist="wai_therapist",
        outcome="symptom", outcome_better="lower",
    )  # fmt: skip
    columns = ["patient", "session", "therapist", "symptom", *RATINGS.values()]
    return al.load_sessions(frame[columns], roles)


def row(n: int, rounds: int) -> tuple[str, Turns]:
    """How many rows there are, and what was measured."""
    sessions = sessions_of(n)
    slopes = {"patient": ["within"]}
    result = al.models.fit_perspectives(sessions, perspectives=RATINGS, random_slopes=slopes)
    given = result.given

    def fits() -> float:
        alone = sum(fit_alone(given, name).loglik for name in RATINGS)
        return float(fit_together(given).loglik + alone)

    def everything() -> float:
        again = al.models.fit_perspectives(sessions, perspectives=RATINGS, random_slopes=slopes)
        return float(again.tidy()["statistic"].sum() + again.view().terms["se"].sum())

    formulas = [fit.formula for fit in (result.fit, *result.alone.values())]
    turns = take_turns(given.prepared.frame, formulas, [fits, everything], rounds=rounds)
    return f"{len(given.prepared.frame):,}", turns


if __name__ == "__main__":
    run(row, SIZES, about=__doc__ or "", heads=HEADS, marks=MARKS)
