"""Notebooks keep their rules: clean, one question each, synthetic data only, no functions."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
NAME = re.compile(r"\d{2}_[a-z0-9_]+\.ipynb")
DATA_FILE = re.compile(r"\.(csv|tsv|parquet|xlsx?|sav|dta|json|npz|pickle|pkl)$")
READERS = {"open", "read_text", "read_bytes", "loadtxt", "genfromtxt", "urlopen", "get"}
DRAWS = ("simulate_", "default_rng", "random")


def notebook(path: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def code_cells(path: Path) -> list[str]:
    cells = notebook(path)["cells"]
    return ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]


def nodes(code: str) -> list[ast.AST]:
    return list(ast.walk(ast.parse(code)))


@pytest.fixture(params=PATHS, ids=lambda p: p.stem)
def path(request: pytest.FixtureRequest) -> Path:
    found: Path = request.param
    return found


def test_there_are_notebooks_and_nothing_else() -> None:
    assert PATHS
    others = {p.name for p in (ROOT / "notebooks").iterdir()} - {p.name for p in PATHS}
    assert others <= {".ipynb_checkpoints"}


def test_names_have_a_number_of_their_own() -> None:
    assert all(NAME.fullmatch(p.name) for p in PATHS)
    numbers = [int(p.name[:2]) for p in PATHS]
    assert numbers == sorted(set(numbers))


def test_nothing_is_stored_from_a_run(path: Path) -> None:
    for cell in notebook(path)["cells"]:
        if cell["cell_type"] == "code":
            assert cell["outputs"] == []
            assert cell["execution_count"] is None
        assert cell["metadata"] == {}


def test_kernel_and_cell_ids(path: Path) -> None:
    book = notebook(path)
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    ids = [cell["id"] for cell in book["cells"]]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+-\d{2}", name) for name in ids), "ids are not random"


def test_starts_with_a_title_and_says_that_data_are_synthetic(path: Path) -> None:
    first = notebook(path)["cells"][0]
    text = "".join(first["source"])
    assert first["cell_type"] == "markdown"
    assert text.startswith("# ")
    assert "All data here are synthetic" in text


def test_defines_no_functions_or_classes(path: Path) -> None:
    defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)
    for code in code_cells(path):
        assert not any(isinstance(node, defined) for node in nodes(code)), code


def test_imports_and_rng_are_in_the_first_code_cell(path: Path) -> None:
    first, *others = code_cells(path)
    assert any(isinstance(node, ast.Import) for node in nodes(first))
    for code in others:
        assert not any(isinstance(node, ast.Import | ast.ImportFrom) for node in nodes(code)), code
        assert "default_rng" not in code
    if any(word in code for code in others for word in DRAWS):
        assert re.search(r"^rng = np\.random\.default_rng\(\d+\)", first, re.MULTILINE)


def test_reads_only_the_synthetic_data(path: Path) -> None:
    for code in code_cells(path):
        for node in nodes(code):
            if isinstance(node, ast.Call):
                called = getattr(node.func, "attr", getattr(node.func, "id", ""))
                assert called not in READERS, f"{called}() in {path.name}"
                if called in {"read_csv", "load_sessions"}:
                    given = node.args[0]
                    assert isinstance(given, ast.Constant), f"{called}: name the file in the call"
                    assert str(given.value).startswith("../data/synthetic/")
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                assert "://" not in node.value
                if DATA_FILE.search(node.value):
                    assert node.value.startswith("../data/synthetic/")
                    assert (ROOT / "notebooks" / node.value).is_file()


def test_writes_only_to_build(path: Path) -> None:
    for code in code_cells(path):
        for node in nodes(code):
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "save_report":
                given = node.args[1]
                assert isinstance(given, ast.Constant)
                assert str(given.value).startswith("../build/")
            if isinstance(node, ast.Attribute):
                assert node.attr not in {"to_csv", "to_parquet", "savefig", "write_text"}


def test_prose_names_notebooks_that_exist(path: Path) -> None:
    text = "\n".join(
        "".join(cell["source"])
        for cell in notebook(path)["cells"]
        if cell["cell_type"] == "markdown"
    )
    for name in re.findall(r"\d{2}_[a-z0-9_]+\.ipynb", text):
        assert (ROOT / "notebooks" / name).is_file(), name


def test_reproduction_report_is_written_whole_and_the_same_twice(tmp_path: Path) -> None:
    written = []
    for name in ("first.html", "second.html"):
        target = tmp_path / "made" / name
        command = [sys.executable, "tools/reproduce_report.py", "--out", str(target)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        assert "sessions dropped" in done.stdout
        written.append(target.read_bytes())
    assert written[0] == written[1]
    text = written[0].decode("utf-8")
    assert "All data are synthetic" in text
    assert "Null twin" in text
    assert "inconclusive" in text
