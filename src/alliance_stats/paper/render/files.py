"""Writing the rendered manuscript beside its source: checked first, atomic, never over it."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path

from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.paper.paths import shown
from alliance_stats.paper.render.markdown import render_markdown
from alliance_stats.paper.render.tex import render_tex
from alliance_stats.paper.render.to_tex import markdown_as_tex
from alliance_stats.paper.render.to_word import markdown_as_word
from alliance_stats.paper.render.word import render_word
from alliance_stats.paper.stored import Stored, load_stored
from alliance_stats.paper.study import Study, load_study
from alliance_stats.paper.verbatim import Syntax
from alliance_stats.report.documents.reading import read_document
from alliance_stats.report.files import write_files

EMPTY = "it is empty. Write the manuscript, or correct its path in study.toml."
_TEXTS: dict[str, Callable[[str, Stored, Path], str]] = {"md": render_markdown, "tex": render_tex}


def render_paper(path: str | os.PathLike[str], *, force: bool = False) -> list[Path]:
    """Write the manuscript with every binding replaced by its number, table, figure or text.

    Parameters
    ----------
    path : str or path
        The folder of the paper. `run_study` has been there.
    force : bool
        Whether rendered files that are there and differ are replaced.

    Returns
    -------
    list of Path
        One file for each format, ``<manuscript>-rendered.<format>``. The source is not changed.

    Raises
    ------
    ArgumentError
        If a rendered file is there and differs, and `force` is not given.
    DataError
        If there is no manuscript or no result, results were edited, or a binding does not resolve.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from alliance_stats.paper import render_paper, run_study
    >>> study = '''
    ... [data.sessions]
    ... example = "sessions"
    ... [questions.alliance]
    ... fit = "fit_within_between"
    ... [manuscript]
    ... path = "text.md"
    ... '''
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "study.toml").write_text(study, encoding="utf-8")
    ...     text = "It fell ({{alliance.within | b}})."
    ...     _ = Path(folder, "text.md").write_text(text, encoding="utf-8")
    ...     _ = run_study(folder)
    ...     print(render_paper(folder)[0].read_text(encoding="utf-8"))
    It fell (*b* = −0.116).
    """
    study = load_study(path)
    stored = load_stored(study.folder)
    if stored.edited:
        raise DataError(
            f"'{stored.edited[0]}' is not what the run wrote: it was edited. Run the study again."
        )
    files = rendered(study, stored, study.formats)
    for target, content in files.items():
        if target.exists() and target.read_bytes() != content and not force:
            raise ArgumentError(
                f"'{target}' is there and would change. Give force=True to replace it."
            )
    write_files(files)
    return list(files)


def rendered(study: Study, stored: Stored, formats: Sequence[str]) -> dict[Path, bytes]:
    """The rendered files of some formats by path, nothing written.

    Raises
    ------
    DataError
        If there is no manuscript, or a binding does not resolve; its place is named.
    """
    source = manuscript_of(study)
    try:
        return {target_of(study, f): _rendered(source, f, study, stored) for f in formats}
    except DataError as error:
        raise DataError(f"{shown(source, study.folder)}: {error}") from error


def target_of(study: Study, form: str) -> Path:
    """Where the manuscript of a format is written."""
    return study.output / f"{manuscript_of(study).stem}-rendered.{form}"


def manuscript_of(study: Study) -> Path:
    """The manuscript, if it is there.

    Raises
    ------
    DataError
        If study.toml names none, or the file is missing.
    """
    if study.manuscript is None:
        raise DataError("study.toml names no manuscript. Add [manuscript] with its path.")
    if not study.manuscript.is_file():
        raise DataError(
            f"'{shown(study.manuscript, study.folder)}' is not there. Correct its path."
        )
    return study.manuscript


def source_text(source: Path) -> str:
    """A text manuscript, with line breaks of one kind.

    Raises
    ------
    DataError
        If it is not in UTF-8, or empty.
    """
    content = source.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"it is not in UTF-8, first seen on line {line}. Save it as UTF-8."
        ) from error
    if "\0" in text:
        raise DataError("it is not text: it holds zero bytes. Save it as UTF-8 text.")
    if not text.strip():
        raise DataError(EMPTY)
    return text.replace("\r\n", "\n").replace("\r", "\n")


def syntax_of(source: Path) -> Syntax:
    """How a manuscript is written."""
    kinds: dict[str, Syntax] = {".md": "md", ".tex": "tex"}
    return kinds.get(source.suffix.lower(), "plain")


def _rendered(source: Path, form: str, study: Study, stored: Stored) -> bytes:
    own = source.suffix.lower().removeprefix(".")
    if own == "docx":
        if not read_document(source).passages:
            raise DataError(EMPTY)
        return render_word(source, stored)
    text = source_text(source)
    if own == form:
        return _TEXTS[form](text, stored, study.output).encode()
    if form == "tex":
        return markdown_as_tex(text, stored, study.folder, study.output).encode()
    return markdown_as_word(text, stored, study.folder)
