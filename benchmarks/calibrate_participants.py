"""Coverage and type I error of fit_studies: the mean effect of 6, 12 and 17 studies.

    python benchmarks/calibrate_participants.py --write docs/calibration.md

Every study is drawn anew by simulate_sessions, with 30 to 120 patients, on scales without limits
and without trends of patients' own. Its true effect is drawn from a normal distribution; in the
null twins every effect is zero. The 6 and 12 studies are the first ones of the 17. The path from
alliance to outcome is small and centred on observed means, so that its bias is visible when studies
are pooled; the effect within patients has no such bias.
"""

from __future__ import annotations

import argparse
import contextlib
import warnings
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import calibration_shares as shares
import numpy as np
import pandas as pd

import alliance_stats as al
from alliance_stats.models.participants.one_stage import fit_one_stage
from alliance_stats.models.participants.questions import QUESTIONS
from alliance_stats.models.participants.study import StudyFit, coefficient

KS = (6, 12, 17)
SIZES = (30, 40, 50, 60, 80, 120)
CLEAN: dict[str, Any] = {
    "alliance_range": None, "outcome_range": None, "flat_patients": 0.0,
    "improvement_alliance": 0.0, "improvement_outcome": 0.0, "outcome_trend_sd": 0.0,
    "alliance_trend_sd": 0.0, "within_effect_sd": 0.0, "length_improvement": 0.0,
    "dropout_alliance_effect": 0.0, "sessions_median": 10, "sessions_max": 25,
}  # fmt: skip
STILL = {"alliance_ar": 0.0, "outcome_ar": 0.0, "lagged_effect": 0.0, "reverse_effect": 0.0}
#: Question, effect, parameter, its mean and SD between studies, further parameters.
EFFECTS: dict[str, tuple[str, str, str, float, float, dict[str, Any]]] = {
    "alliance to outcome": ("lagged", "alliance_to_outcome", "lagged_effect", -0.10, 0.05, {}),
    "within patients": ("within_between", "within", "within_effect", -0.08, 0.04, STILL),
}
COLUMNS = ["estimate", "se", "p_value", "ci_low", "ci_high"]
WAYS = ("two stages, Knapp–Hartung", "two stages, z", "one stage")
START, END = "<!-- calibrate_participants: start -->", "<!-- calibrate_participants: end -->"


def study(words: str, value: float, n: int, stream: np.random.SeedSequence) -> al.SessionData:
    """One study whose effect has this parameter."""
    question, _, parameter, _, _, more = EFFECTS[words]
    sessions = al.simulate_sessions(
        n_patients=n,
        n_therapists=max(n // 10, 3),
        **(CLEAN | more | {parameter: value}),
        rng=stream,
    )
    if question == "lagged":
        roles = replace(sessions.roles, alliance_at="after", outcome_at="after")
        return replace(sessions, roles=roles)
    return sessions


def truth(words: str) -> float:
    """The mean effect in points per point."""
    question, _, _, mean, _, more = EFFECTS[words]
    if question != "lagged":
        return mean
    book = al.simulate_sessions(**(CLEAN | more), rng=0).codebook.set_index("parameter")["value"]

    def sd(name: str) -> float:
        above = book[f"{name}_therapist_share"] + book[f"{name}_patient_share"]
        return float(book[f"{name}_sd"] * np.sqrt(1.0 - above))

    return mean * sd("outcome") / sd("alliance")


def first_stage(words: str, null: bool, stream: np.random.SeedSequence) -> dict[str, StudyFit]:
    """The studies of one replicate whose model could be fitted."""
    question, _, _, mean, spread, _ = EFFECTS[words]
    own, *streams = stream.spawn(1 + max(KS))
    generator = np.random.default_rng(own)
    values = np.zeros(max(KS)) if null else generator.normal(mean, spread, max(KS))
    sizes = generator.choice(SIZES, max(KS))
    studies = {
        f"{k:02d}": study(words, float(values[k]), int(sizes[k]), streams[k])
        for k in range(max(KS))
    }
    choices = {"bias_simulations": 0} if question == "lagged" else {}
    fits = {}
    for name, sessions in studies.items():
        with contextlib.suppress(al.DataError):
            fits[name] = QUESTIONS[question].ask(sessions, choices)
    return fits


def raw(name: str, result: Any) -> dict[str, object]:
    """The coefficient of one study, without the standard deviations of `study_effects`."""
    if isinstance(result, al.models.LaggedResult):
        fit, column = result.fits["outcome"], result.prepared.equations[0].cross
    else:
        fit, column = result.fit, dict(result.prepared.effects)["within"]
    b, se = coefficient(fit, column)
    return {"study": name, "yi": b, "vi": se**2}


def ways(words: str, fits: dict[str, StudyFit], with_one: bool) -> np.ndarray:
    """Estimate, SE, p value and interval by number of studies and way, (3, 3, 5)."""
    effect = EFFECTS[words][1]
    rows = pd.DataFrame([raw(name, fit.result) for name, fit in fits.items()])
    found = np.full((len(KS), len(WAYS), len(COLUMNS)), np.nan)
    for i, k in enumerate(KS):
        some = rows.head(k)
        for j, test in enumerate(("knha", "z")):
            found[i, j] = al.fit_meta(some, test=test).tidy()[COLUMNS].to_numpy(float)[0]
        if with_one:
            parts = {name: fits[name].rows(effect) for name in some["study"]}
            row = fit_one_stage(effect, "raw", parts, {}, reml=True).row(0.95)
            found[i, 2] = [row[name] for name in COLUMNS]
    return found


def run(words: str, null: bool, n: int, n_one: int, seed: int) -> tuple[np.ndarray, int]:
    """All replicates (n, ks, ways, columns), and how many studies failed."""
    runs, failed = [], 0
    for number, stream in enumerate(np.random.SeedSequence(seed).spawn(n)):
        fits = first_stage(words, null, stream)
        failed += max(KS) - len(fits)
        runs.append(ways(words, fits, number < n_one))
    return np.array(runs), failed


def table_rows(words: str, full: np.ndarray, null: np.ndarray) -> list[str]:
    """A line for each number of studies and way."""
    true, lines = truth(words), []
    for i, k in enumerate(KS):
        for j, way in enumerate(WAYS):
            some, none = (_known(runs[:, i, j]) for runs in (full, null))
            spread = float(some[:, 0].std(ddof=1))
            covered = (some[:, 3] <= true) & (true <= some[:, 4])
            cells = [
                words, f"{k} studies", way, f"{len(some):,}", f"{true:.3f}",
                f"{some[:, 0].mean():.3f}", f"{some[:, 1].mean() / spread:.2f}",
                shares.coverage_cells(covered, np.ones(len(covered), dtype=bool))[0],
                f"{none[:, 0].mean():.4f}", *shares.rejection_cells(none[:, 2]),
            ]  # fmt: skip
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def _known(runs: np.ndarray) -> np.ndarray:
    return runs[np.isfinite(runs).all(axis=1)]


def markdown(n: int, n_one: int, seed: int, say: Callable[[str], None]) -> str:
    """The block between the markers."""
    lines, failed = [], 0
    for words in EFFECTS:
        say(words)
        full, lost = run(words, False, n, n_one, seed)
        null, lost_too = run(words, True, n, n_one, seed + 1)
        lines += table_rows(words, full, null)
        failed += lost + lost_too
    total = 2 * len(EFFECTS) * n * max(KS)
    return "\n".join(
        [
            f"{n:,} meta-analyses of each kind ({n_one:,} by one stage), of 17 studies, seed "
            f"{seed}; {shares.errors_in_words(n)} of two stages, {np.sqrt(n / n_one):.1f} times as "
            "large of one stage. A star marks coverage outside .934 to .966 and rejections further "
            "than three Monte Carlo errors from their level.",
            "",
            "| effect | studies | way | meta-analyses | truth | mean estimate | mean SE / SD "
            "| coverage | mean estimate where the effect is zero | rejected at .01 | at .05 "
            "| at .10 |",
            "|" + " --- |" * 12,
            *lines,
            "",
            f"{failed:,} of {total:,} studies failed and were left out.",
        ]
    )


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2_000)
    parser.add_argument("--one-stage", type=int, default=500)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    text = markdown(options.studies, options.one_stage, options.seed, bench_lmm.say)
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
