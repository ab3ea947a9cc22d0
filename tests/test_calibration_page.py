"""Every calibration script has its table on the page, and `make calibrate` runs it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = sorted((ROOT / "benchmarks").glob("calibrate_*.py"))


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_block_is_filled(script: Path) -> None:
    page = (ROOT / "docs" / "calibration.md").read_text("utf-8")
    marked = rf"<!-- {script.stem}: start -->(.*?)<!-- {script.stem}: end -->"
    blocks = re.findall(marked, page, flags=re.DOTALL)
    assert len(blocks) == 1
    rows = [line for line in blocks[0].splitlines() if line.startswith("| ")]
    assert len(rows) > 3  # heads, rule, and numbers
    assert re.search(r"[\d,]+ studies", blocks[0])


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_makefile_runs_it(script: Path) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    assert f"benchmarks/{script.name} --write docs/calibration.md" in makefile
