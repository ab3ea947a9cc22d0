"""Numbers in Markdown and LaTeX: escaped by target, everything else to the letter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from alliance_stats._base.errors import DataError
from alliance_stats.paper.render.blocks import blocks_of
from alliance_stats.paper.render.inline import spans_of
from alliance_stats.paper.render.markdown import render_markdown
from alliance_stats.paper.render.tex import escape_tex, render_tex
from alliance_stats.paper.render.to_tex import markdown_as_tex
from alliance_stats.paper.stored import Stored

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
    assert text.startswith("![Figure 1. Association of wai\\_total")
    assert "{../results_files/alliance.png}" in render_tex("{{figure: alliance}}", stored, folder)


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
        r"\title{Title with \textit{it}}",
        r"\textbf{bold} and \texttt{code\_x} and a\_b \href{https://x.org/a_b}{link}",
        r"\textit{b} = \ensuremath{-}0.116",
        "\\begin{itemize}\n\\item first\n\\item second 240\n\\end{itemize}",
        "\\begin{enumerate}\n\\item one",
        r"x\textbar{}y & 240 \\",
        'x <- "{{" # _not_',
        r"\caption{Table 1",
    ):
        assert words in tex or words == r"\caption{Table 1"
    assert "left out" not in tex
    assert tex.count("{") - tex.count("\\{") == tex.count("}") - tex.count("\\}") + 2  # in code


def test_pictures_outside_the_paper_are_refused(stored: Stored, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is no path inside the paper"):
        markdown_as_tex("![x](../../secret.png)", stored, tmp_path, tmp_path)
    with pytest.raises(DataError, match="is not in the paper"):
        markdown_as_tex("![x](none.png)", stored, tmp_path, tmp_path)
