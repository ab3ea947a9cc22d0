"""Intercept and time as columns, for models of several responses."""

from __future__ import annotations

import numpy as np

from alliance_stats._base.errors import DataError
from alliance_stats.models.prepare import PreparedSessions, Time, time_term
from alliance_stats.numeric.least_squares import column_rank


def time_regressors(prepared: PreparedSessions, time: Time) -> tuple[list[str], np.ndarray]:
    """Names and columns of the intercept and of time; one slope of it for all patients."""
    ones = np.ones(len(prepared.frame))
    column = time_term(time, prepared)
    if column is None:
        return ["(Intercept)"], ones[:, None]
    values = prepared.frame[column].to_numpy(dtype=float)
    names, columns = ["(Intercept)", column], [ones, values]
    if time == "factor":
        levels = np.unique(values)[1:]
        names = ["(Intercept)", *(f"{column}{level:g}" for level in levels)]
        columns = [ones, *((values == level).astype(float) for level in levels)]
    x = np.column_stack(columns)
    if column_rank(x) < x.shape[1]:
        raise DataError(
            f"time ('{column}') does not vary over the complete sessions. Use time='none'."
        )
    return names, x
