"""Type I error and coverage of the tests of mixed models with few therapists.

    python benchmarks/calibrate_tests.py --write docs/calibration.md

Every study is drawn anew, predictors included: sessions in patients in therapists, no predictor has
an effect. For each number of therapists the table shows how often a true hypothesis is rejected,
with Satterthwaite's and Kenward-Roger's degrees of freedom and with z tests.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd

from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.inference.contrasts import Ddf

FORMULA = (
    "y ~ session + within + patient_mean + therapist_mean "
    "+ (1 + within | patient) + (1 | therapist)"
)
TERMS = {
    "within": "within",
    "patient_mean": "between patients",
    "therapist_mean": "between therapists",
}
METHODS: tuple[Ddf, ...] = ("satterthwaite", "kenward-roger", "normal")
NAMES = {"satterthwaite": "Satterthwaite", "kenward-roger": "Kenward–Roger", "normal": "z"}
LEVELS = (0.01, 0.05, 0.10)
PATIENTS, SESSIONS = 8, 6
START, END = "<!-- calibrate_tests: start -->", "<!-- calibrate_tests: end -->"


def study(therapists: int, rng: np.random.Generator) -> pd.DataFrame:
    """One study without any effect: `PATIENTS` a therapist, one to twice `SESSIONS` each."""
    patients = therapists * PATIENTS
    lengths = rng.integers(1, 2 * SESSIONS, patients)
    patient = np.repeat(np.arange(patients), lengths)
    therapist = patient // PATIENTS
    within = rng.normal(0, 1, len(patient))
    within -= (np.bincount(patient, within) / lengths)[patient]
    between = rng.normal(0, 1, patients)
    own = np.arange(patients) // PATIENTS
    between -= (np.bincount(own, between) / PATIENTS)[own]
    of_patient = rng.multivariate_normal([0, 0], [[1.0, 0.1], [0.1, 0.2]], patients)
    y = of_patient[patient, 0] + of_patient[patient, 1] * within
    y += rng.normal(0, 0.5, therapists)[therapist] + rng.normal(0, 1, len(patient))
    session = np.arange(len(patient)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    columns = {"y": y, "session": session, "within": within, "patient": patient}
    columns |= {"therapist": therapist, "patient_mean": between[patient]}
    return pd.DataFrame(columns | {"therapist_mean": rng.normal(0, 1, therapists)[therapist]})


@dataclass(frozen=True)
class Runs:
    """p values (studies, terms) by method, and which fits are singular or did not converge."""

    p: dict[str, np.ndarray]
    singular: np.ndarray
    failed: np.ndarray


def run(therapists: int, studies: int, seed: int) -> Runs:
    """Fit all studies of one size."""
    p: dict[str, list[np.ndarray]] = {method: [] for method in METHODS}
    singular, failed = [], []
    for stream in np.random.SeedSequence(seed).spawn(studies):
        fit = fit_quietly(FORMULA, study(therapists, np.random.default_rng(stream)))
        singular.append(fit.singular)
        failed.append(not fit.converged)
        for method in METHODS:
            table = fit.tidy(ddf=method).set_index("term")
            p[method].append(table.loc[list(TERMS), "p_value"].to_numpy())
    found = {method: np.array(values) for method, values in p.items()}
    return Runs(found, np.array(singular), np.array(failed))


def rows_of(therapists: int, runs: Runs) -> Iterator[str]:
    """Table rows of one number of therapists."""
    n = len(runs.singular)
    for k, term in enumerate(TERMS.values()):
        for method in METHODS:
            p = runs.p[method][:, k]
            shown = []
            for level in LEVELS:
                share = float(np.mean(p < level))
                error = np.sqrt(level * (1 - level) / n)
                mark = "" if abs(share - level) <= 3 * error else "*"
                shown.append(f"{share:.3f}{mark}")
            yield f"| {therapists} | {term} | {NAMES[method]} | " + " | ".join(shown) + " |"


def markdown(sizes: dict[int, Runs], seed: int) -> str:
    """The block between the markers."""
    n = len(next(iter(sizes.values())).singular)
    errors = ", ".join(f"{np.sqrt(a * (1 - a) / n):.4f} at {a:.2f}" for a in LEVELS)
    rows = [row for therapists, runs in sizes.items() for row in rows_of(therapists, runs)]
    undefined = {
        t: int(sum(np.isnan(p).any(axis=1).sum() for p in runs.p.values()))
        for t, runs in sizes.items()
    }
    about = "; ".join(
        f"{t} therapists: {runs.singular.mean():.0%} singular, {int(runs.failed.sum())} not "
        f"converged, {undefined[t]} without a p value"
        for t, runs in sizes.items()
    )
    return "\n".join(
        [
            f"{n:,} studies of each size, seed {seed}; share of p values below the level. Monte "
            f"Carlo errors: {errors}. A star marks a share more than three errors from its level.",
            "",
            "| therapists | effect of the alliance | tests | .01 | .05 | .10 |",
            "| --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            f"All fits are counted ({about}).",
        ]
    )


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2_000)
    parser.add_argument("--therapists", type=int, nargs="+", default=[8, 12, 20])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    sizes = {t: run(t, options.studies, options.seed + t) for t in options.therapists}
    text = markdown(sizes, options.seed)
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
