"""Small cells: counts of patients below a limit leave the view before anything is written."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from alliance_stats._base.errors import DataError
from alliance_stats._base.printing import HEADINGS
from alliance_stats._base.views import ResultView
from alliance_stats.paper.complement import (
    complement_in_column,
    complement_in_row,
    small_steps,
)  # fmt: skip

Emptied = npt.NDArray[np.bool_]

#: Columns that count the units a row rests on; a small one empties the row.
BASES = ("n", "n_patients", "patients", "at_risk", "n_obs")
#: Whole numbers that count no patients.
_NO_COUNTS = (
    "session", "wave", "step", "position", "order", "rank", "number", "n_parameters", "n_controls",
    "n_therapists", "n_single", "n_studies", "n_imputations", "n_simulations", "k", "df",
    "degrees_of_freedom", "minimum", "maximum", "lower_quartile", "upper_quartile", "median",
    "mean", "least", "most", "break_at", "lag", "length", "n_dropped",
)  # fmt: skip
#: Columns that say which row it is; they are kept.
_POSITIONS = ("session", "wave", "step", "position", "order", "rank", "number", "lag", "break_at")
#: Counts that fall from row to row by those who leave.
_FALLING = ("at_risk",)
#: Counts of patients among the properties of a fit.
IN_FIT = (".fit.n_events", ".fit.n_patients", ".fit.events")
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
    Where what is left would give the count away, as the rest of a total or as the step between two
    rows at risk, the next smallest count goes as well. A view with such cells loses its notes,
    messages and figure, which could show them.

    Raises
    ------
    DataError
        If the whole result rests on fewer patients.
    """
    _enough_patients(view, smallest)
    gone: list[Suppressed] = []
    totals = _totals(view)
    terms = _without(view.terms, "", smallest, totals, gone)
    tables = {n: _without(t, n, smallest, totals, gone) for n, t in view.tables.items()}
    fit = _fit_without(view.fit, smallest, gone)
    if not gone:
        return view, []
    notes = (f"Cells of fewer than {smallest} patients are suppressed.",)
    return replace(
        view, terms=terms, tables=tables, fit=fit, notes=notes, messages=(), plot=None
    ), gone


def _totals(view: ResultView) -> tuple[float, ...]:
    """Counts that everybody sees: of units, and of what was fitted."""
    levels = view.levels["n"].tolist() if "n" in view.levels.columns else []
    fitted = [view.fit[c].iloc[0] for c in view.fit.columns if _is_number(view.fit[c])]
    return tuple(float(n) for n in [*levels, *fitted] if n == n and n > 0)


def _enough_patients(view: ResultView, smallest: int) -> None:
    if not {"unit", "n"} <= set(view.levels.columns):
        return
    patients = view.levels.loc[view.levels["unit"].astype(str).eq("patient"), "n"]
    if (patients < smallest).any():
        raise DataError(
            f"'{view.title}' rests on fewer than {smallest} patients: nothing of it may be "
            "reported. Leave the question out."
        )


def _without(
    frame: pd.DataFrame,
    name: str,
    smallest: int,
    totals: tuple[float, ...],
    gone: list[Suppressed],
) -> pd.DataFrame:
    """A copy of the frame with small cells as NaN; what was emptied is added to `gone`."""
    emptied = _emptied(frame, smallest, totals)
    if not emptied.any():
        return frame
    gone += [Suppressed(name, int(r), str(frame.columns[c])) for r, c in np.argwhere(emptied)]
    touched = frame.columns[np.flatnonzero(emptied.any(axis=0))]
    return frame.astype(dict.fromkeys(touched, float)).mask(emptied)


def _emptied(frame: pd.DataFrame, smallest: int, totals: tuple[float, ...]) -> Emptied:
    """Which cells go: the small ones, and those that would give them away."""
    cells = _Cells(frame)
    emptied = np.zeros(frame.shape, dtype=bool)
    for row in range(len(frame)):
        for column in cells.counts:
            if 0 < cells.at(row, column) < smallest:
                cells.empty(emptied, row, column)
    for column in cells.falling:
        for row in small_steps([cells.at(r, column) for r in range(len(frame))], smallest):
            cells.empty(emptied, row, column)
    if emptied.any():
        _complement(cells, emptied, totals)
    return emptied


def _complement(cells: _Cells, emptied: Emptied, totals: tuple[float, ...]) -> None:
    """Empty what would give a single suppressed count away, by rows and by columns."""
    rows = range(len(emptied))
    for row in rows:
        parts = [c for c in cells.counts if c not in cells.bases]
        known = (*totals, *(cells.at(row, c) for c in cells.bases))
        numbers = [cells.at(row, c) for c in parts]
        other = complement_in_row(numbers, [bool(emptied[row, c]) for c in parts], known)
        if other is not None:
            cells.empty(emptied, row, parts[other])
    for column in cells.counts:
        numbers = [cells.at(row, column) for row in rows]
        other = complement_in_column(numbers, emptied[:, column].tolist(), totals)
        if other is not None:
            cells.empty(emptied, other, column)


class _Cells:
    """The columns of a frame by what they count, and emptying a count with what shows it."""

    def __init__(self, frame: pd.DataFrame) -> None:
        self._values = frame.to_numpy(dtype=object)
        slugs = [slug_of(c) for c in frame.columns]
        numeric = [k for k, c in enumerate(frame.columns) if _is_number(frame[c])]
        self._numbers = [k for k in numeric if slugs[k] not in _POSITIONS]
        self._shares = [k for k in numeric if slugs[k].startswith(_SHARES)]
        self.counts = [k for k in numeric if _counts(frame.iloc[:, k], slugs[k])]
        self.bases = [k for k in self.counts if slugs[k] in BASES]
        self.falling = [k for k in self.counts if slugs[k] in _FALLING]

    def at(self, row: int, column: int) -> float:
        """A number of the frame."""
        return float(self._values[row, column])

    def empty(self, emptied: Emptied, row: int, column: int) -> None:
        """Mark a count: of a basis the whole row, else the count and the shares beside it."""
        hit = self._numbers if column in self.bases else [column, *self._shares]
        emptied[row, hit] = True


def _fit_without(fit: pd.DataFrame, smallest: int, gone: list[Suppressed]) -> pd.DataFrame:
    """The properties of the fit without small counts of patients or of their events."""
    counts = [c for c in fit.columns if f".fit.{c}" in IN_FIT]
    few = [c for c in counts if 0 < float(fit[c].iloc[0]) < smallest]
    if not few:
        return fit
    gone += [Suppressed("fit", 0, str(column)) for column in few]
    return fit.assign(**dict.fromkeys(few, np.nan))


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
