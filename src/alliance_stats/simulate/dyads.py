"""Other ratings of the same session's alliance: the therapist's and an observer's.

With A the latent patient rating and M, SD the alliance's mean and SD::

    therapist's = M - dyad_difference SD + dyad_correlation (A - M) + own
    observer's  = M - observer_difference SD + a (A - M) + b t + rest

`own` and `rest` have parts of therapist, patient and session, in the shares of the patient
rating, and the variance that makes all ratings equally variable; t is `own` in the patient
rating's SDs. At every level the ratings correlate as asked, before rounding and limits.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from alliance_stats.simulate.parameters import SessionParameters, alliance_variances
from alliance_stats.simulate.structure import Structure

Floats = NDArray[np.float64]


def therapist_rating(
    given: SessionParameters, structure: Structure, alliance: Floats, rng: np.random.Generator
) -> Floats:
    """Latent rating by the therapist of every planned session; NaN where there is none."""
    own = sqrt(1 - given.dyad_correlation**2)
    parts = own_parts(given, structure, rng)
    level = given.alliance_mean - given.dyad_difference * given.alliance_sd
    rating = level + given.dyad_correlation * (alliance - given.alliance_mean) + own * parts
    return np.where(structure.treated[structure.patient], rating, np.nan)


def own_parts(given: SessionParameters, structure: Structure, rng: np.random.Generator) -> Floats:
    """A rater's own view of every planned session, distributed as the patient rating's parts."""
    shares = alliance_variances(given)
    of_therapist = sqrt(shares.therapist) * rng.standard_normal(given.n_therapists)
    of_patient = sqrt(shares.patient) * rng.standard_normal(given.n_patients)
    of_session = sqrt(shares.session) * rng.standard_normal(len(structure.patient))
    return np.asarray(
        of_therapist[structure.therapist] + of_patient[structure.patient] + of_session
    )


def observer_weights(with_patient: float, with_therapist: float, dyad: float) -> Floats:
    """Weights of A, t and the rest in an observer's rating, for its two correlations.

    `with_patient` and `with_therapist` are those with the two ratings, which correlate `dyad`.
    The last weight is NaN if no three ratings can correlate so.
    """
    of_therapist = (with_therapist - dyad * with_patient) / sqrt(1 - dyad**2)
    left = 1 - with_patient**2 - of_therapist**2
    return np.array([with_patient, of_therapist, sqrt(left) if left > 0 else np.nan])


def observer_rating(
    given: SessionParameters,
    weights: Floats,
    difference: float,
    alliance: Floats,
    therapist: Floats,
    parts: Floats,
) -> Floats:
    """Latent rating by an observer, from the latent ratings of patient and therapist.

    `parts` are the observer's own; `difference` is by how many SDs patients rate higher.
    """
    mean, dyad = given.alliance_mean, given.dyad_correlation
    centred = alliance - mean
    level = mean - given.dyad_difference * given.alliance_sd
    own = (therapist - level - dyad * centred) / sqrt(1 - dyad**2)
    return np.asarray(
        mean - difference * given.alliance_sd
        + weights[0] * centred + weights[1] * own + weights[2] * parts
    )  # fmt: skip
