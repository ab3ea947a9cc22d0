"""Coverage of fit_congruence, and how often fit_response_surface claims congruence.

    python benchmarks/calibrate_congruence.py --write docs/calibration.md

240 patients of 24 therapists, ten sessions each. The therapist's rating has a known bias and
tracking, which differ between patients and therapists. The outcome (lower is better) depends on
nothing, on the patient's rating alone, on agreement (its squared difference, of a session or of the
means), or on agreement after the therapist's bias is taken off, which is no congruence of the
ratings as they are. Everything is drawn anew in every study.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd

import alliance_stats as al

START, END = "<!-- calibrate_congruence: start -->", "<!-- calibrate_congruence: end -->"
THERAPISTS, PATIENTS, SESSIONS = 24, 10, 10
BIAS, WITHIN, BETWEEN, SIZE = -4.0, 0.5, 0.4, 0.02
ROLES = al.Roles(
    alliance="p", alliance_therapist="t", outcome="z", therapist="therapist",
    outcome_better="lower",
)  # fmt: skip
WORLDS = ("nothing", "one rating", "agreement", "agreement less bias")


def ratings(rng: np.random.Generator) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Both ratings, and the true means of every row's patient."""
    n = THERAPISTS * PATIENTS
    of, patient = np.repeat(np.arange(THERAPISTS), PATIENTS), np.repeat(np.arange(n), SESSIONS)
    therapist = of[patient]
    mean = 45 + rng.normal(0, 2, THERAPISTS)[of] + rng.normal(0, 6, n)
    change = rng.normal(0, 4, len(patient))
    own = 45 + BIAS + BETWEEN * (mean - 45)
    own += rng.normal(0, 2, THERAPISTS)[of] + rng.normal(0, 4, n)
    slope = WITHIN + rng.normal(0, 0.15, THERAPISTS)[therapist] + rng.normal(0, 0.15, n)[patient]
    judged = own[patient] + slope * change + rng.normal(0, 3, len(patient))
    frame = pd.DataFrame(
        {
            "patient": patient, "therapist": therapist,
            "session": np.tile(np.arange(1, SESSIONS + 1), n), "p": mean[patient] + change,
            "t": judged,
        }
    )  # fmt: skip
    return frame, mean[patient], own[patient]


def outcome(
    frame: pd.DataFrame, means: tuple[np.ndarray, np.ndarray], world: str, level: str,
    rng: np.random.Generator,
) -> np.ndarray:  # fmt: skip
    """The outcome of one world, in which sessions or patients' true means count."""
    x, y = (frame["p"], frame["t"]) if level == "within" else means
    noise = (
        rng.normal(0, 3, len(frame))
        + rng.normal(0, 3, frame["patient"].max() + 1)[frame["patient"]]
    )
    effect = {
        "nothing": 0.0,
        "one rating": -0.2 * x,
        "agreement": SIZE * (x - y) ** 2,
        "agreement less bias": SIZE * (x - y + BIAS) ** 2,
    }[world]
    return np.asarray(15 + effect + noise)


def tracking_rows(rng: np.random.Generator) -> list[dict[str, Any]]:
    """Which intervals of one study hold the truth."""
    result = al.models.fit_congruence(ratings(rng)[0].assign(z=0.0), ROLES, time="none")
    rows, stricter = (
        {row["effect"]: row for row in result.tidy(ddf=ddf).to_dict("records")}
        for ddf in ("satterthwaite", "kenward-roger")
    )
    gap = result.mean_difference().to_dict("records")[0]
    here = BIAS - (1 - BETWEEN) * (result.prepared.centre - 45)
    asked = [
        ("bias at the sample's mean", here, rows["bias"]),
        ("bias at the sample's mean, Kenward-Roger", here, stricter["bias"]),
        ("bias at the population's mean", BIAS, rows["bias"]),
        ("mean difference", -BIAS, gap),
        ("tracking within patients", WITHIN, rows["within"]),
        ("tracking within patients, Kenward-Roger", WITHIN, stricter["within"]),
        ("tracking between patients", BETWEEN, rows["patient_between"]),
    ]
    return [
        {"what": what, "truth": truth, "error": row["estimate"] - truth,
         "hit": float(row["ci_low"] <= truth <= row["ci_high"])}
        for what, truth, row in asked
    ]  # fmt: skip


def surface_rows(rng: np.random.Generator, n_boot: int) -> list[dict[str, Any]]:
    """What one study claims in every world."""
    frame, *means = ratings(rng)
    rows = []
    for level in ("within", "between"):
        for world in WORLDS:
            data = frame.assign(z=outcome(frame, (means[0], means[1]), world, level, rng))
            found = al.models.fit_response_surface(
                data, ROLES, level=level, time="none", random_slopes={}, n_boot=n_boot, rng=rng
            )
            rows.append({"what": world, "level": level} | _claims(found))
    return rows


def _claims(found: al.models.SurfaceResult) -> dict[str, Any]:
    """The claim, and which conditions are met."""
    status = found.conditions().set_index("condition")["status"]
    return {
        "shown": float(found.verdict.startswith("shown")),
        "strict": float(found.verdict == "shown, strict"),
        "a4": float(status["a4"] == "met"),
        "a3": float(status["a3"] == "contradicted"),
        "ridge": float("contradicted" in (status["p10"], status["p11"])),
    }


def lines(table: pd.DataFrame) -> Iterator[str]:
    """One line a quantity."""
    for (level, what), rows in table.groupby(["level", "what"], sort=False):
        shares = rows[["a4", "a3", "ridge", "shown", "strict"]].mean()
        yield f"| {level} | {what} | " + " | ".join(f"{share:.3f}" for share in shares) + " |"


def markdown(tracking: pd.DataFrame, surfaces: pd.DataFrame, given: argparse.Namespace) -> str:
    """The block between the markers."""
    errors = [np.sqrt(0.05 * 0.95 / n) for n in (given.studies, given.surfaces)]
    return "\n".join(
        [
            f"Truth and bias: {given.studies:,} studies; surfaces: {given.surfaces:,} studies of "
            f"{given.draws} draws each; seed {given.seed}. Monte Carlo error {errors[0]:.4f} of a "
            f"coverage of .95, {errors[1]:.4f} of a share of .05 in the second table.",
            "",
            "| truth and bias | mean error | coverage |",
            "| --- | --- | --- |",
            *(
                f"| {what} | {rows['error'].mean():.3f} | {rows['hit'].mean():.3f} |"
                for what, rows in tracking.groupby("what", sort=False)
            ),
            "",
            "| surface | outcome depends on | a4 met | a3 contradicted | ridge contradicted "
            "| congruence shown | of these strict |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *lines(surfaces),
        ]
    )


def run(studies: int, seed: int, rows_of: Callable[..., list[dict[str, Any]]]) -> pd.DataFrame:
    """All studies."""
    streams = np.random.SeedSequence(seed).spawn(studies)
    return pd.DataFrame([row for one in streams for row in rows_of(np.random.default_rng(one))])


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2_000)
    parser.add_argument("--surfaces", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--write", type=Path, help="page whose marked block is replaced")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    tracking = run(given.studies, given.seed, tracking_rows)
    surfaces = run(given.surfaces, given.seed, lambda rng: surface_rows(rng, given.draws))
    text = markdown(tracking, surfaces, given)
    print(text)
    if given.write:
        bench_lmm.write_between(given.write, text, (START, END))


if __name__ == "__main__":
    main()
