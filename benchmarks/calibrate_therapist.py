"""Coverage and type I error of fit_therapist in simulated studies.

    python benchmarks/calibrate_therapist.py --write docs/calibration.md

Studies of 12, 24 and 60 therapists with 1 to 20 patients each (8 on average). Four kinds:

* effects: the alliance of a patient beside the therapist's other patients has the coefficient −.3,
  the mean of the therapist's patients −.8; therapists' share of the rest of the outcome is .10,
  their share of the alliance .20;
* latent: the same, but the therapist's coefficient is that of the therapist's own level, of which
  the mean of the patients is a sample;
* null twin: no coefficient of the alliance, the rest as before;
* no therapists: nor any variance between therapists in the outcome.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd

import alliance_stats as al
from alliance_stats.models.outcome.prepare import prepare_patients
from alliance_stats.models.therapist.fits import fit_models
from alliance_stats.models.therapist.result import TherapistResult

START, END = "<!-- calibrate_therapist: start -->", "<!-- calibrate_therapist: end -->"
ROLES = al.Roles(
    alliance="wai", outcome="phq", therapist="therapist", baseline="intake", outcome_better="lower"
)
#: Sessions whose frame is replaced by that of a study.
TEMPLATE = al.load_example("sessions")
TRUTH = {"patient_between": -0.3, "therapist_between": -0.8, "contextual": -0.5}
ICC_OUTCOME, ICC_ALLIANCE = 0.10, 0.20
KINDS = ("effects", "latent", "null", "none")
NULL = ("null", "none")
ALPHAS = (0.01, 0.05, 0.10)
#: A coverage may be this far from its level.
BAND = 0.016


def study(rng: np.random.Generator, therapists: int, kind: str) -> pd.DataFrame:
    """Two sessions a patient: the third with the alliance, the sixth with the last outcome."""
    size = np.minimum(1 + rng.negative_binomial(2, 2 / 9, therapists), 20)
    size[:2] = np.maximum(size[:2], 2)
    of = np.repeat(np.arange(therapists), size)
    n = len(of)
    level = np.sqrt(ICC_ALLIANCE) * rng.normal(size=therapists)
    wai = level[of] + np.sqrt(1 - ICC_ALLIANCE) * rng.normal(size=n)
    mean = np.bincount(of, wai) / size
    intake, change = rng.normal(size=(2, n))
    tau2 = 0.0 if kind == "none" else ICC_OUTCOME
    rest = np.sqrt(tau2) * rng.normal(size=therapists)[of] + np.sqrt(1 - tau2) * rng.normal(size=n)
    post = 0.6 * intake + 0.3 * change + rest
    if kind not in NULL:
        top = mean if kind == "effects" else level
        post += TRUTH["patient_between"] * (wai - top[of]) + TRUTH["therapist_between"] * top[of]
    first = {"therapist": of, "patient": np.arange(n), "intake": intake}
    early = pd.DataFrame({**first, "session": 3, "wai": wai, "phq": intake + change})
    last = pd.DataFrame({**first, "session": 6, "wai": np.nan, "phq": post})
    return pd.concat([early, last], ignore_index=True)


def rows_of(rng: np.random.Generator, therapists: int, kind: str) -> Iterator[dict[str, object]]:
    """Hits and rejections of one study."""
    data = replace(TEMPLATE, frame=study(rng, therapists, kind))
    prepared = prepare_patients(
        data, ROLES, window=(3, 3), min_ratings=1, split="therapist"
    )  # as fit_therapist does, without the checks and messages of a file
    result = TherapistResult(fit_models(prepared, slopes=False), prepared)
    whole = {"kind": kind, "therapists": therapists, "singular": result.after.singular}
    tables = {
        "plain": result.tidy().set_index("effect"),
        "kr": result.tidy(ddf="kenward-roger").set_index("effect"),
    }
    if kind == "latent":
        tables["latent"] = result.comparison.query("means == 'latent'").set_index("effect")
    for effect, value in TRUTH.items():
        truth = 0.0 if kind in NULL else value
        row = {"quantity": effect, "truth": truth}
        for name, table in tables.items():
            one = table.loc[effect]
            row |= {
                name: one["estimate"],
                f"{name}_hit": one["ci_low"] <= truth <= one["ci_high"],
                f"{name}_p": one["p_value"],
                f"{name}_open": np.isinf(one["ci_low"]),
            }
        yield whole | row
    shares = result.shares().set_index("model")
    icc = {"alliance": ICC_ALLIANCE, "after": 0.0 if kind == "none" else ICC_OUTCOME}
    for model, truth in icc.items():
        one = shares.loc[model]
        yield whole | {
            "quantity": f"icc_{model}", "truth": truth, "plain": one["icc"],
            "plain_hit": one["ci_low"] <= truth <= one["ci_high"], "plain_p": one["p_value"],
        }  # fmt: skip


def _starred(hits: pd.Series, level: float = 0.95) -> str:
    """A coverage, starred where it is off its level by more than the band and chance allow."""
    share = float(hits.mean())
    allowed = max(BAND, 3 * np.sqrt(level * (1 - level) / len(hits)))
    return f"{share:.3f}" + ("" if abs(share - level) <= allowed else "*")


def coverage_lines(table: pd.DataFrame) -> Iterator[str]:
    """Observed means where effects act on them: estimates and coverage."""
    some = table[(table["kind"] == "effects") & table["quantity"].isin(TRUTH)]
    for (n, name), rows in some.groupby(["therapists", "quantity"], sort=False):
        yield (
            f"| {n} | {_words(name)} | {rows['truth'].iloc[0]:.2f} | {rows['plain'].mean():.3f} "
            f"| {rows['plain'].std():.3f} | {_starred(rows['plain_hit'])} "
            f"| {_starred(rows['kr_hit'])} |"
        )


def latent_lines(table: pd.DataFrame) -> Iterator[str]:
    """Observed and latent means where effects act on the therapist's own level."""
    some = table[(table["kind"] == "latent") & table["quantity"].isin(TRUTH)]
    for (n, name), rows in some.groupby(["therapists", "quantity"], sort=False):
        yield (
            f"| {n} | {_words(name)} | {rows['truth'].iloc[0]:.2f} | {rows['plain'].median():.3f} "
            f"| {_starred(rows['plain_hit'])} | {rows['latent'].median():.3f} "
            f"| {_starred(rows['latent_hit'])} | {rows['latent_open'].mean():.1%} |"
        )


def null_lines(table: pd.DataFrame, studies: int) -> Iterator[str]:
    """Rejections where there is nothing: coefficients of the null twin, therapists of none."""
    of_kind = {"null": list(TRUTH), "none": ["icc_after"]}
    for kind, names in of_kind.items():
        some = table[(table["kind"] == kind) & table["quantity"].isin(names)]
        for (n, name), rows in some.groupby(["therapists", "quantity"], sort=False):
            for method in ("plain", "kr") if kind == "null" else ("plain",):
                test = _METHODS[method] if kind == "null" else "F of therapists"
                shares = " | ".join(_rejected(rows[f"{method}_p"], a, studies) for a in ALPHAS)
                yield f"| {n} | {_words(name)} | {test} | {shares} |"


def _rejected(p: pd.Series, alpha: float, studies: int) -> str:
    share = float((p < alpha).mean())
    far = abs(share - alpha) > 3 * np.sqrt(alpha * (1 - alpha) / studies)
    return f"{share:.3f}" + ("*" if far else "")


_METHODS = {"plain": "Satterthwaite", "kr": "Kenward–Roger"}


def icc_lines(table: pd.DataFrame) -> Iterator[str]:
    """Coverage of the exact interval."""
    some = table[table["quantity"].str.startswith("icc_") & table["kind"].isin(["effects", "none"])]
    for (n, kind, name), rows in some.groupby(["therapists", "kind", "quantity"], sort=False):
        if kind == "none" and name == "icc_alliance":
            continue
        truth = rows["truth"].iloc[0]
        level = 0.95 if truth else 0.975  # below zero there is nothing to miss
        yield (
            f"| {n} | {_words(name)} | {truth:.2f} | {rows['plain'].mean():.3f} "
            f"| {(rows['plain'] < 1e-9).mean():.0%} | {level} "
            f"| {_starred(rows['plain_hit'], level)} |"
        )


def _words(name: object) -> str:
    return {
        "patient_between": "between patients",
        "therapist_between": "between therapists",
        "contextual": "therapists less patients",
        "icc_alliance": "of the alliance",
        "icc_after": "of the outcome, alliance held constant",
    }[str(name)]


def markdown(table: pd.DataFrame, studies: int, seed: int) -> str:
    """The block between the markers."""
    error, small = np.sqrt(0.95 * 0.05 / studies), np.sqrt(0.05 * 0.95 / studies)
    return "\n".join(
        [
            f"{studies:,} studies of each kind and size, seed {seed}. Monte Carlo error "
            f"{error:.4f} of a coverage of .95, {small:.4f} of a rejection rate of .05. A star "
            "marks coverage further than .016 and three Monte Carlo errors from its level, and "
            "rejections further than three Monte Carlo errors from theirs. All fits are counted.",
            "",
            "Effects of the observed means:",
            "",
            "| therapists | effect | truth | mean estimate | SD of estimates | Satterthwaite "
            "| Kenward–Roger |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *coverage_lines(table),
            "",
            "Effects of the therapist's own level, of which the mean of the patients is a sample:",
            "",
            "| therapists | effect | truth | median, observed means | coverage | median, latent "
            "means | coverage of profile | without ends |",
            "| --- | --- | --- | --- | --- | --- | --- | --- |",
            *latent_lines(table),
            "",
            "Nothing there to find: coefficients in the null twin, therapists where they do not "
            "differ:",
            "",
            "| therapists | effect | test | at .01 | at .05 | at .10 |",
            "| --- | --- | --- | --- | --- | --- |",
            *null_lines(table, studies),
            "",
            "Exact interval of the therapists' intraclass correlation:",
            "",
            "| therapists | intraclass correlation | truth | mean estimate | estimates of zero "
            "| level | coverage |",
            "| --- | --- | --- | --- | --- | --- | --- |",
            *icc_lines(table),
        ]
    )


def run(studies: int, sizes: list[int], seed: int) -> pd.DataFrame:
    """All studies of all kinds and sizes; a stream of random numbers each."""
    rows = []
    for place, kind in enumerate(KINDS):
        for size in sizes:
            streams = np.random.SeedSequence([seed, place, size]).spawn(studies)
            for stream in streams:
                rows += rows_of(np.random.default_rng(stream), size, kind)
    return pd.DataFrame(rows)


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--therapists", type=int, nargs="+", default=[12, 24, 60])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    text = markdown(
        run(options.studies, options.therapists, options.seed), options.studies, options.seed
    )
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
