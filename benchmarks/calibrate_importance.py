"""Coverage of the differences of fit_importance, and wrong claims of "the single biggest".

    python benchmarks/calibrate_importance.py --write docs/calibration.md

Sessions of patients with three ratings, the alliance one of them, whose parts within and between
patients correlate .3; two treatments without effect besides. Designs differ in the coefficients and
in what is drawn again: patients, or therapists with four patients each.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd

import alliance_stats as al
from alliance_stats.models.importance.result import ImportanceResult
from alliance_stats.models.importance.verdict import alliance_differences

START, END = "<!-- calibrate_importance: start -->", "<!-- calibrate_importance: end -->"
RATINGS = ("wai", "bond", "insight")
CORRELATION = 0.3
PER_THERAPIST = 4
LEVEL = 0.95
#: Patients behind the limits of the estimates.
LARGE = 40_000


@dataclass(frozen=True)
class Design:
    """One kind of study.

    Attributes
    ----------
    name : str
    within, between : tuple of float
        Coefficients of the ratings, the alliance first.
    patients : int
    therapists : bool
    """

    name: str
    within: tuple[float, ...]
    between: tuple[float, ...]
    patients: int
    therapists: bool = False


DESIGNS = (
    Design("equal, 100 patients", (0.2,) * 3, (0.4,) * 3, 100),
    Design("equal, 40 therapists", (0.2,) * 3, (0.4,) * 3, 160, therapists=True),
    Design("equal, 20 therapists", (0.2,) * 3, (0.4,) * 3, 80, therapists=True),
    Design("no effect, 100 patients", (0.0,) * 3, (0.0,) * 3, 100),
    Design("alliance larger, 100 patients", (0.35, 0.2, 0.0), (0.7, 0.4, 0.0), 100),
)


def study(design: Design, rng: np.random.Generator) -> pd.DataFrame:
    """Sessions of patients: four to twelve each."""
    n = design.patients
    length = rng.integers(4, 13, n)
    patient = np.repeat(np.arange(n), length)
    root = np.linalg.cholesky(np.where(np.eye(3, dtype=bool), 1.0, CORRELATION))
    level, now = rng.normal(size=(n, 3)) @ root.T, rng.normal(size=(len(patient), 3)) @ root.T
    therapist = np.arange(n) // PER_THERAPIST
    own = rng.normal(size=n)
    if design.therapists:
        own = own + 0.4 * rng.normal(size=therapist.max() + 1)[therapist]
    outcome = level @ np.array(design.between) + own
    y = outcome[patient] + now @ np.array(design.within) + rng.normal(size=len(patient))
    frame = pd.DataFrame(level[patient] + now, columns=list(RATINGS))
    arm = rng.permutation(np.arange(n) % 2) if not design.therapists else therapist % 2
    return frame.assign(
        patient=patient, therapist=therapist[patient], treatment=np.array(["a", "b"])[arm][patient],
        session=np.concatenate([np.arange(k) for k in length]) + 1, phq=y,
    )  # fmt: skip


def analysis(
    design: Design, frame: pd.DataFrame, draws: int, rng: np.random.Generator | None
) -> ImportanceResult:
    """The analysis of one study."""
    units = {"therapist": "therapist"} if design.therapists else {}
    roles = al.Roles(alliance="wai", outcome="phq", treatment="treatment", **units)
    return al.models.fit_importance(
        frame, roles, predictors=[*RATINGS, "treatment"], n_boot=draws, rng=rng
    )


def limits(design: Design) -> dict[tuple[str, str], float]:
    """What the differences *alliance − other* tend to, from one large study; 0 where equal."""
    if len(set(design.within)) == 1:
        return {(level, other): 0.0 for level in ("within", "between") for other in RATINGS[1:]}
    large = Design(design.name, design.within, design.between, LARGE, design.therapists)
    result = analysis(large, study(large, np.random.default_rng(0)), 0, None)
    rows = alliance_differences(result.tidy(), result.prepared)
    return {(r.effect, r.other): r.estimate for r in rows.itertuples() if r.other in RATINGS}


def study_row(
    design: Design, truth: dict[tuple[str, str], float], draws: int, rng: np.random.Generator
) -> dict[str, object]:
    """Hits of the intervals, and verdicts, of one study."""
    result = analysis(design, study(design, rng), draws, rng)
    found = alliance_differences(result.tidy(), result.prepared).set_index(["effect", "other"])
    row: dict[str, object] = {"design": design.name, "failed": result.explained.n_failed}
    for level in ("within", "between"):
        hits = [
            float(found.loc[(level, other), "ci_low"] <= truth[level, other])
            * float(truth[level, other] <= found.loc[(level, other), "ci_high"])
            for other in RATINGS[1:]
        ]
        row[f"covered {level}"] = float(np.mean(hits))
        own = result.verdicts.set_index("effect").loc[level, "biggest"]
        row |= {f"{word} {level}": float(own == word) for word in ("shown", "contradicted")}
    return row


def lines(table: pd.DataFrame) -> Iterator[str]:
    """One line a design and level."""
    for name, rows in table.groupby("design", sort=False):
        for level in ("within", "between"):
            shares = [rows[f"{what} {level}"].mean() for what in ("covered", "shown")]
            other = rows[f"contradicted {level}"].mean()
            yield f"| {name} | {level} | {shares[0]:.3f} | {shares[1]:.3f} | {other:.3f} |"


def markdown(table: pd.DataFrame, studies: int, draws: int, seed: int) -> str:
    """The block between the markers."""
    error = np.sqrt(LEVEL * (1 - LEVEL) / studies)
    return "\n".join(
        [
            f"{studies:,} studies of each design with {draws} draws each, seed {seed}. Monte Carlo "
            f"error at most {error:.4f} of a coverage of .95 and "
            f"{np.sqrt(0.05 * 0.95 / studies):.4f} of a rate of .05.",
            "",
            "| design | level | coverage of differences | biggest: shown | contradicted |",
            "| --- | --- | --- | --- | --- |",
            *lines(table),
            "",
            f"{int(table['failed'].sum()):,} of {studies * draws * len(DESIGNS):,} draws could not "
            "be fitted.",
        ]
    )


def run(studies: int, draws: int, seed: int) -> pd.DataFrame:
    """All studies of all designs."""
    rows = []
    for number, design in enumerate(DESIGNS):
        truth = limits(design)
        streams = np.random.SeedSequence([seed, number]).spawn(studies)
        rows += [study_row(design, truth, draws, np.random.default_rng(s)) for s in streams]
    return pd.DataFrame(rows)


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--draws", type=int, default=199)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    table = run(options.studies, options.draws, options.seed)
    text = markdown(table, options.studies, options.draws, options.seed)
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
