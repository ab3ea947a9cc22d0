"""Draw the figure of the README from the synthetic sessions.

Usage: python tools/readme_figure.py [--out docs/images/within_between.png]
"""

from __future__ import annotations

import argparse
import warnings
from pathlib import Path

import matplotlib

matplotlib.use("agg")

import alliance_stats as al

ROOT = Path(__file__).resolve().parents[1]
DOTS_PER_INCH = 200


def main() -> int:
    """Write the figure to the path given on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--out", type=Path, default=ROOT / "docs" / "images" / "within_between.png", metavar="FILE"
    )
    target = parser.parse_args().out
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", al.DataWarning)
        result = al.fit_within_between(al.load_example("sessions"))
    figure = al.plot_within_between(result)[0].figure
    target.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(target, dpi=DOTS_PER_INCH, metadata={"Software": None})
    print(f"Written: {target.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
