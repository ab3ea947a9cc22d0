"""Draw the figures of pages of the documentation by running the code of the pages.

Usage: python tools/page_figure.py [--only PAGE] [--folder docs/images]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import matplotlib

matplotlib.use("agg")

ROOT = Path(__file__).resolve().parents[1]
PAGES = ROOT / "docs" / "how-to"
#: Of every page the variables that hold Axes, and the files that their figures go to.
FIGURES = {
    "how-many-sessions.md": {"axes": "d_study.png"},
    "meta-figures.md": {
        "forest": "meta_forest.png",
        "compact": "meta_forest_compact.png",
        "dependent": "meta_forest_multilevel.png",
        "funnel": "meta_funnel.png",
        "bubble": "meta_bubble.png",
        "orchard": "meta_orchard.png",
        "profile": "meta_profile.png",
        "baujat": "meta_baujat.png",
        "added": "meta_cumulative.png",
    },
}
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOTS_PER_INCH = 200


@contextlib.contextmanager
def elsewhere() -> Iterator[None]:
    """Run in an empty folder, without printing or warnings."""
    here = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        os.chdir(folder)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            os.chdir(here)


def draw(page: str, folder: Path) -> None:
    """Run the code of a page and write its figures."""
    names: dict[str, object] = {}
    with elsewhere():
        for block in BLOCK.finditer((PAGES / page).read_text(encoding="utf-8")):
            exec(block[1], names)  # noqa: S102  our own page
    folder.mkdir(parents=True, exist_ok=True)
    for variable, file in FIGURES[page].items():
        axes = names[variable]
        axes[0].figure.savefig(  # type: ignore[index]
            folder / file, dpi=DOTS_PER_INCH, metadata={"Software": None}
        )
        print(f"Written: {file}")


def main() -> int:
    """Write the figures of all pages, or of one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", choices=sorted(FIGURES), metavar="PAGE")
    parser.add_argument("--folder", type=Path, default=ROOT / "docs" / "images")
    chosen = parser.parse_args()
    for page in [chosen.only] if chosen.only else FIGURES:
        draw(page, chosen.folder.resolve())
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
