"""Lines between the column names and the data: question texts, import ids."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from alliance_stats._base.checks import agree

#: How many rows below the names may still belong to the header.
MOST_LINES = 3
#: Survey platforms write this in every cell of the last header line.
_IMPORT_ID = '{"ImportId"'
_SHORTEST_TEXT = 3
#: What a column without a name is called, before its position.
NAMELESS = "Unnamed: "

Cells = Sequence[str | None]


@dataclass(frozen=True, slots=True)
class HeaderLines:
    """Lines below the column names that are no data.

    Attributes
    ----------
    n : int
        How many there are.
    labels : dict of int to str
        Texts of the columns that have one, by the column's position.
    sure : bool
        Whether the file itself marks them.
    """

    n: int = 0
    labels: dict[int, str] = field(default_factory=dict)
    sure: bool = True

    @property
    def text(self) -> str:
        """The sentence that says so."""
        of_names = "of question texts " if self.labels else ""
        kept = " and kept as variable labels" if self.labels else ""
        which = {1: "second header line", 2: "second and third header lines"}
        return (
            f"{which.get(self.n, f'{self.n} further header lines')} {of_names}"
            f"{agree(self.n, 'is', 'are')} left out{kept}"
        )


def header_lines(
    names: Sequence[str], first: Sequence[Cells], numeric_below: Callable[[], Sequence[bool]]
) -> HeaderLines:
    """Tell lines of question texts and import ids from data.

    Parameters
    ----------
    names : sequence of str
        The column names; where one is missing, they may be no names but headings of groups.
    first : sequence of sequence of str or None
        The first rows below the column names, None where a cell is empty.
    numeric_below : callable
        Whether each column holds only numbers, and at least one, below the first of these rows;
        called only where the answer matters.

    Returns
    -------
    HeaderLines
        Rows down to the one that names import ids; or a first row of different texts above two or
        more columns of numbers, without any number of its own.

    Examples
    --------
    >>> first = [["Id", "How close?", "Mood"], ["a", "4", "2"]]
    >>> header_lines(["id", "q1", "q2"], first, lambda: [False, True, True]).labels
    {0: 'Id', 1: 'How close?', 2: 'Mood'}
    """
    for row, cells in enumerate(first[:MOST_LINES]):
        filled = [cell for cell in cells if cell]
        if filled and sum(cell.startswith(_IMPORT_ID) for cell in filled) * 2 >= len(filled):
            return HeaderLines(row + 1, _labels(first[0]) if row else {})
    nameless = any(name.startswith(NAMELESS) for name in names)
    if nameless or len(first) < 2 or not _looks_like_texts(first[0], first[1]):
        return HeaderLines()
    texts = [
        cell for cell, numeric in zip(first[0], numeric_below(), strict=True) if cell and numeric
    ]
    if len(texts) < 2 or len(set(texts)) < len(texts):
        return HeaderLines()
    return HeaderLines(1, _labels(first[0]), sure=False)


def _labels(cells: Cells) -> dict[int, str]:
    return {i: " ".join(cell.split()) for i, cell in enumerate(cells) if cell and cell.strip()}


def _looks_like_texts(cells: Cells, below: Cells) -> bool:
    """Whether no cell is a number and two or more stand as texts above a number."""
    if any(cell and is_number(cell) for cell in cells):
        return False
    above = [c for c, b in zip(cells, below, strict=True) if c and b and is_number(b)]
    return len([c for c in above if len(c.strip()) >= _SHORTEST_TEXT]) >= 2


def is_number(cell: str) -> bool:
    """Whether a cell is written as a number, with a point or a comma.

    >>> is_number("4,5"), is_number("-2"), is_number("n/a")
    (True, True, False)
    """
    try:
        float(cell.strip().replace(",", ".", 1))
    except ValueError:
        return False
    return True
