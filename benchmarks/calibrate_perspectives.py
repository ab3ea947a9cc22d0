"""Type I error and coverage of fit_perspectives in simulated studies.

    python benchmarks/calibrate_perspectives.py --write docs/calibration.md

240 patients of 24 therapists, about ten sessions each, ratings by patient, therapist and observer
that correlate .366, .40 and .30 at every level, on scales without limits. Only the patient's
rating has an effect: −0.08 within patients, −0.24 between them, −0.30 between therapists; in the
null studies it has none. Everything is drawn anew in every study.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd

import alliance_stats as al
from alliance_stats.simulate import simulate_process_study

START, END = "<!-- calibrate_perspectives: start -->", "<!-- calibrate_perspectives: end -->"
VIEWS = {"patient": "wai_total", "therapist": "wai_therapist", "observer": "wai_observer"}
TRUTH = {"within": -0.08, "patient_between": -0.24, "therapist_between": -0.30}
PAIRS = {
    ("patient", "therapist"): 0.366,
    ("patient", "observer"): 0.40,
    ("therapist", "observer"): 0.30,
}
LEVEL = 0.95
PLAIN: dict[str, Any] = {
    "n_patients": 240, "n_therapists": 24, "alliance_range": None, "outcome_range": None,
    "flat_patients": 0, "dropout_hazard": 0, "study_end": 0, "alliance_ar": 0, "outcome_ar": 0,
    "lagged_effect": 0, "reverse_effect": 0, "alliance_to_motivation": 0,
    "motivation_to_outcome": 0, "outcome_to_motivation": 0, "improvement_alliance": 0,
    "improvement_outcome": 0, "alliance_trend_sd": 0, "outcome_trend_sd": 0,
    "within_effect_sd": 0, "expectation_alliance_correlation": 0, "length_improvement": 0,
}  # fmt: skip
NONE: dict[str, Any] = {
    "within_effect": 0, "patient_between_effect": 0, "therapist_between_effect": 0,
}  # fmt: skip


def study_rows(rng: np.random.Generator) -> list[dict[str, object]]:
    """Hits of every interval of one study, and rejections in its null twin."""
    result = al.models.fit_perspectives(
        simulate_process_study(**PLAIN, rng=rng), perspectives=VIEWS, random_slopes={}
    )
    rows: list[dict[str, object]] = []
    for row in result.effects.to_dict("records"):
        truth = TRUTH[row["effect"]] if row["perspective"] == "patient" else 0.0
        rows.append(_hit("coefficient", row["effect"], row["perspective"], truth, row))
    for row in result.correlations().to_dict("records"):
        pair = (row["perspective"], row["with_perspective"])
        rows.append(_hit("correlation", row["effect"], " and ".join(pair), PAIRS[pair], row))
    null = al.models.fit_perspectives(
        simulate_process_study(**PLAIN, **NONE, rng=rng), perspectives=VIEWS, random_slopes={}
    )
    for ddf in ("satterthwaite", "kenward-roger"):
        for row in null.tests(ddf=ddf).to_dict("records"):  # type: ignore[arg-type]
            what = f"{row['hypothesis']}, {ddf}"
            p = row["p_value"]
            rows.append(
                {"kind": "test", "effect": row["effect"], "what": what, "truth": np.nan,
                 "estimate": np.nan, "hit": float(p < 0.05)}
            )  # fmt: skip
    return rows


def _hit(kind: str, effect: str, what: str, truth: float, row: dict[str, Any]) -> dict[str, object]:
    low, high = row["ci_low"], row["ci_high"]
    hit = float(low <= truth <= high) if np.isfinite(low) else np.nan
    return {"kind": kind, "effect": effect, "what": what, "truth": truth,
            "estimate": row["estimate"], "hit": hit}  # fmt: skip


def lines(table: pd.DataFrame, kind: str) -> Iterator[str]:
    """One line a quantity."""
    chosen = table[table["kind"] == kind]
    for (effect, what), rows in chosen.groupby(["effect", "what"], sort=False):
        place = str(effect).replace("_", " ")
        share, missing = rows["hit"].mean(), int(rows["hit"].isna().sum())
        if kind == "test":
            yield f"| {place} | {what} | {share:.3f} |"
        else:
            yield (
                f"| {kind} | {place} | {what} | {rows['truth'].iloc[0]:g} "
                f"| {rows['estimate'].mean():.3f} | {share:.3f} | {missing} |"
            )


def markdown(table: pd.DataFrame, studies: int, seed: int) -> str:
    """The block between the markers."""
    error, small = (np.sqrt(p * (1 - p) / studies) for p in (LEVEL, 1 - LEVEL))
    return "\n".join(
        [
            f"{studies:,} studies and as many null studies, seed {seed}. Monte Carlo error "
            f"{error:.4f} of a coverage of .95, {small:.4f} of a rejection rate of .05.",
            "",
            "| | level | perspective | truth | mean estimate | coverage | without interval |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *lines(table, "coefficient"),
            *lines(table, "correlation"),
            "",
            "| level | test in null studies | share p < .05 |",
            "| --- | --- | --- |",
            *lines(table, "test"),
        ]
    )


def run(studies: int, seed: int) -> pd.DataFrame:
    """All studies."""
    rows = []
    for stream in np.random.SeedSequence(seed).spawn(studies):
        rows += study_rows(np.random.default_rng(stream))
    return pd.DataFrame(rows)


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path, help="page whose marked block is replaced")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    text = markdown(run(given.studies, given.seed), given.studies, given.seed)
    print(text)
    if given.write:
        bench_lmm.write_between(given.write, text, (START, END))


if __name__ == "__main__":
    main()
