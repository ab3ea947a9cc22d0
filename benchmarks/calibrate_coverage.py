"""Coverage of the intervals of fit_within_between in simulated studies.

    python benchmarks/calibrate_coverage.py --write docs/calibration.md

Every study is drawn anew by simulate_sessions, predictors included, with its defaults but for the
number of therapists, ten patients each. The intervals should hold the *estimands* of the codebook:
what the estimates tend to with endless therapists, which differs from the parameters of the
simulation. So the tables show whether the standard errors are right, not whether the model is.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import calibration_shares as shares
import numpy as np

import alliance_stats as al
from alliance_stats.lmm.inference.contrasts import Ddf

#: Effect and unit of a row of the result, its row in the codebook, and its name in the table.
EFFECTS = {
    ("within", "session"): ("within_effect", "within"),
    ("patient_between", "patient"): ("patient_between_effect", "between patients"),
    ("therapist_between", "therapist"): ("therapist_between_effect", "between therapists"),
    ("contextual", "patient"): ("patient_contextual_effect", "patients less within"),
    ("contextual", "therapist"): ("therapist_contextual_effect", "therapists less patients"),
}
METHODS: tuple[Ddf, ...] = ("satterthwaite", "kenward-roger")
PATIENTS = 10
LEVEL = 0.95
START, END = "<!-- calibrate_coverage: start -->", "<!-- calibrate_coverage: end -->"


@dataclass(frozen=True)
class Runs:
    """Estimates and standard errors (studies, effects), hits by method, counts of fits."""

    estimate: np.ndarray
    se: np.ndarray
    hit: dict[str, np.ndarray]
    singular: np.ndarray
    failed: np.ndarray


def estimands() -> np.ndarray:
    """What every effect's estimate tends to, from the codebook of the example."""
    book = al.load_example("sessions").codebook.set_index("parameter")["estimand"]
    return np.array([book[row] for row, _ in EFFECTS.values()], dtype=float)


def run(therapists: int, studies: int, seed: int) -> Runs:
    """Simulate and fit all studies of one size."""
    truth = estimands()
    rows: list[np.ndarray] = []
    hits: dict[str, list[np.ndarray]] = {method: [] for method in METHODS}
    singular, failed = [], []
    for stream in np.random.SeedSequence(seed).spawn(studies):
        sessions = al.simulate_sessions(
            n_patients=PATIENTS * therapists, n_therapists=therapists, rng=stream
        )
        result = al.fit_within_between(sessions)
        singular.append(result.fit.singular)
        failed.append(not result.fit.converged)
        for method in METHODS:
            table = result.tidy(conf_level=LEVEL, ddf=method).set_index(["effect", "unit"])
            found = table.loc[list(EFFECTS), ["estimate", "se", "ci_low", "ci_high"]].to_numpy()
            hits[method].append((found[:, 2] <= truth) & (truth <= found[:, 3]))
            if method == METHODS[0]:
                rows.append(found[:, :2])
    both = np.array(rows)
    hit = {method: np.array(values) for method, values in hits.items()}
    return Runs(both[..., 0], both[..., 1], hit, np.array(singular), np.array(failed))


def rows_of(therapists: int, runs: Runs) -> Iterator[str]:
    """Table rows of one number of therapists; a star marks coverage outside .934 to .966."""
    for k, ((_, name), truth) in enumerate(zip(EFFECTS.values(), estimands(), strict=True)):
        spread = float(runs.estimate[:, k].std(ddof=1))
        shown = [f"{truth:.3f}", f"{runs.estimate[:, k].mean():.3f}", f"{spread:.3f}"]
        shown.append(f"{runs.se[:, k].mean() / spread:.2f}")
        for method in METHODS:
            shown += shares.coverage_cells(runs.hit[method][:, k], ~runs.failed)
        yield f"| {therapists} | {name} | " + " | ".join(shown) + " |"


def markdown(sizes: dict[int, Runs], seed: int) -> str:
    """The block between the markers."""
    n = len(next(iter(sizes.values())).singular)
    rows = [row for therapists, runs in sizes.items() for row in rows_of(therapists, runs)]
    about = "; ".join(
        f"{t} therapists: {runs.singular.mean():.0%} singular, {int(runs.failed.sum())} not "
        f"converged"
        for t, runs in sizes.items()
    )
    return "\n".join(
        [
            f"{n:,} studies of each size, seed {seed}; share of 95% intervals that hold the "
            "estimand, by Satterthwaite's and by Kenward–Roger's method, over all studies and over "
            f"those whose fit converged. Monte Carlo error {shares.mc_error(LEVEL, n):.4f}. A star "
            "marks a share outside .934 to .966.",
            "",
            "| therapists | effect of the alliance | estimand | mean estimate | SD of estimates "
            "| mean SE / SD | Satterthwaite, all | converged | Kenward–Roger, all | converged |",
            "|" + " --- |" * 10,
            *rows,
            "",
            f"Fits: {about}.",
        ]
    )


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2_000)
    parser.add_argument("--therapists", type=int, nargs="+", default=[12, 24, 48])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    sizes = {t: run(t, options.studies, options.seed + t) for t in options.therapists}
    text = markdown(sizes, options.seed)
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
