from __future__ import annotations

import html
import os
import re
import stat
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from alliance_stats._base.errors import ArgumentError
from alliance_stats.report import save_report
from alliance_stats.report.output import save as save_module

PNG = b"\x89PNG\r\n\x1a\n"
SCRIPT = "<script>alert(1)</script>"
BREAKER = "a|b`c`*d*$x$\n# &lt;e&gt; ```"


class Page(HTMLParser):
    """Tags, visible text, and whether every opened tag is closed."""

    VOID = frozenset({"br", "img", "meta"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.open: list[str] = []
        self.seen: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.seen.append(data)


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_html_holds_everything(three_level: Any, tmp_path: Path) -> None:
    path = save_report(three_level, tmp_path / "report.html")
    assert path == tmp_path / "report.html"
    assert os.listdir(tmp_path) == ["report.html"]
    page = Page(read(path))
    text = "".join(page.seen).replace("\xa0", " ")
    assert page.open == []
    for words in (
        "sessions with higher wai_total than the patient's own average",
        "Table 1Coefficients", "Table 2Random effects", "Table 4Sensitivity",
        "Table 5Fit", "Figure 1Association of wai_total with phq9",
        "41 of 2,028 sessions dropped (alliance missing: 38, outcome missing: 3).",
        "phq9 ~ wai_total_within", "fit_within_between(sessions", "Made with alliance_stats 0.",
        "Patient means use all observed ratings", "numpy", "scipy", "pandas", "Python 3.",
    ):  # fmt: skip
        assert words in text
    assert page.tags.count("img") == 1
    assert 'style="width:6.90in"' in read(path)
    assert page.tags.count("h1") == 1
    assert page.tags.count("h2") == 0
    assert 'src="data:image/png;base64,' in read(path)
    assert not re.search(r'(src|href)="(?!data:)', read(path))


def test_what_stands_in_the_way_is_said_first(
    two_level: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "r_files").touch()
    with pytest.raises(ArgumentError, match="r_files' is a file, but the figures need a folder"):
        save_report(two_level, tmp_path / "r.md")
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(ArgumentError, match="cannot be written to. Give another path"):
        save_report(two_level, tmp_path / "r.html")
    assert os.listdir(tmp_path) == ["r_files"]


def test_several_results(three_level: Any, sessions: Any, lmm: Any, tmp_path: Path) -> None:
    path = save_report([three_level, sessions, lmm], tmp_path / "r.html", title="Clinic <1>")
    page = Page(read(path))
    text = "".join(page.seen)
    assert page.tags.count("h2") == 3
    assert "<title>Clinic &lt;1&gt;</title>" in read(path)
    numbers = [int(n) for n in re.findall(r"Table (\d+)", text)]
    assert numbers == list(range(1, len(numbers) + 1))


def test_titles_of_a_mapping_head_the_sections(
    three_level: Any, two_level: Any, tmp_path: Path
) -> None:
    results = {"With therapists": three_level, "Without": two_level}
    path = save_report(results, tmp_path / "r.md", figures=False)
    assert re.findall(r"^## (.*)$", read(path), flags=re.M) == list(results)
    assert read(save_report({"Mine": two_level}, path, figures=False)).startswith(
        "# Mine\n\nAcross"
    )


@pytest.mark.parametrize(
    ("intro", "paragraphs"),
    [
        ("All data\nare <synthetic>.", ["All data are <synthetic>."]),
        ("One.\n\n \nTwo.", ["One.", "Two."]),
        (["One.", "", "Two."], ["One.", "Two."]),
        (None, []),
        ("", []),
    ],
)
def test_an_intro_stands_under_the_title(
    two_level: Any, tmp_path: Path, intro: Any, paragraphs: list[str]
) -> None:
    path = save_report(two_level, tmp_path / "r.html", intro=intro, figures=False)
    found = re.findall(r'<p class="intro">(.*)</p>', read(path))
    assert found == [html.escape(text) for text in paragraphs]
    text = read(save_report(two_level, tmp_path / "r.md", intro=intro, figures=False))
    lines = text.replace("\\", "").split("\n\n")
    assert lines[1 : 1 + len(paragraphs)] == paragraphs
    assert lines[1 + len(paragraphs)].startswith("Across 1,987 sessions")


@pytest.mark.parametrize("intro", [3, ["a", 3], {"a": "b"}])
def test_an_intro_is_text(two_level: Any, tmp_path: Path, intro: Any) -> None:
    with pytest.raises(ArgumentError, match="not text. Give a text"):
        save_report(two_level, tmp_path / "r.html", intro=intro)


def test_only_a_bad_fit_looks_like_a_warning(two_level: Any, singular: Any, tmp_path: Path) -> None:
    failed = replace(two_level.view(), fit=two_level.view().fit.assign(converged=False))
    bare = replace(failed, messages=())
    for given, looks, heading in (
        (two_level, "messages", "Messages"),
        (singular, "messages alert", "Messages: the fit is singular"),
        (failed, "messages alert", "Messages: the fit did not converge"),
        (bare, "messages alert", "Messages: the fit did not converge"),
    ):
        page = read(save_report(given, tmp_path / "r.html", figures=False))
        assert f'<div class="{looks}" role="note"><b>{heading}</b>' in page
        assert "Warnings" not in page
        text = read(save_report(given, tmp_path / "r.md", figures=False))
        assert f"> **{heading}**" in text


def test_messages_stand_once_in_a_report(two_level: Any, tmp_path: Path) -> None:
    assert read(save_report(two_level, tmp_path / "r.html")).count("41 of 2,028 sessions") == 1


def test_figures_can_be_left_out(three_level: Any, tmp_path: Path) -> None:
    path = save_report(three_level, tmp_path / "r.html", figures=False)
    assert "<img" not in read(path)
    assert "matplotlib" not in read(path)
    save_report(three_level, tmp_path / "r.md", figures=False)
    assert sorted(os.listdir(tmp_path)) == ["r.html", "r.md"]


def test_markdown_and_its_figures(three_level: Any, two_level: Any, tmp_path: Path) -> None:
    path = save_report([three_level, two_level], tmp_path / "my report.md")
    figures = tmp_path / "my report_files"
    assert sorted(os.listdir(figures)) == ["figure-1.png", "figure-2.png"]
    assert (figures / "figure-1.png").read_bytes().startswith(PNG)
    text = read(path)
    assert "](my%20report_files/figure-1.png)" in text
    assert "](my%20report_files/figure-2.png)" in text
    assert text.startswith("# Results\n")
    assert "> - 41 of 2,028 sessions dropped" in text
    assert "**Table 1**\n\n*Coefficients*\n\n| Effect | *b* | *SE* |" in text
    assert "(*b* = −0.108, *SE* = 0.021, *t*(187.3) = −5.09, *p* \\< .001" in text
    assert "**Figure 1**\n\n*Association of wai\\_total with phq9" in text
    assert "](my%20report_files/figure-1.png)\n\n*Note.* Points: observed" in text


@pytest.mark.parametrize("name", [SCRIPT, BREAKER, '" onerror="alert(1)', "-->", "</pre><b>"])
def test_html_is_escaped(with_names: Any, tmp_path: Path, name: str) -> None:
    page = Page(read(save_report(with_names(name), tmp_path / "r.html", title=name)))
    assert page.open == []
    assert not {"script", "b onerror"} & set(page.tags)
    plain = Page(read(save_report(with_names("x"), tmp_path / "p.html", title="x")))
    assert page.tags.count("b") == plain.tags.count("b")
    assert " ".join(name.split()) in "".join(page.seen)


def test_markdown_is_escaped(with_names: Any, tmp_path: Path) -> None:
    text = read(save_report(with_names(SCRIPT), tmp_path / "a.md"))
    outside = re.sub(r"^(`{3,})\n.*?\n\1$", "", text, flags=re.M | re.S)
    assert "<script" not in outside.replace("\\<", "")
    text = read(save_report(with_names(BREAKER), tmp_path / "b.md"))
    assert "````\n# a|b" in text  # a fence longer than the backticks inside
    outside = re.sub(r"^(`{3,})\n.*?\n\1$", "", text, flags=re.M | re.S)
    assert len(re.findall(r"^#", outside, flags=re.M)) == 1
    for block in re.findall(r"(?:^\|.*\n)+", outside, flags=re.M):
        cells = {line.replace("\\|", "").count("|") for line in block.splitlines()}
        assert len(cells) == 1


@pytest.mark.parametrize("start", ["- item", "+ item", "1. item", "2) item", "=== x"])
def test_a_message_cannot_start_a_list(with_names: Any, tmp_path: Path, start: str) -> None:
    text = read(save_report(with_names(start), tmp_path / "a.md"))
    assert f"> - {start}" not in text
    assert "\\" in next(line for line in text.splitlines() if line.startswith("> - "))


@pytest.mark.parametrize("suffix", [".html", ".md"])
def test_the_same_results_give_the_same_bytes(
    three_level: Any, tmp_path: Path, suffix: str
) -> None:
    found = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        save_report(three_level, tmp_path / folder / f"r{suffix}")
        files = sorted(p for p in (tmp_path / folder).rglob("*") if p.is_file())
        found.append([(p.name, p.read_bytes()) for p in files])
    assert found[0] == found[1]


@pytest.mark.parametrize("name", ["r.doc", "r", "r.html.txt", ".html"])
def test_other_suffixes_are_refused(two_level: Any, tmp_path: Path, name: str) -> None:
    with pytest.raises(ArgumentError, match=r"Give a path that ends in \.html, \.md or \.docx"):
        save_report(two_level, tmp_path / name)
    assert os.listdir(tmp_path) == []


def test_the_folder_must_exist(two_level: Any, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="does not exist. Make it"):
        save_report(two_level, tmp_path / "missing" / "r.html")
    (tmp_path / "r.html").mkdir()
    with pytest.raises(ArgumentError, match="is a folder"):
        save_report(two_level, tmp_path / "r.html")


def test_nothing_is_written_when_a_result_fails(two_level: Any, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="result 2"):
        save_report([two_level, 3], tmp_path / "r.md")  # type: ignore[list-item]
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("fails_at", [1, 2])
def test_an_error_in_writing_leaves_the_old_file(
    two_level: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails_at: int
) -> None:
    (tmp_path / "r.md").write_text("old", encoding="utf-8")
    opened = Path.open
    times = 0

    def failing(self: Path, *args: Any, **kwargs: Any) -> Any:
        nonlocal times
        if self.suffix == ".tmp":
            times += 1
            if times == fails_at:
                raise OSError("disk full")
        return opened(self, *args, **kwargs)

    monkeypatch.setattr(Path, "open", failing)
    with pytest.raises(OSError, match="disk full"):
        save_report(two_level, tmp_path / "r.md")
    monkeypatch.undo()
    assert os.listdir(tmp_path) == ["r.md"]
    assert read(tmp_path / "r.md") == "old"


def test_a_report_replaces_the_old_one(two_level: Any, tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    path.write_text("old", encoding="utf-8")
    save_report(two_level, str(path))
    assert read(path).startswith("<!DOCTYPE html>")
    (tmp_path / "plain").write_text("", encoding="utf-8")
    modes = {stat.S_IMODE(p.stat().st_mode) for p in (path, tmp_path / "plain")}
    assert len(modes) == 1  # as any new file, not private to its writer


def test_no_open_figures(two_level: Any, tmp_path: Path) -> None:
    import matplotlib.pyplot as plt

    plt.close("all")
    save_report(two_level, tmp_path / "r.html")
    assert plt.get_fignums() == []


def test_a_version_that_is_not_installed() -> None:
    from alliance_stats.report.wording.software import _version

    assert _version("surely-not-a-package") == "(not installed)"
    assert save_module.SUFFIXES == (".html", ".md", ".docx")


def test_contents_lead_to_the_sections(three_level: Any, lmm: Any, tmp_path: Path) -> None:
    titled = {"First & last <x>": three_level, "Second": lmm}
    text = read(save_report(titled, tmp_path / "r.html", figures=False))
    led = re.findall(r'<a href="#([^"]+)">([^<]*)</a>', text)
    assert led == [("section-1", "First &amp; last &lt;x&gt;"), ("section-2", "Second")]
    assert re.findall(r'<section id="([^"]+)">', text) == ["section-1", "section-2"]
    alone = read(save_report(lmm, tmp_path / "a.html", figures=False))
    assert "<nav" not in alone
