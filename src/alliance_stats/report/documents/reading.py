"""Opening a manuscript: which reader it needs, and whether its bytes are text."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.report.documents.document import Document, Passage, text_passages
from alliance_stats.report.documents.hypertext import html_passages
from alliance_stats.report.documents.latex import latex_passages
from alliance_stats.report.documents.markdown import markdown_passages
from alliance_stats.report.documents.word import word_passages

_MOST_BYTES = 200_000_000
_READERS: dict[str, tuple[str, Callable[[str], tuple[Passage, ...]]]] = {
    ".md": ("md", markdown_passages),
    ".markdown": ("md", markdown_passages),
    ".qmd": ("md", markdown_passages),
    ".rmd": ("md", markdown_passages),
    ".tex": ("tex", latex_passages),
    ".html": ("html", html_passages),
    ".htm": ("html", html_passages),
    ".txt": ("txt", text_passages),
}
#: Suffixes of the files that can be read.
SUFFIXES = (".docx", *_READERS)


def read_document(path: str | os.PathLike[str]) -> Document:
    """Read a manuscript as plain text, each passage with its place.

    Use it where numbers or bindings are looked for in a text. Nothing in the file is run or
    followed; marks of layout are left out, code blocks too.

    Parameters
    ----------
    path : str or path
        A file that ends in ``.docx``, ``.md`` (``.markdown``, ``.qmd``, ``.rmd``), ``.tex``,
        ``.html`` (``.htm``) or ``.txt``. Text files are in UTF-8, or in UTF-16 with its mark.

    Returns
    -------
    Document
        Its `passages` know the paragraph, the table's row or the note of a Word file, and the
        line of the others. Of Word files page numbers, tables of contents and comments are not
        read; headers and footers are.

    Raises
    ------
    ArgumentError
        If the suffix is another one, or there is no such file.
    DataError
        If the file is damaged, locked, not text or larger than 200 MB, or a Word file holds
        tracked changes or text boxes.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "paper.md"
    ...     _ = path.write_text("# Results\\n\\nIt did, *t*(23) = 2.10.\\n", encoding="utf-8")
    ...     found = read_document(path).passages[1]
    >>> found.text, found.place()
    ('It did, t(23) = 2.10.', 'line 3')
    """
    file = _existing(path)
    suffix = file.suffix.lower()
    if suffix == ".docx":
        return Document(file.name, "docx", word_passages(file))
    kind, passages = _READERS[suffix]
    return Document(file.name, kind, passages(_decoded(file)))


def _existing(path: str | os.PathLike[str]) -> Path:
    file = Path(path)
    if file.suffix.lower() not in SUFFIXES:
        raise ArgumentError(
            f"'{file.name}' cannot be read as a manuscript: its suffix is "
            f"'{file.suffix or 'none'}'. Give a file that ends in {', '.join(SUFFIXES)}."
        )
    if file.is_dir():
        raise ArgumentError(f"'{file}' is a folder. Give the path of a file.")
    if not file.is_file():
        raise ArgumentError(f"there is no file '{file}'. Check the path.")
    if file.stat().st_size > _MOST_BYTES:
        raise DataError(
            f"'{file.name}' is larger than {_MOST_BYTES // 1_000_000} MB. Split the manuscript."
        )
    return file


def _decoded(file: Path) -> str:
    """The characters of a text file, with line breaks of one kind."""
    content = file.read_bytes()
    wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = content.decode("utf-16" if wide else "utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DataError(
            f"'{file.name}' is not in UTF-8, first seen on line {line}. Save it as UTF-8."
        ) from error
    if "\0" in text:
        raise DataError(f"'{file.name}' is not text: it holds zero bytes. Save it as UTF-8 text.")
    return text.replace("\r\n", "\n").replace("\r", "\n")
