"""Ratings as arrays over session numbers, patients and, simulated, studies.

Arrays are laid out (sessions, patients, studies): every rule walks over sessions once and
treats all patients of all studies at a time. The data themselves are one study.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Series:
    """Ratings of all patients over their session numbers.

    Attributes
    ----------
    y : array (n_sessions, n_patients, n_studies)
        Ratings; at sessions that were not rated NaN.
    seen : array of bool (n_sessions, n_patients)
        Which sessions were rated. Row 0 is the patient's first rated session.
    """

    y: Floats
    seen: Flags

    @cached_property
    def n(self) -> Floats:
        """Ratings of each patient (n_patients, 1)."""
        return self.seen.sum(axis=0).astype(float)[:, None]

    @cached_property
    def complete(self) -> bool:
        """Whether every session of every patient is rated."""
        return bool(self.seen.all())

    @cached_property
    def mean(self) -> Floats:
        """Mean of each patient's ratings (n_patients, n_studies)."""
        return self.total(self.y) / self.n

    @cached_property
    def deviations(self) -> Floats:
        """Ratings less the patient's mean; 0 where not rated."""
        return self.filled(self.y - self.mean)

    @cached_property
    def sd(self) -> Floats:
        """Standard deviation of each patient's ratings (n_patients, n_studies)."""
        return np.sqrt(_squares(self.deviations) / (self.n - 1.0))

    @cached_property
    def pooled_sd(self) -> Floats:
        """Standard deviation within patients, pooled over them (1, n_studies)."""
        squares = _squares(self.deviations).sum(axis=0, keepdims=True)
        return np.sqrt(squares / (self.n.sum() - len(self.n)))

    @cached_property
    def pairs(self) -> Flags:
        """Neighbouring session numbers that are both rated (n_sessions − 1, n_patients)."""
        return self.seen[1:] & self.seen[:-1]

    def filled(self, values: Floats) -> Floats:
        """Values with 0 where a session was not rated."""
        return values if self.complete else np.where(self.seen[:, :, None], values, 0.0)

    def total(self, values: Floats) -> Floats:
        """Sums over the rated sessions."""
        return np.asarray(self.filled(values).sum(axis=0))


def _squares(values: Floats) -> Floats:
    return np.asarray(np.einsum("tpm,tpm->pm", values, values))


def lag_one(deviations: Floats, series: Series) -> Floats:
    """Pooled lag-one autocorrelation of each study, every pair of sessions counting alike.

    Products of neighbouring deviations in units of the patient's own mean square, averaged over
    all pairs of neighbouring sessions that are both rated. Short series draw it below the truth;
    `null.estimate_null` undoes that by simulation.

    Parameters
    ----------
    deviations : array (n_sessions, n_patients, n_studies)
        0 where not rated.
    series : Series
        What they are deviations of.

    Returns
    -------
    array (n_studies,)
    """
    size = _squares(deviations) / series.n
    products = np.einsum("tpm,tpm->pm", deviations[1:], deviations[:-1])
    scaled = np.divide(products, size, out=np.zeros_like(products), where=size > 0)
    return np.asarray(scaled.sum(axis=0) / series.pairs.sum())
