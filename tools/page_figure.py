"""Draw the figure of the page on decision studies by running the code of the page.

Usage: python tools/page_figure.py [--out docs/images/d_study.png]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import re
import tempfile
from pathlib import Path

import matplotlib

matplotlib.use("agg")

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "how-to" / "how-many-sessions.md"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DOTS_PER_INCH = 200


def main() -> int:
    """Write the figure to the path given on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--out", type=Path, default=ROOT / "docs" / "images" / "d_study.png", metavar="FILE"
    )
    target = parser.parse_args().out.resolve()
    names: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()):
        here = Path.cwd()
        os.chdir(folder)
        for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
            exec(block[1], names)  # noqa: S102  our own page
        os.chdir(here)
    target.parent.mkdir(parents=True, exist_ok=True)
    axes = names["axes"]
    axes[0].figure.savefig(target, dpi=DOTS_PER_INCH, metadata={"Software": None})  # type: ignore[index]
    print(f"Written: {target.name}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
