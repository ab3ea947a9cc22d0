"""The documentation is true: its code runs, its output is what is printed, its links resolve.

Every fenced ``python`` block of a page runs, in order and in one namespace a page, in an empty
folder. A block after the comment ``<!-- not run -->`` does not. A fenced ``text`` block right
after a block that ran is what that block prints, to the letter.
"""

from __future__ import annotations

import contextlib
import doctest
import importlib
import io
import pkgutil
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

import pytest

import alliance_stats as al

DOCS = Path(__file__).resolve().parents[1] / "docs"
SOURCE = Path(al.__file__).parent
PAGES = sorted(
    page
    for page in DOCS.rglob("*.md")
    if not {"_build", "generated"} & set(page.relative_to(DOCS).parts)
)
BLOCK = re.compile(
    r"(?P<skip><!-- not run -->\s*)?^```(?P<kind>python|text)\n(?P<body>.*?)^```$"
    r"(?P<between>\s*)",
    re.MULTILINE | re.DOTALL,
)
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
NAMED = re.compile(r"`((?:\w+/)+\w+\.py): ([\w., ]+)`")
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """Code of a page, the line it begins at, and what it must print (None: not checked)."""

    code: str
    line: int
    printed: str | None


def examples(text: str) -> Iterator[Example]:
    """The blocks of a page that run."""
    blocks = list(BLOCK.finditer(text))
    for block, following in zip_longest(blocks, blocks[1:]):
        if block["kind"] != "python" or block["skip"]:
            continue
        printed = None
        if following is not None and following["kind"] == "text":
            adjoining = following.start() == block.end() and not following["skip"]
            printed = following["body"] if adjoining else None
        yield Example(block["body"], text.count("\n", 0, block.start("body")) + 1, printed)


def id_of(page: Path) -> str:
    return page.relative_to(DOCS).as_posix()


RUNNABLE = [page for page in PAGES if any(examples(page.read_text(encoding="utf-8")))]


@pytest.mark.parametrize("page", RUNNABLE, ids=id_of)
def test_code_of_the_page(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plt_closed: None
) -> None:
    monkeypatch.chdir(tmp_path)
    namespace: dict[str, object] = {"__name__": "__main__"}
    for example in examples(page.read_text(encoding="utf-8")):
        code = compile("\n" * (example.line - 1) + example.code, id_of(page), "exec")
        output = io.StringIO()
        with contextlib.redirect_stdout(output), warnings.catch_warnings():
            warnings.simplefilter("error")
            for ours in (al.DataWarning, al.FitWarning):
                warnings.simplefilter("ignore", ours)
            exec(code, namespace)  # noqa: S102  our own pages
        if example.printed is not None:
            assert output.getvalue() == example.printed, f"{id_of(page)}, line {example.line}"


@pytest.fixture
def plt_closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("MPLBACKEND", "agg")
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def anchors(page: Path) -> set[str]:
    """Anchors of the headings of a page, as MyST makes them."""
    prose = FENCED.sub("", page.read_text(encoding="utf-8"))
    headings = re.findall(r"^#{1,3} (.+)$", prose, re.MULTILINE)
    labels = set(re.findall(r"^\((.+)\)=$", prose, re.MULTILINE))
    return labels | {re.sub(r"[^\w\- ]", "", h.lower()).strip().replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES, ids=id_of)
def test_links_resolve(page: Path) -> None:
    prose = FENCED.sub("", page.read_text(encoding="utf-8"))
    for target in (link["target"] for link in LINK.finditer(prose)):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.is_file(), f"{target} is not there"
        if anchor:
            assert anchor in anchors(found), f"{target} has no such heading"


@pytest.mark.parametrize("page", PAGES, ids=id_of)
def test_named_code_is_there(page: Path) -> None:
    """`lmm/algebra/kernels.py: forward` names a file of the package and what it defines."""
    for path, names in NAMED.findall(page.read_text(encoding="utf-8")):
        source = (SOURCE / path).read_text(encoding="utf-8")
        for name in names.replace(".", ", ").split(", "):
            assert re.search(rf"^ *(def|class) {name}\b", source, re.MULTILINE), f"{path}: {name}"


def test_every_page_is_in_a_table_of_contents() -> None:
    listed = {DOCS / "index.md"}
    for page in PAGES:
        for tree in re.findall(
            r"^```\{toctree\}\n(.*?)^```$", page.read_text("utf-8"), re.MULTILINE | re.DOTALL
        ):
            names = [line for line in tree.splitlines() if line and not line.startswith(":")]
            listed |= {(page.parent / f"{name}.md").resolve() for name in names}
    assert {page.resolve() for page in PAGES} == {page.resolve() for page in listed}


def listed_in_reference() -> set[str]:
    text = (DOCS / "reference.md").read_text(encoding="utf-8")
    return set(re.findall(r"^   ([A-Za-z0-9_.]+)$", text, re.MULTILINE))


def test_every_public_name_is_in_the_reference() -> None:
    wanted = set(al.NAMES)
    for room in al.ROOMS:
        wanted |= {f"{room}.{name}" for name in getattr(al, room).NAMES if name not in al.NAMES}
    assert listed_in_reference() == wanted


MODULES = sorted(module.name for module in pkgutil.walk_packages(al.__path__, f"{al.__name__}."))


@pytest.mark.parametrize("name", MODULES)
def test_examples_of_docstrings(name: str) -> None:
    module = importlib.import_module(name)
    results = doctest.testmod(module)
    assert results.failed == 0, f"{results.failed} of {results.attempted} examples fail"
