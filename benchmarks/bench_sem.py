"""Speed of structural equation models, beside lavaan.

    python benchmarks/bench_sem.py --write docs/performance.md

From call to result on both sides: estimates, standard errors, test and fit indices. The programs
take turns on the same rows, on one thread; the table shows medians. The value shown is the
chi-squared statistic, to see that the same thing was computed.
"""

from __future__ import annotations

import argparse
import importlib
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import bench_lmm as shared  # sets the number of threads before numpy is loaded
import numpy as np
import pandas as pd

START, END = "<!-- bench_sem: start -->", "<!-- bench_sem: end -->"
WAVES = range(1, 6)
CALLS = 5  # of this library in each turn: one takes a few milliseconds


@dataclass(frozen=True)
class Task:
    """What is fitted: its words, the model, the rows, the arguments of `fit_sem`."""

    name: str
    words: str
    spec: Any
    frame: pd.DataFrame
    options: dict[str, str] = field(default_factory=dict)


def items(n: int, p: int, factors: int) -> pd.DataFrame:
    """Items of correlated factors."""
    rng = np.random.default_rng(1)
    common = 0.7 * rng.normal(size=(n, 1)) + 0.7 * rng.normal(size=(n, factors))
    values = common[:, np.arange(p) * factors // p] * np.linspace(0.6, 1.0, p)
    names = [f"i{k + 1}" for k in range(p)]
    return pd.DataFrame(values + 0.7 * rng.normal(size=(n, p)), columns=names)


def with_holes(frame: pd.DataFrame, share: float) -> pd.DataFrame:
    """The same rows with values missing at random."""
    return frame.mask(np.random.default_rng(2).random(frame.shape) < share)


def clustered(clusters: int, p: int) -> pd.DataFrame:
    """Items that vary within and between patients of 3 to 12 sessions."""
    rng = np.random.default_rng(3)
    patient = np.repeat(np.arange(clusters), rng.integers(3, 13, clusters))
    between = rng.normal(size=(clusters, 1))[patient]
    factor = between + rng.normal(size=(len(patient), 1))
    own = 0.3 * rng.normal(size=(clusters, p))[patient]
    values = factor * np.linspace(0.6, 1.0, p) + own + rng.normal(size=(len(patient), p))
    frame = pd.DataFrame(values, columns=[f"i{k + 1}" for k in range(p)])
    return frame.assign(patient=patient)


def panel(n: int) -> pd.DataFrame:
    """Two variables over five waves: stable differences, and deviations that carry over."""
    rng = np.random.default_rng(4)
    stable = rng.normal(size=(n, 2)) @ np.array([[0.7, 0.3], [0.0, 0.6]])
    state, columns = rng.normal(size=(n, 2)), {}
    for wave in WAVES:
        state = state @ np.array([[0.3, 0.1], [0.1, 0.35]]) + 0.8 * rng.normal(size=(n, 2))
        columns[f"x{wave}"], columns[f"y{wave}"] = (stable + state).T
    return pd.DataFrame(columns)


def panel_model() -> Any:
    """A random-intercept cross-lagged panel model."""
    sem = importlib.import_module("alliance_stats").sem
    found = [sem.Parameter("covariances", "rx", "ry")]
    for side in "xy":
        found.append(sem.Parameter("covariances", f"r{side}", f"r{side}"))
        for wave in WAVES:
            item, state = f"{side}{wave}", f"w{side}{wave}"
            found.append(sem.Parameter("paths", item, f"r{side}", value=1.0))
            found.append(sem.Parameter("paths", item, state, value=1.0))
            found.append(sem.Parameter("covariances", state, state))
            found.append(sem.Parameter("means", item))
            if wave > 1:
                found += [sem.Parameter("paths", state, f"w{other}{wave - 1}") for other in "xy"]
    found += [sem.Parameter("covariances", f"wx{wave}", f"wy{wave}") for wave in WAVES]
    observed = tuple(f"{side}{wave}" for wave in WAVES for side in "xy")
    latent = ("rx", "ry", *(f"w{name}" for name in observed))
    return sem.ModelSpec(observed, latent, tuple(found))


def tasks() -> list[Task]:
    """Everything that is timed."""
    sem = importlib.import_module("alliance_stats").sem
    twelve, many = items(1_000, 12, 1), items(1_000, 30, 3)
    two_level, waves = clustered(200, 6), panel(500)
    one = sem.factor_model({"f": list(twelve)})
    names = list(many)
    three = sem.factor_model({"f": names[:10], "g": names[10:20], "h": names[20:]})
    six = sem.factor_model({"f": [f"i{k}" for k in range(1, 7)]})
    arms = many.assign(arm=np.where(np.arange(1_000) % 2, "a", "b"))
    scalar = sem.in_groups(three, ["a", "b"], equal=["loadings", "intercepts"])
    fiml = {"missing": "fiml"}
    return [
        Task("one", "one factor, 12 items, 1,000 rows", one, twelve),
        Task("one_mlr", "the same, MLR", one, twelve, {"estimator": "mlr"}),
        Task("one_fiml", "the same, FIML, 10% missing", one, with_holes(twelve, 0.1), fiml),
        Task("three", "three factors, 30 items, 1,000 rows", three, many),
        Task("groups", "the same, two groups, scalar", scalar, arms, {"groups": "arm"}),
        Task(
            "levels",
            "two-level, one factor, 6 items, 200 clusters",
            sem.in_levels(six, six),
            two_level,
            {"cluster": "patient"},
        ),
        Task(
            "levels_fiml",
            "the same, FIML, 10% missing",
            sem.in_levels(six, six),
            with_holes(two_level.drop(columns="patient"), 0.1).assign(patient=two_level["patient"]),
            {"cluster": "patient", **fiml},
        ),
        Task("panel", "RI-CLPM, 5 waves, 500 patients", panel_model(), waves),
        Task(
            "panel_fiml",
            "the same, FIML, 10% missing",
            panel_model(),
            with_holes(waves, 0.1),
            fiml,
        ),
    ]


def ours(task: Task) -> Callable[[], float]:
    """One call of this library, tables included."""
    fit_sem = importlib.import_module("alliance_stats").sem.fit_sem

    def call() -> float:
        fit = fit_sem(task.spec, task.frame, **task.options)
        fit.tidy()
        return float(fit.glance()["chi2"].item())

    return call


def write_task(task: Task, folder: Path) -> None:
    """The rows and the model as R reads them."""
    task.frame.to_csv(folder / f"{task.name}.csv", index=False)
    result = importlib.import_module("alliance_stats").sem.fit_sem(
        task.spec, task.frame, **task.options
    )
    model = result.to_r().split("model <- '\n")[1].split("\n'\n")[0]
    (folder / f"{task.name}.txt").write_text(model + "\n", encoding="utf-8")


def run(rounds: int) -> tuple[list[str], str]:
    """Rows of the table, and R's versions."""
    found = tasks()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for task in found:
            write_task(task, folder)
        return timed_rows([(t.name, t.words, ours(t)) for t in found], folder, rounds)


def timed_rows(
    calls: list[tuple[str, str, Callable[[], float]]], folder: Path, rounds: int
) -> tuple[list[str], str]:
    """Rows of a table of names, words and calls, each beside lavaan's turn, and R's versions."""
    rows = []
    with ExitStack() as stack:
        process = shared.RProcess.start("peer_sem.R", folder)
        stack.callback(process.stop)
        version = process.read()
        for name, words, call in calls:
            shared.say(words)
            own: list[tuple[float, float]] = []
            other: list[tuple[float, float]] = []
            for turn in range(rounds + 1):
                mine = [shared.timed(call) for _ in range(CALLS)]
                theirs = process.ask(name, "")
                if turn:
                    own, other = own + mine, [*other, theirs]
            ours_ms, theirs_ms = (1000 * median(t for t, _ in found) for found in (own, other))
            cells = [
                words,
                f"{ours_ms:.1f}",
                f"{theirs_ms:,.0f}",
                f"{theirs_ms / ours_ms:.0f}",
                f"{own[-1][1]:.3f}",
                f"{other[-1][1]:.3f}",
            ]
            rows.append("| " + " | ".join(cells) + " |")
    return rows, version


def table(about: str, rows: list[str], version: str) -> str:
    """The block between the markers."""
    heads = ["model", "alliance_stats, ms", "lavaan, ms", "ratio", "χ², ours", "χ², lavaan"]
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads), *rows]
    return "\n".join([about, "", *lines, "", f"{version}."])


def options_of(words: str) -> argparse.Namespace:
    """Arguments of the command line."""
    parser = argparse.ArgumentParser(description=words.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", type=Path, help="Markdown file with the two marker comments")
    return parser.parse_args()


def main() -> None:
    """Run, print the table, and write it when asked."""
    options = options_of(__doc__ or "")
    rows, version = run(options.rounds)
    about = (
        f"From call to tables, one thread, median of {options.rounds} turns, in each of which "
        f"this library is called {CALLS} times and lavaan once."
    )
    text = table(about, rows, version)
    print(text)
    if options.write:
        shared.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
