"""Level of the equivalence test, of the interaction test and coverage of fit_moderation.

    python benchmarks/calibrate_moderation.py --write docs/calibration.md

Every study is drawn anew, alliance included, from the model that is fitted: slopes of the observed
parts of the alliance, random intercepts of patients and therapists, slopes within patients that
differ between them. At the bound the last group's slopes differ from those of all others by
exactly the smallest effect that matters, so that equivalence is false and found too often if the
test is wrong; in the null twin all slopes are equal. The numbers of patients that
`patients_needed` asks for, from one large study, are then tried.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import dataclass
from pathlib import Path

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd
from scipy.special import stdtrit

import alliance_stats as al
from alliance_stats.models.moderation.contrasts import claims_table

START, END = "<!-- calibrate_moderation: start -->", "<!-- calibrate_moderation: end -->"
ALPHAS = (0.01, 0.05, 0.10)
PER_THERAPIST = 10
#: Patients in the study from which the needed number is computed, and the power asked for.
LARGE, POWER = 3_000, 0.80


@dataclass(frozen=True)
class Design:
    """Groups, whether there are therapists and in which groups, patients, bounds by effect."""

    words: str
    groups: int
    therapists: bool
    free: bool
    patients: int
    bounds: dict[str, float]

    @property
    def roles(self) -> al.Roles:
        """Columns of `draw`."""
        return al.Roles(treatment="arm", therapist="who" if self.therapists else None)


DESIGNS = {
    "two": Design(
        "2 groups, no therapists, 120 patients", 2, False, False, 120,
        {"within": 0.13, "between": 0.35},
    ),
    "nested": Design(
        "3 groups, 24 therapists within them, 240 patients", 3, True, False, 240,
        {"within": 0.13, "patient_between": 0.35, "therapist_between": 1.2},
    ),
    "partly": Design(
        "10 therapists in one group, none in the other, 200 patients", 2, True, True, 200,
        {"within": 0.11, "patient_between": 0.30, "therapist_between": 1.0},
    ),
}  # fmt: skip


def draw(design: Design, n: int, at_bound: bool, rng: np.random.Generator) -> pd.DataFrame:
    """One study of n patients, 10 a therapist, 4 to 12 sessions each."""
    unit = np.arange(n) // PER_THERAPIST
    arm = unit % design.groups
    lengths = rng.integers(4, 13, n)
    patient = np.repeat(np.arange(n), lengths)
    start = np.cumsum(lengths) - lengths
    session = np.arange(len(patient)) - start[patient]
    seen = np.ones(n, bool) if design.therapists else np.zeros(n, bool)
    seen &= ~(design.free & (arm == 0))
    of_unit = rng.normal(0.0, 2.5, unit.max() + 1)[unit] * seen
    x = (of_unit + rng.normal(0.0, 6.0, n))[patient] + rng.normal(48.0, 5.0, len(patient))
    x += 0.15 * session
    mean = np.bincount(patient, x) / lengths
    group = np.where(seen, unit, arm) if design.free else unit
    theirs = np.bincount(group, mean) / np.maximum(np.bincount(group), 1)
    centre = theirs[group] if design.therapists else mean.mean()
    parts = {"within": x - mean[patient], "patient_between": (mean - centre)[patient]}
    parts["between"] = parts["patient_between"]
    y = 15.0 - (0.5 + 0.1 * arm[patient]) * session + 0.8 * arm[patient]
    for effect, bound in design.bounds.items():
        if effect == "therapist_between":
            values = ((theirs[group] - mean.mean()) * seen)[patient]
        else:
            values = parts[effect]
        last = (arm == design.groups - 1)[patient]
        y += (-0.12 + at_bound * bound * last) * values
    y += (rng.normal(0.0, 1.2, unit.max() + 1)[unit] * seen + rng.normal(0.0, 3.0, n))[patient]
    y += rng.normal(0.0, 0.08, n)[patient] * parts["within"] + rng.normal(0.0, 3.0, len(y))
    frame = pd.DataFrame({"patient": patient, "session": session + 1, "alliance": x, "outcome": y})
    frame["arm"] = np.array(list("abc"))[arm][patient]
    if design.therapists:
        frame["who"] = np.where(seen[patient], np.char.add("T", unit[patient].astype(str)), None)
    return frame


def fitted(design: Design, frame: pd.DataFrame) -> al.models.ModerationResult:
    """The model with the bounds of the design."""
    return al.models.fit_moderation(frame, design.roles, smallest_effect=design.bounds)


@dataclass(frozen=True)
class Runs:
    """All studies of one kind: rows of `equivalence` and of `claims`, with 95% intervals."""

    pairs: pd.DataFrame
    claims: pd.DataFrame
    singular: float
    failed: int


def run(design: Design, n: int, at_bound: bool, studies: int, seed: int) -> Runs:
    """Simulate and fit."""
    pairs, claims, singular, failed = [], [], 0, 0
    for stream in np.random.SeedSequence(seed).spawn(studies):
        result = fitted(design, draw(design, n, at_bound, np.random.default_rng(stream)))
        pairs.append(result.equivalence())
        claims.append(claims_table(result.fit, result.prepared, pairs[-1], 0.05, "satterthwaite"))
        singular += result.fit.singular
        failed += not result.fit.converged
    both = pd.concat(pairs, ignore_index=True)
    half = stdtrit(both["df"].to_numpy(), 0.975) * both["se"]
    both = both.assign(low=both["estimate"] - half, high=both["estimate"] + half)
    return Runs(both, pd.concat(claims, ignore_index=True), singular / studies, failed)


def starred(share: float, low: float, high: float) -> str:
    """A share with a star outside its band."""
    return f"{share:.3f}{'' if low <= share <= high else '*'}"


def level_rows(words: str, bound: Runs, null: Runs, design: Design, studies: int) -> list[str]:
    """A table row for each effect of a design."""
    rows = []
    last = "abc"[design.groups - 1]
    for effect in dict.fromkeys(bound.claims["effect"]):
        at, twin = (r.claims[r.claims["effect"] == effect] for r in (bound, null))
        own = bound.pairs[bound.pairs["effect"] == effect]
        truth = np.where(own["comparison"].str.startswith(last), design.bounds[effect], 0.0)
        covered = float(((own["low"] <= truth) & (truth <= own["high"])).mean())
        cells = [words, effect.replace("_", " "), f"{design.bounds[effect]:g}"]
        cells.append(f"{own['se'].mean():.3f}")
        top = 0.05 + 3.0 * np.sqrt(0.05 * 0.95 / studies)
        cells.append(starred(float((at["p_equivalence"] < 0.05).mean()), 0.0, top))
        cells.append(f"{(twin['p_equivalence'] < 0.05).mean():.3f}")
        cells.append(starred(covered, 0.934, 0.966))
        for alpha in ALPHAS:
            band = 3.0 * np.sqrt(alpha * (1 - alpha) / studies)
            share = float((twin["p_interaction"] < alpha).mean())
            cells.append(starred(share, alpha - band, alpha + band))
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def power_rows(words: str, design: Design, studies: int, seed: int) -> list[str]:
    """The needed number of each effect from one large study, and the share that succeed with it."""
    step = PER_THERAPIST * design.groups
    pilot = draw(design, LARGE // step * step, False, np.random.default_rng(seed))
    large = fitted(design, pilot)
    needed = large.patients_needed(power=POWER)
    whole = needed.groupby("effect", sort=False).tail(1)  # all pairs, where there are several
    rows = []
    for effect, n in zip(whole["effect"], whole["n_patients"], strict=True):
        tried = int(np.ceil(n / step) * step)
        runs = run(design, tried, False, studies, seed + 1)
        own = runs.claims[runs.claims["effect"] == effect]
        found = float((own["p_equivalence"] < 0.05).mean())
        expected = expected_power(large, effect, tried)
        cells = [words, effect.replace("_", " "), f"{n:.0f}", f"{tried}", f"{expected:.2f}"]
        error = np.sqrt(expected * (1.0 - expected) / studies)
        cells.append(starred(found, expected - 3.0 * error - 0.01, 1.0))
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def expected_power(large: al.models.ModerationResult, effect: str, tried: int) -> float:
    """The highest power in steps of .01 for which no more patients than these are needed."""
    reached = POWER
    for power in np.arange(POWER, 0.995, 0.01):
        table = large.patients_needed(power=float(power))
        if table.loc[table["effect"] == effect, "n_patients"].iloc[-1] > tried:
            break
        reached = float(power)
    return reached


def markdown(designs: dict[str, Design], studies: int, power_studies: int, seed: int) -> str:
    """The block between the markers."""
    levels, powers, about = [], [], []
    for place, (name, design) in enumerate(designs.items()):
        bound = run(design, design.patients, True, studies, seed + 10 * place)
        null = run(design, design.patients, False, studies, seed + 10 * place + 1)
        levels += level_rows(design.words, bound, null, design, studies)
        about.append(f"{name}: {null.singular:.0%} singular, {null.failed} not converged")
        if power_studies:
            powers += power_rows(design.words, design, power_studies, seed + 10 * place + 2)
        print("\n".join([*levels, *powers]), flush=True)
    error = np.sqrt(0.05 * 0.95 / studies)
    text = [
        f"{studies:,} studies of each kind, seed {seed}; Monte Carlo error of a share of .05 or "
        f".95: {error:.3f}. A star marks equivalence found at the bound more often than three "
        "Monte Carlo errors above .05, coverage outside .934 to .966, and rejections further than "
        "three errors from their level. With three groups equivalence is that of all pairs.",
        "",
        "| design | effect | bound | mean SE | equivalent at the bound (α = .05) "
        "| equivalent in the null twin | 95% intervals of differences that hold the truth "
        "| interaction in the null twin at .01 | at .05 | at .10 |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *levels, "",
        f"All fits are counted ({'; '.join(about)}).",
    ]  # fmt: skip
    if powers:
        text += [
            "",
            f"Patients for {POWER:.0%} power by `patients_needed`, from one study of "
            f"{LARGE:,} patients without differences, rounded up to whole therapists in every "
            f"group, the power expected of these, and the share of {power_studies:,} new studies "
            "of that size that found equivalence "
            f"(Monte Carlo error {np.sqrt(0.16 / power_studies):.3f}; a star "
            "marks a share more than three errors and .01 below):",
            "",
            "| design | effect | patients needed | tried | expected | found equivalence |",
            "| --- | --- | --- | --- | --- | --- |",
            *powers,
        ]
    return "\n".join(text)


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--power-studies", type=int, default=1000)
    parser.add_argument("--designs", nargs="+", choices=list(DESIGNS), default=list(DESIGNS))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    designs = {name: DESIGNS[name] for name in options.designs}
    text = markdown(designs, options.studies, options.power_studies, options.seed)
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
