"""The sessions that a specification starts from: outliers, patients with few ratings, therapists.

Whether outliers stay, are dropped or moved to the limit is a choice that hardly ever moves the
correlation of alliance and outcome (Goldberg et al., 2022); the multiverse shows it for the data.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import DataError
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.models.multiverses.choices import Options


def sessions_of(data: SessionData, roles: Roles, options: Options) -> SessionData:
    """The sessions and roles of one specification; `data` where nothing is changed."""
    if options.get("therapist") == "ignored":
        roles = replace(roles, therapist=None)
    rule = options.get("outliers", "keep")
    frame = without_outliers(data.frame, (roles.alliance, roles.outcome), rule)
    if "alliance_window" not in options:
        frame = with_ratings(frame, roles, options.get("min_ratings", 1))
    return replace(data, frame=frame, roles=roles)


def without_outliers(frame: pd.DataFrame, columns: tuple[str, ...], rule: str) -> pd.DataFrame:
    """Ratings far from the mean of all ratings set to missing, or moved to the limit.

    Limits are the mean ± 2 or 3 SD of all observed ratings of a column, in all sessions.

    >>> frame = pd.DataFrame({"wai": [4.0, 5.0, 6.0, 5.0, 4.0, 6.0, 5.0, 5.0, 50.0]})
    >>> without_outliers(frame, ("wai",), "drop_2sd")["wai"].isna().sum().item()
    1
    """
    if rule == "keep":
        return frame
    what, limit = rule.removesuffix("sd").split("_")
    moved = {}
    for column in columns:
        values = frame[column].to_numpy(dtype=float, na_value=np.nan)
        half = int(limit) * np.nanstd(values, ddof=1)
        low, high = np.nanmean(values) - half, np.nanmean(values) + half
        if what == "drop":
            moved[column] = np.where((values < low) | (values > high), np.nan, values)
        else:
            moved[column] = np.clip(values, low, high)
    return frame.assign(**moved)


def with_ratings(frame: pd.DataFrame, roles: Roles, fewest: int) -> pd.DataFrame:
    """The sessions of patients who have at least `fewest` with both ratings."""
    if fewest == 1:
        return frame
    both = frame[[roles.alliance, roles.outcome]].notna().all(axis=1)
    n = both.groupby(frame[roles.patient], observed=True).transform("sum")
    kept = frame[n >= fewest].reset_index(drop=True)
    if kept.empty:
        raise DataError(
            f"no patient has {counted(fewest, 'session')} with both ratings. Give a smaller "
            "min_ratings."
        )
    return kept
