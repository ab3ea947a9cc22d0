"""Method-of-moments variance parts of sessions, patients and therapists (Henderson's method I)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats.data.units import Codes, Floats, unit_sums


@dataclass(frozen=True, slots=True)
class VarianceParts:
    """Estimated variances, which may be negative; NaN where the data cannot tell.

    Attributes
    ----------
    session : float
        Variance between sessions of one patient.
    patient : float
        Variance between patients (of one therapist, with therapists).
    therapist : float
        Variance between therapists; NaN without therapists.
    """

    session: float
    patient: float
    therapist: float = float("nan")

    def truncated(self) -> VarianceParts:
        """The parts with negative estimates set to zero."""
        parts = (self.session, self.patient, self.therapist)
        return VarianceParts(*(value if np.isnan(value) else max(value, 0.0) for value in parts))


def two_level_parts(values: Floats, patient: Codes) -> VarianceParts:
    """Variance within and between patients from the one-way analysis of variance.

    Mean squares within and between patients are set equal to their expectations, which holds
    for any number of sessions a patient. Estimates may be negative.

    Parameters
    ----------
    values : array of float
        Observed ratings.
    patient : array of int
        Patient of each rating.

    Examples
    --------
    >>> two_level_parts(np.array([1.0, 3.0, 5.0, 7.0]), np.array([0, 0, 1, 1]))
    VarianceParts(session=2.0, patient=7.0, therapist=nan)
    """
    within, between, n_rows, n_units, size = _squares(values, patient)
    if n_units < 2 or n_rows <= n_units:
        return VarianceParts(float("nan"), float("nan"))
    session = within / (n_rows - n_units)
    spread = n_rows - float((size**2).sum()) / n_rows
    return VarianceParts(session, (between - session * (n_units - 1)) / spread)


def three_level_parts(values: Floats, patient: Codes, therapist: Codes) -> VarianceParts:
    """Variance of sessions, patients and therapists from the nested analysis of variance.

    Henderson's method I for unbalanced nested data: the sums of squares of sessions within
    patients, patients within therapists, and therapists are set equal to their expectations.

    Parameters
    ----------
    values : array of float
        Observed ratings.
    patient, therapist : array of int
        Patient and therapist of each rating; every patient has one therapist.

    References
    ----------
    Henderson, C. R. (1953). Estimation of variance and covariance components. *Biometrics, 9*,
    226-252.

    Examples
    --------
    >>> patient = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    >>> three_level_parts(np.array([1.0, 3, 3, 5, 9, 11, 7, 9]), patient, patient // 2)
    VarianceParts(session=2.0, patient=1.0, therapist=17.0)
    """
    within, among_patients, n_rows, n_patients, n_p = _squares(values, patient)
    _, among_therapists, _, n_therapists, n_t = _squares(values, therapist)
    if n_therapists < 2 or n_patients <= n_therapists or n_rows <= n_patients:
        return VarianceParts(float("nan"), float("nan"))
    patients, first = np.unique(patient, return_index=True)
    share = float((n_p[patients] ** 2 / n_t[therapist[first]]).sum())
    session = within / (n_rows - n_patients)
    of_patients = among_patients - among_therapists - session * (n_patients - n_therapists)
    between_patients = of_patients / (n_rows - share)
    of_therapists = (
        among_therapists
        - session * (n_therapists - 1)
        - between_patients * (share - float((n_p**2).sum()) / n_rows)
    )
    spread = n_rows - float((n_t**2).sum()) / n_rows
    return VarianceParts(session, between_patients, of_therapists / spread)


def harmonic_mean(counts: Codes | Floats) -> float:
    """Harmonic mean of the positive counts; NaN if there are none."""
    positive = counts[counts > 0]
    return float(len(positive) / (1.0 / positive).sum()) if len(positive) else float("nan")


def _squares(values: Floats, codes: Codes) -> tuple[float, float, int, int, Floats]:
    """Sums of squares within and between units, rows, units seen, and the size of each unit."""
    centred = values - values.mean() if len(values) else values
    n_units = int(codes.max(initial=-1)) + 1
    sums, counts = unit_sums(centred, codes, n_units)
    size = counts.astype(float)
    seen = size > 0
    means = np.divide(sums, size, out=np.zeros_like(sums), where=seen)
    within = float(((centred - means[codes]) ** 2).sum())
    between = float((size * means**2).sum())
    return within, between, len(values), int(seen.sum()), size
