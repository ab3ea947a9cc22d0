"""Cumulative incidence of an event beside a competing one, with delta-method intervals.

After session s therapy ends by the competing event with probability a_s; if it goes on, the event
comes with probability h_s. With S_s the probability of coming back after session s,

    F_s = F_{s−1} + S_{s−1} (1 − a_s) h_s,    A_s = A_{s−1} + S_{s−1} a_s,    S_s = 1 − F_s − A_s,

the product of Aalen and Johansen (1978, Scandinavian Journal of Statistics, 5, 141–150) in discrete
time. The likelihood is the product of those of both hazards, so their estimates are independent
and each adds its part to the variance. Ends are set on the scale log(−log(1 − F)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import ndtri

from alliance_stats.models.event.hazard import Hazard


@dataclass(frozen=True, eq=False)
class Incidence:
    """Shares of patients by session, and their derivatives in all coefficients.

    Attributes
    ----------
    event, competing : ndarray (n,)
        F and A.
    event_slopes, competing_slopes : ndarray (n, p + q)
        Derivatives in the p coefficients of the event's hazard, then the q of the competing one's.
    """

    event: np.ndarray
    competing: np.ndarray
    event_slopes: np.ndarray
    competing_slopes: np.ndarray


def accumulate(
    hazard: np.ndarray, slope: np.ndarray, competing: np.ndarray, competing_slope: np.ndarray
) -> Incidence:
    """Incidences from the hazards (n,) of both events and their derivatives (n, p), (n, q)."""
    own = np.hstack([slope, np.zeros_like(competing_slope)])
    other = np.hstack([np.zeros_like(slope), competing_slope])
    shares, slopes = np.zeros((2, len(hazard))), np.zeros((2, *own.shape))
    stay, in_stay = 1.0, np.zeros(own.shape[1])
    share, in_share = np.zeros(2), np.zeros((2, own.shape[1]))
    for s, (h, a) in enumerate(zip(hazard, competing, strict=True)):
        step = np.array([(1.0 - a) * h, a])
        in_step = np.array([(1.0 - a) * own[s] - h * other[s], other[s]])
        share, in_share = share + stay * step, in_share + step[:, None] * in_stay + stay * in_step
        stay, in_stay = 1.0 - float(share.sum()), -in_share.sum(axis=0)
        shares[:, s], slopes[:, s] = share, in_share
    return Incidence(*shares, *slopes)


def incidence_rows(
    hazards: Sequence[Hazard], sessions: np.ndarray, alliance: Mapping[str, float],
    observed: np.ndarray, conf_level: float,
) -> pd.DataFrame:  # fmt: skip
    """Cumulative incidence of every event at sessions, at given values of the alliance.

    `observed` (n,) are shares of the competing event, used where its hazard is not among those
    fitted.

    Returns
    -------
    DataFrame
        Columns ``group session estimate se ci_low ci_high``; the event, then the competing one.
    """
    hazard, slope = hazards[0].probabilities(sessions, alliance)
    covariance = hazards[0].fit.vcov.to_numpy()
    competing, competing_slope = observed, np.zeros((len(sessions), 0))
    if len(hazards) > 1:
        competing, competing_slope = hazards[1].probabilities(sessions, alliance)
        covariance = _side_by_side(covariance, hazards[1].fit.vcov.to_numpy())
    found = accumulate(hazard, slope, competing, competing_slope)
    parts = [(found.event, found.event_slopes), (found.competing, found.competing_slopes)]
    tables = []
    for each, (share, slopes) in zip(hazards, parts, strict=False):
        se = np.sqrt(np.einsum("sa,ab,sb->s", slopes, covariance, slopes))
        low, high = share_ends(share, se, conf_level)
        table = {"group": each.cause, "session": sessions, "estimate": share, "se": se}
        tables.append(pd.DataFrame(table | {"ci_low": low, "ci_high": high}))
    return pd.concat(tables, ignore_index=True)


def share_ends(
    share: np.ndarray, se: np.ndarray, conf_level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Ends of the interval of a share, set on the scale log(−log(1 − share)); NaN at 0 and 1."""
    z = ndtri((1.0 + conf_level) / 2.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        minus_log = -np.log1p(-share)
        wide = np.exp(z * se / ((1.0 - share) * minus_log))
        low, high = -np.expm1(-minus_log / wide), -np.expm1(-minus_log * wide)
    inside = (share > 0.0) & (share < 1.0)
    return np.where(inside, low, np.nan), np.where(inside, high, np.nan)


def _side_by_side(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The covariance of independent estimates."""
    whole = np.zeros((len(a) + len(b), len(a) + len(b)))
    whole[: len(a), : len(a)] = a
    whole[len(a) :, len(a) :] = b
    return whole
