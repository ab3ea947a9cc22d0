"""Layouts that are not one row a session, and what makes one of them: wide files, REDCap."""

from __future__ import annotations

import pandas as pd

from alliance_stats._base.checks import agree, name_list
from alliance_stats.data.redcap.rows import STRUCTURE
from alliance_stats.data.wide.patterns import numbered_columns, suggest_patterns

_SHOWN_PATTERNS = 3


def layout_advice(frame: pd.DataFrame) -> str | None:
    """What data without roles look like, if not like one row a session; or None.

    A first column that never repeats, beside numbered columns and no column of sessions, is taken
    for the patient of a wide file.
    """
    numbered = any(str(name).strip().lower() == "session" for name in frame.columns)
    hint = redcap_hint(frame) or (None if numbered else wide_hint(frame, str(frame.columns[0])))
    return None if hint is None else f"{hint[0].upper()}{hint[1:]}"


def redcap_message(frame: pd.DataFrame) -> str | None:
    """The hint to a REDCap export as a sentence of its own."""
    hint = redcap_hint(frame)
    return None if hint is None else f"{hint[0].upper()}{hint[1:]}"


def redcap_hint(frame: pd.DataFrame) -> str | None:
    """Say that the data are a REDCap export, whose rows are not all sessions."""
    found = [name for name in STRUCTURE if name in frame.columns]
    if not found:
        return None
    return (
        f"the data look like a REDCap export ({agree(len(found), 'column', 'columns')} "
        f"{name_list(found)}), in which some rows are no sessions. Give the file to "
        "al.data.load_redcap, which makes one row a session and carries intake along."
    )


def wide_hint(frame: pd.DataFrame, patient: str) -> str | None:
    """Say that the data look wide: one row a patient, its sessions in numbered columns."""
    names = [str(name) for name in frame.columns]
    if names.count(patient) != 1 or patient not in frame.columns or not frame[patient].is_unique:
        return None
    patterns = numbered_columns([name for name in names if name != patient])
    if not patterns:
        return None
    shown = "; ".join(f"{group[0]}, {group[1]}, …" for group in patterns[:_SHOWN_PATTERNS])
    fitting = suggest_patterns(names)
    pattern = f"'{fitting[0][0]}'" if fitting else "…"
    return (
        f"the data look wide, with one row a patient and numbered columns side by side "
        f"({shown}). One row must be one session: use al.reshape(frame, pattern={pattern}, "
        f"id='{patient}'), and give the frame it returns."
    )
