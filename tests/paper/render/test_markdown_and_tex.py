"""Numbers in Markdown and LaTeX: escaped by target, everything else to the letter."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from alliance_stats._base.errors import DataError
from alliance_stats.paper.render.blocks import blocks_of
from alliance_stats.paper.render.files import render_paper
from alliance_stats.paper.render.inline import spans_of
from alliance_stats.paper.render.markdown import render_markdown
from alliance_stats.paper.render.running_head import running_head
from alliance_stats.paper.render.tex import render_tex
from alliance_stats.paper.render.tex_table import tex_table
from alliance_stats.paper.render.tex_text import Page, escape_tex
from alliance_stats.paper.render.to_tex import markdown_as_tex
from alliance_stats.paper.run import run_study
from alliance_stats.paper.stored import Stored
from alliance_stats.report.tables.table import Table

HOSTILE = r"a|b_c*d*<script>&amp;$x$ \input{/etc/passwd} [x](javascript:y) %"


def test_only_bindings_change(stored: Stored, tmp_path: Path) -> None:
    source = "A *b*  \n\t$x$ & {{alliance.n.patient}} \\{{ end\r\nß {{x"
    rendered = render_markdown(source, stored, tmp_path)
    assert rendered == source.replace("{{alliance.n.patient}}", "240")


def test_symbols_are_in_italics(stored: Stored, tmp_path: Path) -> None:
    text = render_markdown("({{alliance.within | apa}})", stored, tmp_path)
    assert text == (
        "(*b* = −0.116, *SE* = 0.017, *t*(122.1) = −6.66, *p* < .001, 95% CI [−0.150, −0.081])"
    )


def hostile(stored: Stored) -> Stored:
    values = {**stored.values, "alliance.fit.method": HOSTILE}
    part = dict(stored.parts["alliance"])
    part["tables"] = {
        "coefficients": {"title": HOSTILE, "headings": [HOSTILE], "rows": [[HOSTILE]],
                         "left": [True], "notes": [HOSTILE]}
    }  # fmt: skip
    part["text"] = [HOSTILE]
    return replace(stored, values=values, parts={**stored.parts, "alliance": part})


@pytest.mark.parametrize(
    "binding", ["{{alliance.fit.method}}", "{{table: alliance}}", "{{text: alliance}}"]
)
def test_names_from_data_are_escaped(stored: Stored, tmp_path: Path, binding: str) -> None:
    markdown = render_markdown(binding, hostile(stored), tmp_path)
    assert "<script>" not in markdown.replace("\\<script\\>", "")
    assert "[x](" not in markdown
    tex = render_tex(binding, hostile(stored), tmp_path)
    assert "\\input" not in tex
    assert "$x$" not in tex
    assert "a_b" not in tex


def test_a_block_inside_a_sentence_is_refused(stored: Stored, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"line 2, .*stands in a line of its own"):
        render_markdown("x\nsee {{table: alliance}} here", stored, tmp_path)


def test_pictures_are_linked_from_where_the_file_is(stored: Stored) -> None:
    folder = stored.folder / "out put"
    text = render_markdown("{{figure: alliance}}", stored, folder)
    assert "](../results_files/alliance.png)" in text
    title, picture, note = text.split("\n\n")
    assert title == (
        "**Figure 1. Association of wai\\_total with phq9: within patients, between patients, "
        "between therapists**"
    )
    assert picture.startswith("![Figure 1. Association of wai\\_total")
    assert note.startswith("*Note.* Points: observed phq9")
    tex = render_tex("{{figure: alliance}}", stored, folder)
    assert "{../results_files/alliance.png}" in tex
    assert tex.index(r"\caption{Association") < tex.index(r"\includegraphics") < tex.index("Points")


def test_tables_are_numbered_in_reading_order(stored: Stored, tmp_path: Path) -> None:
    text = render_markdown(
        "{{table: alliance}}\n\n{{table: alliance.sensitivity}}\n", stored, tmp_path
    )
    assert text.index("**Table 1**\n\n*wai") < text.index("**Table 2**\n\n*Sensitivity*")


def test_latex_in_text_and_in_formulas(stored: Stored, tmp_path: Path) -> None:
    text = render_tex(r"$b = {{alliance.within.estimate}}$, {{PHQ}}", stored, tmp_path)
    assert text == r"$b = \ensuremath{-}0.116$, {{PHQ}}"
    assert escape_tex("χ² ≤ 5 & a^b~") == (
        r"\ensuremath{\chi}\ensuremath{^2} \ensuremath{\le} 5 \& "
        r"a\textasciicircum{}b\textasciitilde{}"
    )


SOURCE = """---
title: left out
---
# Title with *it*

One **bold** and `code_x` and a_b [link](https://x.org/a_b), {{alliance.within | b}}.
<!-- nothing {{alliance.n.patient}} -->

- first
- second {{alliance.n.patient}}

1. one

> said

| a | b |
|:--|--:|
| x\\|y | {{alliance.n.patient}} |

```r
x <- "{{" # _not_
```

{{table: alliance}}
"""


def test_markdown_in_blocks() -> None:
    kinds = [block.kind for block in blocks_of(SOURCE)]
    assert kinds == [
        "heading", "paragraph", "item", "item", "numbered", "quote", "table", "code", "paragraph",
    ]  # fmt: skip


def test_spans() -> None:
    spans = spans_of(r"**b *i*** x_y_z _u_ \*k\* `c*c*` [w](https://a.b) H~2~O 2 * 3 * 4")
    assert [(s.text, s.bold, s.italic) for s in spans[:3]] == [
        ("b ", True, False),
        ("i", True, True),
        (" x_y_z ", False, False),
    ]
    text = "".join(span.text for span in spans)
    assert text == "b i x_y_z u *k* c*c* w H2O 2 * 3 * 4"


def test_inline_marks_are_linear_in_time() -> None:
    for text in ("*" * 20_000, "**a " * 5_000, "[a" * 10_000, "`" * 20_001, "_a " * 10_000):
        assert spans_of(text)


def test_a_manuscript_as_latex(stored: Stored, tmp_path: Path) -> None:
    tex = markdown_as_tex(SOURCE, stored, tmp_path, tmp_path)
    assert tex.startswith("\\documentclass")
    for words in (
        r"\textbf{Title with \textit{it}}",
        r"\hypersetup{pdftitle={Title with it},pdflang={en-GB}}",
        r"\fancyhead[L]{TITLE WITH IT}",
        r"\doublespacing",
        r"\textbf{bold} and \texttt{code\_x} and a\_b \href{https://x.org/a_b}{link}",
        r"\textit{b}~=~\ensuremath{-}0.116",
        "\\begin{itemize}\n\\item first\n\\item second 240\n\\end{itemize}",
        "\\begin{enumerate}\n\\item one",
        r"x\textbar{}y & 240 \\",
        'x <- "{{" # _not_',
        r"\caption{wai\_total and phq9 within",
    ):
        assert words in tex
    assert "left out" not in tex
    assert tex.count("{") - tex.count("\\{") == tex.count("}") - tex.count("\\}") + 2  # in code


def test_pictures_outside_the_paper_are_refused(stored: Stored, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no path inside the paper"):
        markdown_as_tex("![x](../../secret.png)", stored, tmp_path, tmp_path)
    with pytest.raises(DataError, match="is not in the paper"):
        markdown_as_tex("![x](none.png)", stored, tmp_path, tmp_path)


def test_headings_abstract_and_references_in_latex(stored: Stored, tmp_path: Path) -> None:
    source = (
        "# T\n\n## Abstract\n\nShort.\n\n## Method\n\n### Data\n\n#### More\n\nText.\n\n"
        "## References\n\nDoe, J. (2020). A. https://doi.org/10.1/a_b%20c.\n"
    )
    tex = markdown_as_tex(source, stored, tmp_path, tmp_path)
    body = tex[tex.index("\\begin{document}") :]
    assert "\\section*{Abstract}\n\n\\noindent Short." in body
    assert "\\subsection*{Data}\n\n\\subsubsection*{More}\n\nText." in body
    assert (
        "\\begin{references}\n\nDoe, J. (2020). A. \\url{https://doi.org/10.1/a_b\\%20c}." in body
    )


def test_text_before_the_first_heading_is_no_title(stored: Stored, tmp_path: Path) -> None:
    tex = markdown_as_tex("Only {{alliance.n.patient}}.\n", stored, tmp_path, tmp_path)
    assert "pdftitle" not in tex
    assert "\\begin{document}\n\nOnly 240." in tex


@pytest.mark.parametrize(
    ("title", "wanted"),
    [
        ("Alliance and outcome", "ALLIANCE AND OUTCOME"),
        ("Alliance: a study", "ALLIANCE"),
        ("A title of words that all fit in", "A TITLE OF WORDS THAT ALL FIT IN"),
        ("Does the alliance of patients and their therapists matter",
         "DOES THE ALLIANCE OF PATIENTS AND THEIR THERAPISTS"),
        ("", ""),
    ],
)  # fmt: skip
def test_running_heads(title: str, wanted: str) -> None:
    assert running_head(title) == wanted


def test_wide_and_long_tables_of_latex_are_made_to_fit() -> None:
    wide = Table(pd.DataFrame({f"c{k}": ["x" * 30] for k in range(6)}), "T", (), (True,) * 6)
    long = Table(pd.DataFrame({"n": ["1"] * 60}), "T", (), (False,))
    short = Table(pd.DataFrame({"n": ["1"]}), "T", (), (False,), warning="Not a_b!")
    assert "\\resizebox{\\linewidth}" in tex_table(wide, Page())
    assert "p{" in tex_table(wide, Page())
    assert "\\textheight" in tex_table(long, Page())
    headed = pd.DataFrame({f"SD of many words {k}": ["1.00"] for k in range(8)})
    heads = tex_table(Table(headed, "T", (), (False,) * 8), Page())
    assert r"[b]{@{}r@{}}\textit{SD} of \\ many" in heads
    assert "box0" not in tex_table(short, Page())
    assert r"\textbf{Not a\_b!}" in tex_table(short, Page())


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="needs TeX")
def test_the_latex_of_the_example_compiles_without_overfull_lines(paper: Path) -> None:
    study = paper / "study.toml"
    study.write_text(study.read_text("utf-8").replace('"docx"]', '"tex"]'), encoding="utf-8")
    run_study(paper, force=True)
    render_paper(paper, force=True)
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "manuscript-rendered.tex"],
        cwd=paper, capture_output=True, check=False,
    )  # fmt: skip
    said = done.stdout.decode("utf-8", errors="replace")
    assert done.returncode == 0, said
    assert "Overfull" not in said


def test_names_of_latex_break_behind_underscores_if_long() -> None:
    assert escape_tex("wai_total") == r"wai\_total"
    assert escape_tex("wai_total_within_lag1") == (
        r"wai\_\allowbreak{}total\_\allowbreak{}within\_\allowbreak{}lag1"
    )
    assert escape_tex("`a b`") == r"\textasciigrave{}a b\textasciigrave{}"
