"""fit_latent_within_between: effects of the alliance without the sampling error of its means.

A therapist's observed mean of a few patients is not the therapist's own mean: its error pulls the
coefficient between therapists towards the one between patients. Here the means are latent:
alliance and outcome are two responses of one model, and the coefficients come from its covariance
matrices.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import counted, one_of
from alliance_stats._base.errors import (
    ArgumentError,
    DataError,
    DataWarning,
    FitWarning,
    UnsupportedError,
)
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import ONLY_FIRST, TherapistChange, check_way
from alliance_stats.data.units import float_values
from alliance_stats.lmm.bivariate.fit import fit_bivariate
from alliance_stats.models.latent.result import LatentResult
from alliance_stats.models.prepare import (
    PreparedSessions,
    TimeColumn,
    check_clock,
    prepare_sessions,
)
from alliance_stats.models.regressors import time_regressors
from alliance_stats.models.specification import Specification, fit_specification

LatentTime = Literal["linear", "log", "factor", "none"]
Unit = Literal["therapist", "patient"]


def fit_latent_within_between(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    unit: Unit = "therapist",
    time: LatentTime = "linear",
    time_column: TimeColumn = "session",
    therapist_change: TherapistChange = "raise",
    random_slopes: None = None,
) -> LatentResult:
    """Estimate within and between effects of the alliance with latent means.

    Use it beside `fit_within_between` where means rest on few ratings, above all for therapists
    with few patients: the observed mean of 10 patients with an intraclass correlation of .05 has
    a reliability of .34. Alliance and outcome are both responses with random intercepts; at each
    level the coefficient is their covariance over the variance of the alliance, by maximum
    likelihood. It estimates an association, not an effect of the alliance.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session. A frame needs `roles`. The alliance column is raw.
    roles : Roles or dict, optional
    unit : {"therapist", "patient"}
        The highest level. ``"therapist"`` has three levels, sessions in patients in therapists,
        all means latent: patient means are not taken as data, because those of patients with few
        sessions would bring their own sampling error into the covariance between patients.
        ``"patient"`` has two and leaves therapists out.
    time : {"linear", "log", "factor", "none"}
        How time since the patient's first session enters, as a covariate of both responses.
    time_column : {"session", "time"}
    therapist_change : {"raise", "first"}
        Whether patients with several therapists are refused, or count for the first.
    random_slopes : None
        Effects cannot differ between patients here: with latent means that is another model, and
        anything but None raises.

    Returns
    -------
    LatentResult

    Raises
    ------
    ArgumentError
        Without therapist role where ``unit="therapist"``; for arguments that are unknown.
    DataError
        For fewer than two patients or therapists, one patient a therapist, one session a
        patient, an alliance or outcome that does not vary within patients.
    UnsupportedError
        If `random_slopes` are given, or time differs between patients.

    Warns
    -----
    DataWarning, FitWarning
        Dropped sessions; a singular or failed fit; an effect whose interval has no ends. Also in
        ``result.messages``.

    References
    ----------
    Lüdtke, O., Marsh, H. W., Robitzsch, A., Trautwein, U., Asparouhov, T., & Muthén, B. (2008).
    The multilevel latent covariate model. Psychological Methods, 13(3), 203–229.

    Asparouhov, T., & Muthén, B. (2019). Latent variable centering of predictors and mediators in
    multilevel and time-series models. Structural Equation Modeling, 26(1), 119–142.

    Examples
    --------
    >>> import alliance_stats as al
    >>> result = al.fit_latent_within_between(al.load_example("sessions"), unit="patient")
    >>> result.tidy()["effect"].tolist()
    ['within', 'between', 'contextual']
    """
    data = sessions_from(sessions, roles)
    known = data.roles
    if known is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    _check_arguments(unit, time, time_column, random_slopes)
    known = _roles_of(known, unit, therapist_change)
    prepared = prepare_sessions(
        data, known, time_column=time_column, mean_rows="fitted", therapist_mean="patients",
        therapist_change=therapist_change, options=ONLY_FIRST,
    )  # fmt: skip
    result = _fit(prepared, unit, time, time_column)
    for message in prepared.messages():
        warnings.warn(message, DataWarning, stacklevel=2)
    for message in result.about_fit:
        warnings.warn(message, FitWarning, stacklevel=2)
    return result


def _fit(
    prepared: PreparedSessions, unit: Unit, time: LatentTime, time_column: TimeColumn
) -> LatentResult:
    """The latent model, and the one with observed means of the same rows beside it."""
    patient = prepared.group_codes((prepared.roles.patient,))
    therapist = None
    if prepared.roles.therapist is not None:
        therapist = prepared.group_codes((prepared.roles.therapist,))
    y = np.column_stack(
        [
            float_values(prepared.frame, prepared.roles.alliance),
            float_values(prepared.frame, prepared.roles.outcome),
        ]
    )
    _check_within(y, patient, prepared)
    names, x = time_regressors(prepared, time)
    observed = Specification(
        time=time, time_column=time_column, slopes={}, mean_rows="fitted",
        therapist_mean="patients", reml=True,
    )  # fmt: skip
    return LatentResult(
        fit=fit_bivariate(x, y, patient, therapist),
        observed=fit_specification(prepared, observed),
        prepared=prepared,
        names=names,
        unit=unit,
        time=time,
        time_column=time_column,
    )


def _check_arguments(unit: str, time: str, time_column: str, random_slopes: object) -> None:
    one_of(unit, ("therapist", "patient"), name="unit")
    if time == "patient":
        raise UnsupportedError(
            "time='patient', a slope of time for every patient, is not available with latent "
            "means. Use time='linear', 'log' or 'factor'."
        )
    one_of(time, ("linear", "log", "factor", "none"), name="time")
    check_clock(time, time_column)
    if random_slopes:
        raise UnsupportedError(
            f"random_slopes={random_slopes!r} is not available with latent means: the coefficient "
            "of a latent deviation that differs between patients needs another likelihood. "
            "fit_within_between has random slopes, with observed means."
        )


def _roles_of(roles: Roles, unit: Unit, therapist_change: TherapistChange) -> Roles:
    """The roles of the model: without therapists where patients are the highest unit."""
    if unit == "patient":
        if therapist_change != "raise":
            raise ArgumentError(
                f"therapist_change={therapist_change!r} would be ignored with unit='patient', "
                "which leaves therapists out. Leave one of them out."
            )
        return replace(roles, therapist=None)
    if roles.therapist is None:
        raise ArgumentError(
            "unit='therapist' needs therapists, but there is no therapist role. "
            "Give roles=Roles(therapist=…), or unit='patient'."
        )
    check_way(therapist_change, roles.therapist)
    if therapist_change in ("dyad", "crossed"):
        raise UnsupportedError(
            f"therapist_change={therapist_change!r} is not available with latent means: every "
            "patient needs one therapist. Use therapist_change='first', or unit='patient'."
        )
    return roles


def _check_within(y: np.ndarray, patient: np.ndarray, prepared: PreparedSessions) -> None:
    """Raise unless alliance and outcome vary within patients, some of whom have two sessions."""
    number = np.bincount(patient)
    if (number < 2).all():
        raise DataError(
            f"each of {counted(len(number), 'patient')} has one complete session, so that "
            "differences within and between patients cannot be told apart. Give data with "
            "several sessions a patient."
        )
    roles = prepared.roles
    for column, values in zip((roles.alliance, roles.outcome), y.T, strict=True):
        means = np.bincount(patient, values) / number
        if np.abs(values - means[patient]).max() <= 1e-10 * np.abs(values).max():
            raise DataError(
                f"column '{column}' does not vary within any of "
                f"{counted(len(number), 'patient')}. Nothing can be related to it within patients."
            )
