"""Missing cells of each role at each session, and how they are printed in few rows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.data.roles import Roles
from alliance_stats.data.units import Floats, float_values

#: Roles whose missing cells are counted by session; patient and session are never missing.
_NOT_COUNTED = ("patient", "session")
_MOST_BANDS = 12


def missing_by_session(frame: pd.DataFrame, roles: Roles) -> pd.DataFrame:
    """Count missing cells of every column with a role at every session number.

    Parameters
    ----------
    frame : DataFrame
        One row a session, its session numbers observed.
    roles : Roles
        Which column holds what.

    Returns
    -------
    DataFrame
        Columns ``column, role, session, n, missing, share``: ``n`` is the number of rows with that
        session number, so the patients who had it.

    Examples
    --------
    >>> frame = pd.DataFrame({"patient": [1, 1, 2], "session": [1, 2, 1],
    ...                       "alliance": [4.0, None, 3.0], "outcome": [9, 8, 9]})
    >>> missing_by_session(frame, Roles()).head(2)
         column      role  session  n  missing  share
    0  alliance  alliance        1  2        0    0.0
    1  alliance  alliance        2  1        1    1.0
    """
    numbers, at = np.unique(float_values(frame, roles.session), return_inverse=True)
    rows = np.bincount(at, minlength=len(numbers))
    tables = []
    for role, column in roles.columns():
        if role in _NOT_COUNTED:
            continue
        missing = np.bincount(at[frame[column].isna().to_numpy()], minlength=len(numbers))
        tables.append(
            pd.DataFrame(
                {
                    "column": column,
                    "role": role,
                    "session": _whole(numbers),
                    "n": rows,
                    "missing": missing,
                    "share": missing / rows,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def no_missing_by_session() -> pd.DataFrame:
    """The empty table of data without roles."""
    names = {"column": str, "role": str, "session": int, "n": int, "missing": int, "share": float}
    return pd.DataFrame({name: pd.Series(dtype=kind) for name, kind in names.items()})


def missing_shares(table: pd.DataFrame) -> pd.DataFrame:
    """The table as printed: sessions as rows, columns with missing cells side by side.

    Parameters
    ----------
    table : DataFrame
        From `missing_by_session`.

    Returns
    -------
    DataFrame
        ``Sessions``, ``Rows``, and the share missing of every column that has missing cells. From
        13 session numbers on, neighbouring ones are joined to at most 12 bands, the first ones
        alone: most patients are there. Empty if nothing is missing.

    Examples
    --------
    >>> frame = pd.DataFrame({"patient": [1, 1, 2], "session": [1, 2, 1],
    ...                       "alliance": [4.0, None, 3.0], "outcome": [9, 8, 9]})
    >>> missing_shares(missing_by_session(frame, Roles()))
      Sessions  Rows  alliance
    0        1     2       0.0
    1        2     1       1.0
    """
    gaps = table.groupby("column", sort=False)["missing"].sum()
    names = [name for name in gaps.index if gaps[name]]
    if not names:
        return pd.DataFrame()
    numbers = np.unique(table["session"].to_numpy())
    band = band_of(len(numbers))[np.searchsorted(numbers, table["session"].to_numpy())]
    sums = table.assign(band=band).groupby(["column", "band"], sort=False)[["n", "missing"]].sum()
    first = sums.loc[names[0]]
    printed = pd.DataFrame({"Sessions": _band_names(numbers), "Rows": first["n"].to_numpy()})
    for name in names:
        part = sums.loc[name]
        printed[name] = (part["missing"] / part["n"]).to_numpy()
    return printed


def band_of(n: int) -> np.ndarray:
    """Band of each of `n` session numbers: alone up to 12, else the first six, then joined.

    >>> band_of(4).tolist(), int(band_of(40).max())
    ([0, 1, 2, 3], 11)
    >>> band_of(14).tolist()
    [0, 1, 2, 3, 4, 5, 6, 6, 7, 7, 8, 9, 10, 11]
    """
    if n <= _MOST_BANDS:
        return np.arange(n)
    alone = _MOST_BANDS // 2
    parts = np.array_split(np.arange(alone, n), _MOST_BANDS - alone)
    return np.concatenate(
        [np.arange(alone), *(np.full(len(part), alone + i) for i, part in enumerate(parts))]
    )


def _band_names(numbers: np.ndarray) -> list[str]:
    """``1``, ``2``, ``7–9`` …: the first and last session number of each band."""
    bands = band_of(len(numbers))
    names = []
    for band in range(int(bands.max()) + 1):
        inside = numbers[bands == band]
        low, high = f"{inside[0]:g}", f"{inside[-1]:g}"
        names.append(low if low == high else f"{low}–{high}")
    return names


def _whole(numbers: Floats) -> np.ndarray:
    """Session numbers as integers where all are whole."""
    return numbers.astype(np.int64) if (numbers == np.floor(numbers)).all() else numbers
