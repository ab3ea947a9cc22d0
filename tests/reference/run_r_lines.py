"""Run the lines of R of every kind of result, and look for its numbers in what R prints.

    PYTHONPATH=src python tests/reference/run_r_lines.py [kind ...]      from the repository root

Needs R with the packages named in README.md. Every estimate and standard error of a result is
looked for among the printed numbers, to four significant digits; what is not there is listed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT)]

from alliance_stats._base.errors import UnsupportedError  # noqa: E402
from alliance_stats.report.sources import r_codes  # noqa: E402
from tests.report import zoo  # noqa: E402

#: Kinds whose lines read an example, and those that read the rows of the model.
EXAMPLES = {
    "sessions": (
        "within_between", "lagged", "cross_lagged", "latent_within_between", "therapist", "lmm",
    ),
    "process": ("event", "mediation", "moderation", "importance", "perspectives"),
    "dyads": ("dyads", "congruence", "surface"),
}  # fmt: skip
ROWS = ("outcome", "growth", "rupture_outcome", "confounding")
NUMBER = re.compile(r"-?\d+\.?\d*(?:[eE][-+]?\d+)?")
DIGITS = 2e-4


def write_data(kind: str, result: Any, folder: Path) -> None:
    """Write the file that the lines read, under every name that they may give it."""
    frames: dict[str, pd.DataFrame] = {}
    names = ("data.csv", "sessions.csv", "patients.csv")
    for example, kinds in EXAMPLES.items():
        if kind in kinds:
            frames = dict.fromkeys(names, zoo.few(example).frame)
    if kind in ROWS:
        frames = dict.fromkeys(names, result.prepared.frame)
    if kind == "multiverse":
        frames = {"data.csv": result.data(0)}
    if kind == "participants":
        frames = {f"{effect}.csv": one.frame for effect, one in result.one_stage.items()}
    if kind == "glmm":
        frames = {"data.csv": zoo.high_scores(zoo.few("sessions").frame)}
    if kind == "meta_multilevel":
        frames = {"effects.csv": zoo.effects().head(60)}
    for name, frame in frames.items():
        frame.to_csv(folder / name, index=False)


def run(code: str, folder: Path) -> tuple[str, str]:
    """What R prints, and why it stopped if it did."""
    (folder / "refit.R").write_text(code, encoding="utf-8")
    done = subprocess.run(
        ["Rscript", "refit.R"], cwd=folder, capture_output=True, text=True, check=False
    )
    return done.stdout, done.stderr.strip()[-200:] if done.returncode else ""


def not_printed(terms: pd.DataFrame, printed: str) -> tuple[list[str], int]:
    """Numbers of the result that R did not print, and how many there are in all."""
    found = np.abs([float(n) for n in NUMBER.findall(printed.replace("−", "-"))])
    absent, n = [], 0
    for row in terms.to_dict("records"):
        for column in ("estimate", "se"):
            value = abs(float(row.get(column, np.nan)))
            if not np.isfinite(value) or value == 0:
                continue
            n += 1
            if not len(found) or np.min(np.abs(found - value)) > DIGITS * value:
                absent.append(f"{row.get('effect') or row['term']} {column} {value:.5g}")
    return absent, n


def main(chosen: list[str]) -> None:
    """Print one line a kind."""
    for kind, result in zoo.every_kind().items():
        code = r_codes(result)[0]
        if not code or (chosen and kind not in chosen):
            continue
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            try:
                write_data(kind, result, folder)
            except UnsupportedError as error:
                print(f"{kind}: {error}")
                continue
            printed, stopped = run(code, folder)
        absent, n = not_printed(result.view().terms, printed)
        said = stopped or f"{n - len(absent)} of {n} numbers" + "".join(f"; no {a}" for a in absent)
        print(f"{kind}: {said}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
