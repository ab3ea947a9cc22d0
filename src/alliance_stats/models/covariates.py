"""Covariates of a session-level model: their check, and the columns by which they enter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from alliance_stats._base.checks import columns_present, numeric_column, one_of
from alliance_stats._base.errors import ArgumentError
from alliance_stats.data.centering import centered_columns
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.models.prepare import PreparedSessions

CovariateParts = Literal["both", "raw"]
#: A part whose spread is below this share of the covariate's is rounding.
_CONSTANT = 1e-10


def check_covariates(
    covariates: Sequence[str], parts: str, data: SessionData, roles: Roles
) -> None:
    """Raise unless covariates are numeric columns that have no other part in the model."""
    one_of(parts, ("both", "raw"), name="covariate_parts")
    if isinstance(covariates, str) or not isinstance(covariates, Sequence):
        raise ArgumentError(
            f"covariates={covariates!r} is not a list of columns. Give one such as ['motivation']."
        )
    if parts == "raw" and not covariates:
        raise ArgumentError(
            "covariate_parts='raw' would be ignored without covariates. Leave it out."
        )
    columns_present(data.frame, covariates, role="covariate")
    if len(set(covariates)) < len(covariates):
        raise ArgumentError(f"covariates={list(covariates)!r} names a column twice. Give it once.")
    units = {roles.patient, roles.therapist, roles.session, roles.time}
    for column in covariates:
        if column in units | {roles.alliance, roles.outcome}:
            raise ArgumentError(
                f"covariate '{column}' is in the model already, by its role. Leave it out."
            )
        numeric_column(data.frame, column)


def covariate_columns(
    prepared: PreparedSessions, covariates: Sequence[str], parts: CovariateParts
) -> tuple[str, ...]:
    """The columns by which covariates enter: as they are, or the parts that vary."""
    if parts == "raw":
        return tuple(covariates)
    found = []
    for covariate in covariates:
        spread = np.ptp(prepared.frame[covariate].to_numpy(dtype=float))
        for _, column in centered_columns(covariate, therapist="therapist" in prepared.groups):
            if np.ptp(prepared.frame[column].to_numpy(dtype=float)) > _CONSTANT * spread:
                found.append(column)
    return tuple(found)
