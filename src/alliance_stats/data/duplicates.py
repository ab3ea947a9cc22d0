"""What occurs twice in session data: rows, and patients entered under two identifiers."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, counted
from alliance_stats.data.roles import Roles
from alliance_stats.data.units import float_values, unit_codes

ROWS = "row equal to an earlier one in every column"
PATIENTS = "patient with the ratings of another one"
#: Fewer equal sessions may be chance.
FEWEST_SESSIONS = 4


def duplicate_rows(frame: pd.DataFrame) -> int:
    """Rows equal to an earlier one in every column; 0 where cells cannot be compared."""
    try:
        return int(frame.duplicated().sum())
    except TypeError:
        return 0


def duplicate_patients(frame: pd.DataFrame, roles: Roles) -> int:
    """Patients whose ratings equal those of an earlier patient at all their sessions.

    Parameters
    ----------
    frame : DataFrame
        One row a session.
    roles : Roles
        Which column holds what.

    Returns
    -------
    int
        Patients with the same sessions, alliance and outcome as an earlier patient. Only those
        with ratings at four or more sessions count, of which neither alliance nor outcome is flat.

    Examples
    --------
    >>> frame = pd.DataFrame({"patient": list("aaaabbbb"), "session": [1, 2, 3, 4] * 2,
    ...                       "alliance": [4, 5, 6, 5] * 2, "outcome": [9, 8, 6, 7] * 2})
    >>> duplicate_patients(frame, Roles())
    1
    """
    patient, n_patients = unit_codes(frame, roles.patient)
    cells = pd.DataFrame(
        {role: float_values(frame, getattr(roles, role)) for role in ("alliance", "outcome")}
    )
    seen = cells.notna().any(axis=1).to_numpy()
    patient, cells = patient[seen], cells.loc[seen]
    vary = [_varies(cells[role].to_numpy(), patient, n_patients) for role in cells]
    enough = np.bincount(patient, minlength=n_patients) >= FEWEST_SESSIONS
    kept = (enough & vary[0] & vary[1])[patient]
    rows = cells.loc[kept].assign(session=float_values(frame, roles.session)[seen][kept])
    patient = patient[kept]
    # only patients whose sums agree are compared session by session
    alike = np.isin(patient, _with_equal_sums(rows, patient, n_patients))
    rows = rows.loc[alike].assign(patient=patient[alike]).sort_values(["patient", "session"])
    series = [
        tuple(part[["session", "alliance", "outcome"]].fillna(np.inf).itertuples(index=False))
        for _, part in rows.groupby("patient")
    ]
    return len(series) - len(set(series))


def duplicates_found(frame: pd.DataFrame, roles: Roles | None = None) -> pd.DataFrame:
    """What occurs twice; with roles, equal rows were refused before."""
    if roles is None:
        return duplicates_table(duplicate_rows(frame))
    return duplicates_table(0, duplicate_patients(frame, roles))


def duplicates_table(rows: int, patients: int = 0) -> pd.DataFrame:
    """What occurs twice: columns ``kind`` and ``n``; empty if nothing does."""
    found = [(kind, n) for kind, n in ((ROWS, rows), (PATIENTS, patients)) if n]
    if found:
        return pd.DataFrame(found, columns=["kind", "n"])
    return pd.DataFrame({"kind": pd.Series(dtype=str), "n": pd.Series(dtype=int)})


def duplicate_messages(table: pd.DataFrame) -> list[str]:
    """What to do about what occurs twice."""
    n = dict(zip(table["kind"], table["n"], strict=True))
    said = []
    if rows := n.get(ROWS):
        said.append(
            f"{counted(rows, 'row')} {agree(rows, 'is', 'are')} equal to an earlier row in every "
            "column (a double export?). Keep one of each; with roles they are refused."
        )
    if patients := n.get(PATIENTS):
        said.append(
            f"{counted(patients, 'patient')} {agree(patients, 'has', 'have')} the same alliance "
            "and outcome at the same sessions as another patient "
            f"({FEWEST_SESSIONS} sessions or more): one patient under two identifiers? They are "
            "kept; drop one if so."
        )
    return said


def _varies(values: np.ndarray, codes: np.ndarray, n_units: int) -> np.ndarray:
    """Which units have at least two different observed values."""
    seen = ~np.isnan(values)
    low, high = np.full(n_units, np.inf), np.full(n_units, -np.inf)
    np.minimum.at(low, codes[seen], values[seen])
    np.maximum.at(high, codes[seen], values[seen])
    return high > low


def _with_equal_sums(rows: pd.DataFrame, patient: np.ndarray, n_patients: int) -> list[int]:
    """Patients whose sums of ratings, sessions and rows equal those of another patient."""
    sums = {
        name: np.bincount(patient, weights=rows[name].fillna(0), minlength=n_patients)
        for name in rows.columns
    }
    sums["n"] = np.bincount(patient, minlength=n_patients)
    table = pd.DataFrame(sums)
    table = table[table["n"] > 0].round(6)
    return [int(code) for code in table.index[table.duplicated(keep=False)]]
