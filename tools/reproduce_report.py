"""Fit the models of the notebooks on the synthetic data and write one report.

Usage: python tools/reproduce_report.py [--out build/report.html]

The report holds no date: the same data, library and versions give the same file.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path

import alliance_stats as al

FILES = {
    "sessions": "Synthetic sessions with an alliance effect",
    "sessions_null": "Null twin: synthetic sessions without any alliance effect",
}
TITLE = "Alliance and outcome in synthetic sessions"
SYNTHETIC = (
    "All data are synthetic: no patient is real, and nothing here is evidence about therapy."
)


def fitted(name: str) -> al.models.AllianceResult:
    """Load one example and fit its model, with every message as a plain line."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", al.DataWarning)
        warnings.simplefilter("ignore", al.FitWarning)
        sessions = al.load_example(name)
        result = al.fit_within_between(sessions)
    for message in (*sessions.report.messages, *result.messages):
        print(f"{name}: {message}")
    return result


def main() -> int:
    """Write the report to the path given on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("build/report.html"), metavar="FILE")
    target = parser.parse_args().out
    results = {title: fitted(name) for name, title in FILES.items()}
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        al.save_report(results, target, title=TITLE, intro=SYNTHETIC)
    except al.ArgumentError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Written: {target}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
