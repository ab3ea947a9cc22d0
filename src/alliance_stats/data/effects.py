"""Loading effect sizes of studies: from a file or frame to a checked frame."""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from alliance_stats._base.checks import (
    MAX_NAMES,
    Places,
    agree,
    columns_present,
    counted,
)
from alliance_stats._base.errors import DataError, DataWarning
from alliance_stats.data.reading.contents import FileContents
from alliance_stats.data.reading.files import as_path, read_file
from alliance_stats.data.session_checks import check_header
from alliance_stats.data.session_messages import written_plainly

_PUNCTUATION = re.compile(r"[^\w]+")
_TRAILING_ZERO = re.compile(r"^(-?\d+)\.0$")


def load_effects(x: str | Path | pd.DataFrame, *, study: str = "study") -> pd.DataFrame:
    """Read the effect sizes of studies, or the numbers they are computed from.

    The first step of a meta-analysis; `effect_sizes` is the next. Studies are names: ``007`` keeps
    its zeros, and 7 becomes the text ``7``.

    Parameters
    ----------
    x : str, Path or DataFrame
        A file that `load_sessions` could read, with one row an effect; or a frame, which is
        copied, not changed.
    study : str
        Column of study names. Effects of one sample have the same.

    Returns
    -------
    DataFrame
        All rows and columns; `study` as text without blanks at its ends.

    Raises
    ------
    DataError
        If the file cannot be found or read, there is no column `study`, or a name is missing
        (rows are named).
    ArgumentError
        If `x` is neither a path nor a frame.

    Warns
    -----
    DataWarning
        Missing cells by column, with the number of effects and studies; names that differ only in
        how they are written; doubtful decisions about the file.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({"paper": [" Abel 2001", "Bond 2003 "], "r": [0.28, 0.31]})
    >>> al.load_effects(frame, study="paper")["paper"].tolist()
    ['Abel 2001', 'Bond 2003']
    """
    contents = (
        FileContents(x)
        if isinstance(x, pd.DataFrame)
        else read_file(as_path(x), labels=frozenset({study}))
    )
    frame = contents.frame
    check_header(frame)
    columns_present(frame, [study])
    names = study_names(frame[study])
    _refuse_missing(names, study, contents.places)
    loaded = frame.assign(**{study: names})
    loaded.attrs.clear()
    for message in (*contents.doubts, *_missing_message(loaded, study), *_alike_messages(names)):
        warnings.warn(message, DataWarning, stacklevel=2)
    return loaded


def study_names(column: pd.Series) -> pd.Series:
    """Names as trimmed text, missing where blank; whole numbers without a decimal point."""
    text = column.map(lambda cell: _TRAILING_ZERO.sub(r"\1", str(cell).strip()), na_action="ignore")
    return text.astype(object).mask((text == "").to_numpy(dtype=bool, na_value=False))


def _refuse_missing(names: pd.Series, study: str, places: Places) -> None:
    rows = np.flatnonzero(names.isna())
    if len(rows):
        more = " and more" if len(rows) > MAX_NAMES else ""
        raise DataError(
            f"column '{study}' is missing in {counted(len(rows), 'row')}, at "
            f"{places(rows[:MAX_NAMES].tolist())}{more}. Say which study every effect comes from; "
            "delete empty rows and rows of totals."
        )


def _missing_message(frame: pd.DataFrame, study: str) -> list[str]:
    """``30 effects of 12 studies; missing: r 3, n 1.``"""
    missing = frame.isna().sum()
    seen = [f"{name} {n}" for name, n in missing.items() if n]
    if not seen:
        return []
    shown = ", ".join(seen[:MAX_NAMES]) + (", …" if len(seen) > MAX_NAMES else "")
    n = frame[study].nunique()
    return [
        f"{counted(len(frame), 'effect')} of {n} {agree(n, 'study', 'studies')}; missing: {shown}."
    ]


def _alike_messages(names: pd.Series) -> list[str]:
    """Names that are probably of one study."""
    groups = defaultdict[str, list[str]](list)
    for name in names.unique():
        groups[" ".join(_PUNCTUATION.sub(" ", written_plainly(name)).split())].append(name)
    alike = [_quoted(group) for group in groups.values() if len(group) > 1]
    if not alike:
        return []
    shown = "; ".join(alike[:MAX_NAMES]) + ("; …" if len(alike) > MAX_NAMES else "")
    return [
        f"Names of studies that differ only in how they are written: {shown}. They count as "
        "different studies; write them alike if they are one."
    ]


def _quoted(names: Sequence[str]) -> str:
    return " and ".join(f"'{name}'" for name in names)
