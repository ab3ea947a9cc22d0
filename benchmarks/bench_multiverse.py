"""Speed of a multiverse of a thousand specifications, beside lmerTest on the same formulas.

    python benchmarks/bench_multiverse.py --write docs/performance.md

About 3,000 sessions, three levels. This library prepares the sessions of every combination of
options, fits, and gives degrees of freedom; lmerTest is given the prepared rows of the unchanged
sessions and fits their 16 formulas. Seconds are CPU time, by specification.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import time
import warnings
from pathlib import Path
from statistics import median
from typing import Any

import bench_importance  # first: it sets the number of threads before numpy is loaded
import bench_lmm as shared
import pandas as pd

import alliance_stats as al

START, END = "<!-- bench_multiverse: start -->", "<!-- bench_multiverse: end -->"
ROLES = al.Roles(therapist="therapist", alliance="wai", outcome="phq")
MODELS: dict[str, list[Any]] = {
    "time": ["linear", "log", "factor", "patient"],
    "random_slopes": [{}, {"patient": ["within"]}],
    "reml": [True, False],
}
DATA: dict[str, list[Any]] = {
    "outliers": ["keep", "drop_2sd", "drop_3sd", "winsorise_2sd", "winsorise_3sd"],
    "min_ratings": [1, 2, 3, 5, 6, 8],
    "mean_rows": ["available", "fitted"],
}
FEW: dict[str, list[Any]] = {"outliers": ["keep", "drop_3sd"], "time": ["linear", "log"],
                             "random_slopes": MODELS["random_slopes"]}  # fmt: skip
DRAWS = 99


def cpu(choices: dict[str, list[Any]], frame: pd.DataFrame, **more: Any) -> tuple[float, Any]:
    """CPU seconds of one multiverse, and the multiverse."""
    begun = time.process_time()
    result = al.models.multiverse("within", frame, choices, roles=ROLES, progress=False, **more)
    return time.process_time() - begun, result


def peer(frame: pd.DataFrame) -> tuple[float, float, str] | None:
    """Seconds of 16 specifications, their sum and versions of R; None where R is not installed."""
    if shutil.which("Rscript") is None:
        return None
    result = cpu(MODELS, frame)[1]
    formulas = dict.fromkeys(
        result.specification(k).formula.replace("C(", "factor(")
        for k in range(len(result.rows))
    )  # fmt: skip
    script = Path(__file__).with_name("peer_multiverse.R")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "sessions.csv"
        result.data(0).to_csv(data, index=False)
        command = ["Rscript", str(script), str(data), *formulas]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, versions = done.stdout.strip().splitlines()
    seconds, value = map(float, first.split())
    return seconds, value, versions.strip()


def main() -> None:
    """Run, print the table, and write it when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    frame = bench_importance.sessions_of(3_000)
    cpu(FEW, frame)
    many, result = cpu(DATA | MODELS, frame)
    n = len(result.rows)
    sixteen = median(cpu(MODELS, frame)[0] for _ in range(options.rounds))
    value = float(cpu(MODELS, frame)[1].tidy()["estimate"].sum())
    drawn, few = cpu(FEW, frame, permutations=DRAWS, rng=1)
    refits = len(few.rows) * DRAWS
    other = peer(frame)
    theirs = "–" if other is None else f"{1000 * other[0] / 16:.1f}"
    ratio = "–" if other is None else f"{other[0] / sixteen:.1f}"
    rows = [
        (f"{n:,} specifications, 60 data sets", f"{many:.1f}", f"{1000 * many / n:.1f}", "–", "–"),
        ("16 specifications, 1 data set", f"{sixteen:.2f}", f"{1000 * sixteen / 16:.1f}", theirs,
         ratio),
        (f"{refits:,} refits of the joint test", f"{drawn:.1f}", f"{1000 * drawn / refits:.2f}",
         "–", "–"),
    ]  # fmt: skip
    sums = "–" if other is None else f"{other[1]:.6f}. {other[2]}"
    text = "\n".join(
        [
            f"{len(frame):,} sessions, one thread, CPU time; median of {options.rounds} calls of "
            "16 specifications, the others once.",
            "",
            "| what | ours, s | one specification, ms | lmerTest, ms | ratio |",
            "| --- | --- | --- | --- | --- |",
            *("| " + " | ".join(cells) + " |" for cells in rows),
            "",
            f"Sum of the 16 estimates: {value:.6f}; lmerTest's: {sums}.",
        ]
    )
    print(text)
    if options.write:
        shared.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
