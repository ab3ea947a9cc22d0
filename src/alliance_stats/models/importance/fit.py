"""fit_importance: how much of the outcome each predictor explains, within and between patients."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import pandas as pd

from alliance_stats._base.checks import counted, is_whole, one_of
from alliance_stats._base.errors import (
    ArgumentError,
    DataError,
    DataWarning,
    FitWarning,
    UnsupportedError,
)
from alliance_stats._base.random import RandomSource
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import TherapistChange
from alliance_stats.models.importance.predictors import Groups
from alliance_stats.models.importance.prepare import PreparedImportance, prepare_importance
from alliance_stats.models.importance.result import ImportanceResult
from alliance_stats.models.importance.specification import (
    ImportanceSpecification,
    all_columns,
    fit_columns,
)
from alliance_stats.models.importance.subsets import explain
from alliance_stats.models.prepare import TIMES, MeanRows, Time, TimeColumn

#: Fewest groups of the highest factor that can be drawn.
FEWEST = 10


def fit_importance(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    predictors: Sequence[str] | None = None,
    groups: Groups | None = None,
    time: Time = "linear",
    time_column: TimeColumn = "session",
    mean_rows: MeanRows = "available",
    therapist_change: TherapistChange = "raise",
    n_boot: int = 500,
    rng: RandomSource | None = None,
) -> ImportanceResult:
    """Compare how much of the outcome the alliance and other predictors explain.

    Use it for the claim that the alliance is *the single biggest determinant* of outcome. It is a
    dominance analysis: every predictor is added to every subset of the others, and its weight is
    its mean gain in R², one analysis within patients and one between them. It compares
    associations of what was measured, and shows no determinant of anything.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session. A frame needs `roles`.
    roles : Roles or dict, optional
    predictors : list of str, optional
        Raw columns to compare; the alliance is one of them, named or not. By default the columns
        of the roles ``alliance``, ``alliance_therapist``, ``baseline`` and ``treatment``. What
        varies within patients is centred into a part within and a part between them. Numbers and
        categories that are the same in all sessions of a patient (intake severity, expectation,
        treatment) count between patients only. Text, booleans and the role ``treatment`` are
        categories.
    groups : mapping of str to list of str, optional
        Predictors that are ranked as one: ``{"alliance": ["wai_total", "wai_therapist"]}``.
    time : {"linear", "log", "factor", "none"}
        How the common trend enters. Time is in every model, and is not ranked.
    time_column : {"session", "time"}
        Count sessions, or weeks in the column of role `time`; both from the patient's first.
    mean_rows : {"available", "fitted"}
        Whether patient means use all observed ratings, or those of the rows in the models.
    therapist_change : {"raise", "first"}
        What to do about patients with several therapists: refuse them, or count all their
        sessions for the first one.
    n_boot : int
        Draws of therapists, or of patients where no therapist is known, with all their sessions.
        0 for none: then nothing is said about differences.
    rng : int, SeedSequence or Generator
        For the draws.

    Returns
    -------
    ImportanceResult

    Raises
    ------
    DataError
        For missing or unusable columns; predictors that are constant, collinear or categories
        that change within patients; fewer than ten therapists (patients) to draw from.
    ArgumentError
        For one predictor, more than ten a level, arguments that are unknown or would be ignored.
    UnsupportedError
        For ``time="patient"`` and other ways to treat changes of therapist.

    Warns
    -----
    DataWarning, FitWarning
        Dropped sessions; a singular fit; few therapists; draws that failed. Also kept in
        ``result.messages``.

    Notes
    -----
    Every model has time, all predictors of the other level, and one random intercept of every
    patient and, with a therapist role, of every therapist; their variances are estimated anew in
    each model, by REML. R² is that of Rights and Sterba (2019): within patients β'Φ_wβ over that
    and σ², between them β'Φ_bβ over that and the variances of the intercepts. What time explains
    is in both, and in R² of no predictor at all, which is taken off: weights add up to R² of the
    whole model less that of time.

    References
    ----------
    Azen, R., & Budescu, D. V. (2003). The dominance analysis approach for comparing predictors in
    multiple regression. Psychological Methods, 8(2), 129–148.

    Luo, W., & Azen, R. (2013). Determining predictor importance in hierarchical linear models
    using dominance analysis. Journal of Educational and Behavioral Statistics, 38(1), 3–31.

    Rights, J. D., & Sterba, S. K. (2019). Quantifying explained variance in multilevel models.
    Psychological Methods, 24(3), 309–338.

    Examples
    --------
    >>> import alliance_stats as al
    >>> dyads = al.load_example("dyads")
    >>> result = al.models.fit_importance(dyads, n_boot=50, rng=1)
    >>> result.tidy()["term"].tolist()[:3]
    ['wai_total', 'wai_therapist', 'wai_total - wai_therapist']
    >>> result.verdicts["biggest"].tolist()[1]  # between patients
    'contradicted'
    """
    data = sessions_from(sessions, roles)
    known = data.roles
    if known is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    _check_choices(time, time_column, mean_rows, therapist_change)
    _check_draws(n_boot, rng)
    prepared = prepare_importance(
        data, known, predictors=predictors, groups=groups, time_column=time_column,
        mean_rows=mean_rows, therapist_change=therapist_change,
    )  # fmt: skip
    chosen = ImportanceSpecification(groups, time, time_column, mean_rows)
    result = _fitted(prepared, chosen, n_boot, rng)
    for message in prepared.messages():
        warnings.warn(message, DataWarning, stacklevel=2)
    for message in result.about_fit:
        warnings.warn(message, FitWarning, stacklevel=2)
    return result


def _fitted(
    prepared: PreparedImportance,
    chosen: ImportanceSpecification,
    n_boot: int,
    rng: RandomSource | None,
) -> ImportanceResult:
    """The models with all predictors and with none, and R² of all between."""
    highest = list(prepared.counts())[-1]
    n_highest = prepared.counts()[highest]
    if n_boot and n_highest < FEWEST:
        raise DataError(
            f"{counted(n_highest, highest)} cannot be drawn again: at least {FEWEST} are needed "
            "for intervals. Give n_boot=0 for the weights alone"
            + (", or leave the therapist role out." if highest == "therapist" else ".")
        )
    fit = fit_columns(prepared, chosen, all_columns(prepared))
    explained = explain(fit, prepared, n_boot=n_boot, rng=rng)
    return ImportanceResult(fit, fit_columns(prepared, chosen, []), prepared, chosen, explained)


def _check_choices(
    time: Time, time_column: TimeColumn, mean_rows: MeanRows, therapist_change: TherapistChange
) -> None:
    one_of(time, TIMES, name="time")
    one_of(time_column, ("session", "time"), name="time_column")
    one_of(mean_rows, ("available", "fitted"), name="mean_rows")
    one_of(therapist_change, ("raise", "first", "dyad", "crossed"), name="therapist_change")
    if time == "patient":
        raise UnsupportedError(
            "time='patient' is not available here: all models share the same random intercepts, "
            "and a slope of time would be another random part. Give time='linear'."
        )
    if therapist_change in ("dyad", "crossed"):
        raise UnsupportedError(
            f"therapist_change={therapist_change!r} is not available here. Give 'first' to count "
            "all sessions of a patient for the first therapist."
        )
    if time == "none" and time_column != "session":
        raise ArgumentError(
            f"time_column={time_column!r} would be ignored with time='none'. Leave one out."
        )


def _check_draws(n_boot: int, rng: RandomSource | None) -> None:
    whole = is_whole(n_boot)
    if not whole or (n_boot != 0 and n_boot < 2):
        raise ArgumentError(f"n_boot={n_boot!r} is no number of draws. Give 500, or 0 for none.")
    if n_boot and rng is None:
        raise ArgumentError("the bootstrap draws random numbers. Give rng=1, or another seed.")
    if not n_boot and rng is not None:
        raise ArgumentError("rng would be ignored with n_boot=0. Leave one out.")
