"""Speed of meta-analyses beside metafor, in one run.

    python benchmarks/bench_meta.py --write docs/performance.md

300 studies of Fisher's z (12 for the exact permutation test), REML, Knapp–Hartung. This library is
timed from the frame to the table, metafor from the frame to the fit. The last two columns show that
the same was computed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

import bench_lmm as shared  # sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd

import alliance_stats as al
from alliance_stats.meta.univariate.fits import fit_many
from alliance_stats.meta.univariate.kernel import data_sets

START, END = "<!-- bench_meta: start -->", "<!-- bench_meta: end -->"
WORDS = {
    "fit": "fit, 300 studies",
    "moderators": "year × format, 300 studies",
    "interval": "Q-profile interval of τ², 300 studies",
    "leave_one_out": "300 fits of 299 studies",
    "permutations": "4,096 sign flips, 12 studies",
}


def studies(k: int, seed: int = 1) -> pd.DataFrame:
    """Effect sizes of `k` studies with two moderators."""
    rng = np.random.default_rng(seed)
    vi = 1.0 / (np.maximum(60 * np.exp(0.8 * rng.standard_normal(k)), 10) - 3)
    return pd.DataFrame(
        {
            "study": [f"Study {i}" for i in range(k)],
            "yi": 0.2855 + rng.standard_normal(k) * np.sqrt(vi + 0.024),
            "vi": vi,
            "year": rng.integers(1985, 2020, k),
            "format": rng.choice(["group", "single"], k),
        }
    )


def one_fit(frame: pd.DataFrame, mods: str | None = None) -> float:
    """A fit and its table."""
    result = al.fit_meta(frame, mods=mods)
    result.tidy()
    return result.tau2


def leave_one_out(frame: pd.DataFrame) -> float:
    """The sum of τ² without each study in turn."""
    result = al.fit_meta(frame)
    k = result.studies.k
    data = data_sets(result.studies.yi, result.studies.vi, result.studies.x, 1.0 - np.eye(k))
    fits = fit_many(data, start=np.full(k, result.tau2))
    return float(fits.tau2.sum() + 0.0 * fits.se.sum())


def tasks(many: pd.DataFrame, few: pd.DataFrame) -> dict[str, Callable[[], float]]:
    """What is timed, by name."""
    fit = al.fit_meta(many)
    return {
        "fit": lambda: one_fit(many),
        "moderators": lambda: one_fit(many, "year * format"),
        "interval": lambda: float(fit.confint()["ci_high"].iloc[0]),
        "leave_one_out": lambda: leave_one_out(many),
        "permutations": lambda: float(
            al.fit_meta(few).permutation_test().tidy()["p_value"].iloc[0]
        ),
    }


def peer(many: pd.DataFrame, few: pd.DataFrame, rounds: int) -> tuple[dict[str, list[str]], str]:
    """Seconds and numbers of metafor by task, and versions; empty where R is not installed."""
    if shutil.which("Rscript") is None:
        return {}, "no R"
    script = Path(__file__).with_name("peer_meta.R")
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "many.csv", Path(folder) / "few.csv"]
        for frame, path in zip((many, few), paths, strict=True):
            frame.to_csv(path, index=False)
        done = subprocess.run(
            ["Rscript", str(script), *map(str, paths), str(rounds)],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    *found, versions = done.stdout.strip().splitlines()
    return {line.split()[0]: line.split()[1:] for line in found}, versions.removeprefix("versions ")


def row(name: str, seconds: float, value: float, theirs: list[str] | None) -> str:
    """One row of the table, in milliseconds."""
    cells = [WORDS[name], f"{1e3 * seconds:.2f}"]
    if theirs is None:
        return "| " + " | ".join([*cells, "–", "–", f"{value:.8g}", "–"]) + " |"
    other = float(theirs[0])
    cells += [f"{1e3 * other:,.1f}", f"{other / seconds:,.0f}"]
    return "| " + " | ".join([*cells, f"{value:.8g}", f"{float(theirs[1]):.8g}"]) + " |"


def runs_of(rounds: int) -> int:
    """How often this library does a task that metafor does in so many rounds."""
    return 10 * rounds


def main() -> None:
    """Run, print the table, and write it when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    many, few = studies(300), studies(12, seed=2)
    others, versions = peer(many, few, options.rounds)
    rows = []
    for name, task in tasks(many, few).items():
        runs = [shared.timed(task) for _ in range(runs_of(options.rounds))]
        seconds = min(run[0] for run in runs)
        rows.append(row(name, seconds, runs[0][1], others.get(name)))
    text = "\n".join(
        [
            f"One thread, milliseconds; fastest of {runs_of(options.rounds)} calls, of metafor of "
            f"{10 * options.rounds} (of the last two one).",
            "",
            "| | ours | metafor | times ours | our number | metafor's |",
            "| --- | --- | --- | --- | --- | --- |",
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
