"""The wheel holds what the package needs: the example data, the stubs, the typing marker."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from alliance_stats.paper.scaffold import TEMPLATE

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def test_data_stubs_and_marker_are_inside(unpacked: Path) -> None:
    package = unpacked / "alliance_stats"
    inside = {p.name for p in (package / "_synthetic").iterdir()}
    assert inside == {p.name for p in (ROOT / "data" / "synthetic").iterdir()}
    assert (package / "py.typed").exists()
    paper = package / "_paper"
    made = {p.relative_to(paper).as_posix() for p in paper.rglob("*") if p.is_file()}
    assert made == set(TEMPLATE)
    assert (package / "measures" / "instruments" / "instruments.toml").exists()
    assert (package / "meta" / "literature" / "published.csv").exists()
    stubs = {p.relative_to(package) for p in package.rglob("*.pyi")}
    source = ROOT / "src" / "alliance_stats"
    assert stubs == {p.relative_to(source) for p in source.rglob("*.pyi")}


def test_the_example_loads_from_the_wheel_alone(unpacked: Path, tmp_path: Path) -> None:
    script = (
        "import alliance_stats as al; from pathlib import Path;"
        "print(Path(al.__file__).parent); print(len(al.load_example('sessions').frame))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    where, rows = done.stdout.split()
    assert Path(where) == unpacked / "alliance_stats"
    assert int(rows) == 2143
