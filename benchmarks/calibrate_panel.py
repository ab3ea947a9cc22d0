"""Coverage and type I error of fit_cross_lagged in simulated studies.

    python benchmarks/calibrate_panel.py --write docs/calibration.md

Every study is drawn anew: patients differ for good (random intercepts, in one design lines of
growth as well), deviations carry over, the outcome is rated before and the alliance after each
session. The truth is what the paths of that process are; in the null twin no alliance leads to
any outcome, while the outcome still leads to the alliance.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import calibration_shares as shares
import numpy as np
import pandas as pd

import alliance_stats as al

START, END = "<!-- calibrate_panel: start -->", "<!-- calibrate_panel: end -->"
LEVEL = 0.95
ROLES = {"alliance": "wai", "outcome": "phq", "alliance_at": "after", "outcome_at": "before"}
EFFECTS = ("alliance_to_outcome", "outcome_to_alliance")
COLUMNS = ("estimate", "se", "ci_low", "ci_high", "p_value")
NAMES = {"ri-clpm": "RI-CLPM", "dpm": "dynamic panel", "clpm": "CLPM", "lcm-sr": "LCM-SR"}
BURN_IN = 30


@dataclass(frozen=True)
class Design:
    """A study: its size, its process, which models are fitted to it.

    Attributes
    ----------
    to_outcome, to_alliance : float
        True cross-lagged paths.
    last : int
        Treatments end at random from this session on; `waves` for none.
    slopes : float
        SD of patients' slopes a session.
    """

    name: str
    patients: int
    waves: int
    models: tuple[str, ...]
    to_outcome: float = -0.15
    to_alliance: float = -0.2
    last: int = 99
    slopes: float = 0.0


DESIGNS = (
    Design("150 patients, 5 sessions", 150, 5, ("ri-clpm", "dpm", "clpm")),
    Design("300 patients, 6 sessions", 300, 6, ("ri-clpm", "dpm", "clpm")),
    Design("300 patients, 3 to 6 sessions, FIML", 300, 6, ("ri-clpm", "dpm", "clpm"), last=3),
    Design("400 patients, 6 sessions, growth", 400, 6, ("lcm-sr",), slopes=0.4),
)


def sessions(design: Design, rng: np.random.Generator) -> pd.DataFrame:
    """One study, a row a session."""
    n, waves = design.patients, design.waves
    stable = rng.normal(size=(n, 2)) @ np.array([[1.0, -0.5], [0.0, 0.87]])
    slope = design.slopes * rng.normal(size=(n, 2))
    x, y = np.zeros(n), np.zeros(n)
    alliance, outcome = np.empty((n, waves)), np.empty((n, waves))
    for t in range(-BURN_IN, waves):
        y = 0.3 * y + design.to_outcome * x + 0.8 * rng.normal(size=n)
        x = 0.3 * x + design.to_alliance * y + 0.8 * rng.normal(size=n)
        if t >= 0:
            alliance[:, t] = 4.0 + stable[:, 0] + slope[:, 0] * t + x
            outcome[:, t] = 12.0 + stable[:, 1] + slope[:, 1] * t + y
    patient, session = np.repeat(np.arange(n), waves), np.tile(np.arange(1, waves + 1), n)
    frame = pd.DataFrame(
        {"patient": patient, "session": session, "wai": alliance.ravel(), "phq": outcome.ravel()}
    )
    length = rng.integers(min(design.last, waves), waves + 1, n)
    return frame[session <= length[patient]]


@dataclass(frozen=True)
class Runs:
    """Estimates, standard errors, p values, hits (studies, effects) and flags of studies."""

    estimate: np.ndarray
    se: np.ndarray
    p_value: np.ndarray
    hit: np.ndarray
    failed: np.ndarray
    improper: np.ndarray


def run(design: Design, studies: int, seed: int) -> dict[str, Runs]:
    """Simulate all studies of a design and fit its models, every model to the same ones."""
    truth = np.array([design.to_outcome, design.to_alliance])
    rows: dict[str, list[np.ndarray]] = {model: [] for model in design.models}
    flags: dict[str, list[tuple[bool, bool]]] = {model: [] for model in design.models}
    for stream in np.random.SeedSequence(seed).spawn(studies):
        data = al.load_sessions(sessions(design, np.random.default_rng(stream)), ROLES)
        for model in design.models:
            result = al.fit_cross_lagged(data, model=model, waves=design.waves)
            table = result.tidy(conf_level=LEVEL).set_index("effect").reindex(EFFECTS)
            rows[model].append(table[list(COLUMNS)].to_numpy(float))
            improper = any("Improper" in message for message in result.fit.about_fit)
            flags[model].append((not result.fit.converged, improper))
    return {model: _runs(np.array(rows[model]), np.array(flags[model]), truth) for model in rows}


def _runs(found: np.ndarray, flags: np.ndarray, truth: np.ndarray) -> Runs:
    estimate, se, low, high, p_value = np.moveaxis(found, -1, 0)
    hit = (low <= truth) & (truth <= high)
    return Runs(estimate, se, p_value, hit, flags[:, 0], flags[:, 1])


def coverage_rows(design: Design, runs: dict[str, Runs]) -> Iterator[str]:
    """A row a model and effect; a star marks coverage outside .934 to .966."""
    for model, own in runs.items():
        truths = (design.to_outcome, design.to_alliance)
        for k, (effect, truth) in enumerate(zip(EFFECTS, truths, strict=True)):
            if not np.isfinite(own.estimate[:, k]).any():
                continue
            used = ~own.failed & np.isfinite(own.se[:, k])
            estimate, se = own.estimate[used, k], own.se[used, k]
            spread = float(estimate.std(ddof=1))
            cells = [
                design.name, NAMES[model], effect.replace("_", " "), f"{truth:.2f}",
                f"{estimate.mean():.3f}", f"{spread:.3f}", f"{np.median(se) / spread:.2f}",
                *shares.coverage_cells(own.hit[:, k], used), f"{int(own.failed.sum())}",
                f"{int(own.improper.sum())}",
            ]  # fmt: skip
            yield f"| {' | '.join(cells)} |"


def rejection_rows(design: Design, runs: dict[str, Runs]) -> Iterator[str]:
    """A row a model: how often a true zero is rejected."""
    for model, own in runs.items():
        cells = shares.rejection_cells(own.p_value[:, 0])
        mean = float(np.nanmean(own.estimate[:, 0]))
        start = f"| {design.name} | {NAMES[model]} | {mean:.3f} | "
        yield f"{start}{' | '.join(cells)} | {int(own.failed.sum())} |"


def markdown(studies: int, seed: int) -> str:
    """The block between the markers."""
    covered: list[str] = []
    rejected: list[str] = []
    for design in DESIGNS:
        null = replace(design, to_outcome=0.0)
        for one, rows, out in (
            (design, coverage_rows, covered),
            (null, rejection_rows, rejected),
        ):
            bench_lmm.say(f"{one.name} {one.to_outcome}")
            out += rows(one, run(one, studies, seed))
    return "\n".join(
        [
            f"{studies:,} studies of each design, seed {seed}; "
            f"{shares.errors_in_words(studies)}. A star marks coverage outside .934 to .966 and "
            "rejections further than three Monte Carlo errors from their level. *All* counts a "
            "study without an interval as one that misses; *converged* leaves out fits that did "
            "not converge; improper fits (a variance below zero) are in both.",
            "",
            "| design | model | effect | truth | mean estimate | SD of estimates | median SE / SD "
            "| coverage, all | coverage, converged | not converged | improper |",
            "|" + " --- |" * 11,
            *covered,
            "",
            "Null twin: the alliance leads to no outcome (the outcome leads to the alliance as "
            "before). All fits are counted.",
            "",
            "| design | model | mean estimate | rejected at .01 | at .05 | at .10 "
            "| not converged |",
            "|" + " --- |" * 7,
            *rejected,
        ]
    )


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    text = markdown(options.studies, options.seed)
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
