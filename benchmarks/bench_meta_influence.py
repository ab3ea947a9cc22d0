"""Speed of influence, leave-one-out and cumulative analyses beside metafor.

    python benchmarks/bench_meta_influence.py --write docs/performance.md

CPU time. REML with Knapp-Hartung tests: every call fits the model anew to every subset. Several
effects a study: Cook's distances of studies, variances anew. The last two columns are sums that
show that the same was computed: of Cook's distances, or of variances between studies.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from statistics import median
from time import process_time

import bench_lmm as shared  # sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd

import alliance_stats as al

START, END = "<!-- bench_meta_influence: start -->", "<!-- bench_meta_influence: end -->"


def studies_of(k: int, seed: int = 1) -> pd.DataFrame:
    """Fisher's z of k studies of 20 to 200 patients, true effects N(.28, .03)."""
    rng = np.random.default_rng(seed)
    n = rng.integers(20, 200, k)
    yi = rng.normal(0.28, np.sqrt(0.03 + 1 / n))
    year = rng.permutation(k) + 1
    return pd.DataFrame({"study": np.arange(k), "yi": yi, "vi": 1 / n, "year": year})


def effects_of(studies: int, seed: int = 1) -> pd.DataFrame:
    """One to six effects of every study."""
    rng = np.random.default_rng(seed)
    study = np.repeat(np.arange(studies), rng.integers(1, 7, studies))
    n = rng.integers(20, 200, studies)[study]
    own = rng.normal(0.28, 0.15, studies)[study]
    yi = own + rng.normal(0, np.sqrt(0.01 + 1 / n))
    return pd.DataFrame({"study": study, "yi": yi, "vi": 1 / n, "year": study})


Task = Callable[[pd.DataFrame], float]


def influence(frame: pd.DataFrame) -> float:
    """The whole call, the fit apart."""
    return float(al.meta.influence(al.fit_meta(frame)).tidy()["cooks_distance"].sum())


def leave_one_out(frame: pd.DataFrame) -> float:
    """The same of the means without each study."""
    return float(al.meta.leave_one_out(al.fit_meta(frame)).tidy()["tau2"].sum())


def cumulative(frame: pd.DataFrame) -> float:
    """The same of the means of the first studies."""
    found = al.meta.cumulative(al.fit_meta(frame), order=frame["year"])
    return float(found.tidy()["tau2"].sum())


def deletions(frame: pd.DataFrame) -> float:
    """Cook's distances of studies with several effects."""
    result = al.fit_meta_multilevel(frame, rho=0.0)
    return float(al.meta.influence(result).tidy()["cooks_distance"].sum())


TASKS: dict[str, Task] = {
    "influence": influence, "leave_one_out": leave_one_out, "cumulative": cumulative,
    "deletions": deletions,
}  # fmt: skip


def peer(frame: pd.DataFrame) -> tuple[dict[str, tuple[float, float]], str]:
    """Seconds and value by task, and versions of R; empty where R is not installed."""
    if shutil.which("Rscript") is None:
        return {}, "no R"
    script = Path(__file__).with_name("peer_meta_influence.R")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "studies.csv"
        frame.to_csv(data, index=False)
        done = subprocess.run(
            ["Rscript", str(script), str(data)], capture_output=True, text=True, check=True
        )
    *lines, versions = done.stdout.strip().splitlines()
    parts = [line.split() for line in lines]
    return {name: (float(seconds), float(value)) for name, seconds, value in parts}, versions


def used(task: Task, frame: pd.DataFrame) -> tuple[float, float]:
    """CPU seconds and value of one call."""
    began = process_time()
    value = task(frame)
    return process_time() - began, value


def rows(frame: pd.DataFrame, tasks: list[str], rounds: int) -> tuple[list[str], str]:
    """Rows of the table, and R's versions."""
    theirs, versions = peer(frame)
    found = []
    for name in tasks:
        task = TASKS[name]
        runs = [used(task, frame) for _ in range(rounds + 1)]
        ours, value = median(run[0] for run in runs), runs[0][1]
        cells = [f"`{name}`", f"{frame['study'].nunique():,}", f"{len(frame):,}", f"{ours:.4f}"]
        if name in theirs:
            seconds, other = theirs[name]
            cells += [f"{seconds:.1f}", f"{seconds / ours:,.0f}", f"{value:.6f}", f"{other:.6f}"]
        else:
            cells += ["–", "–", f"{value:.6f}", "–"]
        found.append("| " + " | ".join(cells) + " |")
    return found, versions.strip()


def main() -> None:
    """Run, print the table, and write it when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--studies", type=int, default=300)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    single, versions = rows(
        studies_of(options.studies), ["influence", "leave_one_out", "cumulative"], options.rounds
    )
    several, _ = rows(effects_of(min(60, options.studies)), ["deletions"], 2)
    text = "\n".join(
        [
            f"One thread, CPU seconds, the fit included; median of {options.rounds + 1} calls.",
            "",
            "| call | studies | effects | ours | metafor | times ours | our sum | of metafor |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *single,
            *several,
            "",
            f"{versions}. `deletions` is `influence` of a multilevel result.",
        ]
    )
    print(text)
    if options.write:
        shared.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
