"""Type I error and coverage of fit_growth and fit_latent_within_between in simulated studies.

    python benchmarks/calibrate_growth.py --write docs/calibration.md

Growth: 120 patients with up to 10 sessions, linear courses whose slopes correlate −.3,
a scale that ends in the upper part of the ratings, no effect of early alliance on the later rate.
Latent means: therapists with 5 patients of 4 sessions, slopes 0.2 within, 0 between patients and
−1 between therapists, where the alliance's variances are 1, 1 and .25: observed means of therapists
have a reliability near .5.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from pathlib import Path

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd

import alliance_stats as al
from alliance_stats.models.growth.early import EarlyRate
from alliance_stats.models.latent.result import LatentResult

START, END = "<!-- calibrate_growth: start -->", "<!-- calibrate_growth: end -->"
PATIENTS, SESSIONS, LIMIT = 120, 10, 6.5
SLOPE, CORRELATION = 0.1, -0.3
TRUTH = {"within": 0.2, "patient_between": 0.0, "therapist_between": -1.0}
LEVEL = 0.95


def growth_study(rng: np.random.Generator) -> pd.DataFrame:
    """Sessions of patients who leave at random; alliance ratings end at the limit."""
    length = rng.integers(6, SESSIONS + 1, PATIENTS)
    patient = np.repeat(np.arange(PATIENTS), length)
    t = np.concatenate([np.arange(n) for n in length])
    start = rng.normal(size=(PATIENTS, 2))
    slope = (
        rng.normal(size=(PATIENTS, 2))
        @ np.linalg.cholesky([[1.0, CORRELATION], [CORRELATION, 1.0]]).T
    )
    noise = rng.normal(size=(len(t), 2))
    wai = 5 + start[patient, 0] + (SLOPE + 0.12 * slope[patient, 0]) * t + 0.6 * noise[:, 0]
    phq = 15 + 3 * start[patient, 1] + (-0.4 + 0.3 * slope[patient, 1]) * t + 1.5 * noise[:, 1]
    return pd.DataFrame({"patient": patient, "session": t + 1, "wai": wai, "phq": phq})


def growth_row(rng: np.random.Generator) -> dict[str, float]:
    """Hits and rejections of one growth study; NaN where there is no interval."""
    frame = growth_study(rng)
    roles = al.Roles(alliance="wai", outcome="phq")
    result = al.fit_growth(frame, roles)
    found = {"linear chosen": float(result.alliance.shape == "linear")}
    fixed = al.fit_growth(frame, roles, shape="linear")
    row = fixed.tidy().set_index("effect").loc["alliance_trend"]
    found["trend, shape beforehand"] = float(row["ci_low"] <= SLOPE <= row["ci_high"])
    # alliance ratings of other patients: no effect on the rate
    null = frame.assign(wai=_swapped(frame, rng.permutation(PATIENTS)))
    early = al.fit_growth(null, roles, shape="linear").early
    if isinstance(early, EarlyRate):
        p = early.fit.tidy().set_index("term").loc[early.interactions[0][1], "p_value"]
        found |= {f"early rate rejected at {a}": float(p < a) for a in (0.01, 0.05, 0.10)}
    pair = fixed.correlations().set_index("factor").loc["trend with trend"]
    ends = pair["ci_low"], pair["ci_high"]
    inside = float(ends[0] <= CORRELATION <= ends[1])
    found["correlation of trends"] = inside if np.isfinite(ends[0]) else np.nan
    return found | censored_row(rng)


def _swapped(frame: pd.DataFrame, order: np.ndarray) -> np.ndarray:
    """Alliance ratings of another patient, row by row as far as that patient's ratings go."""
    of = {patient: rows["wai"].to_numpy() for patient, rows in frame.groupby("patient")}
    parts = [np.resize(of[order[p]], int((frame["patient"] == p).sum())) for p in of]
    return np.concatenate(parts)


def censored_row(rng: np.random.Generator) -> dict[str, float]:
    """Slopes without and with censoring where random intercepts are all that differs."""
    patient, t = np.repeat(np.arange(PATIENTS), 6), np.tile(np.arange(6), PATIENTS)
    wai = 5 + rng.normal(size=PATIENTS)[patient] + SLOPE * t + 0.6 * rng.normal(size=len(t))
    frame = pd.DataFrame(
        {
            "patient": patient, "session": t + 1, "wai": np.minimum(wai, LIMIT),
            "phq": rng.normal(size=len(t)),
        }
    )  # fmt: skip
    roles = al.Roles(alliance="wai", outcome="phq")
    result = al.fit_growth(frame, roles, shape="linear", alliance_max=LIMIT)
    rows = result.ceiling.rows.set_index("model")
    return {
        f"slope {model}": float(row["ci_low"] <= SLOPE <= row["ci_high"])
        for model, row in rows.iterrows()
    }


def latent_study(rng: np.random.Generator, therapists: int) -> pd.DataFrame:
    """Sessions of 5 patients of each therapist, 4 each."""
    n = 5 * therapists
    patient = np.repeat(np.arange(n), 4)
    therapist = np.repeat(np.arange(therapists), 5)
    top, own = 0.5 * rng.normal(size=therapists), rng.normal(size=n)
    now = rng.normal(size=len(patient))
    wai = 5 + (top[therapist] + own)[patient] + now
    levels = TRUTH["therapist_between"] * top + 0.3 * rng.normal(size=therapists)
    phq = levels[therapist][patient] + rng.normal(size=n)[patient]
    phq = phq + TRUTH["within"] * now + rng.normal(size=len(patient))
    session = np.tile(np.arange(1, 5), n)
    return pd.DataFrame(
        {
            "therapist": therapist[patient], "patient": patient, "session": session,
            "wai": wai, "phq": phq,
        }
    )  # fmt: skip


def latent_rows(rng: np.random.Generator, therapists: int) -> list[dict[str, object]]:
    """Every effect's estimates and hits in one study."""
    roles = al.Roles(alliance="wai", outcome="phq", therapist="therapist")
    result = al.fit_latent_within_between(latent_study(rng, therapists), roles, time="none")
    profile, delta = (
        result.tidy(conf_level=LEVEL, interval=kind).set_index("effect")  # type: ignore[arg-type]
        for kind in ("profile", "delta")
    )
    rows = []
    for effect, truth in TRUTH.items():
        one, other = profile.loc[effect], delta.loc[effect]
        seen = _observed(result, effect)
        rows.append(
            {
                "therapists": therapists, "effect": effect, "estimate": one["estimate"],
                "observed": seen["estimate"],
                "profile": one["ci_low"] <= truth <= one["ci_high"],
                "delta": other["ci_low"] <= truth <= other["ci_high"],
                "by observed": seen["ci_low"] <= truth <= seen["ci_high"],
                "unbounded": np.isinf(one["ci_low"]), "converged": result.fit.converged,
            }
        )  # fmt: skip
    return rows


def _observed(result: LatentResult, effect: str) -> pd.Series:
    rows = result.comparison
    return rows[rows["means"].eq("observed") & rows["effect"].eq(effect)].iloc[0]


def growth_lines(table: pd.DataFrame) -> Iterator[str]:
    """One line a quantity: its share over the studies, and how many had none."""
    for name in table.columns:
        share = table[name].mean()
        aimed = name.split()[-1] if "rejected" in name else "–" if "chosen" in name else LEVEL
        yield f"| {name} | {aimed} | {share:.3f} | {int(table[name].isna().sum())} |"


def latent_lines(table: pd.DataFrame) -> Iterator[str]:
    """One line a number of therapists and effect."""
    for (therapists, effect), rows in table.groupby(["therapists", "effect"], sort=False):
        shares = " | ".join(f"{rows[k].mean():.3f}" for k in ("profile", "delta", "by observed"))
        words = str(effect).replace("_between", "s").replace("within", "within patients")
        words = words if "within" in words else f"between {words}"
        yield (
            f"| {therapists} | {words} | {TRUTH[str(effect)]:g} | {rows['estimate'].median():.3f} "
            f"| {rows['observed'].median():.3f} | {shares} | {rows['unbounded'].mean():.1%} |"
        )


def markdown(growth: pd.DataFrame, latent: pd.DataFrame, seed: int) -> str:
    """The block between the markers."""
    n = len(growth)
    error, small = np.sqrt(LEVEL * (1 - LEVEL) / n), np.sqrt(0.05 * 0.95 / n)
    failed = int((~latent["converged"].astype(bool)).sum() / len(TRUTH))
    return "\n".join(
        [
            f"{n:,} studies of each kind, seed {seed}. Monte Carlo error {error:.4f} of a coverage "
            f"of .95, {small:.4f} of a rejection rate of .05.",
            "",
            "| growth | aimed at | share | without |",
            "| --- | --- | --- | --- |",
            *growth_lines(growth),
            "",
            "| therapists | effect | truth | median latent | median observed | profile | delta "
            "| observed means | unbounded |",
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *latent_lines(latent),
            "",
            f"All fits are counted; {failed} with latent means did not converge.",
        ]
    )


def run(studies: int, therapists: list[int], seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """All studies of both kinds."""
    streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(studies)]
    growth = pd.DataFrame([growth_row(rng) for rng in streams])
    latent = [
        row
        for size in therapists
        for stream in np.random.SeedSequence(seed + size).spawn(studies)
        for row in latent_rows(np.random.default_rng(stream), size)
    ]
    return growth, pd.DataFrame(latent)


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=500)
    parser.add_argument("--therapists", type=int, nargs="+", default=[20, 60])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    growth, latent = run(options.studies, options.therapists, options.seed)
    text = markdown(growth, latent, options.seed)
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
