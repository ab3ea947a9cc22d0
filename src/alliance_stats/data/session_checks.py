"""What session data must satisfy, one function a check."""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats._base.checks import Places, agree, columns_present, counted, numeric_column
from alliance_stats._base.errors import DataError
from alliance_stats.data.duplicates import duplicate_rows
from alliance_stats.data.header_hints import not_found_hint
from alliance_stats.data.roles import NUMERIC_ROLES, Roles
from alliance_stats.data.units import Codes, float_values, unit_codes, unit_means

#: Roles whose cells name a unit or a group.
LABEL_ROLES = ("patient", "therapist", "treatment", "site", "ended")


def check_header(frame: pd.DataFrame) -> None:
    """Raise DataError for a frame without rows or with more than one line of column names."""
    if frame.columns.nlevels > 1:
        raise DataError(
            f"the columns have {frame.columns.nlevels} levels. Give one name a column, for "
            "example frame.columns = ['_'.join(c) for c in frame.columns]."
        )
    if not len(frame):
        raise DataError(
            f"the data are empty: {counted(len(frame.columns), 'column')} and no rows. "
            "Give at least two patients."
        )


def check_columns(frame: pd.DataFrame, roles: Roles, places: Places) -> None:
    """Raise DataError for the first role whose column is missing or occurs twice."""
    for role, column in roles.columns():
        if column in frame.index.names and column not in frame.columns:
            raise DataError(
                f"column '{column}' (role '{role}') is the index, not a column. "
                "Give frame.reset_index()."
            )
        if column not in frame.columns:
            hint = not_found_hint(frame, column, roles, places)
            if hint:
                raise DataError(f"column '{column}' (role '{role}') not found: {hint}")
        columns_present(frame, [column], role=role)


def check_numeric_roles(frame: pd.DataFrame, roles: Roles, places: Places) -> None:
    """Raise DataError unless sessions, ratings and times are finite numbers."""
    for role, column in roles.columns():
        if role in NUMERIC_ROLES:
            numeric_column(frame, column, what=f"{role} column", places=places)


def check_blank_labels(
    codes: Codes, units: list[object], what: str, row_numbers: np.ndarray, places: Places
) -> None:
    """Raise DataError if identifiers or labels hold blank texts, which would form a unit."""
    blank = [i for i, unit in enumerate(units) if isinstance(unit, str) and not unit.strip()]
    if not blank:
        return
    rows = np.flatnonzero(np.isin(codes, blank))
    raise DataError(
        f"{what} holds {counted(len(rows), 'blank text')}, first at "
        f"{places([int(row_numbers[rows[0]])])}. Replace "
        f"{agree(len(rows), 'it', 'them')} by missing."
    )


def check_patients(patient: Codes, column: str) -> None:
    """Raise DataError for fewer than two patients."""
    n_patients = len(np.unique(patient))
    if n_patients < 2:
        raise DataError(
            f"the data have {counted(n_patients, 'patient')} (column '{column}') in "
            f"{counted(len(patient), 'session')}. Within and between parts need at least two."
        )


def check_one_row_a_session(
    patient: Codes, frame: pd.DataFrame, roles: Roles, row_numbers: np.ndarray, places: Places
) -> None:
    """Raise DataError if a patient has a session number more than once."""
    session, n_sessions = unit_codes(frame, roles.session)
    pairs = patient * max(n_sessions, 1) + session
    repeated = pd.Series(pairs).duplicated(keep="first").to_numpy()
    if repeated.any():
        n_rows, n_pairs = int(repeated.sum()), len(np.unique(pairs[repeated]))
        n_same = duplicate_rows(frame)
        same = f"; {n_same:,} in every column" if n_same else ""
        where = places([int(row) for row in row_numbers[repeated][:5]])
        raise DataError(
            f"{counted(n_rows, 'row')} of {len(pairs):,} {agree(n_rows, 'repeats', 'repeat')} the "
            f"patient and session of an earlier row ({counted(n_pairs, 'session')} "
            f"{agree(n_pairs, 'occurs', 'occur')} more than once{same}), first at {where}. Keep "
            "one row a patient and session."
        )


def check_ratings(frame: pd.DataFrame, roles: Roles) -> None:
    """Raise DataError if alliance or outcome is never observed, or the alliance never varies."""
    for role in ("alliance", "outcome"):
        column = getattr(roles, role)
        if frame[column].isna().all():
            raise DataError(
                f"{role} column '{column}' is missing in all {counted(len(frame), 'session')}. "
                f"Give the column that holds the {role}."
            )
    observed = float_values(frame, roles.alliance)
    observed = observed[~np.isnan(observed)]
    if observed.min() == observed.max():
        raise DataError(
            f"alliance column '{roles.alliance}' is constant: all {len(observed):,} observed "
            "ratings are equal. Nothing can be related to it."
        )


def check_baseline(frame: pd.DataFrame, roles: Roles, patient: Codes) -> None:
    """Raise DataError unless the baseline is one number a patient."""
    if roles.baseline is None:
        return
    values = float_values(frame, roles.baseline)
    means = unit_means(values, patient, int(patient.max()) + 1)
    off = np.abs(values - means[patient]) > 1e-9 * np.maximum(1.0, np.abs(values))
    if off.any():
        n_patients = len(np.unique(patient[off]))
        raise DataError(
            f"baseline column '{roles.baseline}' is not constant within a patient: it varies in "
            f"{counted(n_patients, 'patient')}. Give the score at intake on every row."
        )
