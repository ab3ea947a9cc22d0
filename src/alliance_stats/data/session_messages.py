"""What the reader of session data must know, one function a message; None where all is well."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd

from alliance_stats._base.checks import Places, agree, counted
from alliance_stats.data.missing_codes import missing_codes_message
from alliance_stats.data.roles import Roles
from alliance_stats.data.units import Codes, float_values, parent_codes

#: Roles whose numbers are ratings, so that a code such as -99 may hide among them.
RATING_ROLES = ("alliance", "outcome", "alliance_therapist", "baseline")
#: What a row of totals has in the place of a patient.
_SUMMARY_WORDS = frozenset(
    {"total", "totals", "grand total", "subtotal", "sum", "mean", "average", "median", "sd"}
    | {"gesamt", "summe", "mittelwert", "totaal", "gemiddelde", "moyenne", "totale", "media"}
)
_LEADING_ZEROS = re.compile(r"(?<![\d.])0+(?=\d)")
_TRAILING_POINT_ZERO = re.compile(r"\.0+$")


def drop_message(rows: int, kept: int, dropped: pd.DataFrame) -> str | None:
    """``41 of 960 sessions dropped (patient missing: 38, session missing: 3).``"""
    if kept == rows:
        return None
    reasons = ", ".join(f"{r.reason}: {r.rows:,}" for r in dropped.itertuples())
    return f"{rows - kept:,} of {counted(rows, 'session')} dropped ({reasons})."


def rating_messages(frame: pd.DataFrame, roles: Roles) -> list[str]:
    """Which ratings seem to hold missing-value codes."""
    messages = []
    for role in RATING_ROLES:
        column = getattr(roles, role)
        if column is not None:
            said = missing_codes_message(float_values(frame, column), f"{role} column '{column}'")
            messages += [said] if said else []
    return messages


def session_number_message(
    frame: pd.DataFrame, roles: Roles, row_numbers: np.ndarray, places: Places
) -> str | None:
    """How many session numbers are below zero or not whole."""
    session = float_values(frame, roles.session)
    below = session < 0
    broken = session != np.floor(session)
    odd = np.flatnonzero(below | broken)
    if not len(odd):
        return None
    seen = [f"{int(below.sum()):,} below zero"] if below.any() else []
    seen += [f"{int(broken.sum()):,} not whole"] if broken.any() else []
    advice = "Give each session the patient's own count: 1, 2, 3, …"
    if below.any():
        advice += "; a code such as -99 must be set to missing before loading"
    return (
        f"session column '{roles.session}' holds numbers that do not count sessions: "
        f"{', '.join(seen)}, first at {places([int(row_numbers[odd[0]])])}. {advice}. They are "
        "kept as they are."
    )


def therapist_message(patient: Codes, therapist: Codes | None) -> str | None:
    """How many patients are seen by more than one therapist."""
    if therapist is None:
        return None
    n_patients = int(patient.max()) + 1
    _, changed = parent_codes(patient, therapist, n_patients)
    if not changed:
        return None
    return (
        f"{changed:,} of {counted(n_patients, 'patient')} {agree(changed, 'is', 'are')} seen by "
        "more than one therapist. Models with therapists refuse them unless therapist_change "
        "says what to do with them."
    )


def no_therapist_message(patient: Codes, therapist: Codes | None) -> str | None:
    """How many patients have no therapist in any row."""
    if therapist is None:
        return None
    n_patients = int(patient.max()) + 1
    first, _ = parent_codes(patient, therapist, n_patients)
    without = first < 0
    n = int(without.sum())
    if not n:
        return None
    rows = int(without[patient].sum())
    return (
        f"{n:,} of {counted(n_patients, 'patient')} {agree(n, 'has', 'have')} no therapist in any "
        f"row ({counted(rows, 'session')}). Models with therapists leave these sessions out; fill "
        "in the therapist if it is known."
    )


def alike_message(units: list[object], role: str) -> str | None:
    """How many identifiers differ from another one only in how they are written."""
    if not any(isinstance(unit, str) for unit in units):
        return None
    alike = len(units) - len({written_plainly(unit) for unit in units})
    if not alike:
        return None
    return (
        f"{alike:,} of {counted(len(units), role)} {agree(alike, 'differs', 'differ')} from "
        "another one only in spaces, capitals, leading zeros, a final .0, or type. They count as "
        "different; correct the file if they are the same."
    )


def written_plainly(unit: object) -> str:
    """An identifier without what typists and spreadsheets add.

    >>> written_plainly(" P-007 "), written_plainly("P-7"), written_plainly("12.0")
    ('p-7', 'p-7', '12')
    """
    text = str(unit)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = " ".join(text.casefold().split())
    if "0" not in text:
        return text
    return _LEADING_ZEROS.sub("", _TRAILING_POINT_ZERO.sub("", text))


def summary_row_message(units: list[object]) -> str | None:
    """Say that a patient is named like a row of totals."""
    words = sorted(
        {str(u).strip().casefold() for u in units if isinstance(u, str)} & _SUMMARY_WORDS
    )
    if not words:
        return None
    return (
        f"{counted(len(words), 'patient')} {agree(len(words), 'is', 'are')} named by a word for a "
        f"summary ({', '.join(words)}): this looks like a row of totals. Delete such rows from the "
        "file; here they are kept."
    )
