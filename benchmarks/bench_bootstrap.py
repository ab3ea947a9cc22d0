"""Speed of 200 parametric bootstrap refits, beside fresh fits of lme4 and mixedlm.

    python benchmarks/bench_bootstrap.py --sessions 2000 --rounds 3

Every program fits responses drawn from the same model (slopes of patients and therapists) by REML
on one thread; they take turns, round after round. lme4 and mixedlm fit 20 responses a round, and
the time is multiplied. lme4's `refit` is not used: it is wrong for REML. Times of lme4 are by R's
clock, without start-up and reading.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from contextlib import ExitStack
from pathlib import Path

from bench_lmm import FIXED, MODELS, RProcess, say, simulate, timed  # sets one thread

import alliance_stats as al

REFITS, FITTED = 200, 20


def main() -> None:
    """Print a line a program: median seconds of 200 refits, and how many times ours."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    frame, formula = simulate(options.sessions), f"{FIXED} + {MODELS[3]}"
    fit = al.fit_lmm(formula, frame)
    responses = fit.simulate(frame, n=FITTED, rng=1)
    frames = [frame.assign(symptom=y) for _, y in responses.items()]
    seconds: dict[str, list[float]] = {"ours": [], "ours, cluster": []}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        for turn in range(options.rounds):
            for name, kind in (("ours", "parametric"), ("ours, cluster", "cluster")):
                call = lambda k=kind, t=turn: float(  # noqa: E731
                    fit.bootstrap(REFITS, kind=k, rng=t).n_failed
                )
                seconds[name].append(timed(call)[0])
            lme4 = 0.0
            for number, rows in enumerate(frames):
                path = folder / f"{number}.csv"
                rows.to_csv(path, index=False)
                process = RProcess.start(path)
                process.read()
                lme4 += process.fit("default", MODELS[3])[0]
                process.stop()
            seconds.setdefault("lme4", []).append(lme4 * REFITS / FITTED)
            try:
                from mixedlm import lmer
            except ImportError:
                say("mixedlm is not installed")
                continue
            spent = sum(
                timed(lambda r=rows: float(lmer(formula, r).logLik()))[0] for rows in frames
            )
            seconds.setdefault("mixedlm", []).append(spent * REFITS / FITTED)
    base = statistics.median(seconds["ours"])
    for name, values in seconds.items():
        middle = statistics.median(values)
        print(f"{name:15s} {middle:8.3f} s for {REFITS} refits, {middle / base:6.1f} times ours")


if __name__ == "__main__":
    main()
