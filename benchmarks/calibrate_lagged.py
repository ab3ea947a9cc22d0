"""Coverage and type I error of fit_lagged in simulated studies of three lengths.

    python benchmarks/calibrate_lagged.py --write docs/calibration.md

Every study is drawn anew by simulate_sessions with 240 patients of 24 therapists, on scales
without limits and without trends of patients' own, so that the paths of the process are what the
model should estimate. Both ratings are taken as made after the session, so that both paths lead
to the next session. In the null twins of a path that path is zero and the other one is not: this
is where the bias of observed-mean centring makes a test reject.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import calibration_shares as shares
import numpy as np

import alliance_stats as al

SIZE = {"n_patients": 240, "n_therapists": 24}
#: Median number of sessions of each design.
LENGTHS = {"short": 6, "usual": 10, "long": 25}
CLEAN: dict[str, Any] = {
    "alliance_range": None, "outcome_range": None, "flat_patients": 0.0,
    "improvement_alliance": 0.0, "improvement_outcome": 0.0, "outcome_trend_sd": 0.0,
    "alliance_trend_sd": 0.0, "within_effect_sd": 0.0, "length_improvement": 0.0,
    "dropout_alliance_effect": 0.0,
}  # fmt: skip
#: The parameter behind each effect, and the effect in words.
PATHS = {
    "alliance_to_outcome": ("lagged_effect", "alliance to outcome"),
    "outcome_to_alliance": ("reverse_effect", "outcome to alliance"),
}
COLUMNS = ["estimate", "se", "p_value", "ci_low", "ci_high"]
START, END = "<!-- calibrate_lagged: start -->", "<!-- calibrate_lagged: end -->"


@dataclass(frozen=True)
class Runs:
    """Estimate, standard error, p value and interval (studies, 2 paths), and flags of studies."""

    estimate: np.ndarray
    se: np.ndarray
    p_value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    failed: np.ndarray
    singular: np.ndarray


def changes_of(sessions: int, without: str | None) -> dict[str, Any]:
    """Arguments of simulate_sessions."""
    none = {without: 0.0} if without else {}
    return SIZE | CLEAN | {"sessions_median": sessions, "sessions_max": 2 * sessions + 5} | none


def truths(changes: dict[str, Any]) -> np.ndarray:
    """Both paths in points per point, from the parameters of the process."""
    book = al.simulate_sessions(**changes, rng=0).codebook.set_index("parameter")["value"]

    def sd(name: str) -> float:
        shares = book[f"{name}_therapist_share"] + book[f"{name}_patient_share"]
        return float(book[f"{name}_sd"] * np.sqrt(1.0 - shares))

    ratio = sd("outcome") / sd("alliance")
    return np.array([book["lagged_effect"] * ratio, book["reverse_effect"] / ratio], dtype=float)


def run(changes: dict[str, Any], studies: int, seed: int) -> Runs:
    """Simulate and fit all studies of one kind."""
    rows, failed, singular = [], [], []
    for stream in np.random.SeedSequence(seed).spawn(studies):
        sessions = al.simulate_sessions(**changes, rng=stream)
        roles = replace(sessions.roles, alliance_at="after", outcome_at="after")
        result = al.fit_lagged(replace(sessions, roles=roles), bias_simulations=0)
        fits = result.fits.values()
        failed.append(not all(fit.converged for fit in fits))
        singular.append(any(fit.singular for fit in fits))
        rows.append(result.tidy().set_index("effect").loc[list(PATHS), COLUMNS].to_numpy(float).T)
    columns = np.array(rows).transpose(1, 0, 2)
    return Runs(*columns, np.array(failed), np.array(singular))


def path_rows(design: str, sessions: int, studies: int, seed: int) -> tuple[list[str], list[Runs]]:
    """A table row for each path, and its runs: studies with both paths, twins without one."""
    changes = changes_of(sessions, None)
    truth, full = truths(changes), run(changes, studies, seed)
    rows, runs = [], [full]
    for k, (parameter, words) in enumerate(PATHS.values()):
        null = run(changes_of(sessions, parameter), studies, seed + 1 + k)
        spread = float(full.estimate[:, k].std(ddof=1))
        covered = (full.low[:, k] <= truth[k]) & (truth[k] <= full.high[:, k])
        cells = [
            f"{design} ({sessions})", words, f"{truth[k]:.3f}", f"{full.estimate[:, k].mean():.3f}",
            f"{spread:.3f}", f"{full.se[:, k].mean() / spread:.2f}",
            *shares.coverage_cells(covered, ~full.failed), f"{null.estimate[:, k].mean():.4f}",
            *shares.rejection_cells(null.p_value[:, k]),
        ]  # fmt: skip
        rows.append(f"| {' | '.join(cells)} |")
        runs.append(null)
    return rows, runs


def markdown(lengths: dict[str, int], studies: int, seed: int) -> str:
    """The block between the markers."""
    rows, about = [], []
    for design, sessions in lengths.items():
        bench_lmm.say(design)
        made, runs = path_rows(design, sessions, studies, seed)
        rows += made
        singular = np.mean([kind.singular for kind in runs])
        failed = int(np.sum([kind.failed for kind in runs]))
        about.append(f"{design}: {singular:.0%} singular, {failed} not converged")
    return "\n".join(
        [
            f"{studies:,} studies of each kind, seed {seed}; {shares.errors_in_words(studies)}. "
            "A star marks coverage outside .934 to .966 and rejections further than three Monte "
            "Carlo errors from their level.",
            "",
            "| sessions (median) | path | truth | mean estimate | SD of estimates | mean SE / SD "
            "| coverage, all | coverage, converged | mean estimate where the path is zero "
            "| rejected at .01 | at .05 | at .10 |",
            "|" + " --- |" * 12,
            *rows,
            "",
            "Rejections are of a path that is zero, in studies of its own; all fits are counted. "
            f"Fits of all {3 * studies:,} studies of a length: {'; '.join(about)}.",
        ]
    )


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2_000)
    parser.add_argument("--designs", nargs="+", choices=list(LENGTHS), default=list(LENGTHS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    lengths = {design: LENGTHS[design] for design in options.designs}
    text = markdown(lengths, options.studies, options.seed)
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
