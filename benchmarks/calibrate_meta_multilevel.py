"""Coverage of the pooled effect, and type I error of a study-level moderator, with few studies.

    python benchmarks/calibrate_meta_multilevel.py --write docs/calibration.md

Studies with one to eight effects on Fisher's z, sampling errors that correlate .6, τ² of .02
between and .008 within studies. The analysis assumes that correlation, or .2 instead. A quarter of
the studies has another format, without effect. Tests are CR2, or believe the model (t, z).
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from pathlib import Path

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import calibration_shares as shares
import numpy as np
import pandas as pd

import alliance_stats as al

START, END = (
    "<!-- calibrate_meta_multilevel: start -->",
    "<!-- calibrate_meta_multilevel: end -->",
)
SIZES = (10, 20, 40)
MEAN, BETWEEN, WITHIN, RHO = 0.29, 0.02, 0.008, 0.6
ASSUMED = (0.6, 0.2)
TESTS = ("CR2", "t", "z")


def effects_of(n: int, rng: np.random.Generator) -> pd.DataFrame:
    """Effects of n studies: sizes lognormal around 60, one to eight effects each."""
    k = rng.integers(1, 9, n)
    study = np.repeat(np.arange(n), k)
    size = np.maximum(np.round(np.exp(rng.normal(np.log(60.0), 0.8, n))), 10.0)
    vi = 1.0 / (size[study] - 3.0)
    shared, own = rng.normal(size=n)[study], rng.normal(size=len(study))
    error = np.sqrt(vi) * (np.sqrt(RHO) * shared + np.sqrt(1.0 - RHO) * own)
    true = rng.normal(0.0, np.sqrt(BETWEEN), n)[study]
    true = true + rng.normal(0.0, np.sqrt(WITHIN), len(study))
    group = rng.permutation(np.arange(n) < max(3, n // 4)).astype(float)
    return pd.DataFrame(
        {"study": study, "yi": MEAN + true + error, "vi": vi, "format": group[study]}
    )


def study_rows(n: int, rng: np.random.Generator) -> Iterator[dict[str, object]]:
    """Hits and p values of one meta-analysis, by assumed correlation and test."""
    frame = effects_of(n, rng)
    for rho in ASSUMED:
        mean = al.fit_meta_multilevel(frame, rho=rho)
        slope = al.fit_meta_multilevel(frame, rho=rho, mods="format")
        for test in TESTS:
            row = mean.tidy(test=test).iloc[0]
            yield {
                "studies": n, "rho": rho, "test": test,
                "covered": bool(row["ci_low"] <= MEAN <= row["ci_high"]),
                "p": slope.tidy(test=test)["p_value"].iloc[1],
                "df": slope.tidy(test=test)["df"].iloc[1],
                "converged": mean.converged and slope.converged,
            }  # fmt: skip


def lines(table: pd.DataFrame) -> Iterator[str]:
    """One line a number of studies, assumed correlation and test."""
    for (n, rho, test), rows in table.groupby(["studies", "rho", "test"], sort=False):
        cells = [
            str(n), f"{rho:g}", str(test), shares.coverage_cell(rows["covered"].to_numpy()),
            *shares.rejection_cells(rows["p"].to_numpy()),
            f"{rows['df'].median():.1f}" if test != "z" else "∞",
        ]  # fmt: skip
        yield "| " + " | ".join(cells) + " |"


def markdown(table: pd.DataFrame, studies: int, seed: int) -> str:
    """The block between the markers."""
    failed = int((~table["converged"].astype(bool)).sum()) // len(TESTS)
    return "\n".join(
        [
            f"{studies:,} studies (meta-analyses) of each size, seed {seed}. "
            f"{shares.errors_in_words(studies)}. {failed:,} fits did not converge.",
            "",
            "| studies | ρ assumed (true .6) | test | coverage of the mean | moderator .01 | .05 "
            "| .10 | median df |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *lines(table),
        ]
    )


def run(studies: int, seed: int) -> pd.DataFrame:
    """All meta-analyses of all sizes."""
    rows: list[dict[str, object]] = []
    for n in SIZES:
        for stream in np.random.SeedSequence([seed, n]).spawn(studies):
            rows += study_rows(n, np.random.default_rng(stream))
    return pd.DataFrame(rows)


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    text = markdown(run(options.studies, options.seed), options.studies, options.seed)
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
