"""Small cells: counts of patients below a limit leave the view before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from alliance_stats._base.errors import DataError
from alliance_stats._base.printing import HEADINGS
from alliance_stats._base.views import ResultView

#: Columns that count the units a row rests on; a small one empties the row.
BASES = ("n", "n_patients", "patients", "at_risk", "n_obs")
#: Whole numbers that count no patients.
_NO_COUNTS = (
    "session", "wave", "step", "position", "order", "rank", "number", "n_parameters", "n_controls",
    "n_therapists", "n_single", "n_studies", "n_imputations", "n_simulations", "k", "df",
    "degrees_of_freedom", "minimum", "maximum", "lower_quartile", "upper_quartile", "median",
    "mean", "least", "most", "break_at", "lag", "length", "n_dropped",
)  # fmt: skip
#: Beginnings of columns from which a small count beside them could be computed.
_SHARES = ("share", "rate", "hazard", "percent", "cumulative", "incidence", "p_top")


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A cell that was emptied: the table (empty for the coefficients), row, column."""

    table: str
    row: int
    column: str


def suppress(view: ResultView, smallest: int) -> tuple[ResultView, list[Suppressed]]:
    """The view without small cells, and which they were.

    In each table a row that rests on fewer than `smallest` patients (sessions, ratings) loses its
    numbers; any other small count is emptied with the shares beside it. Zero stays: it is nobody.
    A view with such cells loses its notes, messages and figure, which could show them.

    Raises
    ------
    DataError
        If the whole result rests on fewer patients.
    """
    _enough_patients(view, smallest)
    gone: list[Suppressed] = []
    terms = _without(view.terms, "", smallest, gone)
    tables = {name: _without(t, name, smallest, gone) for name, t in view.tables.items()}
    if not gone:
        return view, []
    notes = (f"Cells of fewer than {smallest} patients are suppressed.",)
    return replace(view, terms=terms, tables=tables, notes=notes, messages=(), plot=None), gone


def _enough_patients(view: ResultView, smallest: int) -> None:
    if not {"unit", "n"} <= set(view.levels.columns):
        return
    patients = view.levels.loc[view.levels["unit"].astype(str).eq("patient"), "n"]
    if (patients < smallest).any():
        raise DataError(
            f"'{view.title}' rests on fewer than {smallest} patients: nothing of it may be "
            "reported. Leave the question out."
        )


def _without(frame: pd.DataFrame, name: str, smallest: int, gone: list[Suppressed]) -> pd.DataFrame:
    """A copy of the frame with small cells as NaN; what was emptied is added to `gone`."""
    numeric = [c for c in frame.columns if _is_number(frame[c])]
    counts = [c for c in numeric if _counts(frame[c], slug_of(c))]
    emptied = np.zeros(frame.shape, dtype=bool)
    places = {column: position for position, column in enumerate(frame.columns)}
    for row in range(len(frame)):
        small = [c for c in counts if 0 < float(frame[c].iloc[row]) < smallest]
        if any(slug_of(c) in BASES for c in small):
            hit = numeric
        else:
            hit = [*small, *(c for c in numeric if small and slug_of(c).startswith(_SHARES))]
        emptied[row, [places[c] for c in hit]] = True
    if not emptied.any():
        return frame
    gone += [Suppressed(name, int(r), str(frame.columns[c])) for r, c in np.argwhere(emptied)]
    touched = frame.columns[np.flatnonzero(emptied.any(axis=0))]
    return frame.astype(dict.fromkeys(touched, float)).mask(emptied)


def slug_of(column: object) -> str:
    """A column as the lists above name it."""
    return str(column).strip().lower().replace(" ", "_")


def _is_number(column: pd.Series) -> bool:
    return bool(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))


def _counts(column: pd.Series, name: str) -> bool:
    """Whether a column of numbers counts patients, as far as its name and values say."""
    if name in _NO_COUNTS or (name in HEADINGS and name != "n"):
        return False
    return name in BASES or bool(pd.api.types.is_integer_dtype(column))
