"""The truth about simulated items: reliabilities of their sums within and between patients."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats.simulate.items.model import (
    FACTORS,
    PHQ_COLUMNS,
    WAI_COLUMNS,
    Floats,
    ItemParameters,
    between_share,
    item_correlations,
    unique_variances,
    wai_factor_of_item,
)

UNITS = ("within", "between")


def latent_reliabilities(given: ItemParameters) -> dict[str, float]:
    """Alpha and omega of the sums of latent responses, from the parameters.

    Named ``wai_total_omega_within`` and alike: score, coefficient, unit.
    """
    found: dict[str, float] = {}
    for variable, scores in (("alliance", wai_scores()), ("symptom", phq_scores())):
        between, unique = between_share(given, variable), unique_variances(given, variable)
        common = item_correlations(given, variable)
        parts = {"between": (between, unique[0]), "within": (1 - between, unique[1])}
        for unit in UNITS:
            share, own = parts[unit]
            found |= _of_scores(share * common + own * np.eye(len(common)), scores, unit)
    return found


def observed_truth(frame: pd.DataFrame) -> dict[str, float]:
    """The same of the responses in a large simulated frame, and the two correlations.

    Rows with a missing answer are left out; `frame` must be large, for this is an estimate.
    """
    complete = frame.dropna(subset=[*WAI_COLUMNS, *PHQ_COLUMNS])
    patient, _ = pd.factorize(complete["patient"])
    found: dict[str, float] = {}
    for columns, scores in ((WAI_COLUMNS, wai_scores()), (PHQ_COLUMNS, phq_scores())):
        items = complete[list(columns)].to_numpy(dtype=float)
        for unit, covariance in zip(UNITS, unit_covariances(items, patient), strict=True):
            found |= _of_scores(covariance, scores, unit)
    totals = np.column_stack(
        [complete[list(c)].to_numpy(dtype=float).sum(axis=1) for c in (WAI_COLUMNS, PHQ_COLUMNS)]
    )
    for unit, c in zip(UNITS, unit_covariances(totals, patient), strict=True):
        found[f"{unit}_effect"] = float(c[0, 1] / np.sqrt(c[0, 0] * c[1, 1]))
    return found


Scores = Mapping[str, tuple[NDArray[np.int64], NDArray[np.int64]]]


def wai_scores() -> Scores:
    """Items of each alliance score, and the factor each belongs to."""
    of_item = wai_factor_of_item()
    parts = {name: np.flatnonzero(of_item == number) for number, name in enumerate(FACTORS)}
    whole = {"total": np.arange(len(of_item)), **parts}
    return {f"wai_{name}": (items, of_item[items]) for name, items in whole.items()}


def phq_scores() -> Scores:
    """The symptom score: all items, one factor."""
    items = np.arange(len(PHQ_COLUMNS))
    return {"phq9_total": (items, np.zeros_like(items))}


def _of_scores(covariance: Floats, scores: Scores, unit: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for score, (items, factors) in scores.items():
        values = reliability_of_sum(covariance[np.ix_(items, items)], factors)
        found |= {f"{score}_{name}_{unit}": value for name, value in values.items()}
    return found


def reliability_of_sum(covariance: Floats, factors: NDArray[np.int64]) -> dict[str, float]:
    """Alpha and omega of the sum of items whose covariances within a factor have rank one.

    Loadings come from triads: the common variance of item i is the mean of s_ij s_ik / s_jk over
    pairs of other items of its factor. Omega is 1 - unique variance / variance of the sum.

    Examples
    --------
    >>> covariance = np.full((4, 4), 1.0) + np.eye(4)
    >>> found = reliability_of_sum(covariance, np.zeros(4, dtype=np.int64))
    >>> round(found["alpha"], 3), round(found["omega"], 3)
    (0.8, 0.8)
    """
    n, total = len(covariance), float(covariance.sum())
    unique = 0.0
    for item in range(n):
        others = [j for j in range(n) if j != item and factors[j] == factors[item]]
        triads = [
            covariance[item, j] * covariance[item, k] / covariance[j, k]
            for j in others
            for k in others
            if j < k
        ]
        unique += float(covariance[item, item] - np.mean(triads))
    alpha = n / (n - 1) * (1 - float(np.trace(covariance)) / total)
    return {"alpha": alpha, "omega": 1 - unique / total}


def unit_covariances(items: Floats, patient: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Covariances of complete items within and between patients, by mean squares.

    Between is (mean square between - mean square within) / n0, with n0 the usual mean number of
    sessions of unbalanced data.
    """
    n, groups = len(items), int(patient.max()) + 1
    size = np.bincount(patient, minlength=groups).astype(float)
    means = np.zeros((groups, items.shape[1]))
    np.add.at(means, patient, items)
    means /= size[:, None]
    deviations = items - means[patient]
    within = deviations.T @ deviations / (n - groups)
    away = means - items.mean(axis=0)
    between = (away * size[:, None]).T @ away / (groups - 1)
    n0 = (n - (size**2).sum() / n) / (groups - 1)
    return within, (between - within) / n0
