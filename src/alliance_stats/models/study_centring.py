"""The parts of ratings within and between units, for many studies with one pattern of ratings.

What `center_within` computes, as products with sparse matrices of averages: which ratings are
missing, and who is whose patient, is the same in all studies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from alliance_stats.data.units import Codes, Floats, parent_codes


@dataclass(frozen=True, eq=False)
class Centring:
    """Averages over the ratings of patients, and over patients' means of therapists.

    Attributes
    ----------
    patient, therapist : ndarray (n,)
        Codes of every session; without therapists None.
    of_patient : csr_array (patients, n)
        Weights of ratings in a patient's mean; no entries where a patient has none.
    of_therapist : csr_array (therapists, patients), optional
        Weights of patients' means in a therapist's.
    """

    patient: Codes
    therapist: Codes | None
    of_patient: csr_array
    of_therapist: csr_array | None

    def parts(
        self, values: Floats, *, within: Codes, between: Codes
    ) -> tuple[Floats, dict[str, Floats]]:
        """Parts of ratings (n, studies) in some rows of the data.

        Parameters
        ----------
        values : ndarray (n, studies)
            Whatever stands for a missing rating is not used; no row of `within` has one.
        within, between : ndarray (r,)
            Rows whose deviation from the patient's mean, and whose means, are asked for.

        Returns
        -------
        within : ndarray (r, studies)
        between : dict of str to ndarray (r, studies)
            ``between``, or ``patient_between`` and ``therapist_between``.
        """
        means = self.of_patient @ values
        deviation = values[within] - means[self.patient[within]]
        own = means[self.patient[between]]
        if self.therapist is None or self.of_therapist is None:
            return deviation, {"between": own - means[_known(self.of_patient)].mean(axis=0)}
        above = self.of_therapist @ means
        theirs = above[self.therapist[between]]
        grand = above[_known(self.of_therapist)].mean(axis=0)
        return deviation, {"patient_between": own - theirs, "therapist_between": theirs - grand}


def centring_of(patient: Codes, therapist: Codes | None, rated: np.ndarray) -> Centring:
    """Averages over the sessions that are rated; a patient counts for the first therapist."""
    n = int(patient.max(initial=-1)) + 1
    of_patient = _averages(np.where(rated, patient, -1), n)
    if therapist is None:
        return Centring(patient, None, of_patient, None)
    theirs, _ = parent_codes(patient, therapist, n)
    codes = np.where(_known(of_patient), theirs, -1)
    return Centring(
        patient, therapist, of_patient, _averages(codes, int(therapist.max(initial=-1)) + 1)
    )


def _averages(codes: Codes, n_units: int) -> csr_array:
    """Weights (units, members) of the mean of every unit; members with code −1 have none."""
    member = np.flatnonzero(codes >= 0)
    unit = codes[member]
    weights = 1.0 / np.bincount(unit, minlength=n_units)[unit]
    return csr_array((weights, (unit, member)), shape=(n_units, len(codes)))


def _known(averages: csr_array) -> np.ndarray:
    """Units with a member."""
    return np.asarray(np.diff(averages.indptr) > 0)
