"""Speed of a moderation model against the same by lme4 and lmerTest.

    python benchmarks/bench_moderation.py

Timed are the fit from centred rows on, and the fit with all tests of slopes and differences by
Satterthwaite's degrees of freedom. The R side runs the code that `to_r` prints, with the reading
and the centring of the file left out of the time; best of several runs, one BLAS thread each.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import tempfile
import warnings
from pathlib import Path
from time import perf_counter

import bench_lmm  # noqa: F401  first: it sets the number of threads before numpy is loaded
import numpy as np
from calibrate_moderation import DESIGNS, draw, fitted

import alliance_stats as al
from alliance_stats.models.moderation.specification import fit_moderated


def ours(result: al.models.ModerationResult, repeats: int) -> tuple[float, float]:
    """Seconds of the fit, and of fit and tests."""
    fits, whole = [], []
    for _ in range(repeats):
        start = perf_counter()
        fit = fit_moderated(result.prepared, result.specification)
        fits.append(perf_counter() - start)
        again = al.models.ModerationResult(fit, result.prepared, result.specification)
        again.tidy(), again.equivalence(), again.claims()
        whole.append(perf_counter() - start)
    return min(fits), min(whole)


def timed_code(code: str, repeats: int) -> str:
    """The R code with the fit and the tests each in a clock, the tests printing nothing."""
    before, fit = code.split("\nm <- ", 1)
    call, rest = fit.split("\nstopifnot", 1)
    tests = rest.split("\ntested <- ", 1)[1]
    tests = re.sub(r"print\((.*), digits = 8\)", r"invisible(\1)", f"tested <- {tests}")
    return "\n".join(
        [
            before,
            "clock <- function(f) { t <- proc.time()[[3]]; f(); proc.time()[[3]] - t }",
            f"fit <- function() m <<- {call}",
            "tests <- function() {",
            tests,
            "}",
            f"a <- min(replicate({repeats}, clock(fit)))",
            f"b <- min(replicate({repeats}, clock(tests)))",
            "cat('seconds', a, a + b, '\\n')",
        ]
    )


def theirs(result: al.models.ModerationResult, repeats: int) -> tuple[float, float] | None:
    """The same in R, if it is installed."""
    if shutil.which("Rscript") is None:
        return None
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder)
        roles = result.prepared.roles
        columns = [name for _, name in roles.columns()]
        result.prepared.frame[columns].to_csv(path / "sessions.csv", index=False)
        (path / "code.R").write_text(timed_code(result.to_r(), repeats), encoding="utf-8")
        done = subprocess.run(
            ["Rscript", "code.R"], cwd=path, capture_output=True, text=True, check=True
        )
    found = re.search(r"seconds ([\d.e-]+) ([\d.e-]+)", done.stdout)
    return (float(found[1]), float(found[2])) if found else None


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--patients", type=int, nargs="+", default=[240, 2400])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    print("| patients | sessions | fit | fit and tests | lme4, lmerTest | ratio, fit | all |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for n in options.patients:
        result = fitted(
            DESIGNS["nested"], draw(DESIGNS["nested"], n, False, np.random.default_rng(1))
        )
        fit, whole = ours(result, options.repeats)
        row = [f"{n:,}", f"{len(result.prepared.frame):,}", f"{fit:.4f} s", f"{whole:.4f} s"]
        peer = theirs(result, max(2, options.repeats // 2))
        if peer is not None:
            row += [f"{peer[0]:.2f} s, {peer[1]:.2f} s", f"{peer[0] / fit:.0f}×"]
            row.append(f"{peer[1] / whole:.0f}×")
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    main()
