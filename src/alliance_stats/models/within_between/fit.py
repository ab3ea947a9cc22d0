"""fit_within_between: how the alliance goes with outcome within and between patients.

A session's alliance rating differs from the mean of all patients for two (or three) reasons: this
session differs from the patient's other sessions, the patient from other patients (of the same
therapist), the therapist from other therapists. The model gives each part its own coefficient.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

import pandas as pd

from alliance_stats._base.checks import one_of
from alliance_stats._base.errors import ArgumentError, DataWarning, FitWarning
from alliance_stats.data.centering import TherapistMean
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import TherapistChange
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.covariates import (
    CovariateParts,
    check_covariates,
    covariate_columns,
)
from alliance_stats.models.prepare import (
    TIMES,
    MeanRows,
    PreparedSessions,
    Time,
    TimeColumn,
    check_clock,
    prepare_sessions,
)
from alliance_stats.models.slopes import Slopes, part_slopes
from alliance_stats.models.specification import (
    Residual,
    Specification,
    check_rows,
    fit_specification,
    too_few_rows,
)
from alliance_stats.models.within_between.result import AllianceResult


def fit_within_between(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    time: Time = "linear",
    time_column: TimeColumn = "session",
    random_slopes: Slopes | Literal["auto"] | None = None,
    mean_rows: MeanRows = "available",
    therapist_mean: TherapistMean = "patients",
    therapist_change: TherapistChange = "raise",
    reml: bool = True,
    residual: Residual | None = None,
    covariates: Sequence[str] = (),
    covariate_parts: CovariateParts = "both",
) -> AllianceResult:
    """Estimate how alliance and outcome go together within and between patients.

    Use it for session-by-session ratings. It estimates an association, not an effect of the
    alliance: the two are rated in the same session.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session. A frame needs `roles`. The alliance column is raw: the model centres
        it itself. With a therapist role the model has three levels, else two.
    roles : Roles or dict, optional
    time : {"linear", "log", "factor", "patient", "none"}
        How the common trend enters: as a line, as log(1 + t), with one mean a session, or as a
        line whose slope differs between patients. Without it, an alliance that rises while
        symptoms fall looks like an effect; the estimate without time is always carried as a
        sensitivity row.
    time_column : {"session", "time"}
        Count sessions, or weeks in the column of role `time`; both from the patient's first.
    random_slopes : mapping or "auto", optional
        Effects that differ between members of a unit. Default ``{"patient": ["within"]}``, kept
        even where its variance is estimated as zero (then said). ``{}`` for none. ``"auto"``
        drops the slope only if the fit with it is singular or fails.
    mean_rows : {"available", "fitted"}
        Whether patient means use all observed ratings, or those of the rows in the model.
    therapist_mean : {"patients", "sessions"}
        Whether a therapist's mean averages patient means or sessions.
    therapist_change : {"raise", "dyad", "first", "crossed"}
        What to do about patients with several therapists; `center` gives the columns.

        * ``"raise"``: refuse them, with counts;
        * ``"dyad"``: each patient-therapist pair is a patient of its own, (… | therapist:patient);
          compares sessions with the same therapist only;
        * ``"first"``: all sessions of a patient count for the first therapist; what differs
          between a patient's therapists then enters the within effect;
        * ``"crossed"``: (… | patient) + (… | therapist) with the therapist of every session, so
          that a patient stays one patient.

        Time and treatment length are counted from the patient's first session in all of them.
    reml : bool
        Restricted (default) or full maximum likelihood.
    residual : {"ar1", "continuous_ar1"}, optional
        Residuals of a patient's sessions that are correlated: by ρ from one session to the next
        (``"ar1"``), or over one unit of `time_column` (``"continuous_ar1"``); see `lmm.ar1`. The
        estimates with independent residuals are then carried as a sensitivity row.
    covariates : sequence of str
        Numeric columns of the sessions that are held constant. Sessions that lack one are dropped
        and counted.
    covariate_parts : {"both", "raw"}
        Whether a covariate enters by its parts within and between patients, centred as the
        alliance is (a part that does not vary is left out), or as it stands, with one coefficient.

    Returns
    -------
    AllianceResult

    Raises
    ------
    DataError
        For missing or unusable columns, fewer than two patients, a constant alliance, patients
        with several therapists (``therapist_change="raise"``), an alliance column that is already
        centred.
    ArgumentError
        For arguments that are unknown or would be ignored.
    UnsupportedError
        For `residual` with ``therapist_change="crossed"`` where patients change their therapist.

    Warns
    -----
    DataWarning, FitWarning
        Dropped sessions; patients with several therapists and what was made of them; singular or
        failed fits. Also kept in ``result.messages``.

    References
    ----------
    Curran, P. J., & Bauer, D. J. (2011). The disaggregation of within-person and between-person
    effects in longitudinal models of change. Annual Review of Psychology, 62, 583–619.

    Examples
    --------
    >>> import alliance_stats as al
    >>> result = al.fit_within_between(al.load_example("sessions"))
    >>> result.effects["effect"].tolist()
    ['within', 'patient_between', 'therapist_between']
    """
    data = sessions_from(sessions, roles)
    known = data.roles
    if known is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    one_of(time, TIMES, name="time")
    one_of(reml, (True, False), name="reml")
    one_of(residual, (None, "ar1", "continuous_ar1"), name="residual")
    if residual == "ar1" and time_column == "time":
        raise ArgumentError(
            "residual='ar1' counts sessions, and time_column='time' counts weeks. Give "
            "residual='continuous_ar1', or leave time_column out."
        )
    check_clock(time, time_column)
    check_covariates(covariates, covariate_parts, data, known)
    prepared = prepare_sessions(
        data, known, time_column=time_column, mean_rows=mean_rows, therapist_mean=therapist_mean,
        therapist_change=therapist_change, also=covariates,
    )  # fmt: skip
    specification = Specification(
        time=time,
        time_column=time_column,
        slopes=part_slopes(random_slopes, [effect for effect, _ in prepared.effects]),
        mean_rows=mean_rows,
        therapist_mean=therapist_mean,
        reml=reml,
        residual=residual,
        covariates=covariate_columns(prepared, covariates, covariate_parts),
    )
    if random_slopes == "auto":
        fit, specification, path = _auto(prepared, specification)
    else:
        check_rows(prepared, specification)
        fit, path = fit_specification(prepared, specification), ()
    result = AllianceResult(fit, prepared, specification, path)
    for message in prepared.messages():
        warnings.warn(message, DataWarning, stacklevel=2)
    for message in (*path, *fit.about_fit):
        warnings.warn(message, FitWarning, stacklevel=2)
    return result


def _auto(
    prepared: PreparedSessions, specification: Specification
) -> tuple[MixedModelResult, Specification, tuple[str, ...]]:
    """Fit with the default slope; without it only if that fit is singular or fails."""
    simpler = replace(specification, slopes={})
    if too_few_rows(prepared, specification):
        reason = "could not be fitted with so few sessions a patient"
    else:
        fit = fit_specification(prepared, specification)
        if fit.converged and not fit.singular:
            return fit, specification, ()
        reason = "was singular" if fit.singular else "did not converge"
    path = (
        f"random_slopes='auto': the model with a within-patient slope {reason}; "
        "the slope was dropped.",
    )
    check_rows(prepared, simpler)
    return fit_specification(prepared, simpler), simpler, path
