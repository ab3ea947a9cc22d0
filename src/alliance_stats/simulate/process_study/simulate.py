"""simulate_process_study: three treatments, three views of the alliance, a mediator."""

from __future__ import annotations

import inspect
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from alliance_stats._base.random import RandomSource
from alliance_stats.data.roles import PROCESS_ROLES
from alliance_stats.data.sessions import SessionData
from alliance_stats.simulate.dyads import (
    observer_rating,
    observer_weights,
    own_parts,
    therapist_rating,
)
from alliance_stats.simulate.ending import end_therapies
from alliance_stats.simulate.parameters import Range, SessionParameters
from alliance_stats.simulate.process import (
    People,
    draw_people,
    latent_alliance,
    on_scale,
    with_flat,
)
from alliance_stats.simulate.process_study.checks import check_study
from alliance_stats.simulate.process_study.codebook import study_codebook
from alliance_stats.simulate.process_study.dynamics import StudyDeviations, study_deviations
from alliance_stats.simulate.process_study.parameters import (
    TREATMENTS,
    StudyParameters,
    patient_level_residual,
    split_arguments,
)
from alliance_stats.simulate.process_study.people import (
    StudyPeople,
    departures,
    draw_study_people,
    study_adherence,
    study_intake,
    study_motivation,
    study_outcome,
)
from alliance_stats.simulate.streams import StudyStreams, spawn_study_streams
from alliance_stats.simulate.structure import Structure, draw_structure
from alliance_stats.simulate.table import session_frame, simulation_report, with_missing

Floats = NDArray[np.float64]


class Study(NamedTuple):
    """All that was drawn."""

    given: SessionParameters
    study: StudyParameters
    structure: Structure
    people: People
    own: StudyPeople
    deviations: StudyDeviations


def simulate_process_study(
    *,
    n_patients: int = 300,
    n_therapists: int = 30,
    treatment_within_difference: float = 0.0,
    treatment_between_difference: float = 0.0,
    treatment_lagged_difference: float = 0.0,
    lagged_effect: float = -0.10,
    reverse_effect: float = -0.10,
    within_effect: float = -0.08,
    within_effect_sd: float = 0.08,
    patient_between_effect: float = -0.24,
    therapist_between_effect: float = -0.30,
    alliance_to_motivation: float = 0.20,
    motivation_to_outcome: float = -0.15,
    outcome_to_motivation: float = -0.10,
    adherence_to_outcome: float = -0.02,
    adherence_alliance: float = 0.15,
    expectation_effect: float = -0.30,
    severity_effect: float = 0.70,
    dyad_correlation: float = 0.366,
    dyad_difference: float = 0.546,
    observer_correlation: float = 0.40,
    observer_difference: float = 0.30,
    therapist_observer_correlation: float = 0.30,
    alliance_mean: float = 48.4,
    alliance_sd: float = 9.0,
    alliance_therapist_share: float = 0.07,
    alliance_patient_share: float = 0.60,
    alliance_trend: float = 0.15,
    alliance_trend_sd: float = 0.20,
    alliance_ar: float = 0.30,
    outcome_mean: float = 15.0,
    outcome_sd: float = 5.5,
    outcome_therapist_share: float = 0.05,
    outcome_patient_share: float = 0.60,
    outcome_trend: float = -0.71,
    outcome_trend_sd: float = 0.25,
    outcome_ar: float = 0.35,
    improvement_alliance: float = 1.5,
    improvement_outcome: float = -1.5,
    motivation_mean: float = 6.5,
    motivation_sd: float = 1.8,
    motivation_patient_share: float = 0.55,
    motivation_alliance_correlation: float = 0.30,
    motivation_ar: float = 0.30,
    adherence_mean: float = 6.0,
    adherence_sd: float = 1.6,
    adherence_therapist_share: float = 0.25,
    adherence_patient_share: float = 0.20,
    expectation_mean: float = 6.0,
    expectation_sd: float = 2.0,
    expectation_alliance_correlation: float = 0.20,
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
    alliance_range: Range = (12, 60),
    outcome_range: Range = (0, 27),
    motivation_range: Range = (0, 10),
    adherence_range: Range = (0, 10),
    expectation_range: Range = (0, 10),
    rng: RandomSource,
) -> SessionData:
    """Simulate a process study: three treatments, three views of the alliance, a mediator.

    Use it for questions that `simulate_sessions` has no columns for: alliance in different
    treatments, mediation, importance of several predictors, patient, therapist and observer in
    one model. Alliance, dropout, numbers of sessions and missing values are those of
    `simulate_sessions`. Deviations of a session, in SDs: e of the alliance (rated after the
    session), h of motivation and f of the outcome (rated before it), g of adherence::

        e_t = alliance_ar e_t-1 + reverse_effect f_t-1 + i_t
        h_t = motivation_ar h_t-1 + alliance_to_motivation e_t-1
              + outcome_to_motivation f_t-1 + n_t
        g_t = adherence_alliance i_t + o_t
        f_t = outcome_ar f_t-1 + lagged e_t-1 + motivation_to_outcome h_t-1
              + adherence_to_outcome g_t-1 + (within_effect + d_j) i_t + r_t

    So part of the alliance's effect goes by motivation: the alliance of session t, motivation
    before session t + 1, the outcome before session t + 2. The levels, with u and v the alliance's
    parts of patient and therapist, s the severity and x the expectation before therapy::

        outcome    = outcome_mean + severity_effect s_j + expectation_effect x_j
                     + patient_between_effect u_j + therapist_between_effect v_k + q_j + p_k
                     + trend and early improvement as in `simulate_sessions` + f_t
        intake     = outcome_mean + s_j + f_intake
        motivation = motivation_mean + (patient's part, tied to u) + h_t
        adherence  = adherence_mean + (parts of therapist and patient) + g_t

    Patients' levels of motivation and adherence have no effect on the outcome. Therapist and
    observer see the session's alliance as the patient does up to the correlations asked; what is
    theirs alone has no effect. Every therapist works in one treatment, drawn at random, as many
    in each as possible; treatments have no effect of their own.

    Parameters
    ----------
    n_patients, n_therapists : int
        Numbers of patients and therapists; at least three therapists.
    treatment_within_difference, treatment_between_difference, treatment_lagged_difference : float
        Effect in supportive therapy minus effect in CBT, in the unit of the effect; psychodynamic
        therapy lies halfway, and the mean over treatments is the effect asked. The variances of
        a treatment follow from its effects.
    lagged_effect, reverse_effect, within_effect, within_effect_sd : float
        As in `simulate_sessions`; ``lagged_effect`` is what does not go by motivation.
    patient_between_effect, therapist_between_effect : float
        As in `simulate_sessions`, but after intake: severity is free of them.
    alliance_to_motivation, motivation_to_outcome, outcome_to_motivation : float
        Paths to the next session, in SDs of the session deviations. The product of the first two
        is the indirect effect.
    adherence_to_outcome, adherence_alliance : float
        Path of adherence to the next session's outcome, and what adherence shares with the
        alliance of the same session, in SDs.
    expectation_effect, severity_effect : float
        Effects on the level of the outcome, in outcome points per point.
    dyad_correlation, dyad_difference : float
        Correlation of the patient's and the therapist's rating of a session, and by how many SDs
        patients rate higher, both before rounding and limits.
    observer_correlation, observer_difference : float
        The same of the patient's and the observer's rating.
    therapist_observer_correlation : float
        Correlation of the therapist's and the observer's rating.
    alliance_mean, alliance_sd, alliance_therapist_share, alliance_patient_share, \
alliance_trend, alliance_trend_sd, alliance_ar : float
        Alliance as in `simulate_sessions`.
    outcome_mean, outcome_sd, outcome_therapist_share, outcome_patient_share, \
outcome_trend, outcome_trend_sd, outcome_ar : float
        Outcome as in `simulate_sessions`, all effects included in its variance.
    improvement_alliance, improvement_outcome : float
        Improvement under way before therapy, as in `simulate_sessions`.
    motivation_mean, motivation_sd, motivation_patient_share, motivation_ar : float
        Mean and total SD in points, share of patients in the variance, autoregression.
    motivation_alliance_correlation, expectation_alliance_correlation : float
        Correlations with the patient's part u of the alliance.
    adherence_mean, adherence_sd, adherence_therapist_share, adherence_patient_share : float
        Mean and total SD in points, shares of the variance.
    expectation_mean, expectation_sd : float
        Mean and SD in points.
    caseload_cv, caseload_max, sessions_median, sessions_cv, sessions_max, length_improvement, \
day_sd, missing_sessions, flat_patients, dropout_hazard, dropout_alliance_effect, study_end
        As in `simulate_sessions`. Only the patient repeats a flat rating.
    missing_ratings : float
        Share of ratings missing at random, in every column rated at sessions.
    alliance_range, outcome_range, motivation_range, adherence_range, expectation_range : \
(int, int) or None
        Lowest and highest value of a scale: values are rounded to whole numbers and clipped.
        None leaves them unlimited and unrounded. All alliance ratings share one.
    rng : int, SeedSequence or Generator
        Source of random numbers. The same source gives the same data; streams are those of
        `simulate_sessions`, then treatments, what patients bring, motivation, adherence,
        observers.

    Returns
    -------
    SessionData
        Columns ``therapist patient session week treatment wai_total wai_therapist wai_observer
        motivation adherence expectation phq9_intake phq9 ended``, ordered by patient, then
        session; roles; a report; and ``codebook``, one row a parameter with its basis.

    Raises
    ------
    ArgumentError
        If a parameter is out of range, three ratings cannot correlate as asked, the process is
        not stationary, or effects explain more variance than there is.

    Notes
    -----
    The **null twin** has no alliance effect and keeps everything else: the arguments that are 0
    in the null twin of `simulate_sessions`, and ``alliance_to_motivation=0``. Expectations still
    raise the alliance and lower the outcome in it, as the reverse path and the early improvement
    tie the two.

    References
    ----------
    Tryon, G. S., Blackwell, S. C., & Hammel, E. F. (2007). A meta-analytic examination of
    client-therapist perspectives of the working alliance. *Psychotherapy Research*, 17, 629-642
    (patient and therapist). Other defaults: see the codebook.

    Examples
    --------
    >>> from alliance_stats.simulate import simulate_process_study
    >>> study = simulate_process_study(n_patients=30, n_therapists=6, rng=1)
    >>> sorted(study.frame["treatment"].unique())
    ['cbt', 'psychodynamic', 'supportive']
    >>> study.frame.groupby("therapist")["treatment"].nunique().max()
    np.int64(1)
    """
    arguments = dict(locals())
    del arguments["rng"]
    given, own = split_arguments(arguments)
    check_study(given, own)
    streams = spawn_study_streams(rng)
    drawn = _draw(given, own, streams)
    alliance = latent_alliance(given, drawn.structure, drawn.people, drawn.deviations.shared)
    ending = end_therapies(given, drawn.structure, alliance, streams.shared)
    columns = _columns(drawn, alliance, streams)
    frame = session_frame(drawn.structure, ending, columns, n_therapists, arms=False)
    report = simulation_report(
        frame, PROCESS_ROLES, int(ending.reached.sum()), source="simulate_process_study"
    )
    codebook = study_codebook(given, own, _defaults())
    return SessionData(frame=frame, roles=PROCESS_ROLES, report=report, codebook=codebook)


def _draw(given: SessionParameters, study: StudyParameters, streams: StudyStreams) -> Study:
    shared = streams.shared
    people = draw_people(given, shared, patient_level_residual(given, study))
    structure = draw_structure(given, people.pace, shared)
    own = draw_study_people(given, study, structure, people, streams)
    rows = len(structure.patient)
    e, f = (shared.sessions.standard_normal(rows) for _ in range(2))
    h, g = (part.standard_normal(rows) for part in (streams.motivation, streams.adherence))
    slope = given.within_effect + people.d + departures(study.treatment_within_difference, own.arm)
    noise = np.column_stack([e, h, g, f])
    intake = shared.intake.standard_normal(given.n_patients)
    deviations = study_deviations(given, study, structure, own.arm, slope, noise, intake)
    return Study(given, study, structure, people, own, deviations)


def _columns(drawn: Study, alliance: Floats, streams: StudyStreams) -> dict[str, NDArray[Any]]:
    """Ratings of every planned session by the names of their columns."""
    given, study, structure, people, own, deviations = drawn
    patient, missing, shared = structure.patient, given.missing_ratings, streams.shared
    rated = with_flat(
        on_scale(alliance, given.alliance_range), structure, given.flat_patients, shared.styles
    )
    outcome = study_outcome(given, study, structure, people, own, deviations)
    intake = on_scale(study_intake(given, own, deviations), given.outcome_range)
    expectation = on_scale(study.expectation_mean + own.expectation, study.expectation_range)
    motivation = study_motivation(study, structure, own, deviations)
    adherence = study_adherence(study, structure, own, deviations)
    wai = with_missing(rated, missing, shared.ratings)
    phq = with_missing(on_scale(outcome, given.outcome_range), missing, shared.ratings)
    therapist, observer = _other_views(drawn, alliance, streams)
    return {
        "treatment": np.array(TREATMENTS, dtype=object)[own.arm[patient]],
        "wai_total": wai,
        "wai_therapist": therapist,
        "wai_observer": observer,
        "motivation": with_missing(
            on_scale(motivation, study.motivation_range), missing, streams.motivation
        ),
        "adherence": with_missing(
            on_scale(adherence, study.adherence_range), missing, streams.adherence
        ),
        "expectation": expectation[patient],
        "phq9_intake": intake[patient],
        "phq9": phq,
    }


def _other_views(drawn: Study, alliance: Floats, streams: StudyStreams) -> tuple[Floats, Floats]:
    """Ratings by therapist and observer."""
    given, study = drawn.given, drawn.study
    dyads, observers = streams.shared.dyads, streams.observers
    therapist = therapist_rating(given, drawn.structure, alliance, dyads)
    weights = observer_weights(
        study.observer_correlation, study.therapist_observer_correlation, given.dyad_correlation
    )
    parts = own_parts(given, drawn.structure, observers)
    observer = observer_rating(
        given, weights, study.observer_difference, alliance, therapist, parts
    )
    first, second = (
        with_missing(on_scale(rating, given.alliance_range), given.missing_ratings, stream)
        for rating, stream in ((therapist, dyads), (observer, observers))
    )
    return first, second


def _defaults() -> dict[str, object]:
    parameters = inspect.signature(simulate_process_study).parameters
    return {name: p.default for name, p in parameters.items()}
