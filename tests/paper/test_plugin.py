"""The pytest plugin: nothing unless asked for; else a test a binding, number and statistic."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import alliance_stats as al

from .conftest import ROOT

HERE = os.fspath(Path(al.__file__).resolve().parents[1])


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """pytest in a process of its own, with the plugin as if it were installed."""
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:xdist"]
    if not installed():
        command += ["-p", "alliance_stats.paper.plugin"]
    return subprocess.run(
        [*command, *words], cwd=folder, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": HERE},
    )  # fmt: skip


def installed() -> bool:
    from importlib.metadata import entry_points

    return any(e.value == "alliance_stats.paper.plugin" for e in entry_points(group="pytest11"))


def test_the_entry_point_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "alliance_stats.paper.plugin" in project["entry-points"]["pytest11"].values()


def test_nothing_happens_unless_asked_for(paper: Path) -> None:
    (paper / "test_x.py").write_text("def test_x() -> None:\n    pass\n")
    done = run(paper, "-q", "test_x.py")
    assert "1 passed" in done.stdout


def test_one_test_a_number(paper: Path) -> None:
    text = (paper / "manuscript.md").read_text(encoding="utf-8")
    text = text.replace("*b* = −0.116", "*b* = −0.126").replace("{{alliance.n.session}}", "{{a.b}}")
    (paper / "manuscript.md").write_text(text, encoding="utf-8")
    (paper / "test_x.py").write_text("def test_x() -> None:\n    pass\n")
    done = run(paper, "-v", "--alliance-paper", ".", "test_x.py")
    assert done.returncode == 1
    assert "study.toml::binding: manuscript.md, line 8: {{a.b}} FAILED" in done.stdout
    assert "b = −0.126 FAILED" in done.stdout
    assert "{{sample.n.patient}} PASSED" in done.stdout
    assert "alliance.within.estimate is −0.116" in done.stdout
    assert "Traceback" not in done.stdout


def test_the_setting_of_a_project(paper: Path) -> None:
    setting = '[tool.alliance_stats]\npaper = "paper"\n'
    (paper.parent / "pyproject.toml").write_text(setting, encoding="utf-8")
    (paper.parent / "tests").mkdir()
    done = run(paper.parent, "-q", "tests")
    assert done.returncode == 0, done.stdout
    assert " passed" in done.stdout


@pytest.mark.slow
def test_a_folder_that_is_no_paper_is_one_message(paper: Path) -> None:
    done = run(paper, "--alliance-paper", "nowhere", "tests")
    assert done.returncode == 4
    assert "is no folder" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_in_a_project_with_a_conftest_and_strict_settings_of_its_own(paper: Path) -> None:
    """Items are sorted and marked there, warnings are errors, markers are strict."""
    project = paper.parent
    (project / "conftest.py").write_text(
        "def pytest_collection_modifyitems(items):\n"
        "    items.sort(key=lambda item: item.name)\n"
        "    for item in items:\n"
        "        item.add_marker('theirs')\n"
        "        assert item.location and item.path\n",
        encoding="utf-8",
    )
    (project / "pyproject.toml").write_text(
        "[tool.pytest.ini_options]\nmarkers = ['theirs']\naddopts = '--strict-markers'\n"
        "filterwarnings = ['error']\n[tool.alliance_stats]\npaper = ['paper']\n",
        encoding="utf-8",
    )
    (project / "tests").mkdir()
    (project / "tests" / "test_theirs.py").write_text("def test_theirs():\n    pass\n")
    done = run(project, "-q", "tests", "paper/tests")
    assert done.returncode == 0, done.stdout
    assert int(done.stdout.split(" passed")[0].split()[-1]) > 50
