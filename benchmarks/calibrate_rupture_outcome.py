"""What taking the excess of ruptures as known costs fit_ruptures.

    python benchmarks/calibrate_rupture_outcome.py --write docs/calibration.md

150 patients with a stationary autoregression of .3 around their level, into which real ruptures are
put: falls of three standard deviations for one session, their number gamma-Poisson with mean 1. In
half of the studies every real rupture adds one point to the last outcome (residual SD 3), in the
others none. Shown is what the coefficient of the excess makes of it.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd
from calibration_shares import mc_error, rejection_cell

import alliance_stats as al

MARKS = (
    "<!-- calibrate_rupture_outcome: start -->", "<!-- calibrate_rupture_outcome: end -->"
)  # fmt: skip
PATIENTS, CARRY, DEPTH, SD = 150, 0.3, 3.0, 6.0
SIMULATIONS = 999
ROLES = al.Roles(alliance="wai", outcome="phq", baseline="intake")


@dataclass(frozen=True)
class Cell:
    """A rule, and the sessions of a patient."""

    words: str
    rule: dict[str, Any]
    sessions: int = 12


CELLS = (
    Cell("criterion, 1 own SD", {}),
    Cell("criterion, 2 own SD", {"drop": 2.0}),
    Cell("criterion, 2 known SD", {"drop": 2.0, "sd": SD}),
    Cell("partition", {"rule": "partition"}),
    Cell("regression, 2 SD", {"rule": "regression"}),
    Cell("criterion, 2 own SD", {"drop": 2.0}, sessions=24),
)


def study(cell: Cell, effect: float, rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray]:
    """Sessions, and how many real ruptures each patient had."""
    n, length = PATIENTS, cell.sessions
    y = rng.normal(size=(length, n))
    for t in range(1, length):
        y[t] = CARRY * y[t - 1] + np.sqrt(1.0 - CARRY**2) * y[t]
    real = np.minimum(rng.poisson(rng.gamma(1.0, 1.0, n)), 4)
    for patient in np.flatnonzero(real):
        at = rng.choice(np.arange(1, length - 1), real[patient], replace=False)
        y[at, patient] -= DEPTH
    intake = rng.normal(15, 4, n)
    last = 0.5 * intake + effect * real + rng.normal(0, 3, n)
    frame = pd.DataFrame(
        {
            "patient": np.repeat(np.arange(n), length),
            "session": np.tile(np.arange(1, length + 1), n),
            "wai": (50 + SD * y.T).ravel(),
            "phq": np.repeat(last, length),
            "intake": np.repeat(intake, length),
        }
    )
    return frame, real


def study_row(cell: Cell, effect: float, rng: np.random.Generator) -> dict[str, float]:
    """What one study says of ruptures: estimates, test, and how far the excess knows them."""
    frame, real = study(cell, effect, rng)
    options = {"scale": None, "step": None, "simulations": SIMULATIONS, **cell.rule}
    one, again = (al.models.fit_ruptures(frame, ROLES, rng=seed, **options) for seed in (1, 2))
    row, other = one.tidy().iloc[0], again.tidy().iloc[0]
    rows, spread = one.prepared.frame, one.spread.iloc[0]
    return {
        "b": row["estimate"], "p": row["p_value"],
        "raw": one.sensitivity["estimate"][0],
        "redrawn": (row["estimate"] - other["estimate"]) / row["se"],
        "share": spread["by_chance"] / spread["variance"],
        "r2": np.corrcoef(rows["excess_ruptures"], real[rows["patient"]])[0, 1] ** 2,
    }  # fmt: skip


def lines(cells: dict[tuple[int, float], pd.DataFrame]) -> Iterator[str]:
    """One line a rule."""
    for number, cell in enumerate(CELLS):
        some, none = cells[number, 1.0], cells[number, 0.0]
        both = pd.concat([some, none])
        error = some["b"].std() / np.sqrt(len(some))
        redrawn = both["redrawn"].std() / np.sqrt(2.0)
        yield (
            f"| {cell.words} | {cell.sessions} | {both['share'].mean():.2f} | "
            f"{both['r2'].mean():.2f} | {some['b'].mean():.2f} ± {error:.2f} | "
            f"{some['raw'].mean():.2f} | {(some['p'] < 0.05).mean():.2f} | "
            f"{rejection_cell((none['p'] < 0.05).to_numpy(), 0.05)} | {redrawn:.2f} |"
        )


def markdown(cells: dict[tuple[int, float], pd.DataFrame], studies: int, seed: int) -> str:
    """The block between the markers."""
    return "\n".join(
        [
            f"{studies:,} studies of each kind, seed {seed}, {SIMULATIONS} simulations each. Monte "
            f"Carlo error {mc_error(0.05, studies):.4f} of a share of .05; a star marks more than "
            "three of these.",
            "",
            "| rule | sessions | variance by chance | r² with real ruptures | mean b, truth 1 | "
            "of raw counts | power | rejected, truth 0 | redrawn |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *lines(cells),
        ]
    )


def run(studies: int, seed: int) -> dict[tuple[int, float], pd.DataFrame]:
    """All studies, by cell and effect."""
    found = {}
    for number, cell in enumerate(CELLS):
        for effect in (1.0, 0.0):
            streams = np.random.SeedSequence([seed, number, int(effect)]).spawn(studies)
            rows = [study_row(cell, effect, np.random.default_rng(one)) for one in streams]
            found[number, effect] = pd.DataFrame(rows)
    return found


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    text = markdown(run(options.studies, options.seed), options.studies, options.seed)
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, MARKS)


if __name__ == "__main__":
    main()
