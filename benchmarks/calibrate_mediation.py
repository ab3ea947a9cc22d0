"""Coverage and type I error of the indirect effect within patients of fit_mediation.

    python benchmarks/calibrate_mediation.py --write docs/calibration.md

Studies are drawn anew: predictor, mediator and outcome with levels of patients, in one session or
with a chain over three sessions. The indirect effect is zero because one path is zero, the other,
or both; or it is ab + cov(a, b) of paths that differ between patients.
"""

from __future__ import annotations

import argparse
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd

import alliance_stats as al

ROLES = al.Roles(
    alliance="wai", outcome="phq", outcome_better="lower", alliance_at="after", outcome_at="before"
)
START, END = "<!-- calibrate_mediation: start -->", "<!-- calibrate_mediation: end -->"


@dataclass(frozen=True)
class Kind:
    """One kind of studies.

    `sds` and `covariance` are of a and b over patients; `chain` says whether the paths lead to
    later sessions; `slopes` whether the model lets them differ between patients.
    """

    words: str
    a: float
    b: float
    sds: tuple[float, float] = (0.0, 0.0)
    covariance: float = 0.0
    chain: bool = False
    slopes: bool = False
    patients: int = 80
    sessions: int = 8

    @property
    def truth(self) -> float:
        """The indirect effect within patients."""
        return self.a * self.b + self.covariance


KINDS = (
    Kind("one session, both paths", 0.3, -0.3),
    Kind("one session, a = 0", 0.0, -0.3),
    Kind("one session, b = 0", 0.3, 0.0),
    Kind("one session, both 0", 0.0, 0.0),
    Kind("paths differ", 0.3, -0.3, (0.3, 0.3), -0.05, slopes=True),
    Kind("paths differ, a = 0", 0.0, -0.3, (0.3, 0.3), 0.0, slopes=True),
    Kind("paths differ, both 0", 0.0, 0.0, (0.3, 0.3), 0.0, slopes=True),
    Kind("chain, 8 sessions", 0.3, -0.3, chain=True),
    Kind("chain, 20 sessions", 0.3, -0.3, chain=True, sessions=20),
    Kind("chain, 8 sessions, a = 0", 0.0, -0.3, chain=True),
    Kind("chain, 8 sessions, b = 0", 0.3, 0.0, chain=True),
)


def study(kind: Kind, rng: np.random.Generator) -> pd.DataFrame:
    """The sessions of one study."""
    n, size, burn = kind.patients, kind.sessions, 20 if kind.chain else 0
    paths = np.tile([kind.a, kind.b], (n, 1))
    if max(kind.sds) > 0:
        s = np.diag(np.square(kind.sds)) + kind.covariance * (1.0 - np.eye(2))
        paths = rng.multivariate_normal([kind.a, kind.b], s, size=n)
    levels = rng.standard_normal((3, n, 1))
    x, m, y = rng.standard_normal((3, n, size + burn))
    if kind.chain:
        for t in range(2, size + burn):
            x[:, t] += 0.2 * x[:, t - 1]
            m[:, t] += 0.2 * m[:, t - 1] + paths[:, 0] * x[:, t - 1]
            y[:, t] += 0.2 * y[:, t - 1] + paths[:, 1] * m[:, t - 1] - 0.1 * x[:, t - 2]
    else:
        m = m + paths[:, :1] * x
        y = y + paths[:, 1:] * m - 0.1 * x
    ratings = [level + rating[:, burn:] for level, rating in zip(levels, (x, m, y), strict=True)]
    return pd.DataFrame(
        {
            "patient": np.repeat(np.arange(n), size),
            "session": np.tile(np.arange(1, size + 1), n),
            **{name: r.ravel() for name, r in zip(("wai", "m", "phq"), ratings, strict=True)},
        }
    )


def run(kind: Kind, studies: int, seed: int) -> tuple[np.ndarray, int, int]:
    """Estimate, SE, p and interval (studies, 5) of the indirect effect; failed, singular fits."""
    order: dict[str, Any] = {"mediator_at": "before"} if kind.chain else {"contemporaneous": True}
    rows, failed, singular = [], 0, 0
    for number, stream in enumerate(np.random.SeedSequence(seed).spawn(studies)):
        result = al.models.fit_mediation(
            study(kind, np.random.default_rng(stream)), ROLES, mediator="m", time="none",
            random_slopes=None if kind.slopes else {}, rng=number, **order,
        )  # fmt: skip
        glance = result.glance().iloc[-1 if kind.slopes else slice(None)]
        failed += not np.all(glance["converged"])
        singular += bool(np.any(glance["singular"])) and kind.slopes
        table = result.tidy().set_index("effect")
        row = table.loc["within_indirect", ["estimate", "se", "p_value", "ci_low", "ci_high"]]
        rows.append(row.to_numpy(dtype=float))
    return np.array(rows), failed, singular


def row_of(kind: Kind, studies: int, seed: int) -> str:
    """A table row."""
    found, failed, singular = run(kind, studies, seed)
    estimate, se, p, low, high = found.T
    spread = estimate.std(ddof=1)
    share = float(((low <= kind.truth) & (kind.truth <= high)).mean())
    cells = [
        kind.words, f"{kind.truth:.3f}", f"{estimate.mean():.3f}", f"{spread:.3f}",
        f"{se.mean() / spread:.2f}", f"{share:.3f}{'' if 0.934 <= share <= 0.966 else '*'}",
    ]  # fmt: skip
    for alpha in (0.01, 0.05, 0.10):
        cells.append(f"{(p < alpha).mean():.3f}" if kind.truth == 0 else "–")
    return f"| {' | '.join([*cells, f'{singular / studies:.0%}', str(failed)])} |"


def markdown(kinds: tuple[Kind, ...], studies: int, seed: int) -> str:
    """The block between the markers."""
    error = np.sqrt(0.05 * 0.95 / studies)
    rows = []
    for number, kind in enumerate(kinds):
        rows.append(row_of(kind, studies, seed + number))
        print(rows[-1], flush=True)
    return "\n".join(
        [
            f"{studies:,} studies of each kind, 80 patients with 8 sessions unless said otherwise, "
            f"seed {seed}; Monte Carlo error of a share of .05 or .95: {error:.3f}. A star marks "
            "coverage outside .934 to .966.",
            "",
            "| studies | truth | mean estimate | SD of estimates | mean SE / SD | 95% intervals "
            "that hold the truth | rejected at .01 | at .05 | at .10 | singular | not converged |",
            f"|{' --- |' * 11}",
            *rows,
        ]
    )


def main() -> None:
    """Run, print, and write when asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    text = markdown(KINDS, options.studies, options.seed)
    if options.write:
        bench_lmm.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
