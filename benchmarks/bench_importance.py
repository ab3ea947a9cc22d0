"""Speed of fit_importance beside a loop of lmer calls over the same subsets.

    python benchmarks/bench_importance.py --write docs/performance.md

Six ratings, 3,000 sessions, one or two factors: 128 models. This library centres the ratings, fits
all models, and fits them again to 500 draws of clusters. lme4 is given the centred columns and fits
the 128 models once; its time for the draws is that times 501. The sum of all R² shows that the same
was computed.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path
from statistics import median

import bench_lmm as shared  # sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd

import alliance_stats as al
from alliance_stats.models.importance.result import ImportanceResult

START, END = "<!-- bench_importance: start -->", "<!-- bench_importance: end -->"
RATINGS = ("wai", "bond", "goal", "task", "insight", "motivation")
SESSIONS, DRAWS = 3_000, 500
RANDOM = {1: "(1 | patient)", 2: "(1 | patient) + (1 | therapist)"}


def sessions_of(n: int, seed: int = 1) -> pd.DataFrame:
    """Sessions of ten a patient on average and eight patients a therapist, six ratings each."""
    rng = np.random.default_rng(seed)
    patients = n // 10
    length = rng.integers(5, 16, patients)
    patient = np.repeat(np.arange(patients), length)
    shared_part = rng.normal(size=(patients, 1)), rng.normal(size=(len(patient), 1))
    level = rng.normal(size=(patients, 6)) + 0.7 * shared_part[0]
    now = rng.normal(size=(len(patient), 6)) + 0.7 * shared_part[1]
    weights = np.linspace(0.3, 0.0, 6)
    own = (
        rng.normal(size=patients)
        + 0.5 * rng.normal(size=patients // 8 + 1)[np.arange(patients) // 8]
    )
    session = np.concatenate([np.arange(k) for k in length]) + 1
    phq = 15 - 0.2 * session + (level @ weights + own)[patient] + now @ weights
    frame = pd.DataFrame(5 + level[patient] + now, columns=list(RATINGS))
    return frame.assign(
        patient=patient, therapist=patient // 8, session=session,
        phq=phq + rng.normal(size=len(patient)),
    )  # fmt: skip


def analysis(frame: pd.DataFrame, factors: int, draws: int) -> ImportanceResult:
    """The whole call."""
    units = {"therapist": "therapist"} if factors == 2 else {}
    roles = al.Roles(alliance="wai", outcome="phq", **units)
    rng = 1 if draws else None
    return al.models.fit_importance(frame, roles, predictors=RATINGS, n_boot=draws, rng=rng)


def total(result: ImportanceResult) -> float:
    """The sum of all R²."""
    return float(sum(values.sum() for values in result.explained.r2.values()))


def peer(result: ImportanceResult, factors: int) -> tuple[float, float, str] | None:
    """Seconds, sum of R² and versions of R; None where R is not installed."""
    if shutil.which("Rscript") is None:
        return None
    script = Path(__file__).with_name("peer_importance.R")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "sessions.csv"
        result.prepared.frame.to_csv(data, index=False)
        done = subprocess.run(
            ["Rscript", str(script), str(data), RANDOM[factors]],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    first, versions = done.stdout.strip().splitlines()
    seconds, value = map(float, first.split())
    return seconds, value, versions.strip()


def row(factors: int, rounds: int) -> tuple[str, str]:
    """One row of the table, and R's versions."""
    frame = sessions_of(SESSIONS)
    once = median(
        shared.timed(lambda: total(analysis(frame, factors, 0)))[0] for _ in range(rounds + 1)
    )
    drawn, value = shared.timed(lambda: total(analysis(frame, factors, DRAWS)))
    other = peer(analysis(frame, factors, 0), factors)
    cells = [RANDOM[factors], f"{len(frame):,}", f"{once:.2f}", f"{drawn:.1f}"]
    if other is None:
        return "| " + " | ".join([*cells, "–", "–", "–", f"{value:.6f}", "–"]) + " |", "no R"
    seconds, theirs, versions = other
    cells += [
        f"{seconds:.1f}", f"{seconds / once:.0f}", f"{seconds * (DRAWS + 1) / drawn:,.0f}",
        f"{value:.6f}", f"{theirs:.6f}",
    ]  # fmt: skip
    return "| " + " | ".join(cells) + " |", versions


def main() -> None:
    """Run, print the table, and write it when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rows, versions = zip(*(row(factors, options.rounds) for factors in RANDOM), strict=True)
    text = "\n".join(
        [
            f"One thread, seconds; median of {options.rounds + 1} calls (with {DRAWS} draws one).",
            "",
            "| random part | sessions | 128 models | with draws | lme4, 128 models | times ours "
            "| times ours, with draws | sum of R² | of lme4 |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            f"{versions[-1]}.",
        ]
    )
    print(text)
    if options.write:
        shared.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
