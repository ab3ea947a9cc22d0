"""Coverage and type I error of fit_latent_within_between in simulated studies.

    python benchmarks/calibrate_latent.py --write docs/calibration.md

Therapists with 5 patients of 4 sessions, slopes 0.2 within, 0 between patients and −1 between
therapists, where the alliance's variances are 1, 1 and .25: observed means of therapists have a
reliability near .5. In the null twin the slope between therapists is zero, and observed means draw
it towards that within patients.
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
from scipy.special import chdtrc

import alliance_stats as al
from alliance_stats.data.sessions import SessionData
from alliance_stats.lmm.bivariate.fit import BivariateFit, held_deviance
from alliance_stats.lmm.bivariate.profile import is_unbounded, profile_interval
from alliance_stats.models.effects import effects_table
from alliance_stats.models.latent.result import LatentResult

START, END = "<!-- calibrate_latent: start -->", "<!-- calibrate_latent: end -->"
ROLES = al.Roles(alliance="wai", outcome="phq", therapist="therapist")
TRUTH = {"within": 0.2, "patient_between": 0.0, "therapist_between": -1.0}
WORDS = {
    "within": "within patients",
    "patient_between": "between patients",
    "therapist_between": "between therapists",
}
PATIENTS, SESSIONS = 5, 4
LEVEL = 0.95
HITS = ("profile", "delta", "by observed")


@dataclass(frozen=True)
class Runs:
    """A row a study and effect; and for each study whether a true zero is rejected, by level."""

    rows: pd.DataFrame
    rejected: pd.DataFrame


def study(rng: np.random.Generator, therapists: int, top_slope: float) -> pd.DataFrame:
    """Sessions of 5 patients of each therapist, 4 each."""
    n = PATIENTS * therapists
    patient = np.repeat(np.arange(n), SESSIONS)
    therapist = np.repeat(np.arange(therapists), PATIENTS)
    top, own = 0.5 * rng.normal(size=therapists), rng.normal(size=n)
    now = rng.normal(size=len(patient))
    wai = 5 + (top[therapist] + own)[patient] + now
    levels = top_slope * top + 0.3 * rng.normal(size=therapists)
    phq = levels[therapist][patient] + rng.normal(size=n)[patient]
    phq = phq + TRUTH["within"] * now + rng.normal(size=len(patient))
    session = np.tile(np.arange(1, SESSIONS + 1), n)
    return pd.DataFrame(
        {
            "therapist": therapist[patient], "patient": patient, "session": session,
            "wai": wai, "phq": phq,
        }
    )  # fmt: skip


def effect_rows(result: LatentResult, observed: pd.DataFrame) -> Iterator[dict[str, object]]:
    """Estimates and hits of every effect; its contextual differences are not looked at."""
    delta = result.tidy(conf_level=LEVEL, interval="delta").set_index("effect")
    for level, (effect, truth) in enumerate(TRUTH.items()):
        profile = profile_interval(result.fit, np.eye(len(TRUTH))[level], conf_level=LEVEL)
        one, seen = delta.loc[effect], observed.loc[effect]
        yield {
            "effect": effect, "estimate": one["estimate"], "observed": seen["estimate"],
            "profile": profile.low <= truth <= profile.high,
            "delta": one["ci_low"] <= truth <= one["ci_high"],
            "by observed": seen["ci_low"] <= truth <= seen["ci_high"],
            "unbounded": np.isinf(profile.low), "converged": result.fit.converged,
        }  # fmt: skip


def rejections(result: LatentResult, observed: pd.DataFrame) -> dict[str, float]:
    """Whether a slope of zero between therapists is outside the intervals, by level."""
    found = {"p observed": float(observed.loc["therapist_between", "p_value"])}
    delta = result.tidy(interval="delta").set_index("effect")
    found["p delta"] = float(delta.loc["therapist_between", "p_value"])
    p_profile = zero_p_value(result.fit, len(TRUTH) - 1)
    top = np.eye(len(TRUTH))[-1]
    for alpha in shares.ALPHAS:
        unbounded = is_unbounded(result.fit, top, conf_level=1.0 - alpha)
        found[f"profile {alpha}"] = float(p_profile < alpha and not unbounded)
    return found | {"converged": float(result.fit.converged)}


def zero_p_value(fit: BivariateFit, level: int) -> float:
    """p value of a zero slope: below α where zero is outside a bounded profile interval."""
    keep = np.delete(np.arange(len(fit.coordinates)), 1 + 3 * level)
    start = np.nan_to_num(fit.coordinates[keep])
    to_all = np.eye(len(fit.coordinates))[:, keep]
    held, _ = held_deviance(fit.criterion, start, to_all, np.zeros(len(to_all)))
    return float(chdtrc(1, max(held - fit.evaluation.deviance, 0.0)))


def run(therapists: int, studies: int, seed: int) -> Runs:
    """All studies of one size, and their null twins."""
    data = al.load_sessions(study(np.random.default_rng(0), therapists, 0.0), ROLES)
    rows: list[dict[str, object]] = []
    rejected = []
    for stream in np.random.SeedSequence(seed).spawn(studies):
        rng = np.random.default_rng(stream)
        rows += effect_rows(*_fitted(data, study(rng, therapists, TRUTH["therapist_between"])))
        rejected.append(rejections(*_fitted(data, study(rng, therapists, 0.0))))
    return Runs(pd.DataFrame(rows), pd.DataFrame(rejected))


def _fitted(data: SessionData, frame: pd.DataFrame) -> tuple[LatentResult, pd.DataFrame]:
    """The latent result, and its effects by observed means."""
    result = al.fit_latent_within_between(replace(data, frame=frame), time="none")
    observed = effects_table(result.observed, result.prepared.effects, LEVEL, "satterthwaite")
    return result, observed.drop_duplicates("effect").set_index("effect")


def covered_lines(therapists: int, rows: pd.DataFrame) -> Iterator[str]:
    """One line an effect."""
    for effect, own in rows.groupby("effect", sort=False):
        converged = own["converged"].to_numpy(dtype=bool)
        hit = {name: own[name].to_numpy(dtype=bool) for name in HITS}
        cells = [
            str(therapists), WORDS[str(effect)], f"{TRUTH[str(effect)]:g}",
            f"{own['estimate'].median():.3f}", f"{own['observed'].median():.3f}",
            *shares.coverage_cells(hit["profile"], converged),
            *(shares.coverage_cell(hit[name]) for name in HITS[1:]),
            f"{own['unbounded'].mean():.1%}",
        ]  # fmt: skip
        yield f"| {' | '.join(cells)} |"


def rejected_lines(therapists: int, table: pd.DataFrame) -> Iterator[str]:
    """One line a test of no slope between therapists."""
    profile = [
        shares.rejection_cell(table[f"profile {a}"].to_numpy() > 0, a) for a in shares.ALPHAS
    ]
    yield f"| {therapists} | profile likelihood | {' | '.join(profile)} |"
    for name, words in (("delta", "delta method"), ("observed", "observed means")):
        cells = shares.rejection_cells(table[f"p {name}"].to_numpy())
        yield f"| {therapists} | {words} | {' | '.join(cells)} |"


def markdown(sizes: dict[int, Runs], seed: int) -> str:
    """The block between the markers."""
    first = next(iter(sizes.values()))
    n = len(first.rejected)
    failed = {
        size: int((~runs.rows["converged"].astype(bool)).sum() / len(TRUTH))
        + int((runs.rejected["converged"] == 0).sum())
        for size, runs in sizes.items()
    }
    return "\n".join(
        [
            f"{n:,} studies of each number of therapists, seed {seed}; "
            f"{shares.errors_in_words(n)}. A star marks coverage outside .934 to .966 and "
            "rejections further than three Monte Carlo errors from their level.",
            "",
            "| therapists | effect | truth | median latent | median observed | profile, all "
            "| profile, converged | delta | observed means | unbounded |",
            "|" + " --- |" * 10,
            *(line for size, runs in sizes.items() for line in covered_lines(size, runs.rows)),
            "",
            "Null twin, no slope between therapists:",
            "",
            "| therapists | test | rejected at .01 | at .05 | at .10 |",
            "|" + " --- |" * 5,
            *(line for size, runs in sizes.items() for line in rejected_lines(size, runs.rejected)),
            "",
            "Fits that did not converge: "
            + "; ".join(f"{k} of {2 * n:,} with {size} therapists" for size, k in failed.items())
            + ".",
        ]
    )


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2_000)
    parser.add_argument("--therapists", type=int, nargs="+", default=[20, 60, 120])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    sizes = {}
    for size in options.therapists:
        bench_lmm.say(f"{size} therapists")
        sizes[size] = run(size, options.studies, options.seed + size)
    text = markdown(sizes, options.seed)
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
