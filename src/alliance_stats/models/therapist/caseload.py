"""How many patients therapists have, and what that does to observed means of their alliance.

The patient-therapist ratio is patients over therapists (Del Re, Flückiger, Horvath, Symonds, &
Wampold, 2012, Clinical Psychology Review, 32, 642-649). A mean of k patients of one therapist has
the reliability k·ICC/(1 + (k − 1)·ICC), and the difference of the coefficients between therapists
and between patients shrinks by it (Lüdtke et al., 2008, Psychological Methods, 13, 203-229).
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.data.units import unit_codes
from alliance_stats.models.outcome.prepare import PreparedPatients


def caseload_sizes(prepared: PreparedPatients) -> np.ndarray:
    """Patients of every therapist in the model, in the order of `unit_codes`."""
    codes, n = unit_codes(prepared.frame, str(prepared.roles.therapist))
    return np.bincount(codes, minlength=n)


def caseload_table(prepared: PreparedPatients) -> pd.DataFrame:
    """One row: see `TherapistResult.caseloads`."""
    sizes = caseload_sizes(prepared)
    return pd.DataFrame(
        {
            "n_patients": [int(sizes.sum())],
            "n_therapists": [len(sizes)],
            "ptr": [sizes.mean()],
            "median": [float(np.median(sizes))],
            "least": [int(sizes.min())],
            "most": [int(sizes.max())],
            "n_single": [int((sizes == 1).sum())],
        }
    )


def harmonic_mean(sizes: np.ndarray) -> float:
    """The caseload whose mean has the average sampling error."""
    return float(1.0 / np.mean(1.0 / sizes))


def reliability_of_mean(icc: float, k: float | np.ndarray) -> float | np.ndarray:
    """Of the mean alliance of k patients of one therapist.

    >>> round(float(reliability_of_mean(0.05, 10)), 2)
    0.34
    """
    return k * icc / (1.0 + (k - 1.0) * icc)


def means_table(
    prepared: PreparedPatients, *, icc: float, observed: float, latent: float
) -> pd.DataFrame:
    """The row of `TherapistResult.alliance_means`: what unreliable means do to a difference."""
    k = harmonic_mean(caseload_sizes(prepared))
    reliability = float(reliability_of_mean(icc, k))
    row = {
        "icc": icc,
        "caseload": k,
        "reliability": reliability,
        "observed": observed,
        "latent": latent,
        "expected": reliability * latent,
    }
    return pd.DataFrame([row])
