"""Speed of a moderation model against the same by lme4 and lmerTest.

    python benchmarks/bench_moderation.py --write docs/performance.md

Both sides start from centred rows: the fit, then slopes, differences, F tests and equivalence
tests by Satterthwaite's degrees of freedom. The R side runs the code that `to_r` prints, at lme4's
default settings, with reading and centring left out of the time. Best of several runs, one thread.
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

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import numpy as np
from calibrate_moderation import DESIGNS, draw, fitted

import alliance_stats as al
from alliance_stats.models.moderation.specification import fit_moderated

START, END = "<!-- bench_moderation: start -->", "<!-- bench_moderation: end -->"


def ours(result: al.models.ModerationResult, repeats: int) -> tuple[float, float]:
    """Seconds of the fit, and of fit and tests."""
    fits, whole = [], []
    for _ in range(repeats):
        start = perf_counter()
        fit = fit_moderated(result.prepared, result.specification)
        fits.append(perf_counter() - start)
        again = al.models.ModerationResult(fit, result.prepared, result.specification)
        again.tidy(), again.claims()
        whole.append(perf_counter() - start)
    return min(fits), min(whole)


def timed_code(code: str, repeats: int) -> str:
    """The R code with fit and tests each in a clock, and nothing printed but the seconds."""
    before, fit = code.replace(", control = control", "").split("\nm <- ", 1)
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
        columns = [name for _, name in result.prepared.roles.columns()]
        result.prepared.frame[columns].to_csv(path / "sessions.csv", index=False)
        (path / "code.R").write_text(timed_code(result.to_r(), repeats), encoding="utf-8")
        done = subprocess.run(
            ["Rscript", "code.R"], cwd=path, capture_output=True, text=True, check=True
        )
    found = re.search(r"seconds ([\d.e-]+) ([\d.e-]+)", done.stdout)
    return (float(found[1]), float(found[2])) if found else None


def row(n: int, repeats: int) -> str:
    """A table row for one size."""
    design = DESIGNS["nested"]
    result = fitted(design, draw(design, n, False, np.random.default_rng(1)))
    fit, whole = ours(result, repeats)
    cells = [f"{n:,}", f"{len(result.prepared.frame):,}"]
    cells += [f"{1000 * fit:.0f}", f"{1000 * whole:.0f}"]
    peer = theirs(result, max(2, repeats // 2))
    if peer is None:
        return "| " + " | ".join([*cells, "–", "–", "–", "–"]) + " |"
    cells += [f"{1000 * peer[0]:,.0f}", f"{1000 * peer[1]:,.0f}"]
    cells += [f"{peer[0] / fit:.0f}", f"{peer[1] / whole:.0f}"]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--patients", type=int, nargs="+", default=[240, 2400])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    heads = [
        "patients", "sessions", "fit, ms", "fit and tests, ms", "lmer, ms", "lmer and tests, ms",
        "ratio, fit", "ratio, all",
    ]  # fmt: skip
    text = "\n".join(
        [
            f"Three groups, three levels; best of {options.repeats} calls, one thread.",
            "",
            "| " + " | ".join(heads) + " |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *(row(n, options.repeats) for n in options.patients),
        ]
    )
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
