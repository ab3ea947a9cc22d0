"""fit_response_surface: whether outcome is better where patient and therapist agree.

A quadratic surface of both ratings in a mixed model (Nestler, Humberg & Schönbrodt, 2019), read by
the conditions of Humberg, Nestler and Back (2019).
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import pandas as pd

from alliance_stats._base.checks import counted, is_whole, name_list, one_of
from alliance_stats._base.errors import (
    ArgumentError,
    DataError,
    DataWarning,
    FitWarning,
)
from alliance_stats._base.random import RandomSource
from alliance_stats.data.load import sessions_from
from alliance_stats.data.roles import Roles
from alliance_stats.data.sessions import SessionData
from alliance_stats.data.therapist_change import ONLY_FIRST, TherapistChange
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.paired import Scales, check_choices, rating_pair, with_ratings
from alliance_stats.models.prepare import (
    MeanRows,
    Time,
    TimeColumn,
    clock_of,
    prepare_sessions,
    time_term,
)
from alliance_stats.models.slopes import Slopes, checked_slopes
from alliance_stats.models.specification import Specification, check_rows, session_formula
from alliance_stats.models.surface.draws import draw_surfaces
from alliance_stats.models.surface.prepare import (
    Level,
    Midpoint,
    PreparedSurface,
    covariate_columns,
    prepare_surface,
)
from alliance_stats.models.surface.result import SurfaceResult

#: Fewest clusters that can be drawn.
FEWEST = 10


def fit_response_surface(
    sessions: SessionData | pd.DataFrame,
    roles: Roles | dict[str, str] | None = None,
    *,
    level: Level = "within",
    x: str = "patient",
    y: str = "therapist",
    scale: Scales | None = None,
    midpoint: Midpoint | None = None,
    covariates: Sequence[str] = (),
    time: Time = "linear",
    time_column: TimeColumn = "session",
    random_slopes: Slopes | None = None,
    mean_rows: MeanRows = "available",
    therapist_change: TherapistChange = "raise",
    reml: bool = True,
    n_boot: int = 1000,
    rng: RandomSource | None = None,
) -> SurfaceResult:
    """Estimate how the outcome depends on both ratings, and whether it is best where they agree.

    Use it for *patients whose therapist sees the alliance as they do are better off*. The outcome
    is modelled by both ratings, their squares and their product; agreement is claimed only if the
    whole surface has the shape that agreement would make. It estimates associations: outcome and
    ratings are of the same session.

    Parameters
    ----------
    sessions : SessionData or DataFrame
        One row a session. A frame needs `roles`, with ``outcome_better``. Ratings are raw.
    roles : Roles or dict, optional
    level : {"within", "between"}
        *within*: is a patient better off in sessions in which both ratings agree? *between*: are
        patients better off whose mean ratings agree?
    x, y : str
        The ratings: ``"patient"`` (role ``alliance``), ``"therapist"`` (role
        ``alliance_therapist``), or any column.
    scale : (float, float), or mapping of column to (float, float), optional
        Lowest and highest possible score, the same of both; without it only their observed ranges
        are compared.
    midpoint : {"mean", "scale"}, optional
        Between patients, what both means are counted from: their common mean (default) or the
        middle of the scale. Within patients both are counted from the patient's common centre.
    covariates : list of str
        Columns held constant, such as the score at intake. Difference scores are refused.
    time, time_column, mean_rows, therapist_change, reml
        As in `fit_within_between`; of changes of therapist ``"raise"`` and ``"first"``.
    random_slopes : mapping, optional
        Which of ``"x"`` and ``"y"`` have coefficients that differ between members of a unit.
        Default ``{"patient": ["x", "y"]}`` within patients and ``{}`` between them.
    n_boot : int
        Draws of therapists, or of patients where no therapist is known, with all their sessions,
        for the intervals of the principal axes. 0 for none: then congruence is not decided.
    rng : int, SeedSequence or Generator
        For the draws.

    Returns
    -------
    SurfaceResult

    Raises
    ------
    DataError
        For ratings without a common scale, missing or unusable columns, a covariate that is a
        difference score, terms that cannot be told apart, too few sessions or therapists.
    ArgumentError
        Without the role ``outcome_better``; for unknown arguments or such as would be ignored.
    UnsupportedError
        For other ways to treat changes of therapist.

    Warns
    -----
    DataWarning, FitWarning
        Dropped sessions, too little disagreement; singular or failed fits; few therapists, draws
        that failed. Also in ``result.messages``.

    References
    ----------
    Edwards, J. R., & Parry, M. E. (1993). On the use of polynomial regression equations as an
    alternative to difference scores in organizational research. *Academy of Management Journal*,
    36(6), 1577-1613.

    Humberg, S., Nestler, S., & Back, M. D. (2019). Response surface analysis in personality and
    social psychology: Checklist and clarifications for the case of congruence hypotheses. *Social
    Psychological and Personality Science*, 10(3), 409-419.

    Nestler, S., Humberg, S., & Schönbrodt, F. D. (2019). Response surface analysis with multilevel
    data: Illustration for the case of congruence hypotheses. *Psychological Methods*, 24(3),
    291-308.

    Examples
    --------
    >>> import alliance_stats as al
    >>> dyads = al.load_example("dyads")
    >>> result = al.models.fit_response_surface(dyads, scale=(12, 60), n_boot=100, rng=1)
    >>> result.verdict
    'not shown'
    """
    data = sessions_from(sessions, roles)
    if data.roles is None:  # sessions_from has refused this already
        raise ArgumentError("the sessions have no roles. Give roles=Roles(…).")
    _check_choices(data.roles, level, midpoint)
    check_choices(time, time_column, therapist_change, reml)
    _check_draws(n_boot, rng)
    pair, ends = rating_pair(data, data.roles, {"x": x, "y": y}, scale, outcome=data.roles.outcome)
    known = with_ratings(data.roles, alliance=pair[0])
    clock = clock_of(known, time_column)
    carried = covariate_columns(data, known, pair, covariates, clock=clock)
    ready = prepare_sessions(
        data, known, time_column=time_column, mean_rows=mean_rows, therapist_mean="patients",
        therapist_change=therapist_change, also=[pair[1]], carried=carried, options=ONLY_FIRST,
    )  # fmt: skip
    prepared = prepare_surface(
        ready, pair, level=level, midpoint=midpoint, scale=ends, covariates=carried
    )
    specification = Specification(
        time=time,
        time_column=time_column,
        slopes=_slopes(random_slopes, prepared),
        mean_rows=mean_rows,
        therapist_mean="patients",
        reml=reml,
    )
    check_rows(prepared.sessions, specification)
    fit = fit_surface(prepared, specification)
    _check_terms(fit, prepared)
    _check_clusters(prepared, n_boot)
    drawn = draw_surfaces(fit, prepared.names, n=n_boot, rng=rng)
    result = SurfaceResult(fit, prepared, specification, ends, midpoint, drawn)
    for message in result.messages:
        about_fit = message in (*fit.about_fit, *drawn.messages)
        warnings.warn(message, FitWarning if about_fit else DataWarning, stacklevel=2)
    return result


def fit_surface(prepared: PreparedSurface, specification: Specification) -> MixedModelResult:
    """The model: outcome ~ time + x + y + x² + xy + y² + … + random effects."""
    columns = {"x": prepared.x, "y": prepared.y}
    slopes = {unit: [columns[name] for name in own] for unit, own in specification.slopes.items()}
    sessions = prepared.sessions
    formula = session_formula(
        sessions.roles.outcome, prepared.terms(), slopes, sessions.groups,
        time=time_term(specification.time, sessions), kind=specification.time,
    )  # fmt: skip
    return fit_quietly(formula, prepared.frame, reml=specification.reml)


def _slopes(wanted: Slopes | None, prepared: PreparedSurface) -> dict[str, tuple[str, ...]]:
    if wanted == "auto":
        raise ArgumentError(
            "random_slopes='auto' is not known here: give {'patient': ['x', 'y']}, or {} for none."
        )
    within = prepared.level == "within"
    units = ["patient", "therapist"] if within else ["therapist"]
    allowed = dict.fromkeys(units, ("x", "y"))
    default = {"patient": ("x", "y")} if within else {}
    therapists = "therapist" in prepared.sessions.groups
    return checked_slopes(wanted, default, allowed, therapists=therapists)


def _check_choices(roles: Roles, level: str, midpoint: str | None) -> None:
    one_of(level, ("within", "between"), name="level")
    one_of(midpoint, (None, "mean", "scale"), name="midpoint")
    if level == "within" and midpoint is not None:
        raise ArgumentError(
            f"midpoint={midpoint!r} would be ignored within patients, where both ratings are "
            "counted from the patient's common centre. Leave it out."
        )
    if roles.outcome_better is None:
        raise ArgumentError(
            f"which direction of '{roles.outcome}' is improvement is not known, and the question "
            "is whether the outcome is best where ratings agree. Give "
            "roles=Roles(outcome_better='lower') or 'higher'."
        )


def _check_draws(n_boot: int, rng: RandomSource | None) -> None:
    whole = is_whole(n_boot)
    if not whole or (n_boot != 0 and n_boot < 100):
        raise ArgumentError(
            f"n_boot={n_boot!r} is no usable number of draws. Give 1000 (100 at least), or 0 for "
            "none."
        )
    if n_boot and rng is None:
        raise ArgumentError("the bootstrap draws random numbers. Give rng=1, or another seed.")
    if not n_boot and rng is not None:
        raise ArgumentError("rng would be ignored with n_boot=0. Leave one out.")


def _check_terms(fit: MixedModelResult, prepared: PreparedSurface) -> None:
    gone = [name for name in prepared.names if name not in fit.names]
    if gone:
        raise DataError(
            f"the surface cannot be estimated: {name_list(gone)} is determined by the other terms. "
            "Ratings must vary, take more than two values, and differ from each other."
        )


def _check_clusters(prepared: PreparedSurface, n_boot: int) -> None:
    counts = prepared.sessions.counts()
    highest = list(counts)[-1]
    if n_boot and counts[highest] < FEWEST:
        raise DataError(
            f"{counted(counts[highest], highest)} cannot be drawn again: at least {FEWEST} are "
            "needed for the intervals of the principal axes. Give n_boot=0 for the surface alone"
            + (", or leave the therapist role out." if highest == "therapist" else ".")
        )
