"""A pytest plugin: each binding, typed number and statistic of a paper is a test.

It does nothing unless ``--alliance-paper DIR`` is given, or the pyproject.toml of the project has
``paper = "DIR"`` under ``[tool.alliance_stats]``.
"""

from __future__ import annotations

import tomllib
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from alliance_stats.paper.checked import Checked


def pytest_addoption(parser: pytest.Parser) -> None:
    """The option that turns the plugin on."""
    group = parser.getgroup("alliance_stats", "papers whose numbers are tested")
    group.addoption(
        "--alliance-paper",
        action="append",
        default=[],
        metavar="DIR",
        help="test every number of the paper in DIR (it holds study.toml); may be repeated",
    )
    group.addoption(
        "--alliance-rerun",
        action="store_true",
        help="also fit the study again and compare it with results.json",
    )


def pytest_collection_modifyitems(
    session: pytest.Session, config: pytest.Config, items: list[pytest.Item]
) -> None:
    """Add the tests of the papers asked for."""
    for folder in _papers(config):
        items += _tests(session, folder, rerun=bool(config.getoption("--alliance-rerun")))


def _papers(config: pytest.Config) -> list[Path]:
    """Folders named by the option, else by pyproject.toml."""
    given = [Path(str(config.invocation_params.dir), name) for name in _option(config)]
    return given or [config.rootpath / name for name in _setting(config.rootpath)]


def _option(config: pytest.Config) -> list[str]:
    return list(config.getoption("--alliance-paper"))


def _setting(root: Path) -> list[str]:
    """``paper`` of ``[tool.alliance_stats]``: a folder or a list of them."""
    file = root / "pyproject.toml"
    if not file.is_file():
        return []
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError):
        return []
    value: Any = content.get("tool", {}).get("alliance_stats", {}).get("paper", [])
    named = [value] if isinstance(value, str) else value
    if not isinstance(named, list) or not all(isinstance(name, str) for name in named):
        raise pytest.UsageError(
            "pyproject.toml, [tool.alliance_stats]: paper is no folder. "
            'Give paper = "paper", or a list of folders.'
        )
    return named


def _tests(session: pytest.Session, folder: Path, *, rerun: bool) -> list[pytest.Item]:
    from alliance_stats._base.errors import AllianceStatsError
    from alliance_stats.paper.check import check_paper

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of data and fits; the run has shown them
            checked = check_paper(folder, rerun=rerun).items
    except AllianceStatsError as error:
        raise pytest.UsageError(f"--alliance-paper {folder}: {error}") from error
    file = PaperFile.from_parent(session, path=(folder / "study.toml").resolve())
    times: Counter[str] = Counter()
    tests: list[pytest.Item] = []
    for item in checked:
        name = f"{item.kind}: {item.place}: {item.what}".rstrip(": ")
        times[name] += 1
        ending = f" ({times[name]})" if times[name] > 1 else ""
        tests.append(PaperItem.from_parent(file, name=f"{name}{ending}", checked=item))
    return tests


class PaperFile(pytest.File):
    """The study.toml that the tests of a paper stand under."""

    def collect(self) -> list[pytest.Item]:
        """Nothing of its own: the tests are made where the plugin is asked for them."""
        return []


class PaperItem(pytest.Item):
    """One binding, number or statistic of a paper."""

    def __init__(self, *, checked: Checked, **more: Any) -> None:
        super().__init__(**more)
        self.checked = checked

    def runtest(self) -> None:
        """Fail if something is wrong with it."""
        if self.checked.problem:
            raise PaperProblem(str(self.checked))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], *_: Any) -> str:
        """The finding in a line, without a traceback."""
        return str(excinfo.value)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Where it is listed; pytest writes :: for the points of a name that it ends with."""
        return self.path, None, f"{self.name} "


class PaperProblem(AssertionError):
    """A finding of the check."""
