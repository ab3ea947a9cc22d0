"""simulate_sessions: synthetic therapy sessions with a known truth."""

from __future__ import annotations

import inspect
from dataclasses import replace

from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.random import RandomSource
from alliance_stats.data.roles import SYNTHETIC_ROLES
from alliance_stats.data.sessions import SessionData
from alliance_stats.simulate.checks import check_parameters
from alliance_stats.simulate.codebook import codebook_frame
from alliance_stats.simulate.dyads import therapist_rating
from alliance_stats.simulate.ending import end_therapies
from alliance_stats.simulate.parameters import Range, SessionParameters
from alliance_stats.simulate.process import (
    draw_deviations,
    draw_people,
    latent_alliance,
    latent_intake,
    latent_outcome,
    on_scale,
    with_flat,
)
from alliance_stats.simulate.streams import spawn_streams
from alliance_stats.simulate.structure import draw_structure
from alliance_stats.simulate.table import session_frame, simulation_report, with_missing


def simulate_sessions(
    *,
    n_patients: int = 240,
    n_therapists: int = 24,
    caseload_cv: float = 0.7,
    caseload_max: int = 40,
    sessions_median: float = 11.0,
    sessions_cv: float = 0.65,
    sessions_max: int = 25,
    length_improvement: float = 0.40,
    day_sd: float = 1.5,
    missing_sessions: float = 0.15,
    missing_ratings: float = 0.015,
    flat_patients: float = 0.05,
    dropout_hazard: float = 0.02,
    dropout_alliance_effect: float = -0.53,
    study_end: float = 0.05,
    alliance_mean: float = 48.4,
    alliance_sd: float = 9.0,
    alliance_therapist_share: float = 0.07,
    alliance_patient_share: float = 0.60,
    alliance_trend: float = 0.15,
    alliance_trend_sd: float = 0.20,
    outcome_mean: float = 15.0,
    outcome_sd: float = 5.5,
    outcome_therapist_share: float = 0.05,
    outcome_patient_share: float = 0.60,
    outcome_trend: float = -0.71,
    outcome_trend_sd: float = 0.25,
    alliance_ar: float = 0.30,
    outcome_ar: float = 0.35,
    lagged_effect: float = -0.10,
    reverse_effect: float = -0.10,
    within_effect: float = -0.08,
    within_effect_sd: float = 0.08,
    patient_between_effect: float = -0.24,
    therapist_between_effect: float = -0.30,
    improvement_alliance: float = 1.5,
    improvement_outcome: float = -1.5,
    therapist_ratings: bool = False,
    dyad_correlation: float = 0.366,
    dyad_difference: float = 0.546,
    therapist_change: float = 0.0,
    therapist_free: float = 0.0,
    alliance_range: Range = (12, 60),
    outcome_range: Range = (0, 27),
    rng: RandomSource,
) -> SessionData:
    """Simulate sessions of patients within therapists, with a known alliance effect.

    Use it to see what a model does with data whose truth is known: notebooks, power, tests.
    With therapist k, patient j of therapist k, session t and w weeks since the first session::

        alliance_tjk = alliance_mean + v_k + u_jk + (alliance_trend + s_jk) w_tjk
                       + improvement_alliance m_jk g(w_tjk) + e_tjk
        outcome_tjk  = outcome_mean + (outcome_trend + c_jk) w_tjk
                       + therapist_between_effect v_k + patient_between_effect u_jk + p_k + q_jk
                       + improvement_outcome m_jk g(w_tjk) + f_tjk
        e_t = alliance_ar e_t-1 + reverse f_t-1 + i_t
        f_t = outcome_ar f_t-1 + lagged e_t-1 + (within_effect + d_jk) i_t + r_t

    The outcome is rated before the session and the alliance after it, so the alliance can change
    the outcome of the *next* session only: this is the lagged effect. The contemporaneous one
    stands for what one session's ratings share (the patient's week, say). m is an improvement
    that was under way before therapy: it raises the alliance and lowers the outcome, with no path
    between the two; g rises from 0 to 1 over the first two weeks. All letters but w, g, e and f
    are independent normal variables with mean 0. The effects act on the latent
    components v, u and e. A fit sees observed means of clipped ratings instead, so the value it
    estimates (the *estimand*) differs from the parameter (the *structural* value), most of all
    for therapists. Effects move variance without adding any: the variances of p, q and r are the
    outcome's shares minus what the effects explain.

    Parameters
    ----------
    n_patients, n_therapists : int
        Numbers of patients and therapists. Every patient has one therapist.
    caseload_cv : float
        How unequal caseloads are: SD / mean of the gamma weights by which patients are shared
        out. 0 gives equal caseloads.
    caseload_max : int
        Largest caseload, in patients; the smallest is 1.
    sessions_median : float
        Median number of planned sessions of a patient.
    sessions_cv : float
        SD / mean of the number of sessions (rounded gamma) before the limits 1 and
        `sessions_max`. 0 gives every patient the median.
    sessions_max : int
        Largest number of planned sessions of a patient; longer therapies end there.
    length_improvement : float
        Correlation of the planned number of sessions (its normal score) with the patient's
        outcome trend c: above 0, patients whose outcome falls faster need fewer sessions to
        be well enough.
    day_sd : float
        SD of the days by which sessions after the first shift around their weekly date, rounded
        and at most three.
    missing_sessions : float
        Share of planned sessions after the first that are missed at random. They have no row,
        and the numbers of the sessions keep counting.
    missing_ratings : float
        Share of ratings missing at random, in the alliance and the outcome each.
    flat_patients : float
        Share of patients who repeat their first alliance rating at every session.
    dropout_hazard : float
        Probability of not returning after a session whose alliance is `alliance_mean`.
    dropout_alliance_effect : float
        Log hazard ratio of dropout for an alliance one `alliance_sd` higher; the latent alliance
        of the last session counts. Nobody drops out after the last planned session.
    study_end : float
        Share of patients whose therapy is going on when the study closes, after a random session
        before the last planned one (administrative censoring). It depends on nothing else;
        patients with one planned session are not cut, and dropout before it remains dropout.
    alliance_mean, outcome_mean : float
        Means at intake (first session), in points of the scale.
    alliance_sd, outcome_sd : float
        Total SDs at intake, in points of the scale.
    alliance_therapist_share, alliance_patient_share : float
        Shares of the alliance's variance at intake: Var(v) and Var(u); Var(e) is the rest.
    outcome_therapist_share, outcome_patient_share : float
        Shares of the outcome's variance at intake, alliance effects included.
    alliance_trend, outcome_trend : float
        Mean trends, in points per week.
    alliance_trend_sd, outcome_trend_sd : float
        SDs of the patients' trends around them (s, c), in points per week.
    alliance_ar, outcome_ar : float
        Autoregressions of the deviations e and f, from one session to the next.
    lagged_effect, reverse_effect : float
        Effect of the alliance's deviation on the next session's outcome, and of the outcome's on
        the next session's alliance, in SDs of the session deviations.
    within_effect, within_effect_sd : float
        Mean and SD over patients of the effect of the alliance's innovation i on the outcome of
        the same session, in outcome points per alliance point. With the four parameters above 0
        it is the effect of the whole deviation e, and all there is within patients.
    patient_between_effect, therapist_between_effect : float
        Effects of the components u and v, in outcome points per alliance point.
    improvement_alliance, improvement_outcome : float
        Change of alliance and outcome over the first two weeks, in points for a patient one SD
        above the mean of the pre-existing improvement m.
    therapist_ratings : bool
        Whether therapists rate the alliance of every session too (column ``wai_therapist``).
    dyad_correlation, dyad_difference : float
        Correlation of the two ratings of a session, and by how many SDs patients rate higher,
        both before rounding and limits. Used with ``therapist_ratings=True``.
    therapist_change : float
        Share of patients who go on with another therapist from a random later session.
    therapist_free : float
        Share of patients treated without a therapist (column ``treatment``): their therapist is
        missing and has no part in alliance and outcome; their alliance is with the program.
    alliance_range, outcome_range : (int, int) or None
        Lowest and highest value of the scale: values are rounded to whole numbers and clipped.
        None leaves them unlimited and unrounded.
    rng : int, SeedSequence or Generator
        Source of random numbers. The same source gives the same data. It seeds separate streams,
        in this order: caseloads, numbers of sessions, missed sessions, therapists, patients,
        sessions, missing ratings, improvement, intake, days, flat ratings, dropout,
        therapists' ratings, changes, arms, closing of the study; so two calls that differ in
        effects only share all draws.

    Returns
    -------
    SessionData
        Columns ``therapist patient session week wai_total phq9 phq9_intake ended``,
        ordered by patient, then session; roles; a report; and ``codebook``, one row a parameter
        with its basis. ``phq9_intake`` is the outcome rated before session 1, constant in a
        patient, and ``ended`` is "agreed", "dropout" or "ongoing" (cut by `study_end`). On
        request ``wai_therapist`` follows ``phq9_intake``, and ``treatment`` comes last.

    Raises
    ------
    ArgumentError
        If a parameter is out of range or would be ignored, patients do not fit into caseloads,
        shares sum to 1 or more, the process is not stationary, or an effect explains more
        variance than the outcome has between these units.

    Notes
    -----
    The **null twin** of a data set has no alliance effect and keeps everything else: call again
    with ``lagged_effect=0, within_effect=0, within_effect_sd=0, patient_between_effect=0,
    therapist_between_effect=0`` and the same other arguments. Means and SDs at intake stay. The
    reverse path and the pre-existing improvement stay too: they tie alliance and outcome without
    any effect of the alliance, and an analysis that ignores them finds one.

    References
    ----------
    Johns, R. G., et al. (2019). A systematic review of therapist effects. *Clinical Psychology
    Review*, 67, 78-93 (therapist share of the outcome). Other defaults: see the codebook.

    Examples
    --------
    >>> from alliance_stats.simulate import simulate_sessions
    >>> sessions = simulate_sessions(n_patients=30, n_therapists=4, rng=1)
    >>> list(sessions.frame.columns)[:7]
    ['therapist', 'patient', 'session', 'week', 'wai_total', 'phq9', 'phq9_intake']
    >>> sessions.frame["patient"].nunique()
    30
    """
    arguments = dict(locals())
    del arguments["rng"]
    given = SessionParameters(**arguments)
    check_parameters(given)
    _refuse_ignored(given)
    streams = spawn_streams(rng)
    people = draw_people(given, streams)
    structure = draw_structure(given, people.pace, streams)
    deviations = draw_deviations(given, structure, people, streams)
    latent = (given, structure, people, deviations)
    alliance = latent_alliance(*latent)
    ending = end_therapies(given, structure, alliance, streams)
    rated = on_scale(alliance, given.alliance_range)
    rated = with_flat(rated, structure, given.flat_patients, streams.styles)
    outcome = on_scale(latent_outcome(*latent), given.outcome_range)
    intake = on_scale(latent_intake(*latent), given.outcome_range)
    ratings = {
        "wai_total": with_missing(rated, given.missing_ratings, streams.ratings),
        "phq9": with_missing(outcome, given.missing_ratings, streams.ratings),
        "phq9_intake": intake[structure.patient],
    }
    if given.therapist_ratings:
        latent_rating = therapist_rating(given, structure, alliance, streams.dyads)
        by_therapist = on_scale(latent_rating, given.alliance_range)
        by_therapist = with_missing(by_therapist, given.missing_ratings, streams.dyads)
        ratings["wai_therapist"] = by_therapist
    arms = given.therapist_free > 0
    frame = session_frame(structure, ending, ratings, given.n_therapists, arms)
    roles = replace(
        SYNTHETIC_ROLES,
        alliance_therapist="wai_therapist" if given.therapist_ratings else None,
        treatment="treatment" if arms else None,
    )
    return SessionData(
        frame=frame,
        roles=roles,
        report=simulation_report(frame, roles, n_planned=int(ending.reached.sum())),
        codebook=codebook_frame(given, _defaults()),
    )


def _refuse_ignored(given: SessionParameters) -> None:
    """Raise for parameters of therapists' ratings where none are asked for."""
    for name in ("dyad_correlation", "dyad_difference"):
        if not given.therapist_ratings and getattr(given, name) != _defaults()[name]:
            raise ArgumentError(
                f"{name}={getattr(given, name)!r} would be ignored: therapists rate no session. "
                "Give therapist_ratings=True too, or leave it out."
            )


def _defaults() -> dict[str, object]:
    parameters = inspect.signature(simulate_sessions).parameters
    return {name: p.default for name, p in parameters.items()}
