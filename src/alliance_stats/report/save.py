"""Writing a report to a file: all of it or nothing."""

from __future__ import annotations

import os
import re
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path

from alliance_stats._base.errors import ArgumentError
from alliance_stats.report.content import sections_of, versions_line
from alliance_stats.report.html import write_html
from alliance_stats.report.markdown import figure_name, write_markdown
from alliance_stats.report.sources import Sources, as_views
from alliance_stats.report.words import one_line

SUFFIXES = (".html", ".md")


def save_report(
    results: Sources,
    path: str | os.PathLike[str],
    *,
    title: str | None = None,
    intro: str | Sequence[str] | None = None,
    figures: bool = True,
) -> Path:
    """Write results to a file that can be read, printed and sent: HTML or Markdown.

    Each result gives its sentences, messages, tables, figure, formula and the code to fit it
    again; the file ends with the versions used. It holds no date: the same results give the same
    bytes. An existing file is replaced, and only once the new one is complete.

    Parameters
    ----------
    results : result, list of results, or mapping of titles to results
        Anything with a ``view()``. The titles of a mapping head the sections of the report.
    path : str or path
        Ends in ``.html`` (one page, figures inside) or ``.md`` (figures as PNG in the folder
        ``<stem>_files`` beside it). The folder of the file must exist.
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
    sections = sections_of(views, figures=figures)
    heading = one_line(title) if title else sections[0].title if len(sections) == 1 else "Results"
    drawn = [section.figure.png for section in sections if section.figure is not None]
    footer = versions_line(figures=bool(drawn))
    files: dict[Path, bytes] = {}
    if target.suffix.lower() == ".html":
        text = write_html(heading, preface, sections, footer)
    else:
        text = write_markdown(heading, preface, sections, footer, folder.name)
        for number, png in enumerate(drawn, start=1):
            files[folder / figure_name(number)] = png
    write_files({**files, target: text.encode("utf-8", errors="replace")})
    return target


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
    target = Path(path)
    folder = target.with_name(f"{target.stem}_files") if target.name else target
    if target.suffix.lower() not in SUFFIXES:
        raise ArgumentError(
            f"a report cannot be written as '{target.suffix or target.name}'. "
            f"Give a path that ends in {' or '.join(SUFFIXES)}."
        )
    if not target.parent.is_dir():
        raise ArgumentError(
            f"folder '{target.parent}' does not exist. Make it, or give another path."
        )
    if not os.access(target.parent, os.W_OK):
        raise ArgumentError(f"folder '{target.parent}' cannot be written to. Give another path.")
    if target.is_dir():
        raise ArgumentError(f"'{target}' is a folder. Give the path of a file.")
    if target.suffix.lower() == ".md" and folder.exists() and not folder.is_dir():
        raise ArgumentError(
            f"'{folder}' is a file, but the figures need a folder of that name. Give another path."
        )
    return target, folder


def write_files(files: Mapping[Path, bytes]) -> None:
    """Write every file beside its place, then rename all; on an error nothing new is left.

    The last of `files` is renamed last, so a document never refers to a figure not yet there.
    """
    made = [folder for folder in dict.fromkeys(p.parent for p in files) if not folder.exists()]
    staged: dict[Path, Path] = {}
    try:
        for path, content in files.items():
            path.parent.mkdir(exist_ok=True)
            temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
            staged[temporary] = path
            with temporary.open("xb") as stream:
                stream.write(content)
        for temporary, path in staged.items():
            os.replace(temporary, path)
    except BaseException:
        for temporary in staged:
            temporary.unlink(missing_ok=True)
        for folder in made:
            if folder.is_dir() and not any(folder.iterdir()):
                folder.rmdir()
        raise
