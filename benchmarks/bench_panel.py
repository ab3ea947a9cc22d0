"""Speed of panel models of alliance and outcome, beside lavaan.

    python benchmarks/bench_panel.py --write docs/performance.md

This library starts from the sessions, one row each, and ends with its tables: layout by waves,
estimates, standard errors, test, fit indices. lavaan starts from patients laid out by waves. The
programs take turns on one thread; the table shows medians. The value shown is the chi-squared
statistic, to see that the same thing was computed.
"""

from __future__ import annotations

import importlib
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import bench_lmm as shared  # sets the number of threads before numpy is loaded
import bench_sem
import numpy as np
import pandas as pd

START, END = "<!-- bench_panel: start -->", "<!-- bench_panel: end -->"
PATIENTS = 500
ROLES = {
    "therapist": "therapist",
    "alliance": "wai",
    "outcome": "phq",
    "alliance_at": "after",
    "outcome_at": "after",
}


@dataclass(frozen=True)
class Task:
    """What is fitted: its words, whether ratings are missing, the arguments of the fit."""

    name: str
    words: str
    holes: bool = False
    options: dict[str, Any] = field(default_factory=dict)


TASKS = (
    Task("complete", "RI-CLPM, complete", options={"missing": "complete", "constrain": []}),
    Task("equal", "RI-CLPM, complete, equal over time", options={"missing": "complete"}),
    Task("fiml", "RI-CLPM, FIML, 10% missing", True, {"constrain": []}),
    Task("equal_fiml", "RI-CLPM, FIML, equal over time", True),
    Task(
        "cluster",
        "RI-CLPM, FIML, MLR by therapist",
        True,
        {"estimator": "mlr", "cluster": "therapist"},
    ),
    Task("clpm", "CLPM, FIML", True, {"model": "clpm"}),
    Task("dpm", "dynamic panel model, FIML", True, {"model": "dpm"}),
)


def sessions(*, holes: bool) -> Any:
    """Sessions of 500 patients with stable differences and deviations that carry over."""
    wide = bench_sem.panel(PATIENTS)
    if holes:
        wide = bench_sem.with_holes(wide, 0.1)
    waves = list(bench_sem.WAVES)
    patient = np.repeat(np.arange(PATIENTS), len(waves))
    frame = pd.DataFrame(
        {
            "patient": patient,
            "session": np.tile(waves, PATIENTS),
            "therapist": patient % 40,
            "wai": wide[[f"x{t}" for t in waves]].to_numpy().ravel(),
            "phq": wide[[f"y{t}" for t in waves]].to_numpy().ravel(),
        }
    )
    return importlib.import_module("alliance_stats").load_sessions(frame, ROLES)


def ours(task: Task, data: Any) -> Callable[[], float]:
    """One call of this library, tables included."""
    fit = importlib.import_module("alliance_stats").fit_cross_lagged

    def call() -> float:
        result = fit(data, **task.options)
        result.tidy()
        return float(result.glance()["chi2"].item())

    return call


def write_task(task: Task, data: Any, folder: Path) -> None:
    """The patients by waves and the model, as R reads them."""
    fit = importlib.import_module("alliance_stats").fit_cross_lagged
    result = fit(data, **task.options)
    result.prepared.frame.to_csv(folder / f"{task.name}.csv", index=False, na_rep="NA")
    model = result.to_r().split("model <- '\n")[1].split("\n'\n")[0]
    (folder / f"{task.name}.txt").write_text(model + "\n", encoding="utf-8")


def run(rounds: int) -> tuple[list[str], str]:
    """Rows of the table, and R's versions."""
    files = {holes: sessions(holes=holes) for holes in (False, True)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for task in TASKS:
            write_task(task, files[task.holes], folder)
        calls = [(t.name, t.words, ours(t, files[t.holes])) for t in TASKS]
        return bench_sem.timed_rows(calls, folder, rounds)


def main() -> None:
    """Run, print the table, and write it when asked."""
    options = bench_sem.options_of(__doc__ or "")
    warnings.simplefilter("ignore")
    rows, version = run(options.rounds)
    about = (
        f"{PATIENTS} patients, 5 waves; one thread, median of {options.rounds} calls. "
        "alliance_stats starts from the sessions, lavaan from patients by waves."
    )
    text = bench_sem.table(about, rows, version)
    print(text)
    if options.write:
        shared.write_between(options.write, text, (START, END))


if __name__ == "__main__":
    main()
