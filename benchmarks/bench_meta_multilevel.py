"""Speed of fit_meta_multilevel beside metafor's rma.mv, dense (its default) and sparse.

    python benchmarks/bench_meta_multilevel.py --write docs/performance.md

Three-level meta-analyses of 1,000 effects in 300 studies, with independent sampling errors and with
ρ = .6. Ours is the whole call from the frame, CR2 tests included; metafor's is rma.mv alone, with
the matrix V ready. The log-likelihoods show that the same was fitted. 20,000 effects: ours only,
with the peak of memory beyond what was there before.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from statistics import median

import bench_lmm as shared  # sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd

import alliance_stats as al

START, END = "<!-- bench_meta_multilevel: start -->", "<!-- bench_meta_multilevel: end -->"
RHOS = (0.0, 0.6)


def effects_of(n: int, studies: int, seed: int = 1) -> pd.DataFrame:
    """n effects on Fisher's z in so many studies, one or more in each."""
    rng = np.random.default_rng(seed)
    study = np.sort(np.concatenate([np.arange(studies), rng.integers(0, studies, n - studies)]))
    size = np.maximum(np.round(np.exp(rng.normal(np.log(60.0), 0.8, studies))), 10.0)
    vi = 1.0 / (size[study] - 3.0)
    true = 0.29 + rng.normal(0, 0.14, studies)[study] + rng.normal(0, 0.09, n)
    return pd.DataFrame({"study": study, "yi": true + rng.normal(size=n) * np.sqrt(vi), "vi": vi})


def analysis(frame: pd.DataFrame, rho: float, *, tests: bool = True) -> float:
    """The whole call, by default with CR2 tests, which rma.mv has none of; log-likelihood."""
    result = al.fit_meta_multilevel(frame, rho=rho)
    if tests:
        result.tidy()
    return result.loglik


def peer(frame: pd.DataFrame, rho: float, kind: str) -> tuple[float, float, str] | None:
    """Seconds, log-likelihood and versions of R; None where R is not installed."""
    if shutil.which("Rscript") is None:
        return None
    script = Path(__file__).with_name("peer_meta_multilevel.R")
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder) / "effects.csv"
        frame.to_csv(data, index=False)
        done = subprocess.run(
            ["Rscript", str(script), str(data), str(rho), kind],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
    first, versions = done.stdout.strip().splitlines()[-2:]
    seconds, value = map(float, first.split())
    return seconds, value, versions.strip()


def row(rho: float, rounds: int) -> tuple[str, str]:
    """One row of the table, and R's versions."""
    frame = effects_of(1_000, 300)
    analysis(frame, rho)
    found = [shared.timed(lambda: analysis(frame, rho, tests=False)) for _ in range(rounds)]
    ours, value = median(seconds for seconds, _ in found), found[0][1]
    tested = median(shared.timed(lambda: analysis(frame, rho))[0] for _ in range(rounds))
    cells = ["1,000", "300", f"{rho:g}", f"{1000 * ours:.1f}", f"{1000 * tested:.1f}"]
    versions = "no R"
    logliks = [f"{value:.6f}"]
    for kind in ("dense", "sparse"):
        other = peer(frame, rho, kind)
        if other is None:
            cells += ["–", "–"]
            continue
        seconds, theirs, versions = other
        cells += [f"{seconds:.2f}", f"{seconds / ours:,.0f}"]
        logliks.append(f"{theirs:.6f}")
    return "| " + " | ".join([*cells, "; ".join(dict.fromkeys(logliks))]) + " |", versions


def large(rho: float) -> str:
    """Seconds and memory of 20,000 effects."""
    frame = effects_of(20_000, 6_000)
    scale = 1024**2 if sys.platform == "darwin" else 1024
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
    seconds, _ = shared.timed(lambda: analysis(frame, rho))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale
    return (
        f"20,000 effects in 6,000 studies, ρ = {rho:g}: {seconds:.2f} s with CR2 tests; the "
        f"process needs {peak - before:.0f} MB more ({peak:.0f} MB in all)."
    )


def main() -> None:
    """Run, print the table, and write it when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    rows, versions = zip(*(row(rho, options.rounds) for rho in RHOS), strict=True)
    big = [large(rho) for rho in RHOS]
    text = "\n".join(
        [
            f"One thread; ours: median of {options.rounds} calls, in milliseconds; metafor: one "
            "call, in seconds. Ratios are of the fits.",
            "",
            "| effects | studies | ρ | ours, ms | with CR2 tests, ms | rma.mv, s | times ours "
            "| rma.mv sparse, s | times ours | log-likelihood |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *rows,
            "",
            *(f"* {line}" for line in big),
            "",
            f"{versions[-1]}.",
        ]
    )
    print(text)
    if options.write:
        shared.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
