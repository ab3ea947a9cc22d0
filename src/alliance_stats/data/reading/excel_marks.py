"""What a workbook says of cells beside their values: errors, unsaved formulas, what is hidden."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

_SHEET = re.compile(rb"<(?:\w+:)?sheet\b[^>]*>")
_RELATION = re.compile(rb"<(?:\w+:)?Relationship\b[^>]*>")
_ERROR = re.compile(
    rb'<(?:\w+:)?c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]+)(\d+)"[^>]*>(.*?)</(?:\w+:)?c>', re.DOTALL
)
_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]*)</")
_UNSAVED = re.compile(
    rb'<(?:\w+:)?c\b(?![^>]*\bt="str")[^>]*\br="([A-Z]+)(\d+)"[^>]*>'
    rb"<(?:\w+:)?f\b[^>]*(?:/>|>[^<]*</(?:\w+:)?f>)"
    rb"(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v>\s*</(?:\w+:)?v>)?</(?:\w+:)?c>"
)
_HIDDEN_ROW = re.compile(rb'<(?:\w+:)?row\b(?=[^>]*\bhidden="(?:1|true)")[^>]*\br="(\d+)"')
_HIDDEN_COLUMN = re.compile(rb'<(?:\w+:)?col\b(?=[^>]*\bhidden="(?:1|true)")[^>]*>')

Cell = tuple[int, int]


@dataclass(frozen=True, slots=True)
class SheetMarks:
    """Positions in a sheet, counted from 0.

    Attributes
    ----------
    errors : dict of (row, column) to str
        Cells whose formula gives an error, and which: ``#DIV/0!``.
    unsaved : set of (row, column)
        Cells with a formula whose result is not in the file.
    hidden_rows, hidden_columns : set of int
        What the program that made the file does not show.
    """

    errors: dict[Cell, str] = field(default_factory=dict)
    unsaved: set[Cell] = field(default_factory=set)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)


def sheet_marks(path: Path, sheet: str) -> SheetMarks | None:
    """Errors, unsaved formulas and hidden rows and columns of one sheet of an .xlsx file.

    None if they cannot be told.
    """
    try:
        with zipfile.ZipFile(path) as book:
            xml = _sheet_xml(book, sheet)
    except (zipfile.BadZipFile, zlib.error, KeyError, OSError, ValueError, RuntimeError, EOFError):
        return None
    errors: dict[Cell, str] = {}
    if b't="e"' in xml:
        for letters, row, inside in _ERROR.findall(xml):
            value = _VALUE.search(inside)
            errors[_cell(letters, row)] = unescape(value[1].decode()) if value else "#ERROR"
    unsaved = {_cell(*found) for found in _UNSAVED.findall(xml)} if b"<f" in xml else set()
    return SheetMarks(
        errors,
        unsaved - set(errors),
        {int(row) - 1 for row in _HIDDEN_ROW.findall(xml)},
        {
            column
            for tag in _HIDDEN_COLUMN.findall(xml)
            for column in range(int(_attribute(tag, b"min")) - 1, int(_attribute(tag, b"max")))
        },
    )


def _sheet_xml(book: zipfile.ZipFile, sheet: str) -> bytes:
    """The part of the workbook that holds a sheet; KeyError if it cannot be found."""
    ids = {
        unescape(_attribute(tag, b"name")): _attribute(tag, rb"\w+:id")
        for tag in _SHEET.findall(book.read("xl/workbook.xml"))
    }
    targets = {
        _attribute(tag, b"Id"): _attribute(tag, b"Target")
        for tag in _RELATION.findall(book.read("xl/_rels/workbook.xml.rels"))
    }
    target = targets[ids[sheet]]
    return book.read(posixpath.normpath(posixpath.join("/xl", target)).lstrip("/"))


def _attribute(tag: bytes, name: bytes) -> str:
    found = re.search(rb"\s" + name + rb'="([^"]*)"', tag)
    return found[1].decode() if found else ""


def _cell(letters: bytes, row: bytes) -> Cell:
    """Row and column, counted from 0, of a reference such as E5.

    >>> _cell(b"AA", b"5")
    (4, 26)
    """
    column = 0
    for letter in letters:
        column = 26 * column + letter - 64
    return int(row) - 1, column - 1
