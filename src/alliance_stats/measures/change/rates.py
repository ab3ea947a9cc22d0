"""How many patients are in each category of change, with intervals."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtri

CATEGORIES = ("recovered", "improved", "unchanged", "deteriorated")


def wilson_interval(count: int, of: int, level: float) -> tuple[float, float]:
    """Interval of a share (Wilson, 1927); NaN without any patient.

    >>> [round(end, 4) for end in wilson_interval(1, 10, 0.95)]
    [0.0179, 0.4042]
    """
    if of == 0:
        return np.nan, np.nan
    z, share = float(ndtri(0.5 + level / 2)), count / of
    middle = share + z**2 / (2 * of)
    half = z * np.sqrt(share * (1 - share) / of + z**2 / (4 * of**2))
    scale = 1 + z**2 / of
    return max(0.0, float((middle - half) / scale)), min(1.0, float((middle + half) / scale))


def category_rates(categories: pd.Series, names: Sequence[str], level: float) -> pd.DataFrame:
    """One row a category: ``category``, ``n``, ``of``, ``proportion``, ``ci_low``, ``ci_high``."""
    of = int(categories.notna().sum())
    rows = []
    for name in names:
        n = int((categories == name).sum())
        low, high = wilson_interval(n, of, level)
        share = n / of if of else np.nan
        rows.append((name, n, of, share, low, high))
    return pd.DataFrame(rows, columns=["category", "n", "of", "proportion", "ci_low", "ci_high"])


def group_rates(
    categories: pd.Series, groups: pd.Series, names: Sequence[str], level: float
) -> pd.DataFrame:
    """One row a group: patients, those in each category, share of the first one with interval.

    The groups are in the order of their names. A row without a group is in none.
    """
    known = categories.notna() & groups.notna()
    rows = []
    for group, members in categories[known].groupby(groups[known].astype(object), sort=True):
        rates = category_rates(members, names, level)
        first = rates.iloc[0]
        rows.append(
            {
                "group": group,
                "patients": int(first["of"]),
                **dict(zip(rates["category"], rates["n"].tolist(), strict=True)),
                "proportion": float(first["proportion"]),
                "ci_low": float(first["ci_low"]),
                "ci_high": float(first["ci_high"]),
            }
        )
    columns = ["group", "patients", *names, "proportion", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)
