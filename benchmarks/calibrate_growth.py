"""Type I error and coverage of fit_growth in simulated studies.

    python benchmarks/calibrate_growth.py --write docs/calibration.md

Patients with up to 10 sessions, linear courses whose slopes correlate −.3; in the null twin the
alliance ratings are those of other patients, so that early alliance has no effect on the later
rate. The slopes with and without censoring are of patients whose ratings end at the scale's limit.
Each study is fitted by the parts of fit_growth that its rows need.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import calibration_shares as shares
import numpy as np
import pandas as pd

import alliance_stats as al
from alliance_stats.data.sessions import SessionData
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.models.growth.ceiling import fit_ceiling
from alliance_stats.models.growth.early import EarlyRate, fit_early
from alliance_stats.models.growth.parallel import ParallelGrowth, fit_parallel
from alliance_stats.models.growth.prepare import PreparedGrowth, prepare_growth
from alliance_stats.models.growth.shapes import fit_course, growth_formula

START, END = "<!-- calibrate_growth: start -->", "<!-- calibrate_growth: end -->"
SESSIONS, LIMIT = 10, 6.5
SLOPE, CORRELATION = 0.1, -0.3
ROLES = al.Roles(alliance="wai", outcome="phq")
COVERED = ("trend", "correlation of trends", "slope with censoring", "slope without censoring")


def growth_study(rng: np.random.Generator, patients: int) -> pd.DataFrame:
    """Sessions of patients who leave at random."""
    length = rng.integers(6, SESSIONS + 1, patients)
    patient = np.repeat(np.arange(patients), length)
    t = np.concatenate([np.arange(n) for n in length])
    start = rng.normal(size=(patients, 2))
    slope = (
        rng.normal(size=(patients, 2))
        @ np.linalg.cholesky([[1.0, CORRELATION], [CORRELATION, 1.0]]).T
    )
    noise = rng.normal(size=(len(t), 2))
    wai = 5 + start[patient, 0] + (SLOPE + 0.12 * slope[patient, 0]) * t + 0.6 * noise[:, 0]
    phq = 15 + 3 * start[patient, 1] + (-0.4 + 0.3 * slope[patient, 1]) * t + 1.5 * noise[:, 1]
    return pd.DataFrame({"patient": patient, "session": t + 1, "wai": wai, "phq": phq})


def censored_study(rng: np.random.Generator, patients: int) -> pd.DataFrame:
    """Patients who differ in their start only, with ratings that end at the limit."""
    patient, t = np.repeat(np.arange(patients), 6), np.tile(np.arange(6), patients)
    wai = 5 + rng.normal(size=patients)[patient] + SLOPE * t + 0.6 * rng.normal(size=len(t))
    phq = rng.normal(size=len(t))
    return pd.DataFrame(
        {"patient": patient, "session": t + 1, "wai": np.minimum(wai, LIMIT), "phq": phq}
    )


def prepared(data: SessionData, frame: pd.DataFrame) -> PreparedGrowth:
    """The sessions of a study as fit_growth sees them."""
    return prepare_growth(
        replace(data, frame=frame), ROLES, shape="auto", break_at=None, time_column="session",
        early_window=(3, 5), therapist_change="raise",
    )  # fmt: skip


def growth_row(rng: np.random.Generator, patients: int, data: SessionData) -> dict[str, float]:
    """Hits, p values and failed fits of one study; NaN where there is no interval."""
    study = prepared(data, growth_study(rng, patients))
    course = fit_course(study, "alliance", "wai", "auto")
    linear = course.fit
    if course.shape != "linear":
        linear = fit_quietly(growth_formula(study, "wai", "linear"), study.frame)
    trend = linear.tidy().set_index("term").loc[study.time]
    found = {"chosen": float(course.shape == "linear")}
    found |= _interval("trend", trend["ci_low"], trend["ci_high"], SLOPE, linear.converged)
    both = fit_parallel(study, ("linear", "linear"))
    if isinstance(both, ParallelGrowth):
        pair = both.correlations().set_index("factor").loc["trend with trend"]
        ends = pair["ci_low"], pair["ci_high"]
        found |= _interval("correlation of trends", *ends, CORRELATION, both.fit.converged)
    order = rng.permutation(patients)
    study.frame["wai"] = _swapped(study.frame, order)
    early = fit_early(study)
    if isinstance(early, EarlyRate):
        found["p"] = float(
            early.fit.tidy().set_index("term").loc[early.interactions[0][1], "p_value"]
        )
        found["p, converged"] = float(early.fit.converged)
    ceiling = fit_ceiling(prepared(data, censored_study(rng, patients)), LIMIT)
    for model, row in ceiling.rows.set_index("model").iterrows():
        ends = row["ci_low"], row["ci_high"]
        found |= _interval(f"slope {model}", *ends, SLOPE, ceiling.converged)
    return found


def _interval(
    name: str, low: float, high: float, truth: float, converged: bool
) -> dict[str, float]:
    """Whether an interval holds the truth, and whether its fit converged and has one."""
    known = bool(np.isfinite(low) and np.isfinite(high))
    return {name: float(low <= truth <= high), f"{name}, known": float(known and converged)}


def _swapped(frame: pd.DataFrame, order: np.ndarray) -> np.ndarray:
    """Alliance ratings of another patient, row by row as far as that patient's ratings go."""
    of = {patient: rows["wai"].to_numpy() for patient, rows in frame.groupby("patient")}
    sizes = frame["patient"].value_counts()
    return np.concatenate([np.resize(of[order[p]], sizes[p]) for p in of])


def covered_lines(table: pd.DataFrame, patients: int) -> Iterator[str]:
    """One line an interval: coverage over all studies and over those with an interval."""
    for name in COVERED:
        hit = table[name].fillna(0.0).to_numpy() > 0
        known = table[f"{name}, known"].fillna(0.0).to_numpy() > 0
        cells = [str(patients), name, *shares.coverage_cells(hit, known), str(int((~known).sum()))]
        yield f"| {' | '.join(cells)} |"


def rejected_line(table: pd.DataFrame, patients: int) -> str:
    """How often the effect of early alliance on the later rate is claimed, and linear chosen."""
    cells = [str(patients), *shares.rejection_cells(table["p"].to_numpy())]
    failed = int((table["p, converged"].fillna(0.0) == 0).sum())
    return f"| {' | '.join(cells)} | {failed} | {table['chosen'].mean():.3f} |"


def markdown(tables: dict[int, pd.DataFrame], seed: int) -> str:
    """The block between the markers."""
    n = len(next(iter(tables.values())))
    return "\n".join(
        [
            f"{n:,} studies of each number of patients, seed {seed}; {shares.errors_in_words(n)}. "
            "A star marks coverage outside .934 to .966 and rejections further than three Monte "
            "Carlo errors from their level.",
            "",
            "| patients | 95% interval of | coverage, all | coverage, converged with an interval "
            "| failed or without |",
            "|" + " --- |" * 5,
            *(line for size, table in tables.items() for line in covered_lines(table, size)),
            "",
            "Null twin, early alliance and the later rate; and how often the linear course, which "
            "is true, has the smallest BIC:",
            "",
            "| patients | rejected at .01 | at .05 | at .10 | not converged | linear chosen |",
            "|" + " --- |" * 6,
            *(rejected_line(table, size) for size, table in tables.items()),
        ]
    )


def run(studies: int, patients: int, seed: int) -> pd.DataFrame:
    """All studies of one number of patients, a row each."""
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(studies)]
    data = al.load_sessions(growth_study(np.random.default_rng(0), patients), ROLES)
    return pd.DataFrame([growth_row(rng, patients, data) for rng in streams])


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2_000)
    parser.add_argument("--patients", type=int, nargs="+", default=[60, 120, 240])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    tables = {}
    for size in options.patients:
        bench_lmm.say(f"{size} patients")
        tables[size] = run(options.studies, size, options.seed + size)
    text = markdown(tables, options.seed)
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
