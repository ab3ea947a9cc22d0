"""The order of ratings: after how many sessions one can follow from another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alliance_stats.data.lags import check_step
from alliance_stats.data.roles import Moment, Roles
from alliance_stats.data.units import float_values, unit_codes


def sessions_until(first: Moment | None, then: Moment | None, step: int) -> int:
    """Sessions from a rating to the earliest one of another kind that is made after it.

    0 (in the same session) only if the first is made before the session and the other after
    it; else `step`.

    >>> sessions_until("after", "before", 1), sessions_until("before", "after", 1)
    (1, 0)
    """
    return 0 if (first, then) == ("before", "after") else step


def timing_words(roles: Roles) -> str:
    """When the ratings are made; empty where the roles do not say.

    >>> timing_words(Roles(alliance="wai", outcome="phq", alliance_at="after", outcome_at="before"))
    'phq is rated before the session and wai after it'
    """
    if roles.alliance_at is None or roles.outcome_at is None:
        return ""
    if roles.alliance_at == roles.outcome_at:
        return f"{roles.outcome} and {roles.alliance} are both rated {roles.outcome_at} the session"
    return (
        f"{roles.outcome} is rated {roles.outcome_at} the session and {roles.alliance} "
        f"{roles.alliance_at} it"
    )


def before(lag: int) -> str:
    """``t`` or ``t − 1``."""
    return f"t − {lag}" if lag else "t"


def check_rated_steps(frame: pd.DataFrame, roles: Roles, ratings: Sequence[str], step: int) -> None:
    """Raise where a rating is made at every k-th session only and `step` is no multiple of k."""
    patient, _ = unit_codes(frame, roles.patient)
    session = float_values(frame, roles.session)
    order = np.lexsort((session, patient))
    for rating in ratings:
        rows = order[frame[rating].notna().to_numpy()[order]]
        what = f"sessions with a rating of {rating}"
        check_step(patient[rows], session[rows], roles.session, step, what=what)
