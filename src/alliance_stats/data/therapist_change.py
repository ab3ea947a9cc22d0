"""Patients who change their therapist: which unit each of their sessions belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import agree, columns_present, counted, numeric_column, one_of
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.units import Codes, float_values, parent_codes, unit_codes

TherapistChange = Literal["raise", "dyad", "first", "crossed"]
WAYS = ("raise", "dyad", "first", "crossed")
#: What to do about patients of several therapists.
OPTIONS = (
    "Choose therapist_change='dyad' (each patient-therapist pair is a unit of its own), "
    "therapist_change='first' (all sessions count for the patient's first therapist) or "
    "therapist_change='crossed' (patients and therapists as crossed factors)"
)
#: The same, for models that need one therapist a patient.
ONLY_FIRST = "Give therapist_change='first' to count all sessions for the patient's first therapist"


@dataclass(frozen=True, slots=True)
class TherapistChanges:
    """How many patients have several therapists, and what was made of them.

    Attributes
    ----------
    way : str
        ``therapist_change`` as chosen.
    n_patients, n_changed : int
        Patients, and those of them seen by more than one therapist.
    n_pairs : int
        Patient-therapist pairs.
    n_moved : int
        Sessions that count for another therapist than the one who held them: with ``"first"``.

    Examples
    --------
    >>> TherapistChanges("crossed", 240, 8, 248, 0).words().split(":")[0]
    '8 of 240 patients were seen by more than one therapist'
    """

    way: TherapistChange
    n_patients: int
    n_changed: int
    n_pairs: int
    n_moved: int

    def words(self) -> str:
        """What was made of the patients who changed, with counts; empty where nobody did."""
        if not self.n_changed:
            return ""
        made = {
            "raise": "",
            "dyad": f"each of {counted(self.n_pairs, 'patient-therapist pair')} is a unit of its "
            "own",
            "first": "all their sessions count for their first therapist "
            f"({counted(self.n_moved, 'session')} with later ones)",
            "crossed": "patients and therapists are crossed factors",
        }[self.way]
        return (
            f"{self.n_changed:,} of {counted(self.n_patients, 'patient')} "
            f"{agree(self.n_changed, 'was', 'were')} seen by more than one therapist: {made}."
        )


def count_changes(
    frame: pd.DataFrame, patient: str, therapist: str, way: TherapistChange
) -> TherapistChanges:
    """Count patients, those who changed, and pairs; rows without a unit are left out."""
    patients, n = unit_codes(frame, patient)
    therapists, n_therapists = unit_codes(frame, therapist)
    known = (patients >= 0) & (therapists >= 0)
    pairs = np.unique(patients[known] * max(n_therapists, 1) + therapists[known])
    return TherapistChanges(way, n, parent_codes(patients, therapists, n)[1], len(pairs), 0)


def check_way(way: str, therapist: str | None, order: str | None = None) -> None:
    """Raise ArgumentError for a way that is unknown or would be ignored."""
    one_of(way, WAYS, name="therapist_change")
    if therapist is None and way != "raise":
        raise ArgumentError(
            f"therapist_change={way!r} would be ignored: no therapist is given. "
            "Give therapist='…', or leave therapist_change out."
        )
    if order is not None and way != "first":
        raise ArgumentError(
            f"order={order!r} would be ignored: only therapist_change='first' needs the order of "
            "sessions. Leave order out."
        )


def check_one_therapist(
    n_changed: int, n_patients: int, name: str, *, options: str = OPTIONS, also: str = ""
) -> None:
    """Raise DataError with counts where patients have several therapists."""
    if n_changed:
        raise DataError(
            f"{n_changed:,} of {counted(n_patients, 'patient')} "
            f"{agree(n_changed, 'is', 'are')} seen by more than one therapist (column '{name}'). "
            f"{options}{also}."
        )


def dyad_codes(patient: Codes, therapist: Codes) -> Codes:
    """Number the patient-therapist pairs.

    Sessions of an unknown therapist belong to the patient's pair where there is one, to none (-1)
    where there are several; a patient never seen with a known therapist is a pair of its own.

    Parameters
    ----------
    patient, therapist : array of int
        Codes 0, 1, …; -1 for an unknown therapist.

    Examples
    --------
    >>> dyad_codes(np.array([0, 0, 0, 1, 1, 2]), np.array([0, 1, -1, 1, -1, -1])).tolist()
    [0, 1, -1, 2, 2, 3]
    """
    home = home_codes(patient, therapist)
    several = _patients_changed(patient, therapist)
    pairs = patient * (int(therapist.max(initial=-1)) + 2) + home + 1
    codes = np.full(len(patient), -1, dtype=np.int64)
    inside = (home >= 0) | ~several[patient]
    codes[inside] = pd.factorize(pairs[inside])[0]
    return codes


def home_codes(patient: Codes, therapist: Codes) -> Codes:
    """Therapist of every row; where unknown, that of a patient who has a single one, else -1."""
    first, _ = parent_codes(patient, therapist, int(patient.max(initial=-1)) + 1)
    several = _patients_changed(patient, therapist)
    single = np.where(several, -1, first)
    return np.where(therapist >= 0, therapist, single[patient])


def with_first_therapist(
    frame: pd.DataFrame, patient: str, therapist: str, order: str | None
) -> tuple[pd.DataFrame, int]:
    """Give all sessions of a patient to the first known therapist.

    Sessions of an unknown therapist stay so.

    Parameters
    ----------
    frame : DataFrame
        Not changed.
    patient, therapist : str
    order : str
        Column of numbers that grow from session to session.

    Returns
    -------
    frame : DataFrame
        With another column of therapists.
    n_moved : int
        Sessions that had another therapist.
    """
    if order is None:
        raise ArgumentError(
            "therapist_change='first' needs the order of sessions. Give order=, the column of "
            "session numbers."
        )
    columns_present(frame, [order])
    numeric_column(frame, order)
    patients, n = unit_codes(frame, patient)
    therapists, _ = unit_codes(frame, therapist)
    several = _patients_changed(patients, therapists)
    rows = np.flatnonzero((patients >= 0) & (therapists >= 0))
    rows = rows[several[patients[rows]]]
    first = _first_rows(patients, therapists, float_values(frame, order), rows, n, order)
    source = np.arange(len(frame))
    source[rows] = first[patients[rows]]
    moved = int((therapists[source] != therapists).sum())
    column = frame[therapist].take(source)
    column.index = frame.index
    return frame.assign(**{therapist: column}), moved


def _first_rows(
    patient: Codes, therapist: Codes, order: np.ndarray, rows: Codes, n: int, name: str
) -> Codes:
    """First row of every patient among `rows`; raise where the order does not say which it is."""
    if np.isnan(order[rows]).any():
        raise DataError(
            f"column '{name}' is missing in {counted(int(np.isnan(order[rows]).sum()), 'row')} of "
            "patients with several therapists, so that their first one is not known. Fill it in."
        )
    earliest = np.full(n, np.inf)
    np.minimum.at(earliest, patient[rows], order[rows])
    at_start = rows[order[rows] == earliest[patient[rows]]]
    first = np.full(n, -1, dtype=np.int64)
    first[patient[at_start][::-1]] = at_start[::-1]
    unclear = therapist[at_start] != therapist[first[patient[at_start]]]
    if unclear.any():
        n_unclear = len(np.unique(patient[at_start][unclear]))
        raise DataError(
            f"{counted(n_unclear, 'patient')} {agree(n_unclear, 'has', 'have')} several therapists "
            f"at the earliest '{name}', so that the first one is not known. Number the sessions "
            "of a patient differently."
        )
    return first


def _patients_changed(patient: Codes, therapist: Codes) -> np.ndarray:
    """Which patients were seen by more than one known therapist."""
    n = int(patient.max(initial=-1)) + 1
    first, _ = parent_codes(patient, therapist, n)
    known = (patient >= 0) & (therapist >= 0)
    other = known & (therapist != first[patient])
    changed = np.zeros(n, dtype=bool)
    changed[patient[other]] = True
    return changed
