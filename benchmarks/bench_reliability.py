"""Speed of alpha's bootstrap and of intraclass correlations, beside pingouin and psych.

    python benchmarks/bench_reliability.py --write docs/performance.md
    python benchmarks/bench_reliability.py --pingouin other/bin/python  # another version beside it

The programs take turns on the same rows, on one thread; the table shows medians. The value shown
(lower end of alpha's interval, ICC(A,1)) is there to see that the same thing was computed.
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

START, END = "<!-- bench_reliability: start -->", "<!-- bench_reliability: end -->"
RESAMPLES, R_RESAMPLES = 2000, 200  # in R; the time is multiplied
MOST_IN_R = 500  # psych makes an indicator of every target; thousands take minutes and gigabytes
Call = Callable[[], float]
Timing = tuple[float, float]


@dataclass(frozen=True)
class Task:
    """What is timed, on which rows, by which Python calls, and how much of it R does (0: none)."""

    name: str
    words: str
    frame: pd.DataFrame
    calls: dict[str, Call]
    r_share: float = 1.0


def alpha_task() -> Task:
    """Percentile interval of alpha: 1,000 rows, 12 items."""
    cronbach_alpha = importlib.import_module("alliance_stats").cronbach_alpha
    generator = np.random.default_rng(1)
    answers = generator.normal(size=(1000, 1)) + generator.normal(size=(1000, 12))
    frame = pd.DataFrame(answers.round(4)).add_prefix("item")

    def ours() -> float:
        found = cronbach_alpha(frame, interval="bootstrap", n_boot=RESAMPLES, rng=1)
        return float(found.tidy()["ci_low"].iloc[0])

    words = f"alpha, {RESAMPLES:,} resamples of 1,000 rows × 12 items"
    return Task("alpha", words, frame, {"alliance_stats": ours}, R_RESAMPLES / RESAMPLES)


def icc_task(n_targets: int, n_raters: int) -> Task:
    """All intraclass correlations of complete ratings, rows shuffled."""
    icc = importlib.import_module("alliance_stats").icc
    other = importlib.import_module("pingouin").intraclass_corr
    generator = np.random.default_rng(1)
    table = generator.normal(size=(n_targets, 1)) + 0.3 * generator.normal(size=n_raters)
    table = (table + generator.normal(size=(n_targets, n_raters))).round(4)
    frame = pd.DataFrame(
        {
            "target": np.repeat(np.arange(n_targets), n_raters),
            "rater": np.tile(np.arange(n_raters), n_targets),
            "rating": table.ravel(),
        }
    ).sample(frac=1.0, random_state=1)
    names = {"targets": "target", "raters": "rater", "ratings": "rating"}

    def ours() -> float:
        return float(icc(frame, **names).value("ICC(A,1)"))

    def pingouin() -> float:
        return float(other(frame, **names).set_index("Type").loc["ICC(A,1)", "ICC"])

    words = f"ICC, {table.size:,} ratings ({n_targets:,} × {n_raters})"
    in_r = float(n_targets <= MOST_IN_R)
    return Task("icc", words, frame, {"alliance_stats": ours, "pingouin": pingouin}, in_r)


def run(task: Task, rounds: int, pingouin: str | None) -> tuple[list[str], str]:
    """Table rows of one task, and R's versions; `pingouin` is an interpreter with another one."""
    timings: dict[str, list[Timing]] = {name: [] for name in task.calls}
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "data.csv"
        task.frame.to_csv(data, index=False)
        version = ""
        process = None
        if task.r_share:
            try:
                process = shared.RProcess.start("peer_reliability.R", data)
                stack.callback(process.stop)
                version = process.read()
            except LookupError as problem:
                shared.say(f"psych left out: {problem}")
                process = None
        for turn in range(rounds + 1):  # the first is not counted
            for name, call in task.calls.items():
                timings[name] += [shared.timed(call)][: turn > 0]
        if pingouin is not None and task.name == "icc":  # once, as R
            other = shared.RProcess.start_with(pingouin, "peer_pingouin.py", data)
            stack.callback(other.stop)
            named = other.read()
            timings[named] = [other.ask(task.name, "")]
        if process is not None:  # once: R is slow here
            seconds, value = process.ask(task.name, "")
            timings["psych"] = [(seconds / task.r_share, value)]
    own = median(seconds for seconds, _ in timings["alliance_stats"])
    return [row(task, name, found, own) for name, found in timings.items()], version


def row(task: Task, name: str, found: list[Timing], own: float) -> str:
    """One row of the table."""
    seconds = median(seconds for seconds, _ in found)
    cells = [task.words, name, f"{1000 * seconds:,.1f}", f"{seconds / own:.1f}"]
    return "| " + " | ".join([*cells, f"{found[-1][1]:.4f}"]) + " |"


def main() -> None:
    """Run, print the table, and write it when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--write", type=Path, help="Markdown file with the two marker comments")
    parser.add_argument("--pingouin", help="an interpreter that has another version of it")
    options = parser.parse_args()
    rows: list[str] = []
    versions = ""
    for task in (alpha_task(), icc_task(12_500, 4), icc_task(500, 100)):
        shared.say(task.words)
        more, versions = run(task, options.rounds, options.pingouin)
        rows += more
    named = ", ".join(
        [f"NumPy {np.__version__}", *map(shared.version_of, ("pandas", "pingouin")), versions]
    )
    text = "\n".join(
        [
            f"One thread, median of {options.rounds} calls (psych and the older "
            f"pingouin once; psych's bootstrap {R_RESAMPLES} resamples, time multiplied).",
            "",
            "| what | program | ms | times ours | value |",
            "|" + " --- |" * 5,
            *rows,
            "",
            f"The last column shows one of the values computed. {named}.",
        ]
    )
    print(text)
    if options.write:
        shared.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
