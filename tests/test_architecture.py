"""The house stands as designed: imports point downwards, names load lazily, stubs match."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

SOURCE = Path(__file__).resolve().parents[1] / "src" / "alliance_stats"

ALLOWED: dict[str, set[str]] = {
    "_base": set(),
    "formula": {"_base"},
    "numeric": {"_base"},
    "data": {"_base"},
    "measures": {"_base"},
    "simulate": {"_base", "data", "measures"},
    "lmm": {"_base", "formula", "numeric"},
    "sem": {"_base", "numeric"},
    "meta": {"_base", "formula", "numeric"},
    "reliability": {"_base", "numeric", "measures", "lmm", "sem"},
    "models": {"_base", "formula", "numeric", "data", "measures", "lmm", "sem", "meta"},
    "power": {"_base", "numeric", "data", "simulate", "lmm", "sem", "meta", "models"},
    "report": {"_base"},
}
DOORS = {
    "paper": {*ALLOWED, "paper"} - {"cli"},
    "cli": {*ALLOWED, "paper"},
    "__main__": {"cli"},
}
ROOMS = sorted(p.name for p in SOURCE.iterdir() if (p / "__init__.py").exists())
FILES = sorted(SOURCE.rglob("*.py"))


def imported_modules(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            found += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda p: p.relative_to(SOURCE).as_posix())
def test_imports_point_downwards(path: Path) -> None:
    parts = path.relative_to(SOURCE).parts
    room = parts[0].removesuffix(".py")
    if room in {"__init__", "_version"}:
        allowed = {"_base", "_version"}
    else:
        allowed = (ALLOWED | DOORS)[room] | {room, "_version"}
    for module in imported_modules(path):
        if not module.startswith("alliance_stats."):
            continue
        target = module.split(".")[1]
        assert target in allowed, f"{path.name} in {room} imports {module}"


def module_of(path: Path) -> str:
    """The name a file is imported by."""
    parts = path.relative_to(SOURCE.parent).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def circles(imports: dict[str, set[str]]) -> list[set[str]]:
    """Files that import each other, directly or by way of others, in groups."""
    names = sorted(imports)
    arrows = [[name in imports[each] for name in names] for each in names]
    label = connected_components(csr_array(np.array(arrows)), connection="strong")[1]
    groups = [{names[k] for k in np.flatnonzero(label == one)} for one in range(label.max() + 1)]
    return [group for group in groups if len(group) > 1]


def test_circles_are_seen() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": set()}) == [{"a", "b", "c"}]
    assert circles({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == []


def test_no_files_import_each_other_in_a_circle() -> None:
    """Imports for type checkers, and within functions, count."""
    modules = {module_of(path): path for path in FILES}
    imports = {name: modules.keys() & set(imported_modules(path)) for name, path in modules.items()}
    assert circles(imports) == []


def test_folders_of_the_report_room_use_each_other_one_way() -> None:
    room = SOURCE / "report"
    start = "alliance_stats.report."
    imports: dict[str, set[str]] = {}
    for path in room.rglob("*.py"):
        if path != room / "__init__.py":
            part = path.relative_to(room).with_suffix("").parts[0]
            used = {m.removeprefix(start).split(".")[0]
                    for m in imported_modules(path) if m.startswith(start)}  # fmt: skip
            imports.setdefault(part, set()).update(used - {part})
    assert {"tables", "wording", "output"} <= set(imports)
    known = {name: used & set(imports) for name, used in imports.items()}
    assert circles(known) == []


def test_every_room_is_in_the_table() -> None:
    assert set(ROOMS) <= set(ALLOWED) | set(DOORS)


def test_only_formula_touches_formulaic() -> None:
    users = {
        path.relative_to(SOURCE).parts[0]
        for path in FILES
        if any(m.split(".")[0] == "formulaic" for m in imported_modules(path))
    }
    assert users <= {"formula"}


def stub_names(stub: Path) -> set[str]:
    """Names a stub exports: ``from m import name as name``."""
    names: set[str] = set()
    for node in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom):
            names |= {alias.asname for alias in node.names if alias.asname == alias.name}
    return names


def stub_origins(stub: Path) -> dict[str, str]:
    origins: dict[str, str] = {}
    for node in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ImportFrom) and node.module:
            origins |= {alias.name: node.module for alias in node.names}
    return origins


PACKAGES = ["alliance_stats", *(f"alliance_stats.{room}" for room in ROOMS if room != "_base")]


@pytest.mark.parametrize("name", PACKAGES)
def test_stub_and_table_agree(name: str) -> None:
    package = importlib.import_module(name)
    stub = Path(str(package.__file__)).with_suffix(".pyi")
    assert stub_names(stub) == set(package.__all__)
    origins = stub_origins(stub)
    for public, module in package.NAMES.items():
        assert origins[public] == module
        assert getattr(package, public) is getattr(importlib.import_module(module), public)


def test_public_names_stay_few() -> None:
    import alliance_stats

    # errors and warnings, which are caught by name, do not count
    called = [n for n, home in alliance_stats.NAMES.items() if not home.endswith("._base.errors")]
    assert len(called) <= 40
    assert set(dir(alliance_stats)) >= set(alliance_stats.NAMES)


def test_unknown_name_raises_attribute_error() -> None:
    import alliance_stats

    with pytest.raises(AttributeError, match="no attribute 'fit_everything'"):
        _ = alliance_stats.fit_everything  # type: ignore[attr-defined]


def loaded_after(code: str) -> set[str]:
    """Top-level and scipy modules in a fresh interpreter after running `code`."""
    script = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


def test_import_costs_nothing() -> None:
    loaded = loaded_after("import alliance_stats")
    assert not loaded & {"numpy", "pandas", "scipy", "matplotlib", "formulaic"}


FIT = """
import warnings
warnings.simplefilter("ignore")
import alliance_stats as al
sessions = al.load_example("sessions")
result = al.fit_within_between(sessions)
result.tidy(), result.sensitivity, result.effect_sizes(), result.view()
al.fit_lmm("phq9 ~ session + (1 | patient)", sessions.frame).tidy()
al.coef_table(result), al.report_text(result), al.describe_levels(sessions)
outcome = al.fit_outcome(sessions, rng=1, n_boot=200)
outcome.tidy(), outcome.correlations(), outcome.to_effect(), outcome.view()
"""


def test_a_fit_and_its_tables_load_nothing_heavy() -> None:
    loaded = loaded_after(FIT)
    heavy = {"scipy.stats", "statsmodels", "pingouin", "sklearn", "matplotlib", "formulaic"}
    assert not loaded & heavy


def test_no_assert_for_input_and_no_code_from_text() -> None:
    for path in FILES:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            assert not isinstance(node, ast.Assert), f"{path}: assert"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec", "compile"}, f"{path}: {node.func.id}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr not in {"query", "eval", "read_pickle"}, f"{path}"
