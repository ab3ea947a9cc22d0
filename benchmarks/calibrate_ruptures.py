"""Rejections of find_ruptures in simulated studies without ruptures.

    python benchmarks/calibrate_ruptures.py --write docs/calibration.md

Stationary ratings of 40 patients with 8 to 16 sessions, of which 5% are not rated; patients differ
in level and in standard deviation (log-normal, SD .3), ratings are whole points from 12 to 84.
Cells differ in the rule, in the autoregression, in a ceiling (levels near 70, so that about a
tenth of the ratings are cut) and in the reliability of a rating.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import numpy as np

from alliance_stats.models.ruptures.analysis import analyse
from alliance_stats.models.ruptures.chance import MEASURES
from alliance_stats.models.ruptures.rule import DROPS, Rule
from alliance_stats.models.ruptures.series import Series
from alliance_stats.models.ruptures.simulate import Scale, autoregression

START, END = "<!-- calibrate_ruptures: start -->", "<!-- calibrate_ruptures: end -->"
N_PATIENTS, N_SESSIONS = 40, 16
SCALE = Scale(12.0, 84.0, 1.0)
SIMULATIONS = 199
SHOWN = ("ruptures", "repaired", "resolved", "unrepaired")


@dataclass(frozen=True)
class Cell:
    """One kind of study and one rule."""

    rule: str
    rho: float
    level: float = 50.0
    sd: str | float = "own"
    reliability: float = 1.0

    def words(self) -> str:
        """The cell as the beginning of a row."""
        sd = self.sd if isinstance(self.sd, str) else f"known ({self.sd:g})"
        ceiling = "yes" if self.level > 60 else "no"
        return f"| {self.rule} | {sd} | {self.rho:.1f} | {ceiling} | {self.reliability:g} "


CELLS = [
    Cell("criterion", 0.0),
    Cell("criterion", 0.4),
    Cell("criterion", 0.4, level=70.0),
    Cell("criterion", 0.6, reliability=0.7),
    Cell("criterion", 0.4, sd="pooled"),
    Cell("criterion", 0.4, sd=6.0),
    Cell("control_chart", 0.0),
    Cell("control_chart", 0.4),
    Cell("control_chart", 0.4, level=70.0),
    Cell("partition", 0.0),
    Cell("partition", 0.4),
    Cell("partition", 0.4, level=70.0),
    Cell("regression", 0.0),
    Cell("regression", 0.4),
    Cell("regression", 0.4, level=70.0),
]


def study(rng: np.random.Generator, cell: Cell) -> Series:
    """Ratings without ruptures."""
    shape = (N_SESSIONS, N_PATIENTS, 1)
    each = (1, N_PATIENTS, 1)
    a = autoregression(rng.normal(size=shape), cell.rho)
    if cell.reliability < 1:
        error = rng.normal(size=shape)
        a = np.sqrt(cell.reliability) * a + np.sqrt(1 - cell.reliability) * error
    spread = 6.0 * np.exp(0.3 * rng.normal(size=each) - 0.045)
    y = SCALE.put(cell.level + 8.0 * rng.normal(size=each) + spread * a)
    seen = np.arange(N_SESSIONS)[:, None] < rng.integers(8, N_SESSIONS + 1, N_PATIENTS)
    seen &= (rng.random((N_SESSIONS, N_PATIENTS)) > 0.05) | (np.arange(N_SESSIONS) == 0)[:, None]
    y[~seen] = np.nan
    varies = np.nanmax(y, axis=0)[:, 0] > np.nanmin(y, axis=0)[:, 0]
    kept = varies & (seen.sum(axis=0) >= 8)
    return Series(y[:, kept], seen[:, kept])


def rejections(cell: Cell, studies: int, seed: int) -> np.ndarray:
    """Share of studies with p ≤ .05 of every measure."""
    rule = Rule(cell.rule, DROPS[cell.rule], sd=cell.sd)  # type: ignore[arg-type]
    p = []
    for stream in np.random.SeedSequence([seed, CELLS.index(cell)]).spawn(studies):
        rng = np.random.default_rng(stream)
        found = analyse(
            study(rng, cell), rule, scale=SCALE, reliability=cell.reliability,
            simulations=SIMULATIONS, rng=rng,
        )  # fmt: skip
        p.append(found.p_values)
    return np.asarray((np.array(p) <= 0.05).mean(axis=0))


def row(cell: Cell, studies: int, seed: int) -> str:
    """One row of the table."""
    shares = dict(zip(MEASURES, rejections(cell, studies, seed), strict=True))
    far = 3 * np.sqrt(0.05 * 0.95 / studies)
    cells = [f"{shares[m]:.3f}" + ("*" if abs(shares[m] - 0.05) > far else "") for m in SHOWN]
    return cell.words() + "| " + " | ".join(cells) + " |"


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--cells", type=int, nargs="+", default=list(range(len(CELLS))))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    error = np.sqrt(0.05 * 0.95 / options.studies)
    lines = [
        f"{options.studies:,} studies a row, seed {options.seed}, {SIMULATIONS} simulations each. "
        f"Monte Carlo error {error:.4f}. A star marks a share further than three Monte Carlo "
        "errors from .05.",
        "",
        "| rule | SD | AR(1) | ceiling | reliability | " + " | ".join(SHOWN) + " |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for k in options.cells:
        lines.append(row(CELLS[k], options.studies, options.seed))
        print(lines[-1], flush=True)
    if options.write:
        bench_lmm.write_between(options.write, "\n".join(lines), (START, END))


if __name__ == "__main__":
    main()
