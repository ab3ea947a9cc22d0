"""Coverage and type I error of fit_event in simulated studies of three sizes.

    python benchmarks/calibrate_event.py --write docs/calibration.md

Studies are drawn anew by simulate_sessions on a scale without limits and without missed sessions,
so that the parameter is what the model should estimate: the log hazard ratio of a point of the
session's alliance. The null twin has no effect on dropout. The last table shows what happens, in a
twin, to models with a patient's mean over the whole therapy, which fit_event refuses: the alliance
rises, so those who leave early have lower means, whatever made them leave.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import numpy as np

import alliance_stats as al
from alliance_stats.lmm.glmm.fixed import fit_fixed

SD = 9.0
SIZES: dict[str, dict[str, Any]] = {
    "small (120 patients, 12 therapists)": {"n_patients": 120, "n_therapists": 12},
    "usual (240 patients, 24 therapists)": {"n_patients": 240, "n_therapists": 24},
    "many events (480 patients, 24 therapists)": {
        "n_patients": 480, "n_therapists": 24, "dropout_hazard": 0.04,
    },
}  # fmt: skip
CLEAN: dict[str, Any] = {
    "alliance_range": None, "outcome_range": None, "flat_patients": 0.0, "missing_sessions": 0.0,
    "alliance_sd": SD,
}  # fmt: skip
#: A rising alliance and frequent dropout, as in a service with short therapies.
RISING: dict[str, Any] = {
    "n_patients": 240, "n_therapists": 24, "alliance_trend": 1.0, "dropout_hazard": 0.06,
}  # fmt: skip
EFFECT = -0.53
ALPHAS = (0.01, 0.05, 0.10)
START, END = "<!-- calibrate_event: start -->", "<!-- calibrate_event: end -->"


@dataclass(frozen=True)
class Runs:
    """Estimate, standard error, p value, interval of every study, and counts."""

    estimate: np.ndarray
    se: np.ndarray
    p_value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    events: float
    singular: float
    failed: int


def run(changes: dict[str, Any], studies: int, seed: int) -> Runs:
    """Simulate and fit all studies of one kind; one that cannot be fitted is counted."""
    rows, events, singular, failed = [], 0, 0, 0
    for stream in np.random.SeedSequence(seed).spawn(studies):
        sessions = al.simulate_sessions(**changes, rng=stream)
        try:
            result = al.models.fit_event(sessions)
        except al.DataError:
            failed += 1
            continue
        failed += not result.hazards[0].fit.converged
        singular += result.hazards[0].fit.singular
        events += result.prepared.events()["dropout"]
        row = result.effects.iloc[0]
        rows.append([row[name] for name in ("estimate", "se", "p_value", "ci_low", "ci_high")])
    columns = np.array(rows, dtype=float).T
    return Runs(*columns, events / len(rows), singular / len(rows), failed)


def size_row(size: str, changes: dict[str, Any], studies: int, seed: int) -> tuple[str, str]:
    """A row of the table and the counts of its fits."""
    truth = EFFECT / SD
    full = run(CLEAN | changes, studies, seed)
    null = run(CLEAN | changes | {"dropout_alliance_effect": 0.0}, studies, seed + 1)
    spread = float(full.estimate.std(ddof=1))
    share = float(((full.low <= truth) & (truth <= full.high)).mean())
    cells = [
        size, f"{full.events:.0f}", f"{truth:.4f}", f"{full.estimate.mean():.4f}", f"{spread:.4f}",
        f"{full.se.mean() / spread:.2f}", f"{share:.3f}{'' if 0.934 <= share <= 0.966 else '*'}",
    ]  # fmt: skip
    for alpha in ALPHAS:
        rejected = float((null.p_value < alpha).mean())
        band = 3.0 * np.sqrt(alpha * (1.0 - alpha) / len(null.p_value))
        cells.append(f"{rejected:.3f}{'' if abs(rejected - alpha) <= band else '*'}")
    about = f"{size}: {full.singular:.0%} singular, {full.failed + null.failed} failed"
    return "| " + " | ".join(cells) + " |", about


def rejections(changes: dict[str, Any], studies: int, seed: int) -> dict[str, float]:
    """Shares of p < .05 of four models in studies without any effect on dropout."""
    found: dict[str, list[float]] = {}
    for stream in np.random.SeedSequence(seed).spawn(studies):
        sessions = al.simulate_sessions(**changes, dropout_alliance_effect=0.0, rng=stream)
        result = al.models.fit_event(sessions, frailty=None)
        rows = result.prepared.rows("event_came")
        means = sessions.frame.groupby("patient")["wai_total"].mean()
        mean = rows["patient"].map(means).astype(float)
        rows = rows.assign(mean=mean, within=rows["wai_total"] - mean)
        found.setdefault("current alliance (`fit_event`)", []).append(
            result.effects["p_value"].item()
        )
        baseline = "event_came ~ bs(session, df = 4) +"
        alone = fit_fixed(f"{baseline} mean", rows, family="binomial", link="cloglog")
        both = fit_fixed(f"{baseline} within + mean", rows, family="binomial", link="cloglog")
        for words, fit, name in (
            ("patient's mean alone", alone, "mean"),
            ("patient's mean, beside the deviation from it", both, "mean"),
            ("deviation from the patient's mean", both, "within"),
        ):
            p_value = fit.contrasts({name: {name: 1.0}})["p_value"].item()
            found.setdefault(words, []).append(p_value)
    return {words: float(np.mean(np.array(ps) < 0.05)) for words, ps in found.items()}


def markdown(sizes: list[str], studies: int, seed: int) -> str:
    """The block between the markers."""
    made = [size_row(size, SIZES[size], studies, seed + 10 * k) for k, size in enumerate(sizes)]
    rejected = rejections(RISING, studies // 2, seed + 100)
    error = np.sqrt(0.05 * 0.95 / studies)
    return "\n".join(
        [
            f"{studies:,} studies of each kind, seed {seed}; Monte Carlo error of a share of .05 "
            f"or .95: {error:.4f}. A star marks coverage outside .934 to .966 and rejections "
            "further than three Monte Carlo errors from their level.",
            "",
            "| size | dropouts | truth | mean estimate | SD of estimates | mean SE / SD "
            "| 95% intervals that hold the truth | null twin rejected at .01 | at .05 | at .10 |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *(row for row, _ in made),
            "",
            f"All fits are counted ({'; '.join(about for _, about in made)}).",
            "",
            f"Rejections at .05 in {studies // 2:,} studies in which the alliance rises by one "
            "point a week and has no effect on dropout:",
            "",
            "| predictor | rejected |",
            "| --- | --- |",
            *(f"| {words} | {share:.3f} |" for words, share in rejected.items()),
        ]
    )


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--sizes", nargs="+", choices=list(SIZES), default=list(SIZES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    text = markdown(options.sizes, options.studies, options.seed)
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
