"""fit_perspectives: the alliance as patient, therapist and observer see it, in one model.

Every perspective is split into its parts within patients, between patients and between therapists.
All parts are predictors of one mixed model of the outcome, so that each coefficient is what a
perspective goes with beyond the others; each perspective alone stands beside it.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from alliance_stats._base.checks import columns_present, counted, name_list, one_of
from alliance_stats._base.errors import (
    ArgumentError,
    DataError,
    DataWarning,
    FitWarning,
    UnsupportedError,
)
from alliance_stats.data.centering import TherapistMean
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import TherapistChange
from alliance_stats.models.perspectives.counts import count_ratings
from alliance_stats.models.perspectives.model import Perspectives, fit_alone, fit_together
from alliance_stats.models.perspectives.result import PerspectivesResult
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
from alliance_stats.models.specification import Specification

#: What to do about patients with several therapists: their variances must nest.
_OPTIONS = (
    "Choose therapist_change='dyad' (each patient-therapist pair is a unit of its own) or "
    "therapist_change='first' (all sessions count for the patient's first therapist)"
)


def fit_perspectives(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    perspectives: Mapping[str, str] | None = None,
    time: Time = "linear",
    time_column: TimeColumn = "session",
    random_slopes: Slopes | None = None,
    mean_rows: MeanRows = "available",
    therapist_mean: TherapistMean = "patients",
    therapist_change: TherapistChange = "raise",
    reml: bool = True,
) -> PerspectivesResult:
    """Put the alliance as several raters see it into one model of the outcome.

    Use it where patients, therapists or observers rate the alliance of the same sessions. It
    estimates associations, not effects of the alliance. A coefficient holds the other perspectives
    constant; what they share is credited to none of them, so each perspective alone stands beside
    it, in the same sessions.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session. A frame needs `roles`. The ratings are raw.
    roles : Roles or dict, optional
    perspectives : mapping of str to str, optional
        Column of every perspective by its name, two or more, such as ``{"patient": "wai_total",
        "observer": "wai_observer"}``. Default: the roles ``alliance`` (``"patient"``) and
        ``alliance_therapist`` (``"therapist"``).
    time, time_column, mean_rows, therapist_mean, therapist_change, reml
        As in `fit_within_between`. Only sessions that all perspectives rated are in the models;
        means use all ratings with ``mean_rows="available"``.
    random_slopes : mapping, optional
        Parts whose coefficients differ between members of a unit, for every perspective. Default
        ``{"patient": ["within"]}``, ``{}`` for none. A model of one perspective alone has the
        slopes of that perspective.

    Returns
    -------
    PerspectivesResult

    Raises
    ------
    DataError
        For missing or unusable columns; a perspective that does not vary at a level, or is a
        combination of the others there; too few sessions.
    ArgumentError
        For fewer than two perspectives, one column given twice, unknown arguments.
    UnsupportedError
        For ``therapist_change="crossed"``.

    Warns
    -----
    DataWarning, FitWarning
        Dropped sessions; perspectives that overlap too much to be told apart well; singular or
        failed fits. Also in ``result.messages``.

    References
    ----------
    Horvath, A. O., & Bedi, R. P. (2002). The alliance. In J. C. Norcross (Ed.), *Psychotherapy
    relationships that work* (pp. 37-69). Oxford University Press (perspectives of raters).

    Rights, J. D., & Sterba, S. K. (2019). Quantifying explained variance in multilevel models.
    *Psychological Methods*, 24(3), 309-338 (shares of explained variance).

    Examples
    --------
    >>> import alliance_stats as al
    >>> views = {"patient": "wai_total", "observer": "wai_observer"}
    >>> result = al.models.fit_perspectives(al.load_example("process"), perspectives=views)
    >>> result.effects[["effect", "perspective"]].head(2).values.tolist()
    [['within', 'patient'], ['within', 'observer']]
    """
    data = sessions_from(sessions, roles)
    if data.roles is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    views = _perspectives(perspectives, data.roles)
    _check_arguments(time, time_column, therapist_change, reml)
    columns_present(data.frame, list(views.values()))
    first, *others = views.values()
    known = replace(data.roles, alliance=first, alliance_therapist=None)
    prepared = prepare_sessions(
        data, known, time_column=time_column, mean_rows=mean_rows, therapist_mean=therapist_mean,
        therapist_change=therapist_change, also=others, options=_OPTIONS,
    )  # fmt: skip
    specification = Specification(
        time=time,
        time_column=time_column,
        slopes=_slopes(random_slopes, prepared),
        mean_rows=mean_rows,
        therapist_mean=therapist_mean,
        reml=reml,
    )
    given = Perspectives(views, prepared, specification)
    given.check_overlap()
    _check_rows(given)
    result = PerspectivesResult(
        fit=fit_together(given),
        alone={name: fit_alone(given, name) for name in views},
        given=given,
        ratings=count_ratings(data.frame, known.outcome, views),
    )
    _warn(result)
    return result


def _warn(result: PerspectivesResult) -> None:
    about_fit = (*result.overlap_messages, *result.fit.about_fit)
    for message in result.messages:
        kind = FitWarning if message in about_fit else DataWarning
        warnings.warn(message, kind, stacklevel=3)


def _perspectives(wanted: Mapping[str, str] | None, roles: Roles) -> dict[str, str]:
    """The columns of the perspectives by name."""
    if wanted is None:
        if roles.alliance_therapist is None:
            raise ArgumentError(
                "there is one perspective only: no role alliance_therapist. Give "
                "perspectives={'patient': '…', 'observer': '…'}, or roles with alliance_therapist."
            )
        return {"patient": roles.alliance, "therapist": roles.alliance_therapist}
    if not isinstance(wanted, Mapping) or len(wanted) < 2:
        raise ArgumentError(
            f"perspectives={wanted!r} does not name two perspectives. Give a mapping such as "
            "{'patient': 'wai_total', 'therapist': 'wai_therapist'}."
        )
    for name, column in wanted.items():
        if not all(isinstance(word, str) and word for word in (name, column)):
            raise ArgumentError(
                f"perspectives[{name!r}]={column!r}: give names and columns as text."
            )
    taken = {roles.outcome, roles.patient, roles.session, roles.therapist}
    columns = list(wanted.values())
    refused = [c for c in dict.fromkeys(columns) if columns.count(c) > 1 or c in taken]
    if refused:
        raise ArgumentError(
            f"perspectives: {name_list(refused)} stands for two perspectives, or is the outcome or "
            "an identifier. Give each perspective a rating of its own."
        )
    return dict(wanted)


def _check_arguments(
    time: Time, time_column: TimeColumn, therapist_change: TherapistChange, reml: bool
) -> None:
    one_of(time, TIMES, name="time")
    one_of(reml, (True, False), name="reml")
    check_clock(time, time_column)
    if therapist_change == "crossed":
        raise UnsupportedError(
            "therapist_change='crossed' is not available here: variances and correlations by level "
            "need patients within therapists. Use 'dyad' or 'first'."
        )


def _slopes(wanted: Slopes | None, prepared: PreparedSessions) -> dict[str, tuple[str, ...]]:
    if wanted == "auto":
        raise ArgumentError(
            "random_slopes='auto' is not known here: give {'patient': ['within']}, or {} for none."
        )
    return part_slopes(wanted, [effect for effect, _ in prepared.effects])


def _check_rows(given: Perspectives) -> None:
    """Raise DataError where there are too few sessions for the patients' random effects."""
    slopes = len(given.specification.slopes.get("patient", ())) * len(given.columns)
    effects = 1 + slopes + (given.specification.time == "patient")
    counts = given.prepared.counts()
    if counts["patient"] * effects < counts["session"]:
        return
    remedy = "Give random_slopes={} for fewer." if slopes else "More sessions a patient are needed."
    raise DataError(
        f"{counted(counts['session'], 'complete session')} of "
        f"{counted(counts['patient'], 'patient')} are too few for the {effects} random effects of "
        f"every patient. {remedy}"
    )
