"""How many effects are missing on one side of a funnel: L0, R0 and Q0.

Duval & Tweedie (2000a, Biometrics 56, 455–463; 2000b, J. Am. Stat. Assoc. 95, 89–98), with the
standard errors given there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from alliance_stats._base.errors import DataError

Floats = NDArray[np.float64]
Estimator = Literal["L0", "R0", "Q0"]
ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)

MAX_ITERATIONS = 100


@dataclass(frozen=True, eq=False)
class Trimmed:
    """The end of trimming.

    Attributes
    ----------
    k0 : int
        Effects missing on the left.
    se : float
        Standard error of k0.
    p_value : float
        That no effect is missing; of R0 only, else NaN.
    centre : float
        The mean of what was left.
    extreme : array (k0,)
        Positions of the effects that were trimmed, in the order of the values.
    """

    k0: int
    se: float
    p_value: float
    centre: float
    extreme: NDArray[np.intp]


def trim(
    yi: Floats, vi: Floats, estimator: Estimator, mean_of: Callable[[Floats, Floats], float]
) -> Trimmed:
    """Trim the largest effects until as many are trimmed as are estimated to be missing.

    Parameters
    ----------
    yi, vi : array (k,)
        Effects are missing on the left: change signs for the right.
    estimator : {"L0", "R0", "Q0"}
    mean_of : callable
        The pooled mean of effects and variances.
    """
    order = np.argsort(yi, kind="stable")
    y, v, k = yi[order], vi[order], len(yi)
    k0, seen = 0, [0]
    for _ in range(MAX_ITERATIONS):
        centre = mean_of(y[: k - k0], v[: k - k0])
        found, se = _missing(y - centre, estimator)
        if found == k0:
            p = 0.5 ** (k0 + 1) if estimator == "R0" else float("nan")
            return Trimmed(k0, se, p, centre, order[k - k0 :])
        if k - found < 2:
            raise DataError(
                f"{estimator} trims {found} of {k} effects, which leaves too few for a mean. "
                "Use another estimator, or do not use trim and fill on these data."
            )
        k0 = found
        seen.append(k0)
    raise DataError(
        f"trimming by {estimator} does not settle: the number of effects trimmed goes round among "
        f"{sorted(set(seen[-4:]))}. Use another estimator."
    )


def _missing(centred: Floats, estimator: Estimator) -> tuple[int, float]:
    """Effects missing on the left of 0, from all effects in increasing order, and the SE."""
    k = len(centred)
    rank = np.empty(k)
    rank[np.argsort(np.abs(centred), kind="stable")] = np.arange(1, k + 1)
    above = centred > 0
    if estimator == "R0":
        lowest = rank[~above].max(initial=0.0)
        k0 = max(0, int(k - lowest) - 1)
        return k0, float(np.sqrt(2.0 * k0 + 2.0))
    ranks = float(rank[above].sum())
    if estimator == "L0":
        raw = (4.0 * ranks - k * (k + 1)) / (2.0 * k - 1.0)
        return max(0, round(raw)), 4.0 * _root(_rank_variance(k, raw)) / (2.0 * k - 1.0)
    inside = 2.0 * k**2 - 4.0 * ranks + 0.25
    if inside < 0:
        raise DataError(
            f"Q0 has no solution for these {k} effects: nearly all of them lie on one side. Use "
            "estimator='L0' or 'R0'."
        )
    raw = k - 0.5 - inside**0.5
    spread = (k - 0.5) ** 2 - raw * (2.0 * k - raw - 1.0)
    return max(0, round(raw)), 2.0 * _root(_rank_variance(k, raw)) / _root(spread)


def _rank_variance(k: int, k0: float) -> float:
    """Variance of the sum of positive ranks with k0 effects missing, which was not rounded."""
    terms = k * (k + 1) * (2 * k + 1) + 10 * k0**3 + 27 * k0**2 + 17 * k0
    return (terms - 18 * k * k0**2 - 18 * k * k0 + 6 * k**2 * k0) / 24.0


def _root(value: float) -> float:
    return float(np.sqrt(value)) if value > 0 else float("nan")
