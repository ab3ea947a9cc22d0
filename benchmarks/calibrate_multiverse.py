"""Rejections of the joint tests of a multiverse where there is no effect.

    python benchmarks/calibrate_multiverse.py --write docs/calibration.md
    python benchmarks/calibrate_multiverse.py --ruptures --studies 1000 --write docs/calibration.md

Sessions of patients with trends in both ratings and 4% of them missing. Four specifications (time,
outliers) are tested jointly. Designs differ in the question, in what varies between the units, and
in whose signs are drawn: patients', or therapists'.
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
from calibration_shares import errors_in_words, rejection_cells

import alliance_stats as al
from alliance_stats.models.multiverses.joint import STATISTICS

MARKS = ("<!-- calibrate_multiverse: start -->", "<!-- calibrate_multiverse: end -->")
RUPTURE_MARKS = (
    "<!-- calibrate_multiverse ruptures: start -->", "<!-- calibrate_multiverse ruptures: end -->"
)  # fmt: skip
PER_THERAPIST = 4
SESSION_CHOICES = {"time": ["linear", "log"], "outliers": ["keep", "drop_2sd"]}
CHOICES = {
    "within": SESSION_CHOICES,
    "between": SESSION_CHOICES,
    "lagged": SESSION_CHOICES,
    "outcome": {"alliance_window": [(3, 5), (2, 4)], "outliers": ["keep", "drop_2sd"]},
    "ruptures": {"rule": ["criterion", "partition"], "window": [2, 3]},
}


@dataclass(frozen=True)
class Design:
    """One kind of study without effect of the alliance.

    Attributes
    ----------
    name, question : str
    patients : int
    therapists : bool
        Whether therapists differ, and are in the model.
    slopes : float
        Standard deviation of patients' own within effects around zero.
    carry : float
        Autoregression of the outcome's and the alliance's parts within patients.
    skewed : bool
        Whether patients differ in the outcome by a log-normal part (skewness 3.3).
    """

    name: str
    question: str
    patients: int
    therapists: bool = False
    slopes: float = 0.0
    carry: float = 0.0
    skewed: bool = False


DESIGNS = (
    Design("within, 50 patients", "within", 50),
    Design("within, 50 patients, slopes differ, carry-over", "within", 50, slopes=0.3, carry=0.4),
    Design("within, 20 therapists, slopes differ", "within", 80, True, slopes=0.3),
    Design("between, 50 patients", "between", 50),
    Design("between, 20 therapists", "between", 80, True),
    Design("lagged, 50 patients, carry-over", "lagged", 50, carry=0.4),
    Design("outcome, 80 patients", "outcome", 80),
    Design("outcome, 20 therapists", "outcome", 80, True),
)
RUPTURES = (
    Design("ruptures, 60 patients", "ruptures", 60, carry=0.4),
    Design("ruptures, 60 patients, skewed outcome", "ruptures", 60, carry=0.4, skewed=True),
    Design("ruptures, 20 therapists", "ruptures", 80, True, carry=0.4),
)


def carried(noise: np.ndarray, first: np.ndarray, carry: float) -> np.ndarray:
    """A first-order autoregression within patients with variance 1."""
    values = noise.copy()
    for row in np.flatnonzero(~first):
        values[row] = carry * values[row - 1] + np.sqrt(1.0 - carry**2) * noise[row]
    return values


def study(design: Design, rng: np.random.Generator) -> pd.DataFrame:
    """Sessions of patients: six to twelve each, with ruptures eight to fourteen."""
    n = design.patients
    length = rng.integers(6, 13, n) + 2 * (design.question == "ruptures")
    patient = np.repeat(np.arange(n), length)
    session = np.concatenate([np.arange(k) for k in length]) + 1
    therapist = np.arange(n) // PER_THERAPIST
    own, level = rng.normal(size=n), rng.normal(size=n)
    if design.skewed:
        own = (np.exp(0.75 * own) - np.exp(0.28125)) / 1.15
    if design.therapists:
        both = 0.5 * rng.normal(size=(2, therapist.max() + 1))
        own, level = own + both[0][therapist], level + both[1][therapist]
    now, rest = (
        carried(rng.normal(size=len(patient)), session == 1, design.carry) for _ in range(2)
    )
    slope = design.slopes * rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "patient": patient, "therapist": therapist[patient], "session": session,
            "wai": 5 + level[patient] + now + 0.1 * session,
            "phq": 15 + own[patient] - 0.2 * session + slope[patient] * now + rest,
            "intake": (15 + own + 0.5 * rng.normal(size=n))[patient],
        }
    )  # fmt: skip
    for column in ("wai", "phq"):
        frame.loc[rng.random(len(frame)) < 0.04, column] = np.nan
    return frame


def study_row(design: Design, draws: int, seed: np.random.SeedSequence) -> dict[str, object]:
    """The p values of one study."""
    units = {"therapist": "therapist"} if design.therapists else {}
    roles = al.Roles(
        alliance="wai", outcome="phq", baseline="intake", alliance_at="after",
        outcome_at="before", **units,
    )  # fmt: skip
    ours, theirs = seed.spawn(2)
    frame = study(design, np.random.default_rng(ours))
    fixed = {"simulations": 99} if design.question == "ruptures" else None
    result = al.models.multiverse(
        design.question, frame, CHOICES[design.question], roles=roles, permutations=draws,
        rng=theirs, progress=False, fixed=fixed,
    )  # fmt: skip
    p = result.joint_test.set_index("test")["p_value"]
    one = result.tidy()["p_value"][0]
    return {"design": design.name, "one specification": one} | p.to_dict()


def lines(table: pd.DataFrame) -> Iterator[str]:
    """One line a design and test. A p of exactly α rejects at α, as (1 + b)/(1 + m) does."""
    for name, rows in table.groupby("design", sort=False):
        for test in ("one specification", *STATISTICS):
            cells = rejection_cells(rows[test].to_numpy() - 1e-9)
            yield f"| {name} | {test} | {' | '.join(cells)} |"


def markdown(table: pd.DataFrame, studies: int, draws: int, seed: int) -> str:
    """The block between the markers."""
    return "\n".join(
        [
            f"{studies:,} studies of each design with {draws} draws each, seed {seed}. "
            f"{errors_in_words(studies)}; a star marks more than three of these.",
            "",
            "| design | test | rejected at .01 | at .05 | at .10 |",
            "| --- | --- | --- | --- | --- |",
            *lines(table),
        ]
    )


def run(designs: tuple[Design, ...], studies: int, draws: int, seed: int) -> pd.DataFrame:
    """All studies, designs in turn."""
    streams = [np.random.SeedSequence([seed, k]).spawn(studies) for k in range(len(designs))]
    return pd.DataFrame(
        [
            study_row(design, draws, streams[k][number])
            for k, design in enumerate(designs)
            for number in range(studies)
        ]
    )


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--draws", type=int, default=199)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ruptures", action="store_true", help="designs of ruptures only")
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    designs, marks = (RUPTURES, RUPTURE_MARKS) if options.ruptures else (DESIGNS, MARKS)
    table = run(designs, options.studies, options.draws, options.seed)
    text = markdown(table, options.studies, options.draws, options.seed)
    print(text)
    if options.write:
        bench_lmm.write_between(options.write, text, marks)


if __name__ == "__main__":
    main()
