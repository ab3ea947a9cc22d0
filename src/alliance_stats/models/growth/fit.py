"""fit_growth: how alliance and outcome develop over the sessions, and whether they do so together.

Growth models describe. A course is summarised by its shape and by growth factors that differ
between patients; the early alliance is set beside the rate at which the outcome changes later.
"""

from __future__ import annotations

import warnings

import pandas as pd

from alliance_stats._base.checks import one_of
from alliance_stats._base.errors import ArgumentError, DataWarning, FitWarning
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import TherapistChange, check_way
from alliance_stats.models.growth.ceiling import fit_ceiling
from alliance_stats.models.growth.early import fit_early
from alliance_stats.models.growth.parallel import fit_parallel
from alliance_stats.models.growth.prepare import SHAPES, prepare_growth
from alliance_stats.models.growth.result import GrowthResult, Shape
from alliance_stats.models.growth.shapes import fit_course
from alliance_stats.models.prepare import TimeColumn
from alliance_stats.models.windows import session_window


def fit_growth(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    shape: Shape = "auto",
    break_at: float | None = None,
    time_column: TimeColumn = "session",
    early_window: tuple[int, int] = (3, 5),
    alliance_max: float | None = None,
    therapist_change: TherapistChange = "raise",
) -> GrowthResult:
    """Describe the course of alliance and outcome over the sessions.

    Use it to ask whether the alliance takes time to build, and whether patients whose alliance
    grows are those whose outcome changes. Four shapes are compared: a line, a logarithm, a
    quadratic curve, and two lines that meet at a break. In each, intercept and time differ
    between patients (random growth factors).

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session. A frame needs `roles`. The alliance column is raw.
    roles : Roles or dict, optional
    shape : {"auto", "linear", "log", "quadratic", "piecewise"}
        The shape that is reported; all are tabled. ``"auto"`` takes, for each variable, the one
        of smallest BIC: its tests are then *post-selection*, and marked so.
    break_at : float, optional
        Where the two lines of ``"piecewise"`` meet, in sessions (or weeks) since the patient's
        first session. By default the end of the early window; with ``time_column="time"`` there
        is no default. It is fixed beforehand, not searched for.
    time_column : {"session", "time"}
        Count sessions, or weeks in the column of role `time`; both from the patient's first.
    early_window : (int, int)
        First and last session whose mean alliance is the early alliance. It is compared with the
        rate of change of the outcome *after* the window, so that it is known before the slope is
        measured.
    alliance_max : float, optional
        Highest value the alliance scale can take; by default the highest rating in the file.
    therapist_change : {"raise", "first"}
        Whether patients with several therapists are refused, or count for the first.

    Returns
    -------
    GrowthResult

    Raises
    ------
    DataError
        For too few sessions a patient for the shape, an alliance that does not vary or lies at
        its maximum throughout, patients with several therapists (``"raise"``), an alliance column
        that is centred already.
    ArgumentError
        For arguments that are unknown or would be ignored, a break outside the observed times.

    Warns
    -----
    DataWarning, FitWarning
        Dropped sessions, shapes and parts left out; singular or failed fits. Also in
        ``result.messages``.

    References
    ----------
    Singer, J. D., & Willett, J. B. (2003). Applied longitudinal data analysis. Oxford University
    Press.

    Examples
    --------
    >>> import alliance_stats as al
    >>> result = al.fit_growth(al.load_example("sessions"), shape="linear")
    >>> result.shapes["shape"].unique().tolist()
    ['linear', 'log', 'quadratic', 'piecewise']
    """
    data = sessions_from(sessions, roles)
    known = data.roles
    if known is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    one_of(shape, ("auto", *SHAPES), name="shape")
    one_of(time_column, ("session", "time"), name="time_column")
    _check_change(therapist_change, known)
    if shape not in ("auto", "piecewise") and break_at is not None:
        raise ArgumentError(
            f"break_at={break_at!r} is for the piecewise shape, and shape={shape!r} was asked "
            "for. Leave one of them out."
        )
    prepared = prepare_growth(
        data, known, shape=shape, break_at=break_at, time_column=time_column,
        early_window=session_window(early_window, name="early_window"),
        therapist_change=therapist_change,
    )  # fmt: skip
    ceiling = fit_ceiling(prepared, alliance_max)
    (_, alliance), (_, outcome) = prepared.variables
    courses = (
        fit_course(prepared, "alliance", alliance, shape),
        fit_course(prepared, "outcome", outcome, shape),
    )
    result = GrowthResult(
        prepared=prepared,
        alliance=courses[0],
        outcome=courses[1],
        early=fit_early(prepared),
        parallel=fit_parallel(prepared, (courses[0].shape, courses[1].shape)),
        ceiling=ceiling,
        asked=shape,
        time_column=time_column,
    )
    about_data = result.about_data
    for message in result.messages:
        category = DataWarning if message in about_data else FitWarning
        warnings.warn(message, category, stacklevel=2)
    return result


def _check_change(therapist_change: TherapistChange, roles: Roles) -> None:
    check_way(therapist_change, roles.therapist)
    if therapist_change in ("dyad", "crossed"):
        raise ArgumentError(
            f"therapist_change={therapist_change!r} is not possible in fit_growth: the course of a "
            "patient is one curve. Use therapist_change='first', or leave the therapist role out."
        )
