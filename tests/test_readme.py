"""The README says what the library does: its example prints what stands below it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import alliance_stats as al

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def block(language: str) -> str:
    found = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def quoted() -> str:
    lines = re.findall(r"^> (.*)$", TEXT, re.MULTILINE)
    return " ".join(" ".join(lines).split())


def test_example_prints_what_the_readme_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "data").symlink_to(ROOT / "data")
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102
    assert capsys.readouterr().out == block("text")
    assert (tmp_path / "report.html").is_file()
    assert quoted() in " ".join(al.report_text(names["result"]).split())


def test_example_is_short() -> None:
    assert len(block("python").splitlines()) <= 12


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", TEXT):
        assert "://" not in target, "a link to the network is not checked"
        assert (ROOT / target).exists(), target


def test_figure_is_a_png_for_the_width_of_the_page() -> None:
    image = (ROOT / "docs" / "images" / "within_between.png").read_bytes()
    assert image[:8] == b"\x89PNG\r\n\x1a\n"
    assert 1000 <= int.from_bytes(image[16:20], "big") <= 2000
    assert len(image) < 300_000


def test_commands_are_targets_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    for name in re.findall(r"make ([a-z-]+)", TEXT):
        assert re.search(rf"^{name}:", makefile, re.MULTILINE), name
