"""The measurement model behind simulated items: factors and unique parts of two units."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from alliance_stats._base.errors import ArgumentError
from alliance_stats.measures.instruments.registry import get_instrument

Floats = NDArray[np.float64]

WAI_COLUMNS = tuple(f"wai_{item}" for item in range(1, 13))
PHQ_COLUMNS = tuple(f"phq9_{item}" for item in range(1, 10))
FACTORS = ("task", "bond", "goal")
#: Shares of responses, lowest first, of an item of mean difficulty at the first session.
WAI_SHARES = (0.03, 0.09, 0.19, 0.33, 0.36)
PHQ_SHARES = (0.22, 0.32, 0.26, 0.20)
#: How far an item's thresholds are shifted, in SDs of its response: from the first to the last.
SPREAD = 0.4


@dataclass(frozen=True, slots=True)
class ItemParameters:
    """Every parameter of `simulate_items`; its help says what they mean."""

    n_patients: int
    n_therapists: int
    n_sessions: int
    missing_sessions: float
    missing_items: float
    task_goal: float
    bond_others: float
    omega_within: float
    omega_between: float
    alliance_therapist_share: float
    alliance_patient_share: float
    symptom_omega_within: float
    symptom_omega_between: float
    symptom_therapist_share: float
    symptom_patient_share: float
    within_effect: float
    between_effect: float
    alliance_trend: float
    symptom_trend: float


def wai_factor_of_item() -> NDArray[np.int64]:
    """Which of `FACTORS` each of the 12 items belongs to.

    >>> wai_factor_of_item().tolist()
    [0, 0, 1, 2, 1, 2, 1, 2, 1, 0, 2, 0]
    """
    place = np.empty(12, dtype=np.int64)
    for number, name in enumerate(FACTORS):
        place[[item - 1 for item in get_instrument("wai_sr").subscales[name]]] = number
    return place


def factor_correlations(given: ItemParameters) -> Floats:
    """Correlations of task, bond and goal, the same within and between patients.

    Raises
    ------
    ArgumentError
        If no factors can be correlated like this.
    """
    correlations = np.eye(3)
    correlations[0, 2] = correlations[2, 0] = given.task_goal
    for a, b in ((0, 1), (1, 2)):
        correlations[a, b] = correlations[b, a] = given.bond_others
    if np.linalg.eigvalsh(correlations)[0] <= 0:
        raise ArgumentError(
            f"task_goal={given.task_goal:g} and bond_others={given.bond_others:g} cannot both be "
            "correlations of three factors. Bring them closer together."
        )
    return correlations


def unique_variance(common: float, n_items: int, omega: float) -> float:
    """Unique variance of each item that gives the sum the reliability `omega`.

    omega = common / (common + n_items unique).

    >>> round(unique_variance(16.0, 4, 0.8), 10)
    1.0
    """
    return common * (1 - omega) / omega / n_items


def unique_variances(given: ItemParameters, variable: str) -> tuple[float, float]:
    """Unique variance of an item between and within patients; `variable` is alliance or symptom."""
    prefix = "" if variable == "alliance" else "symptom_"
    common = float(item_correlations(given, variable).sum())
    n = len(item_correlations(given, variable))
    between = between_share(given, variable)
    return (
        unique_variance(between * common, n, getattr(given, f"{prefix}omega_between")),
        unique_variance((1 - between) * common, n, getattr(given, f"{prefix}omega_within")),
    )


def between_share(given: ItemParameters, variable: str) -> float:
    """Share of the factors' variance between patients, therapists included."""
    shares = (getattr(given, f"{variable}_{unit}_share") for unit in ("therapist", "patient"))
    return float(sum(shares))


def item_correlations(given: ItemParameters, variable: str) -> Floats:
    """Correlations of the items' common parts, the same in every unit."""
    if variable == "symptom":
        return np.ones((len(PHQ_COLUMNS), len(PHQ_COLUMNS)))
    of_item = wai_factor_of_item()
    return factor_correlations(given)[np.ix_(of_item, of_item)]


def thresholds(shares: tuple[float, ...], n_items: int, sd: float) -> Floats:
    """Limits between responses, shape (n_items, responses - 1), for normal values of SD `sd`."""
    middle = ndtri(np.cumsum(shares)[:-1])
    shift = np.linspace(-SPREAD, SPREAD, n_items)[(np.arange(n_items) * 5 + n_items // 2) % n_items]
    return np.asarray(sd * (middle[None, :] + shift[:, None]))


def responses(latent: Floats, limits: Floats, lowest: int) -> Floats:
    """Whole-number responses: how many limits of its item a latent value is above."""
    above = (latent[:, :, None] > limits[None, :, :]).sum(axis=2)
    return above.astype(float) + lowest
