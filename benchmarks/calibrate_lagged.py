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
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import bench_lmm  # first: it sets the number of threads before numpy is loaded
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
ALPHAS = (0.01, 0.05, 0.10)
START, END = "<!-- calibrate_lagged: start -->", "<!-- calibrate_lagged: end -->"


@dataclass(frozen=True)
class Runs:
    """Estimate, standard error, p value and interval (studies, 2 paths), and counts of fits."""

    estimate: np.ndarray
    se: np.ndarray
    p_value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    failed: int
    singular: float


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
    rows, failed, singular = [], 0, 0
    for stream in np.random.SeedSequence(seed).spawn(studies):
        sessions = al.simulate_sessions(**changes, rng=stream)
        roles = replace(sessions.roles, alliance_at="after", outcome_at="after")
        result = al.fit_lagged(sessions.frame, roles, bias_simulations=0)
        failed += not result.glance()["converged"].all()
        singular += bool(result.glance()["singular"].any())
        table = result.tidy().set_index("effect").loc[list(PATHS)]
        rows.append(table[["estimate", "se", "p_value", "ci_low", "ci_high"]].to_numpy(float).T)
    columns = np.array(rows).transpose(1, 0, 2)
    return Runs(*columns, failed, singular / studies)


def path_rows(design: str, sessions: int, studies: int, seed: int) -> Iterator[tuple[str, Runs]]:
    """A table row for each path: studies with both paths, and the twins without it."""
    changes = changes_of(sessions, None)
    truth, full = truths(changes), run(changes, studies, seed)
    for k, (parameter, words) in enumerate(PATHS.values()):
        null = run(changes_of(sessions, parameter), studies, seed + 1 + k)
        spread = float(full.estimate[:, k].std(ddof=1))
        covered = (full.low[:, k] <= truth[k]) & (truth[k] <= full.high[:, k])
        share = float(covered.mean())
        cells = [
            f"{design} ({sessions})", words, f"{truth[k]:.3f}", f"{full.estimate[:, k].mean():.3f}",
            f"{spread:.3f}", f"{full.se[:, k].mean() / spread:.2f}",
            f"{share:.3f}{'' if 0.934 <= share <= 0.966 else '*'}",
            f"{null.estimate[:, k].mean():+.4f}".replace("+", ""),
        ]  # fmt: skip
        for alpha in ALPHAS:
            rejected = float((null.p_value[:, k] < alpha).mean())
            band = 3.0 * np.sqrt(alpha * (1.0 - alpha) / studies)
            cells.append(f"{rejected:.3f}{'' if abs(rejected - alpha) <= band else '*'}")
        yield "| " + " | ".join(cells) + " |", full


def markdown(lengths: dict[str, int], studies: int, seed: int) -> str:
    """The block between the markers."""
    rows, about = [], []
    for design, sessions in lengths.items():
        made = list(path_rows(design, sessions, studies, seed))
        rows += [row for row, _ in made]
        runs = made[0][1]
        about.append(f"{design}: {runs.singular:.0%} singular, {runs.failed} not converged")
    error = np.sqrt(0.05 * 0.95 / studies)
    return "\n".join(
        [
            f"{studies:,} studies of each kind, seed {seed}; Monte Carlo error of a share of .05 "
            f"or .95: {error:.3f}. A star marks coverage outside .934 to .966 and rejections "
            "further than three Monte Carlo errors from their level.",
            "",
            "| sessions (median) | path | truth | mean estimate | SD of estimates | mean SE / SD "
            "| 95% intervals that hold the truth | mean estimate where the path is zero "
            "| rejected at .01 | at .05 | at .10 |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            f"All fits are counted ({'; '.join(about)}).",
        ]
    )


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=500)
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
