"""fit_congruence: whether one rater's judgements match and follow what another rater says.

The truth-and-bias model of West and Kenny (2011), as a mixed model of sessions.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import pandas as pd

from alliance_stats._base.checks import name_list
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
from alliance_stats.data.therapist_change import ONLY_FIRST, TherapistChange
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.congruence.prepare import (
    PreparedRatings,
    moderator_columns,
    prepare_ratings,
)
from alliance_stats.models.congruence.result import CongruenceResult
from alliance_stats.models.paired import Scales, check_choices, rating_pair, with_ratings
from alliance_stats.models.prepare import (
    MeanRows,
    Time,
    TimeColumn,
    clock_of,
    prepare_sessions,
)
from alliance_stats.models.slopes import PART_SLOPES, Slopes, checked_slopes
from alliance_stats.models.specification import Specification, check_rows, session_formula

#: Ways to enter time: those of which bias and tracking have one value at the mean.
TIMES_HERE = ("linear", "log", "none")


def fit_congruence(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    truth: str = "patient",
    judgement: str = "therapist",
    scale: Scales | None = None,
    moderators: Sequence[str] = (),
    time: Time = "linear",
    time_column: TimeColumn = "session",
    random_slopes: Slopes | None = None,
    mean_rows: MeanRows = "available",
    therapist_change: TherapistChange = "raise",
    reml: bool = True,
) -> CongruenceResult:
    """Estimate whether therapists' ratings match those of their patients, and follow them.

    Use it to ask *do I really understand it from their perspective?* A judge can be wrong in level
    (directional bias: all ratings too low) and still follow every change (tracking), or the
    reverse; a correlation or a difference score mixes the two. The patient's rating is called the
    truth because it is what is judged: the patient's view, not how things are.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session with both ratings. A frame needs `roles`. Ratings are raw.
    roles : Roles or dict, optional
    truth, judgement : str
        The rating that is judged and the one that judges: ``"patient"`` (role ``alliance``),
        ``"therapist"`` (role ``alliance_therapist``), or any column, such as ``"wai_observer"``.
    scale : (float, float), or mapping of column to (float, float), optional
        Lowest and highest possible score. Both ratings must have the same; without it only their
        observed ranges are compared.
    moderators : list of str
        Columns that bias and tracking may depend on: numbers, or categories such as the treatment.
        The column that counts time asks whether tracking changes over time; whether the bias does
        is in the model with time itself.
    time : {"linear", "log", "none"}
        Whether bias may change with the time since the patient's first session. With time in the
        model, tracking is that of changes beyond the common trend.
    time_column, mean_rows
        As in `fit_within_between`.
    random_slopes : mapping, optional
        Tracking that differs between members of a unit. Default ``{"patient": ["within"],
        "therapist": ["within"]}`` (therapists only with their role); ``{}`` for none. The bias
        always differs.
    therapist_change : {"raise", "first"}
        What to do about patients with several therapists: refuse them, or count all sessions for
        the first one.
    reml : bool

    Returns
    -------
    CongruenceResult

    Raises
    ------
    DataError
        For ratings without a common scale, missing or unusable columns, too few sessions, a
        moderator that is a difference score.
    ArgumentError
        For unknown arguments, one column twice, missing roles.
    UnsupportedError
        For ``time="factor"`` or ``"patient"``, and other ways to treat changes of therapist.

    Warns
    -----
    DataWarning, FitWarning
        Dropped sessions; singular or failed fits. Also in ``result.messages``.

    Notes
    -----
    Whether therapists who track better have better outcomes is not asked by taking the predicted
    tracking of each therapist (``people()``) into a second model: these predictions are shrunken
    and have errors of their own, which a second model takes for nothing. Ask it in one step, with
    the product of both ratings in the model of the outcome: `fit_response_surface`.

    References
    ----------
    West, T. V., & Kenny, D. A. (2011). The truth and bias model of judgment. *Psychological
    Review*, 118(2), 357-378.

    Examples
    --------
    >>> import alliance_stats as al
    >>> result = al.models.fit_congruence(al.load_example("dyads"), scale=(12, 60))
    >>> result.tidy()["effect"].tolist()[:4]
    ['bias', 'within', 'patient_between', 'therapist_between']
    """
    data = sessions_from(sessions, roles)
    if data.roles is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    pair, ends = rating_pair(data, data.roles, {"truth": truth, "judgement": judgement}, scale)
    check_choices(time, time_column, therapist_change, reml)
    _check_time(time)
    known = with_ratings(data.roles, alliance=pair[0], outcome=pair[1])
    clock = clock_of(known, time_column)
    carried = moderator_columns(data, known, moderators, clock=clock)
    sessions_ready = prepare_sessions(
        data, known, time_column=time_column, mean_rows=mean_rows, therapist_mean="patients",
        therapist_change=therapist_change, carried=carried, options=ONLY_FIRST,
    )  # fmt: skip
    prepared = prepare_ratings(sessions_ready, time=time, moderators=moderators)
    specification = Specification(
        time=time,
        time_column=time_column,
        slopes=_slopes(random_slopes, prepared),
        mean_rows=mean_rows,
        therapist_mean="patients",
        reml=reml,
    )
    check_rows(prepared.sessions, specification)
    fit = fit_ratings(prepared, specification)
    _check_terms(fit)
    result = CongruenceResult(fit, prepared, specification, ends)
    for message in result.messages:
        kind = FitWarning if message in fit.about_fit else DataWarning
        warnings.warn(message, kind, stacklevel=2)
    return result


def fit_ratings(prepared: PreparedRatings, specification: Specification) -> MixedModelResult:
    """The model: judgement ~ time + parts of the truth + moderators + random effects."""
    columns = dict(prepared.sessions.effects)
    slopes = {unit: [columns[e] for e in names] for unit, names in specification.slopes.items()}
    formula = session_formula(
        prepared.response, prepared.terms(), slopes, prepared.sessions.groups,
        time=prepared.time, kind=specification.time,
    )  # fmt: skip
    return fit_quietly(formula, prepared.frame, reml=specification.reml)


def _check_terms(fit: MixedModelResult) -> None:
    gone = fit.criterion.design.redundant
    if gone:
        raise DataError(
            f"the model cannot be estimated: {name_list(gone)} is determined by the other terms. "
            "The truth must differ between patients (and therapists), and every moderator must "
            "differ from the others."
        )


def _slopes(wanted: Slopes | None, prepared: PreparedRatings) -> dict[str, tuple[str, ...]]:
    if wanted == "auto":
        raise ArgumentError(
            "random_slopes='auto' is not known here: give {'patient': ['within']}, or {} for none."
        )
    parts = [effect for effect, _ in prepared.sessions.effects]
    allowed = {unit: [n for n in names if n in parts] for unit, names in PART_SLOPES.items()}
    default = dict.fromkeys(prepared.sessions.groups, ("within",))
    therapists = "therapist" in prepared.sessions.groups
    return checked_slopes(wanted, default, allowed, therapists=therapists)


def _check_time(time: Time) -> None:
    if time not in TIMES_HERE:
        raise UnsupportedError(
            f"time={time!r} is not available here: the bias would have no single value. "
            "Use 'linear', 'log' or 'none'."
        )
