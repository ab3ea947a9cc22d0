"""Writing a report to a file: all of it or nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path

from alliance_stats._base.errors import ArgumentError
from alliance_stats.report.files import file_target, write_files
from alliance_stats.report.output.content import sections_of, versions_line
from alliance_stats.report.output.html import write_html
from alliance_stats.report.output.markdown import figure_name, write_markdown
from alliance_stats.report.output.word import write_word
from alliance_stats.report.sources import Sources, as_views, r_codes
from alliance_stats.report.wording.words import one_line

SUFFIXES = (".html", ".md", ".docx")


def save_report(
    results: Sources,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    intro: str | Sequence[str] | None = None,
    figures: bool = True,
) -> Path:
    """Write results to a file that can be read, printed and sent: Word, HTML or Markdown.

    Each result gives its sentences, messages, tables, figures, formula and the code to fit it
    again, here and (where an R package fits it) in R; the file ends with the versions used. It
    holds no date: the same results give the same bytes. An existing file is replaced, and only
    once the new one is complete.

    Parameters
    ----------
    results : result, list of results, or mapping of titles to results
        Anything with a ``view()``. The titles of a mapping head the sections of the report.
    path : str or path
        Ends in ``.docx`` (a Word file with tables in APA style), ``.html`` (one page, figures
        inside) or ``.md`` (figures as PNG in the folder ``<stem>_files`` beside it). The folder
        of the file must exist.
    title : str, optional
        Heading of the report; by default the title of a single result, else ``Results``.
    intro : str or sequence of str, optional
        Plain text under the heading, such as where the data come from: one paragraph each, or one
        text whose paragraphs are parted by empty lines. It is escaped, so it holds no markup.
    figures : bool
        Whether to draw figures; without them matplotlib is not loaded.

    Returns
    -------
    pathlib.Path
        The file written.

    Raises
    ------
    ArgumentError
        If the suffix is another one, the folder does not exist, a result has no ``view()``, or
        `intro` is not text.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from alliance_stats._base.views import ResultView
    >>> levels = pd.DataFrame({"unit": ["session", "patient"], "n": [1987, 240]})
    >>> none = pd.DataFrame()
    >>> view = ResultView("levels", "Sessions and patients", none, none, None, levels)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_report(view, f"{folder}/report.md", intro="All data are synthetic.")
    ...     print("\\n".join(path.read_text(encoding="utf-8").splitlines()[:5]))
    # Sessions and patients
    <BLANKLINE>
    All data are synthetic.
    <BLANKLINE>
    The data hold 1,987 sessions of 240 patients.
    """
    target, folder = report_target(path)
    preface = _paragraphs(intro)
    views = as_views(results)
    sections = sections_of(views, r_codes(results), draws=figures)
    heading = one_line(title) if title else sections[0].title if len(sections) == 1 else "Results"
    drawn = [figure for section in sections for figure in section.figures]
    footer = versions_line(figures=bool(drawn))
    files: dict[Path, bytes] = {}
    suffix = target.suffix.lower()
    if suffix == ".docx":
        content = write_word(heading, preface, sections, footer)
    elif suffix == ".html":
        content = _utf8(write_html(heading, preface, sections, footer))
    else:
        content = _utf8(write_markdown(heading, preface, sections, footer, folder.name))
        files |= {folder / figure_name(figure.number): figure.png for figure in drawn}
    write_files({**files, target: content})
    return target


def _utf8(text: str) -> bytes:
    """A text as bytes; halves of letters, which cannot be written, become question marks."""
    return text.encode("utf-8", errors="replace")


def _paragraphs(intro: str | Sequence[str] | None) -> list[str]:
    """The preface as paragraphs of one line each; empty ones are left out."""
    given = [] if intro is None else [intro] if isinstance(intro, str) else intro
    if not isinstance(given, list | tuple) or not all(isinstance(text, str) for text in given):
        raise ArgumentError(
            f"intro is a {type(intro).__name__}, not text. Give a text, or a list of texts."
        )
    parts = [one_line(part) for text in given for part in re.split(r"\n\s*\n", text)]
    return [part for part in parts if part]


def report_target(path: str | os.PathLike[str]) -> tuple[Path, Path]:
    """The file of a report and the folder for its figures, if it can be written there.

    Raises
    ------
    ArgumentError
        If the suffix is another one, the folder does not exist or is locked, or what is there
        already is not what it would be replaced by.
    """
    target = file_target(path, suffixes=SUFFIXES)
    folder = target.with_name(f"{target.stem}_files")
    if target.suffix.lower() == ".md" and folder.exists() and not folder.is_dir():
        raise ArgumentError(
            f"'{folder}' is a file, but the figures need a folder of that name. Give another path."
        )
    return target, folder
