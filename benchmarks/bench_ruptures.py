"""Speed of the simulations behind find_ruptures, and of a plain loop in R.

    python benchmarks/bench_ruptures.py

300 patients with 8 to 16 sessions and 999 simulated studies. A loop in R
(peer_ruptures.R) walks over the ratings of one patient of one study at a time, by the criterion
rule; it is timed on ten studies, checked to find the same ruptures, and scaled up.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter

import bench_lmm  # noqa: F401  first: it sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd

from alliance_stats.models.ruptures.analysis import analyse
from alliance_stats.models.ruptures.chance import CHUNK, counts_of
from alliance_stats.models.ruptures.rule import DROPS, Rule
from alliance_stats.models.ruptures.series import Series
from alliance_stats.models.ruptures.simulate import Scale, autoregression

N_PATIENTS, N_SESSIONS, SIMULATIONS = 300, 16, 999
SCALE = Scale(12.0, 84.0, 1.0)


def study(seed: int, n_studies: int = 1) -> Series:
    """Stationary ratings of whole points; series end after 8 to 16 sessions."""
    rng = np.random.default_rng(seed)
    y = autoregression(rng.normal(size=(N_SESSIONS, N_PATIENTS, n_studies)), 0.3)
    y = SCALE.put(55.0 + 6.0 * y + 8.0 * rng.normal(size=(1, N_PATIENTS, 1)))
    seen = np.arange(N_SESSIONS)[:, None] < rng.integers(8, N_SESSIONS + 1, N_PATIENTS)
    y[~seen] = np.nan
    return Series(y, seen)


def loop(series: Series) -> tuple[int, float]:
    """Ruptures of all patients of all studies by a loop in R, and its seconds."""
    rows = [
        pd.DataFrame({"study": m, "patient": p, "y": series.y[series.seen[:, p], p, m]})
        for m in range(series.y.shape[2])
        for p in range(series.y.shape[1])
    ]
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "ratings.csv"
        pd.concat(rows).to_csv(data, index=False)
        script = Path(__file__).with_name("peer_ruptures.R")
        done = subprocess.run(
            ["Rscript", str(script), str(data)], capture_output=True, text=True, check=True
        )
    found, seconds = done.stdout.split()
    return int(found), float(seconds)


def _counting(series: Series, rule: Rule) -> float:
    """Seconds to count the ruptures of all studies, a few of them at a time."""
    size = CHUNK // series.seen.size
    parts = [
        Series(np.ascontiguousarray(series.y[:, :, k : k + size]), series.seen)
        for k in range(0, series.y.shape[2], size)
    ]
    started = perf_counter()
    for part in parts:
        counts_of(part, rule, np.zeros(part.y.shape[2]))
    return perf_counter() - started


def main() -> None:
    """Run and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    few, rule = study(1, 10), Rule()
    found = int(counts_of(few, rule, np.zeros(1))[0].sum())
    plain, seconds_of_loop = loop(few)
    per_study = seconds_of_loop / few.y.shape[2]
    if plain != found:
        raise SystemExit(f"the loop finds {plain} ruptures, the arrays {found}")
    print("| rule | all, s | counts alone, s | counts by a loop in R, s | times as fast |")
    print("| --- | --- | --- | --- | --- |")
    drawn = study(1, SIMULATIONS)
    for name, drop in DROPS.items():
        seconds = []
        for k in range(options.rounds):
            series = study(2 + k)
            started = perf_counter()
            analyse(
                series, Rule(name, drop), scale=SCALE, reliability=1.0,  # type: ignore[arg-type]
                simulations=SIMULATIONS, rng=np.random.default_rng(k),
            )  # fmt: skip
            seconds.append(perf_counter() - started)
        alone = median(_counting(drawn, Rule(name, drop)) for _ in range(options.rounds))  # type: ignore[arg-type]
        whole = per_study * SIMULATIONS
        other = f"{whole:.1f} | {whole / alone:.0f}" if name == "criterion" else "– | –"
        print(f"| {name} | {median(seconds):.2f} | {alone:.2f} | {other} |", flush=True)


if __name__ == "__main__":
    main()
