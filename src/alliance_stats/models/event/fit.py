"""fit_event: whether the alliance of a session predicts that the patient does not come back.

Rows are sessions at risk and predictors are those known at the session (Singer & Willett, 1993).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Literal

import pandas as pd

from alliance_stats._base.checks import one_of
from alliance_stats._base.errors import ArgumentError, DataWarning, FitWarning
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.lmm.glmm.fit import check_points
from alliance_stats.models.event.endings import competing_columns, is_ending, ways_of_ending
from alliance_stats.models.event.hazard import fit_competing, fit_hazard
from alliance_stats.models.event.prepare import EVENT, check_baseline_rows, prepare_events
from alliance_stats.models.event.result import EventResult
from alliance_stats.models.event.specification import (
    LINKS,
    SPLINE_DF,
    WINDOW,
    Baseline,
    EventSpecification,
    Link,
    Missing,
    Predictor,
    check_baseline,
    check_missing,
    check_predictors,
    check_window,
    has_frailty,
)


def fit_event(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    event: str = "dropout",
    predictors: Sequence[Predictor] = ("current",),
    covariates: Sequence[str] = (),
    competing: str | Sequence[str] | None = None,
    censored: str | Sequence[str] | None = None,
    early_window: tuple[int, int] = WINDOW,
    baseline: Baseline = "spline",
    spline_df: int = SPLINE_DF,
    link: Link = "cloglog",
    frailty: Literal["auto", "therapist"] | None = "auto",
    missing: Missing = "drop",
    at_risk: str | None = None,
    n_agq: int = 1,
) -> EventResult:
    """Estimate how the alliance predicts dropout, or another event, from session to session.

    Use it to ask who stays in therapy: every session is at risk that the patient does not come
    back after it, and the alliance known by then predicts it. An agreed end of therapy competes
    with dropout and has a hazard of its own; therapies that were going on when the data closed
    are censored. With columns of 0 and 1 in place of the role ``ended`` the same model is one of
    relapse after therapy, or of any event that comes at most once, period by period.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session (or period). A frame needs `roles`. The alliance column is raw.
    roles : Roles or dict, optional
        ``ended`` says how the therapy of each patient ended.
    event : str
        A way of ending that the column of the role ``ended`` holds; or, where it holds no such, a
        column that is 1 in the period of the event, 0 before, and has no rows after it.
    predictors : sequence of {"current", "running_mean", "change", "early"}
        The alliance of the session; the mean of all ratings up to it; its change from session
        t − 1; the mean of `early_window`. First sessions have no change and are left out with
        it, as are sessions before the end of the window with the early mean.
    covariates : sequence of str
        Columns of predictors that are known at the session, such as the score at intake; texts
        are categories.
    competing, censored : str or sequence of str, optional
        The endings that compete with the event and those that only close the data, by default
        ``"agreed"`` and ``"ongoing"`` where they occur. Every ending must be accounted for. With
        an event column, `competing` names columns of 0 and 1, and `censored` is not used: the
        last row of a patient without event is censored anyway.
    early_window : (int, int)
        First and last session of the early alliance.
    baseline : {"spline", "factor", "log"}
        How the hazard runs over sessions where the predictors are equal: a cubic spline of the
        session number with `spline_df` degrees of freedom, a level for every session, or the
        logarithm of the number.
    spline_df : int
    link : {"cloglog", "logit"}
        With the complementary log-log exponentiated coefficients are hazard ratios, with the
        logit odds ratios.
    frailty : {"auto", "therapist", None}
        Whether therapists differ in the hazard; by default if there is a therapist role. A
        session counts for the therapist it names, so that patients may change theirs.
    missing : {"drop", "last"}
        Sessions at risk without a rating are left out, or take the patient's last one for the
        predictors ``"current"`` and ``"change"``; both counted.
    at_risk : str, optional
        Column that is 1 where a row is at risk and 0 where it is not.
    n_agq : int
        1 is Laplace's approximation of the likelihood with frailty; 2 to 25 are points of
        adaptive quadrature.

    Returns
    -------
    EventResult

    Raises
    ------
    ArgumentError
        For an event, ending or option that is not known or would be ignored; for a patient
        frailty.
    DataError
        Without events, or with nothing else; for predictors that are centred already, hold what
        is known only afterwards (patient means, the number of sessions), do not vary, or
        separate the rows completely; for rows after the event; for patients with two endings.

    Warns
    -----
    DataWarning, FitWarning
        Sessions not in the model, by cause; singular or failed fits; a competing event that is
        tied to the session number and cannot be modelled. Also in ``result.messages``.

    References
    ----------
    Singer, J. D., & Willett, J. B. (1993). It's about time: Using discrete-time survival analysis
    to study duration and the timing of events. Journal of Educational Statistics, 18(2), 155–195.

    Examples
    --------
    >>> import warnings
    >>> import alliance_stats as al
    >>> warnings.simplefilter("ignore")
    >>> result = al.models.fit_event(al.load_example("sessions"))
    >>> result.effects[["effect", "term"]].values.tolist()
    [['current_alliance', 'dropout ~ wai_total']]
    >>> bool(result.effects["ci_high"].item() < 0)
    True
    """
    data = sessions_from(sessions, roles)
    known = data.roles
    if known is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    check_predictors(predictors, covariates)
    check_baseline(baseline, spline_df)
    one_of(link, LINKS, name="link")
    check_missing(missing, predictors)
    with_frailty = has_frailty(frailty, known)
    _check_points(n_agq, with_frailty)
    by_column, competes, closes = _endings(data.frame, known, event, competing, censored)
    chosen = EventSpecification(
        event=event, competing=competes, censored=closes, predictors=tuple(predictors),
        covariates=tuple(covariates), early_window=check_window(early_window, predictors),
        baseline=baseline, spline_df=int(spline_df), link=link, frailty=with_frailty,
        missing=missing, at_risk=at_risk, n_agq=int(n_agq), by_column=by_column,
    )  # fmt: skip
    prepared = prepare_events(data.frame, known, chosen)
    check_baseline_rows(prepared)
    hazard = fit_hazard(prepared, EVENT)
    competitor, about = fit_competing(prepared)
    hazards = (hazard,) if competitor is None else (hazard, competitor)
    result = EventResult(hazards, prepared, data, about)
    for message in result.messages:
        category = FitWarning if message in result.about_fits else DataWarning
        warnings.warn(message, category, stacklevel=2)
    return result


def _endings(
    frame: pd.DataFrame, roles: Roles, event: str, competing: object, censored: object
) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    """Whether events are columns, and what competes and closes."""
    if is_ending(frame, roles, event):
        return False, *ways_of_ending(frame, str(roles.ended), event, competing, censored)
    if censored is not None:
        raise ArgumentError(
            f"censored={censored!r} would be ignored: event='{event}' is a column, and the last "
            "row of a patient without event is censored anyway. Leave it out."
        )
    return True, competing_columns(competing), ()


def _check_points(n_agq: object, frailty: bool) -> None:
    check_points(n_agq)
    if n_agq != 1 and not frailty:
        raise ArgumentError(f"n_agq={n_agq} would be ignored without a frailty. Leave it out.")
