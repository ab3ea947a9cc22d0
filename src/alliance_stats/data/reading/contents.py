"""What a data file holds: its frame, the labels kept beside it, and what reading it decided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pandas as pd

from alliance_stats._base.checks import Places, row_places

CODED_COLUMNS = ("column", "code", "label", "n")
LABEL_COLUMNS = ("column", "value", "label")


@dataclass(frozen=True, slots=True)
class Note:
    """What reading a file decided; a doubtful note is also warned of.

    >>> Note("separated by semicolons").sentence
    'Separated by semicolons.'
    """

    text: str
    doubtful: bool = False

    @property
    def sentence(self) -> str:
        """The text as a sentence."""
        return f"{self.text[0].upper()}{self.text[1:]}."


@dataclass(frozen=True, eq=False)
class FileContents:
    """A file as it was read.

    Attributes
    ----------
    frame : DataFrame
        All rows and columns; numbers are the stored values, never their labels.
    variable_labels : dict of str to str
        Columns with a label (a question's text), and that label.
    value_labels : DataFrame
        Columns ``column``, ``value``, ``label``: one row a labelled value.
    coded_missing : DataFrame
        Columns ``column``, ``code``, ``label``, ``n``: values that the file declares as missing,
        now missing in the frame, and how often each occurred over all rows of the file.
    said : tuple of Note
        What was recognised: separators, decimal commas, a second line of names, an encoding.
    places : callable
        Names rows, given by position, as the file's own program does.
    """

    frame: pd.DataFrame
    variable_labels: Mapping[str, str] = field(default_factory=dict)
    value_labels: pd.DataFrame = field(default_factory=lambda: table([], LABEL_COLUMNS))
    coded_missing: pd.DataFrame = field(default_factory=lambda: table([], CODED_COLUMNS))
    said: tuple[Note, ...] = ()
    places: Places = row_places

    @property
    def notes(self) -> tuple[str, ...]:
        """What was recognised, as sentences."""
        return tuple(note.sentence for note in self.said)

    @property
    def doubts(self) -> tuple[str, ...]:
        """Those of the notes that may be wrong, so that the reader is warned of them."""
        return tuple(note.sentence for note in self.said if note.doubtful)


def table(rows: Sequence[tuple[object, ...]], columns: tuple[str, ...]) -> pd.DataFrame:
    """Rows under their headings; counts are whole numbers, also without rows.

    >>> table([("wai", "-99", "no answer", 3)], CODED_COLUMNS)["n"].tolist()
    [3]
    """
    frame = pd.DataFrame(list(rows), columns=list(columns), dtype=None if rows else object)
    return frame.astype({"n": int}) if "n" in columns else frame
