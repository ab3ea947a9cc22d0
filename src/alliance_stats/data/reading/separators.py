"""Finding out what separates the fields of a text file."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from alliance_stats._base.errors import DataError

SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_HINT = re.compile(r'"?sep=([,;\t|])"?(?=[\r\n])', re.IGNORECASE)
_SAMPLE_RECORDS = 200
_SAMPLE_CHARACTERS = 1 << 18


def records(text: str, separator: str, *, strict: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yield the line at which each record begins, counted from 1, and its fields."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=strict)
    begins = 1
    for fields in reader:
        if fields:
            yield begins, fields
        begins = reader.line_num + 1


def without_hint(text: str) -> tuple[str, str | None]:
    """The text without a first line ``sep=;``, which only Excel understands, and its separator.

    >>> without_hint("sep=;\\nid;x\\n")
    ('\\nid;x\\n', ';')
    """
    hint = _HINT.match(text)
    return (text[hint.end() :], hint[1]) if hint else (text, None)


def separator_of(path: Path) -> str:
    """What separates the fields of a text file, by its extension."""
    return "\t" if path.suffix.lower() == ".tsv" else ","


def find_separator(text: str, path: Path) -> str:
    """The separator that splits every line into the same number of fields, two or more.

    Parameters
    ----------
    text : str
        The file.
    path : Path
        Its name: the separator of the extension is taken where none fits.

    Raises
    ------
    DataError
        If two separators fit.
    """
    usual = separator_of(path)
    widths = {mark: _widths(text, mark) for mark in SEPARATORS}
    fitting = [mark for mark, n in widths.items() if n and n[0] > 1 and len(set(n)) == 1]
    if len(fitting) == 1:
        return fitting[0]
    if len(fitting) > 1:
        words = [SEPARATORS[mark] for mark in fitting]
        raise DataError(
            f"file '{path.name}' can be split in {len(fitting)} ways: every line has the same "
            f"number of {' and of '.join(words)}. Export it with one separator only, or read it "
            f"with pandas, pd.read_csv(path, sep='{fitting[0]}'), and give the DataFrame."
        )
    if widths[usual] and widths[usual][0] > 1:
        return usual
    return max(SEPARATORS, key=lambda mark: (widths[mark][:1] or [0], mark == usual))


def _widths(text: str, separator: str) -> list[int]:
    """Numbers of fields of the first records; a record that the sample cuts is left out."""
    if separator not in text:
        return []
    sample = text[:_SAMPLE_CHARACTERS]
    try:
        found = [
            len(fields) for _, fields in islice(records(sample, separator), _SAMPLE_RECORDS + 1)
        ]
    except csv.Error:
        return []
    is_cut = len(text) > len(sample) and len(found) <= _SAMPLE_RECORDS
    return found[:-1] if is_cut and len(found) > 1 else found[:_SAMPLE_RECORDS]
