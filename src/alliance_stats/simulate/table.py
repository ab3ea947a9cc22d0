"""From arrays of a simulation to SessionData: identifiers, missing ratings, report."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import counted
from alliance_stats.data.roles import SYNTHETIC_ROLES
from alliance_stats.data.sessions import LoadReport
from alliance_stats.simulate.ending import Ending
from alliance_stats.simulate.structure import Structure

Floats = NDArray[np.float64]


def session_frame(
    structure: Structure, ending: Ending, alliance: Floats, outcome: Floats, intake: Floats
) -> pd.DataFrame:
    """Held sessions as a frame, ordered by patient, then session."""
    held = structure.held & ending.reached
    n_therapists = int(structure.therapist_of_patient.max()) + 1
    n_patients = len(structure.therapist_of_patient)
    return pd.DataFrame(
        {
            "therapist": identifiers("T", n_therapists, 2)[structure.therapist[held]],
            "patient": identifiers("P", n_patients, 4)[structure.patient[held]],
            "session": structure.session[held],
            "week": structure.week[held],
            "wai_total": alliance[held],
            "phq9": outcome[held],
            "phq9_intake": intake[structure.patient[held]],
            "ended": np.where(ending.dropped_out, "dropout", "agreed")[
                structure.patient[held]
            ].astype(object),
        }
    )


def identifiers(letter: str, n: int, digits: int) -> NDArray[np.object_]:
    """``T01``, ``T02``, … with as many digits as the last one needs."""
    width = max(digits, len(str(n)))
    return np.array([f"{letter}{i:0{width}d}" for i in range(1, n + 1)], dtype=object)


def with_missing(values: Floats, share: float, rng: np.random.Generator) -> Floats:
    """A copy of `values` with about `share` of them missing at random."""
    return np.where(rng.random(len(values)) < share, np.nan, values)


def simulation_report(frame: pd.DataFrame, n_planned: int) -> LoadReport:
    """What `load_sessions` would find in the frame, and how many sessions were missed."""
    roles = [(column, role) for role, column in SYNTHETIC_ROLES.columns()]
    missing = pd.DataFrame(roles, columns=["column", "role"])
    missing["missing"] = [int(frame[column].isna().sum()) for column, _ in roles]
    missing["share"] = missing["missing"] / len(frame)
    levels = {
        "session": len(frame),
        "patient": frame["patient"].nunique(),
        "therapist": frame["therapist"].nunique(),
    }
    return LoadReport(
        source="simulate_sessions",
        rows_read=len(frame),
        rows_kept=len(frame),
        dropped=pd.DataFrame({"reason": pd.Series(dtype=str), "rows": pd.Series(dtype="int64")}),
        missing=missing,
        levels=pd.DataFrame({"unit": list(levels), "n": list(levels.values())}),
        messages=_messages(frame, n_planned),
    )


def _messages(frame: pd.DataFrame, n_planned: int) -> tuple[str, ...]:
    messages = ["Synthetic data: no patient, therapist or session is real."]
    if len(frame) < n_planned:
        missed = counted(n_planned - len(frame), "planned session")
        messages.append(f"{missed} of {n_planned:,} missed: no row, the numbers keep counting.")
    endings = frame.groupby("patient")["ended"].first()
    if (endings == "dropout").any():
        left = int((endings == "dropout").sum())
        messages.append(f"{left:,} of {len(endings):,} patients dropped out.")
    return tuple(messages)
