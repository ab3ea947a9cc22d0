"""Codes and means of units: which rows belong to which patient or therapist."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.errors import DataError

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]


def unit_codes(frame: pd.DataFrame, column: str) -> tuple[Codes, int]:
    """Number the units of an identifier column 0, 1, … in order of appearance.

    Parameters
    ----------
    frame : DataFrame
        One row a session.
    column : str
        Identifiers: numbers, text or categories.

    Returns
    -------
    codes : array of int
        One code a row; -1 where the identifier is missing.
    n_units : int
        Number of different identifiers.

    Raises
    ------
    DataError
        If the cells cannot be compared, such as lists.

    Examples
    --------
    >>> frame = pd.DataFrame({"patient": ["b", "a", None, "b"]})
    >>> codes, n_patients = unit_codes(frame, "patient")
    >>> codes.tolist(), n_patients
    ([0, 1, -1, 0], 2)
    """
    codes, units = units_seen(frame, column)
    return codes, len(units)


def units_seen(frame: pd.DataFrame, column: str) -> tuple[Codes, list[object]]:
    """Codes as `unit_codes` gives them, and the identifier of each code."""
    try:
        codes, uniques = pd.factorize(frame[column])
    except TypeError:
        comparable = False
    else:
        comparable = True
    if not comparable:
        raise DataError(
            f"column '{column}' cannot hold identifiers: its cells are lists or other containers. "
            "Give numbers or text."
        )
    return codes.astype(np.int64, copy=False), list(uniques)


def float_values(frame: pd.DataFrame, column: str) -> Floats:
    """Numbers of a column as a new float array, NaN where missing."""
    return np.array(frame[column].to_numpy(dtype=float, na_value=np.nan), copy=True)


def unit_sums(values: Floats, codes: Codes, n_units: int) -> tuple[Floats, Codes]:
    """Sum and count of the observed values of each unit; rows with code -1 are left out."""
    used = (codes >= 0) & ~np.isnan(values)
    if not used.all():
        values, codes = values[used], codes[used]
    counts = np.bincount(codes, minlength=n_units)
    sums = np.bincount(codes, weights=values, minlength=n_units).astype(np.float64, copy=False)
    return sums, counts.astype(np.int64)


def unit_means(values: Floats, codes: Codes, n_units: int) -> Floats:
    """Mean of the observed values of each unit, NaN for a unit without any.

    The mean is corrected once by the mean of its residuals, so that a patient whose ratings are
    all equal has exactly that mean.
    """
    sums, counts = unit_sums(values, codes, n_units)
    n = np.where(counts > 0, counts, np.nan)
    means = sums / n
    residual_sums, _ = unit_sums(values - at_rows(means, codes), codes, n_units)
    return np.asarray(means + residual_sums / n, dtype=np.float64)


def at_rows(unit_values: Floats, codes: Codes) -> Floats:
    """Value of each row's unit; NaN where the row has no unit (code -1)."""
    if not len(unit_values):
        return np.full(len(codes), np.nan)
    rows = unit_values[codes]
    rows[codes < 0] = np.nan
    return rows


def parent_codes(child: Codes, parent: Codes, n_children: int) -> tuple[Codes, int]:
    """Parent of each child unit (-1 if never known), and how many children have several.

    With patients as children and therapists as parents: each patient's first therapist, and the
    number of patients seen by more than one therapist. Rows without a parent are left out.
    """
    known = (child >= 0) & (parent >= 0)
    child, parent = child[known], parent[known]
    first = np.full(n_children, -1, dtype=np.int64)
    first[child[::-1]] = parent[::-1]
    changed = np.zeros(n_children, dtype=bool)
    changed[child[parent != first[child]]] = True
    return first, int(changed.sum())
