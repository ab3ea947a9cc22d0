"""The table of published meta-analyses: only numbers whose source was seen."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from alliance_stats._base.checks import did_you_mean, name_list
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.printed import Printed

_FILE = Path(__file__).with_name("published.csv")
_COUNTS = ("k", "k_of_n", "n", "n_effects")
_NUMBERS = (
    "estimate", "ci_low", "ci_high", "range_low", "range_high", "i2", "z", "d", "negative",
    "mean_n",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One published result; numbers keep the digits in which they are printed."""

    key: str
    construct: str
    outcome: str
    k: int | None
    k_of_n: int | None
    n: int | None
    n_kind: str
    n_effects: int | None
    measure: str
    estimate: Printed | None
    ci_low: Printed | None
    ci_high: Printed | None
    range_low: Printed | None
    range_high: Printed | None
    i2: Printed | None
    z: Printed | None
    d: Printed | None
    negative: Printed | None
    mean_n: Printed | None
    sampling: str
    model: str
    source: str
    doi: str
    status: str
    note: str

    @property
    def n_per_study(self) -> float | None:
        """Patients a study, N / k; None without both."""
        return None if self.n is None or self.k_of_n is None else self.n / self.k_of_n


@cache
def published_rows() -> dict[str, PublishedRow]:
    """Every row by its key, in the order of the file."""
    with _FILE.open(encoding="utf-8", newline="") as file:
        rows = [_row(cells) for cells in csv.DictReader(file)]
    return {row.key: row for row in rows}


def _row(cells: dict[str, str]) -> PublishedRow:
    counts = {name: int(cells[name]) if cells[name] else None for name in _COUNTS}
    numbers = {name: Printed.read(cells[name]) for name in _NUMBERS}
    return PublishedRow(**(cells | counts | numbers))  # type: ignore[arg-type]


def row_of(key: object) -> PublishedRow:
    """The row of a key.

    Raises
    ------
    ArgumentError
        If there is none; the nearest key is named.
    """
    rows = published_rows()
    if not isinstance(key, str) or key not in rows:
        raise ArgumentError(
            f"there is no published result {key!r}.{did_you_mean(str(key), rows)} "
            f"Keys: {name_list(rows)}. al.meta.published() lists all."
        )
    return rows[key]


def published(construct: str | None = None, outcome: str | None = None) -> pd.DataFrame:
    """List published meta-analyses of therapeutic relationships.

    Use it to see what there is to reproduce, and what a result can be compared with. Only numbers
    whose source was seen are in it (`status` is ``found`` throughout); a missing cell says that
    the number was not found, not that it was not printed.

    Parameters
    ----------
    construct, outcome : str, optional
        Keep rows whose construct, or outcome, contains this text; capitals do not matter.

    Returns
    -------
    DataFrame
        One row a result:

        * ``key``: what `reproduce` takes; ``construct``, ``outcome``: what goes with what.
        * ``k``: independent samples; ``n_effects``: effect sizes.
        * ``n``: participants of ``k_of_n`` samples; ``n_kind``: ``exact``, ``floor`` ("more than")
          or ``mixed units`` (families and couples added up).
        * ``measure``: ``r``, ``d`` or ``beta``; ``estimate`` with ``ci_low`` and ``ci_high``, its
          95% interval; ``range_low`` and ``range_high``: range of several estimates, no interval.
        * ``i2``: percent; ``z``: test of the mean; ``d``: printed equivalent of r; ``negative``:
          share of effects below zero; ``mean_n``: mean study size as printed.
        * ``sampling``: ``correlation`` if an effect is a correlation over the patients of a
          sample, so that its sampling variance on Fisher's z is 1/(n − 3); else ``other``.
        * ``model``, ``source``, ``doi``, ``status``, ``note``.

    Raises
    ------
    ArgumentError
        If no row has such a construct or outcome.

    Examples
    --------
    >>> import alliance_stats as al
    >>> al.meta.published("real relationship")[["key", "k", "n", "estimate"]]
               key     k     n  estimate
    0   gelso_2018    16  1502      0.38
    1  rr_wai_2023  <NA>  <NA>      0.66
    """
    frame = _frame()
    for name, text in (("construct", construct), ("outcome", outcome)):
        if text is not None:
            frame = frame[_matching(frame, name, text)].reset_index(drop=True)
    return frame


def _frame() -> pd.DataFrame:
    rows = published_rows().values()
    columns: dict[str, object] = {}
    for name in PublishedRow.__slots__:
        cells = [getattr(row, name) for row in rows]
        if name in _COUNTS:
            columns[name] = pd.array(cells, dtype="Int64")
        elif name in _NUMBERS:
            columns[name] = [float("nan") if c is None else c.value for c in cells]
        else:
            columns[name] = cells
    return pd.DataFrame(columns)


def _matching(frame: pd.DataFrame, name: str, text: object) -> pd.Series:
    known = list(dict.fromkeys(_frame()[name]))
    if not isinstance(text, str) or not any(text.lower() in word.lower() for word in known):
        raise ArgumentError(
            f"no published result has {name}={text!r}.{did_you_mean(str(text), known)} "
            f"There are: {name_list(known)}."
        )
    kept = frame[name].str.lower().str.contains(text.lower(), regex=False)
    if not kept.any():
        raise ArgumentError(
            f"no published result has both this construct and {name}={text!r}. "
            "Give one of the two, and filter the frame."
        )
    return kept
