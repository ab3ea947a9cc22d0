"""Coverage of the intervals of fit_meta in simulated meta-analyses.

    python benchmarks/calibrate_meta.py --write docs/calibration.md

Correlations of k studies with lognormal sizes (median 60, SD of the logarithm .8, 10 at least), as
Fisher's z: true effects normal around .2855 (r = .278) with variance τ², sampling error 1/(n − 3).
The moderator is standard normal and without effect. Everything is drawn anew in every
meta-analysis. τ² is fitted by REML.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import numpy as np
from calibration_shares import coverage_cell, mc_error
from scipy.special import chdtri, ndtri, stdtrit

from alliance_stats.meta.univariate.between import solve_q
from alliance_stats.meta.univariate.fits import Fits, Test, fit_many
from alliance_stats.meta.univariate.kernel import DataSets, Floats, data_sets

START, END = "<!-- calibrate_meta: start -->", "<!-- calibrate_meta: end -->"
MEAN = 0.2855
TAU2 = (0.0, 0.01, 0.024, 0.1)
STUDIES = (5, 10, 20, 40)
TESTS: tuple[Test, ...] = ("z", "t", "knha", "adhoc")
LEVEL = 0.95
UPPER = 0.5 + LEVEL / 2


@dataclass(frozen=True, eq=False)
class Drawn:
    """Meta-analyses: effects and variances (n, k), the true effect of a new study (n,), mods."""

    yi: Floats
    vi: Floats
    new: Floats
    moderator: Floats


def draw(n: int, k: int, tau2: float, rng: np.random.Generator) -> Drawn:
    """Simulate `n` meta-analyses of `k` studies."""
    sizes = np.maximum(np.round(60.0 * np.exp(0.8 * rng.standard_normal((n, k)))), 10.0)
    vi = 1.0 / (sizes - 3.0)
    yi = MEAN + rng.standard_normal((n, k)) * np.sqrt(vi + tau2)
    new = MEAN + np.sqrt(tau2) * rng.standard_normal(n)
    return Drawn(yi, vi, new, rng.standard_normal((n, k)))


def covers(estimate: Floats, se: Floats, df: Floats, truth: Floats | float) -> np.ndarray:
    """Which intervals hold the truth."""
    finite = np.where(np.isinf(df), 1.0, df)
    width = np.where(np.isinf(df), ndtri(UPPER), stdtrit(finite, UPPER)) * se
    return np.asarray(np.abs(estimate - truth) <= width)


def mean_hits(fits: Fits) -> np.ndarray:
    """Which intervals of the mean hold it."""
    return covers(fits.beta[:, 0], fits.se[:, 0], fits.df, MEAN)


def prediction_hits(fits: Fits, new: Floats, lost: int) -> np.ndarray:
    """Which prediction intervals, with k − p − `lost` df, hold the true effect of a new study."""
    spread = np.sqrt(fits.se[:, 0] ** 2 + fits.tau2)
    return covers(fits.beta[:, 0], spread, fits.data.df - lost, new)


def tau2_hits(data: DataSets, tau2: float) -> np.ndarray:
    """Which Q-profile intervals hold τ²."""
    alpha = (1.0 - LEVEL) / 2.0
    low, high = (solve_q(data, chdtri(data.df, a))[0] for a in (alpha, 1.0 - alpha))
    q = fit_many(data, method="EE", test="z").q
    empty = q < chdtri(data.df, 1.0 - alpha)  # no τ² agrees
    return np.asarray((low <= tau2) & (tau2 <= high) & ~empty)


def rows(n: int, seed: int) -> Iterator[list[str]]:
    """Cells of one line a design."""
    streams = np.random.SeedSequence(seed).spawn(len(TAU2) * len(STUDIES))
    designs = [(tau2, k) for tau2 in TAU2 for k in STUDIES]
    for (tau2, k), stream in zip(designs, streams, strict=True):
        drawn = draw(n, k, tau2, np.random.default_rng(stream))
        data = data_sets(drawn.yi, drawn.vi, np.ones((k, 1)))
        fits = {test: fit_many(data, test=test) for test in TESTS}
        x = np.stack([np.ones_like(drawn.moderator), drawn.moderator], axis=-1)
        regression = data_sets(drawn.yi, drawn.vi, x)
        slopes = [fit_many(regression, test=test) for test in ("z", "knha")]
        hits = [
            *(mean_hits(fits[test]) for test in TESTS),
            *(prediction_hits(fits["knha"], drawn.new, lost) for lost in (0, 1)),
            tau2_hits(data, tau2),
            *(covers(f.beta[:, 1], f.se[:, 1], f.df, 0.0) for f in slopes),
        ]
        yield [f"{tau2:g}", str(k), *(coverage_cell(hit) for hit in hits)]


def markdown(n: int, seed: int) -> str:
    """The block between the markers."""
    heads = [
        "τ²", "k", "mean, z", "mean, t", "mean, knha", "mean, adhoc", "prediction, k − p",
        "prediction, k − p − 1", "τ², Q-profile", "moderator, z", "moderator, knha",
    ]  # fmt: skip
    return "\n".join(
        [
            f"{n:,} studies, each a whole meta-analysis, a line; seed {seed}. Coverage of 95% "
            f"intervals; Monte Carlo error {mc_error(LEVEL, n):.4f}. A star marks what lies "
            "outside .934–.966.",
            "",
            f"| {' | '.join(heads)} |",
            "|" + " --- |" * len(heads),
            *(f"| {' | '.join(cells)} |" for cells in rows(n, seed)),
        ]
    )


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, help="page whose marked block is replaced")
    given = parser.parse_args()
    text = markdown(given.studies, given.seed)
    print(text)
    if given.write:
        bench_lmm.write_between(given.write, text, (START, END))


if __name__ == "__main__":
    main()
