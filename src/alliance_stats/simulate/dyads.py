"""The therapist's rating of the same session's alliance.

With A the latent patient rating and M, SD the alliance's mean and SD::

    rating = M - dyad_difference SD + dyad_correlation (A - M) + own

`own` has parts of therapist, patient and session, in the shares of the patient rating, and the
variance that makes the two ratings equally variable: at every level they correlate
`dyad_correlation` before rounding and limits.
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
    shares = alliance_variances(given)
    own = sqrt(1 - given.dyad_correlation**2)
    of_therapist = sqrt(shares.therapist) * rng.standard_normal(given.n_therapists)
    of_patient = sqrt(shares.patient) * rng.standard_normal(given.n_patients)
    of_session = sqrt(shares.session) * rng.standard_normal(len(alliance))
    parts = of_therapist[structure.therapist] + of_patient[structure.patient] + of_session
    level = given.alliance_mean - given.dyad_difference * given.alliance_sd
    rating = level + given.dyad_correlation * (alliance - given.alliance_mean) + own * parts
    return np.where(structure.treated[structure.patient], rating, np.nan)
