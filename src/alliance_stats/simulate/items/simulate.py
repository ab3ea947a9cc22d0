"""Simulated answers to items: an alliance inventory and a symptom scale, with known reliability."""

from __future__ import annotations

import inspect
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.random import RandomSource
from alliance_stats.data.load import load_sessions
from alliance_stats.data.sessions import SessionData
from alliance_stats.simulate.items.checks import check_item_parameters
from alliance_stats.simulate.items.codebook import item_codebook
from alliance_stats.simulate.items.model import (
    PHQ_COLUMNS,
    PHQ_SHARES,
    WAI_COLUMNS,
    WAI_SHARES,
    Floats,
    ItemParameters,
    factor_correlations,
    responses,
    thresholds,
    unique_variances,
    wai_factor_of_item,
)
from alliance_stats.simulate.streams import ItemStreams, spawn_item_streams
from alliance_stats.simulate.table import identifiers

Codes = NDArray[np.int64]


def simulate_items(
    *,
    n_patients: int = 120,
    n_therapists: int = 12,
    n_sessions: int = 8,
    missing_sessions: float = 0.10,
    missing_items: float = 0.015,
    task_goal: float = 0.90,
    bond_others: float = 0.75,
    omega_within: float = 0.84,
    omega_between: float = 0.95,
    alliance_therapist_share: float = 0.07,
    alliance_patient_share: float = 0.60,
    symptom_omega_within: float = 0.80,
    symptom_omega_between: float = 0.95,
    symptom_therapist_share: float = 0.05,
    symptom_patient_share: float = 0.60,
    within_effect: float = -0.20,
    between_effect: float = -0.30,
    alliance_trend: float = 0.03,
    symptom_trend: float = -0.10,
    rng: RandomSource,
) -> SessionData:
    """Simulate the items of an alliance inventory and a symptom scale, session by session.

    Use it to try scoring and reliability where the truth is known. The alliance items are laid
    out as the 12 of the WAI-SR (1 to 5), the symptom items as the 9 of the PHQ-9 (0 to 3). A
    latent response to item i of factor f is::

        v_f (therapist) + u_f (patient) + e_f (session) + trend t + q_i (patient) + r_i (session)

    cut into responses at fixed thresholds, so that most alliance answers are high and most
    symptoms low. q and r are unique to the item. Task, bond and goal are correlated; symptoms
    are one factor. Variances of the factors sum to 1 over therapists, patients and sessions.

    Parameters
    ----------
    n_patients, n_therapists : int
        Numbers of patients and therapists, each with as many patients as the others, plus one
        where they do not divide.
    n_sessions : int
        Planned sessions of every patient.
    missing_sessions : float
        Share of sessions after the first that are missed: no row.
    missing_items : float
        Share of answers missing at random.
    task_goal, bond_others : float
        Correlations of the task and goal factors, and of bond with both, in every unit.
    omega_within, omega_between : float
        Share of the common parts in the variance of the sum of the 12 latent alliance
        responses, within patients and between them (therapists included). Cutting them into
        responses lowers it: the codebook has both.
    alliance_therapist_share, alliance_patient_share : float
        Shares of the alliance factors' variance between therapists, and between their patients.
    symptom_omega_within, symptom_omega_between, symptom_therapist_share, \
symptom_patient_share : float
        The same of the symptoms.
    within_effect, between_effect : float
        Correlation of the symptom factor with the mean of the alliance factors, within patients
        and between the patients of a therapist. Zero in the null twin.
    alliance_trend, symptom_trend : float
        Change a session, in SDs of the factors.
    rng : int, SeedSequence or Generator
        Source of random numbers. The same source gives the same data.

    Returns
    -------
    SessionData
        Columns ``therapist patient treatment session wai_1 … wai_12 phq9_1 … phq9_9``; no roles,
        since nothing is scored yet; ``codebook`` with the parameters and the reliabilities of
        the latent sums. Treatments (``"A"``, ``"B"``) are assigned at random and have no effect.

    Raises
    ------
    ArgumentError
        If a parameter is out of range, or the parameters cannot hold together.

    Examples
    --------
    >>> from alliance_stats.simulate import simulate_items
    >>> frame = simulate_items(n_patients=20, n_therapists=4, rng=1).frame
    >>> list(frame.columns)[:6]
    ['therapist', 'patient', 'treatment', 'session', 'wai_1', 'wai_2']
    >>> import alliance_stats as al
    >>> bool(al.score(frame, "wai_sr", max_missing=2)["wai_sr_total"].between(12, 60).all())
    True
    """
    arguments = dict(locals())
    del arguments["rng"]
    given = ItemParameters(**arguments)
    check_item_parameters(given)
    streams = spawn_item_streams(rng)
    patient, session = _sessions(given, streams)
    frame = _identified(given, patient, session, streams)
    alliance, symptoms = _factors(given, patient, session, streams)
    answers = np.column_stack(
        [
            _alliance_items(given, alliance, patient, streams),
            _symptom_items(given, symptoms, patient, streams),
        ]
    )
    answers[streams.missing.random(answers.shape) < given.missing_items] = np.nan
    for place, name in enumerate((*WAI_COLUMNS, *PHQ_COLUMNS)):
        frame[name] = answers[:, place]
    return replace(load_sessions(frame), codebook=item_codebook(given, _defaults()))


def _sessions(given: ItemParameters, streams: ItemStreams) -> tuple[Codes, Floats]:
    """Patient and number of every session held, the first one always."""
    patient = np.repeat(np.arange(given.n_patients), given.n_sessions)
    session = np.tile(np.arange(1, given.n_sessions + 1), given.n_patients)
    missed = streams.missed.random(len(session)) < given.missing_sessions
    held = ~missed | (session == 1)
    return patient[held], session[held].astype(float)


def _therapists(given: ItemParameters) -> Codes:
    return np.arange(given.n_patients) % given.n_therapists


def _identified(
    given: ItemParameters, patient: Codes, session: Floats, streams: ItemStreams
) -> pd.DataFrame:
    arms = np.array(["A", "B"], dtype=object)[np.arange(given.n_patients) % 2]
    arms = arms[streams.structure.permutation(given.n_patients)]
    return pd.DataFrame(
        {
            "therapist": identifiers("T", given.n_therapists, 2)[_therapists(given)[patient]],
            "patient": identifiers("P", given.n_patients, 4)[patient],
            "treatment": arms[patient],
            "session": session.astype(np.int64),
        }
    )


def _factors(
    given: ItemParameters, patient: Codes, session: Floats, streams: ItemStreams
) -> tuple[Floats, Floats]:
    """Alliance factors of every session, shape (n, 3), and the symptom factor, shape (n,)."""
    root = np.linalg.cholesky(factor_correlations(given))
    a_shares = (given.alliance_therapist_share, given.alliance_patient_share)
    s_shares = (given.symptom_therapist_share, given.symptom_patient_share)
    therapist = _therapists(given)[patient]
    units = (
        (therapist, given.n_therapists, a_shares[0], s_shares[0], 0.0, streams.therapists),
        (patient, given.n_patients, a_shares[1], s_shares[1], given.between_effect,
         streams.patients),
        (np.arange(len(patient)), len(patient), 1 - sum(a_shares), 1 - sum(s_shares),
         given.within_effect, streams.sessions),
    )  # fmt: skip
    alliance = np.repeat(given.alliance_trend * (session - 1)[:, None], 3, axis=1)
    symptoms = given.symptom_trend * (session - 1)
    for code, n, a_share, s_share, effect, rng in units:
        factors = rng.standard_normal((n, 3)) @ root.T
        mean = factors.mean(axis=1) / np.sqrt((root @ root.T).mean())
        own = rng.standard_normal(n)
        alliance += np.sqrt(a_share) * factors[code]
        symptoms += np.sqrt(s_share) * (effect * mean + np.sqrt(1 - effect**2) * own)[code]
    return alliance, symptoms


def _alliance_items(
    given: ItemParameters, factors: Floats, patient: Codes, streams: ItemStreams
) -> Floats:
    unique = unique_variances(given, "alliance")
    common = factors[:, wai_factor_of_item()]
    return _answers(common, unique, patient, given.n_patients, WAI_SHARES, 1, streams)


def _symptom_items(
    given: ItemParameters, factor: Floats, patient: Codes, streams: ItemStreams
) -> Floats:
    unique = unique_variances(given, "symptom")
    common = np.repeat(factor[:, None], 9, axis=1)
    return _answers(common, unique, patient, given.n_patients, PHQ_SHARES, 0, streams)


def _answers(
    common: Floats,
    unique: tuple[float, float],
    patient: Codes,
    n_patients: int,
    shares: tuple[float, ...],
    lowest: int,
    streams: ItemStreams,
) -> Floats:
    """Common and unique parts (between, within) cut into responses."""
    n, k = common.shape
    between = np.sqrt(unique[0]) * streams.unique_patients.standard_normal((n_patients, k))
    within = np.sqrt(unique[1]) * streams.unique_sessions.standard_normal((n, k))
    limits = thresholds(shares, k, float(np.sqrt(1 + sum(unique))))
    return responses(common + between[patient] + within, limits, lowest)


def _defaults() -> dict[str, object]:
    parameters = inspect.signature(simulate_items).parameters
    return {name: p.default for name, p in parameters.items()}
