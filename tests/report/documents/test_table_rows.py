"""Tables of Markdown, LaTeX and HTML become rows of cells, each on the line where it stands."""

from __future__ import annotations

from pathlib import Path

import pytest

from alliance_stats.report import read_document

FILES = {
    "a.md": "Words.\n\n| x | *b* | a \\| b |\n| :-- | --: | --- |\n| 1 | −2** |  |\n\nAfter.",
    "a.html": (
        "<p>Words.</p>\n\n<table><tr><th>x</th><th><i>b</i></th><th><p>a | b</p></th></tr>\n\n"
        "<tr><td>1</td>\n<td>−2</td><td></td></tr></table>After."
    ),
    "a.tex": (
        "Words.\n\n\\begin{tabular}[t]{l@{ }r} x & $b$ & a | b \\\\ \\hline\n\n"
        "1 &\n −2 & \\\\[2pt] \\bottomrule \\end{tabular} After."
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_rows_of_cells_with_their_lines(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_text(FILES[name], encoding="utf-8")
    found = read_document(path).passages
    rows = [(p.text.split("\t"), p.line, p.table, p.row) for p in found if p.kind == "table"]
    assert rows == [(["x", "b", "a | b"], 3, 1, 1), (["1", "−2"], 5, 1, 2)]
    assert [p.text.strip() for p in found if p.kind == "paragraph"] == ["Words.", "After."]
    assert found[1].place() == "line 3"


def cells(folder: Path, name: str, text: str) -> list[list[str]]:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return [p.text.split("\t") for p in read_document(path).passages if p.kind == "table"]


def test_cells_that_span_columns_or_rows(tmp_path: Path) -> None:
    html = (
        "<table><caption>All</caption><tr><td rowspan=2>a<td colspan=2>b</td></tr>"
        "<tr><td>c</td><td>d</td></tr><tr><td>e<table><tr><td>f</td></tr></table></td>"
        "<td>g</td></tr></table>"
    )
    assert cells(tmp_path, "a.html", html) == [["a", "b"], ["", "c", "d"], ["e f", "g"]]
    latex = (
        r"\begin{tabularx}{\textwidth}{l *{2}{r}} \multirow{2}{*}{a} & \multicolumn{2}{c}{b} & g \\"
        r"\cmidrule(lr){2-3} & c & d \\ R\&D & \textbf{e} & \\ \end{tabularx}"
    )
    assert cells(tmp_path, "a.tex", latex) == [
        ["a", "b", "", "g"],
        ["", "c", "d"],
        ["R&D", "e"],
    ]


def test_what_only_looks_like_a_table_is_text(tmp_path: Path) -> None:
    assert cells(tmp_path, "a.md", "a | b\n\nc | d\n---\n|x|\n") == []
    assert cells(tmp_path, "a.md", "```\n|a|b|\n|-|-|\n```\n") == []
    assert cells(tmp_path, "a.tex", r"\begin{tabular}{l} a & b") == []
    assert cells(tmp_path, "a.html", "<td>a</td>") == [["a"]]


def test_several_tables_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("|a|b|\n|-|-|\n|1|2|\n\n|a|b|\n|-|-|\n|1|2|\n", encoding="utf-8")
    places = [(p.table, p.row) for p in read_document(path).passages]
    assert places == [(1, 1), (1, 2), (2, 1), (2, 2)]


def test_marks_of_rows_in_a_text_are_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("a \x1eb\tc\x1d d", encoding="utf-8")
    assert [p.kind for p in read_document(path).passages] == ["paragraph"]
