"""Coverage and type I error of fit_dyads in simulated studies.

    python benchmarks/calibrate_dyads.py --write docs/calibration.md

Studies of 30 patients with 6 sessions, of 100 with 8, and of 100 with 3 to 13 sessions, one rating
in eight missing; and lagged ones of 100 patients with 10 sessions. Two kinds:

* effects: of the patient's outcome actor .4 and partner .2 (k = .5), of the therapist's .3 and 0
  (k = 0); lagged: actor .3 and .2, partner 0 and .15;
* null twin: no effects, and (but for the lagged ones) members alike in everything.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import bench_lmm  # first: it sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd

import alliance_stats as al

START, END = "<!-- calibrate_dyads: start -->", "<!-- calibrate_dyads: end -->"
ROLES = al.Roles(alliance="x1", alliance_therapist="x2", outcome="y1")
#: Sessions whose frame is replaced by that of a study.
TEMPLATE = replace(al.load_example("dyads"), roles=ROLES)
MEMBERS = {
    "patient": {"predictor": "x1", "outcome": "y1"},
    "therapist": {"predictor": "x2", "outcome": "y2"},
}
#: Actor and partner effects (columns) of patient and therapist (rows).
EFFECTS = {False: np.array([[0.4, 0.2], [0.3, 0.0]]), True: np.array([[0.3, 0.0], [0.2, 0.15]])}
ALPHAS = (0.01, 0.05, 0.10)
#: A coverage may be this far from its level.
BAND = 0.016


@dataclass(frozen=True)
class Design:
    """One size of study."""

    words: str
    patients: int
    sessions: tuple[int, int]
    missing: float = 0.0
    lagged: bool = False


DESIGNS = (
    Design("30 patients × 6", 30, (6, 6)),
    Design("100 patients × 8", 100, (8, 8)),
    Design("100 patients × 3–13, 1/8 missing", 100, (3, 13), 0.125),
    Design("lagged, 100 patients × 10", 100, (10, 10), 0.0, True),
)


def pairs(rng: np.random.Generator, n: int, r: float) -> np.ndarray:
    """Two standard normal variables (n, 2) that correlate r."""
    first, second = rng.normal(size=(2, n))
    return np.column_stack([first, r * first + np.sqrt(1 - r * r) * second])


def study(rng: np.random.Generator, design: Design, kind: str) -> pd.DataFrame:
    """One row a session: both members' predictors and outcomes."""
    low, high = design.sessions
    length = rng.integers(low, high + 1, design.patients)
    patient = np.repeat(np.arange(design.patients), length)
    session = np.concatenate([np.arange(k) for k in length]) + 1
    effects = np.zeros((2, 2)) if kind == "null" else EFFECTS[design.lagged]
    paths = np.array([effects[0], effects[1, ::-1]])  # outcomes by the predictors of both
    level = pairs(rng, design.patients, 0.4)[patient]
    if design.lagged:
        rating = np.zeros((len(patient), 2))
        noise = pairs(rng, len(patient), 0.3)
        for row in range(len(patient)):
            before = rating[row - 1] if session[row] > 1 else rng.normal(size=2)
            rating[row] = paths @ before + noise[row]
        x = y = level + 0.05 * session[:, None] + rating
    else:
        x = level + pairs(rng, len(patient), 0.3)
        scale = np.array([1.0, 1.0 if kind == "null" else 1.3])
        rest = pairs(rng, design.patients, 0.4)[patient] + pairs(rng, len(patient), 0.3) * scale
        y = x @ paths.T + 0.05 * session[:, None] + rest
    values = np.where(rng.random((len(patient), 4)) < design.missing, np.nan, np.hstack([x, y]))
    frame = pd.DataFrame(values, columns=["x1", "x2", "y1", "y2"])
    return frame.assign(patient=patient, session=session)


def rows_of(rng: np.random.Generator, design: Design, kind: str) -> Iterator[dict[str, object]]:
    """Hits and rejections of one study."""
    data = replace(TEMPLATE, frame=study(rng, design, kind))
    members = None if design.lagged else MEMBERS
    lagged = {"bias_simulations": 0} if design.lagged else {}
    result = al.models.fit_dyads(data, members=members, **lagged)
    whole = {"design": design.words, "kind": kind, "singular": result.fit.singular}
    whole["converged"] = result.fit.converged
    truth = EFFECTS[design.lagged] * (kind == "effects")
    table = result.effects[result.effects["unit"] == "session"]
    for row in table.to_dict("records"):
        k, side = list(MEMBERS).index(row["group"]), int(row["effect"] == "partner")
        true = truth[k, side]
        yield whole | {
            "quantity": f"{row['effect']}, {row['group']}", "truth": true,
            "estimate": row["estimate"], "se": row["se"], "p": row["p_value"],
            "hit": row["ci_low"] <= true <= row["ci_high"],
        }  # fmt: skip
    if design.lagged:
        return
    patterns = result.patterns()
    for row in patterns[patterns["unit"] == "session"].to_dict("records"):
        k = list(MEMBERS).index(row["member"])
        true = truth[k, 1] / truth[k, 0] if truth[k, 0] else np.nan
        yield whole | {
            "quantity": f"k, {row['member']}", "truth": true, "estimate": row["k"],
            "hit": row["ci_low"] <= true <= row["ci_high"],
            "drawn_hit": row["mc_low"] <= true <= row["mc_high"],
            "bounded": np.isfinite(row["ci_low"]), "p": row["p_couple"],
        }  # fmt: skip
    if kind == "null":
        equal = result.equality().set_index("hypothesis")["p_value"]
        yield whole | {"quantity": "equal effects", "p": equal["equal effects (session)"]}
        test = result.distinguishability
        yield whole | {"quantity": "told apart", "p": test["p_value"].iloc[0]}
    for row in result.variances().query("kind == 'correlation'").to_dict("records"):
        true = {"session": 0.3, "patient": 0.4}[row["unit"]]
        yield whole | {
            "quantity": f"correlation, {row['unit']}", "truth": true, "estimate": row["estimate"],
            "hit": row["ci_low"] <= true <= row["ci_high"],
        }  # fmt: skip


def _starred(share: float, level: float, n: int, band: float = 0.0) -> str:
    """A share, starred where it is off its level by more than the band and chance allow."""
    allowed = max(band, 3 * np.sqrt(level * (1 - level) / max(n, 1)))
    return f"{share:.3f}" + ("" if abs(share - level) <= allowed else "*")


def coverage_lines(table: pd.DataFrame) -> Iterator[str]:
    """Mean estimates and coverage in studies with effects."""
    some = table[(table["kind"] == "effects") & table["hit"].notna() & table["truth"].notna()]
    for (design, name), rows in some.groupby(["design", "quantity"], sort=False):
        hits = rows["hit"].astype(float)
        ratio = rows["se"].mean() / rows["estimate"].std()
        middle = rows["estimate"].median() if name.startswith("k") else rows["estimate"].mean()
        drawn = rows.loc[rows["bounded"].eq(True), "drawn_hit"].astype(float)
        yield (
            f"| {design} | {name} | {rows['truth'].iloc[0]:.2f} | {middle:.3f} "
            f"| {'' if np.isnan(ratio) else f'{ratio:.2f}'} "
            f"| {_starred(hits.mean(), 0.95, len(hits), BAND)} "
            f"| {f'{drawn.mean():.3f}' if len(drawn) else ''} |"
        )


def null_lines(table: pd.DataFrame) -> Iterator[str]:
    """Shares of tests of true hypotheses that reject."""
    true = table["truth"].eq(0.0) & table["quantity"].str.contains("actor|partner")
    whole = table["quantity"].isin(["equal effects", "told apart"])
    some = table[(true | whole) & table["p"].notna()]
    for (design, kind, name), rows in some.groupby(["design", "kind", "quantity"], sort=False):
        shares = [_starred((rows["p"] < a).mean(), a, len(rows)) for a in ALPHAS]
        yield f"| {design} | {kind} | {name} | {' | '.join(shares)} |"


def text_of(table: pd.DataFrame, n: int) -> str:
    """The section between the marks."""
    failed = int((~table["converged"].astype(bool)).sum())
    lines = [
        f"{n:,} studies of each design and kind; the Monte Carlo error of a coverage of .95 is "
        f"{np.sqrt(0.95 * 0.05 / n):.3f}, of a rejection rate of .05 the same. "
        f"Rows of fits that did not converge: {failed}.",
        "",
        "| design | quantity | truth | mean estimate (k: median) | mean SE / SD | coverage "
        "| of drawn k |",
        "|---|---|---|---|---|---|---|",
        *coverage_lines(table),
        "",
        "| design | kind | true hypothesis | .01 | .05 | .10 |",
        "|---|---|---|---|---|---|",
        *null_lines(table),
    ]
    return "\n".join(lines)


def main() -> None:
    """Run the studies and print or write the tables."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--studies", type=int, default=2000)
    parser.add_argument("--write", type=Path)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    rows = []
    for number, design in enumerate(DESIGNS):
        for place, kind in enumerate(("effects", "null")):
            for rng in np.random.default_rng([9, number, place]).spawn(given.studies):
                rows += rows_of(rng, design, kind)
    text = text_of(pd.DataFrame(rows), given.studies)
    print(text)
    if given.write:
        bench_lmm.write_between(given.write, text, (START, END))


if __name__ == "__main__":
    main()
