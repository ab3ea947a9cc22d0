"""From arrays of a simulation to SessionData: identifiers, missing ratings, report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.checks import counted
from alliance_stats.data.load_report import LoadReport
from alliance_stats.data.missing_by_session import missing_by_session
from alliance_stats.data.roles import Roles
from alliance_stats.simulate.ending import Ending
from alliance_stats.simulate.structure import Structure

Floats = NDArray[np.float64]


def session_frame(
    structure: Structure,
    ending: Ending,
    ratings: Mapping[str, NDArray[Any]],
    n_therapists: int,
    arms: bool,
) -> pd.DataFrame:
    """Held sessions as a frame, ordered by patient, then session.

    `ratings` are columns of all planned sessions, between ``week`` and ``ended``.
    """
    held = structure.held & ending.reached
    patient = structure.patient[held]
    n_patients, treated = len(structure.planned), structure.treated[patient]
    therapist = identifiers("T", n_therapists, 2)[structure.therapist[held]]
    therapist[~treated] = None
    frame = pd.DataFrame(
        {
            "therapist": therapist,
            "patient": identifiers("P", n_patients, 4)[patient],
            "session": structure.session[held],
            "week": structure.week[held],
            **{column: values[held] for column, values in ratings.items()},
            "ended": ending.ended[patient],
        }
    )
    if arms:
        frame["treatment"] = np.where(treated, "therapist", "self-guided").astype(object)
    return frame


def identifiers(letter: str, n: int, digits: int) -> NDArray[np.object_]:
    """``T01``, ``T02``, … with as many digits as the last one needs."""
    width = max(digits, len(str(n)))
    return np.array([f"{letter}{i:0{width}d}" for i in range(1, n + 1)], dtype=object)


def with_missing(values: Floats, share: float, rng: np.random.Generator) -> Floats:
    """A copy of `values` with about `share` of them missing at random."""
    return np.where(rng.random(len(values)) < share, np.nan, values)


def simulation_report(
    frame: pd.DataFrame, roles: Roles, n_planned: int, source: str = "simulate_sessions"
) -> LoadReport:
    """What `load_sessions` would find in the frame, and how many sessions were missed."""
    named = [(column, role) for role, column in roles.columns()]
    missing = pd.DataFrame(named, columns=["column", "role"])
    missing["missing"] = [int(frame[column].isna().sum()) for column, _ in named]
    missing["share"] = missing["missing"] / len(frame)
    levels = {
        "session": len(frame),
        "patient": frame["patient"].nunique(),
        "therapist": frame["therapist"].nunique(),
    }
    return LoadReport(
        source=source,
        rows_read=len(frame),
        rows_kept=len(frame),
        dropped=pd.DataFrame({"reason": pd.Series(dtype=str), "rows": pd.Series(dtype="int64")}),
        missing=missing,
        levels=pd.DataFrame({"unit": list(levels), "n": list(levels.values())}),
        messages=_messages(frame, n_planned),
        missing_by_session=missing_by_session(frame, roles),
    )


def _messages(frame: pd.DataFrame, n_planned: int) -> tuple[str, ...]:
    messages = ["Synthetic data: no patient, therapist or session is real."]
    if len(frame) < n_planned:
        missed = counted(n_planned - len(frame), "planned session")
        messages.append(f"{missed} of {n_planned:,} missed: no row, the numbers keep counting.")
    endings = frame.groupby("patient")["ended"].first()
    ways = {"dropout": "dropped out", "ongoing": "had not ended therapy when the study closed"}
    for ended, words in ways.items():
        if n := int((endings == ended).sum()):
            messages.append(f"{n:,} of {len(endings):,} patients {words}.")
    return tuple(messages)
