"""Speed of methods for publication bias beside metafor, in one run.

    python benchmarks/bench_meta_bias.py --write docs/performance.md

100 studies of Fisher's z, from a fitted model to the result (here to its table). The last two
columns show that the same was computed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

import bench_lmm as shared  # sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd

import alliance_stats as al

START, END = "<!-- bench_meta_bias: start -->", "<!-- bench_meta_bias: end -->"
PEER = Path(__file__).with_name("peer_meta_bias.R")


def studies(k: int = 100, seed: int = 1) -> pd.DataFrame:
    """Effect sizes of `k` studies, some of them below zero."""
    rng = np.random.default_rng(seed)
    vi = 1.0 / (np.maximum(60 * np.exp(0.8 * rng.standard_normal(k)), 10) - 3)
    return pd.DataFrame({"yi": 0.15 + rng.standard_normal(k) * np.sqrt(vi + 0.024), "vi": vi})


def first(table: pd.DataFrame, column: str, row: int = 0) -> float:
    """A number of a table."""
    return float(table[column].iloc[row])


def tasks(frame: pd.DataFrame) -> dict[str, tuple[str, Callable[[], float]]]:
    """What is timed: name, words, call."""
    meta, fit = al.meta, al.fit_meta(frame)
    return {
        "egger": ("`egger_test`", lambda: first(meta.egger_test(fit).tidy(), "p_value")),
        "begg": ("`begg_test`, exact", lambda: first(meta.begg_test(fit).tidy(), "p_value")),
        "trim_fill": (
            "`trim_fill`",
            lambda: first(meta.trim_fill(fit, side="left").tidy(), "estimate", 1),
        ),
        "step": (
            "`selection_model`, one step",
            lambda: first(meta.selection_model(fit).tidy(), "estimate"),
        ),
        "steps": (
            "`selection_model`, two steps",
            lambda: first(meta.selection_model(fit, steps=(0.025, 0.5)).tidy(), "estimate"),
        ),
        "beta": (
            "`selection_model`, beta",
            lambda: first(meta.selection_model(fit, kind="beta").tidy(), "estimate"),
        ),
    }


def peer(frame: pd.DataFrame, rounds: int) -> tuple[dict[str, list[str]], str]:
    """Seconds and numbers of metafor by task, and versions; empty where R is not installed."""
    if shutil.which("Rscript") is None:
        return {}, "no R"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "studies.csv"
        frame.to_csv(path, index=False)
        command = ["Rscript", str(PEER), str(path), str(rounds)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    *found, versions = done.stdout.strip().splitlines()
    return {line.split()[0]: line.split()[1:] for line in found}, versions.removeprefix("versions ")


def row(words: str, seconds: float, value: float, theirs: list[str] | None) -> str:
    """One row of the table, in milliseconds."""
    other = ["–", "–", f"{value:.7g}", "–"]
    if theirs is not None:
        slower = float(theirs[0])
        other = [
            f"{1e3 * slower:,.1f}", f"{slower / seconds:,.0f}", f"{value:.7g}",
            f"{float(theirs[1]):.7g}",
        ]  # fmt: skip
    return f"| {' | '.join([words, f'{1e3 * seconds:.2f}', *other])} |"


def main() -> None:
    """Run, print the table, and write it when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    frame = studies()
    others, versions = peer(frame, options.rounds)
    rows = []
    for name, (words, task) in tasks(frame).items():
        runs = [shared.timed(task) for _ in range(4 * options.rounds + 1)]
        seconds = median(run[0] for run in runs[1:])
        rows.append(row(words, seconds, runs[0][1], others.get(name)))
    text = "\n".join(
        [
            f"100 studies, one thread, milliseconds; medians of {4 * options.rounds} calls.",
            "",
            "| | ours | metafor | times ours | our number | metafor's |",
            "|" + " --- |" * 6,
            *rows,
            "",
            f"{versions}.",
        ]
    )
    print(text)
    if options.write:
        shared.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
