"""What each item is like: its distribution, its correlation with the rest, alpha without it."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats.reliability.consistency.coefficients import all_three
from alliance_stats.reliability.doors import Items

Floats = NDArray[np.float64]


def item_rest_correlations(covariance: Floats) -> Floats:
    """Correlation (k,) of each item with the sum of the others.

    Examples
    --------
    >>> item_rest_correlations(np.array([[1.0, 0.5], [0.5, 1.0]])).tolist()
    [0.5, 0.5]
    """
    own, with_all = np.diag(covariance), covariance.sum(axis=0)
    rest = covariance.sum() - 2.0 * with_all + own
    defined = (own > 0) & (rest > 0)
    scale = np.sqrt(np.where(defined, own * rest, np.nan))
    return np.asarray((with_all - own) / scale)


def describe_items(items: Items, covariance: Floats) -> pd.DataFrame:
    """One row an item, from all its answers; `item_rest_r` from the covariances.

    `skew` is the sample skewness with the correction of small samples, as SPSS prints it.
    """
    answers = pd.DataFrame(items.values)
    lowest, highest = answers.min(), answers.max()
    n = answers.count()
    return pd.DataFrame(
        {
            "item": list(items.names),
            "n": n.to_numpy(),
            "missing": (len(answers) - n).to_numpy(),
            "mean": answers.mean().to_numpy(),
            "sd": answers.std().to_numpy(),
            "item_rest_r": item_rest_correlations(covariance),
            "skew": answers.skew().to_numpy(),
            "minimum": lowest.to_numpy(),
            "share_at_minimum": ((answers == lowest).sum() / n).to_numpy(),
            "maximum": highest.to_numpy(),
            "share_at_maximum": ((answers == highest).sum() / n).to_numpy(),
        }
    )


def without_each(names: tuple[str, ...], covariance: Floats) -> pd.DataFrame:
    """Coefficients of the scale without each item in turn."""
    k = len(names)
    rows = []
    for left_out in range(k):
        kept = np.delete(np.arange(k), left_out)
        rows.append(all_three(covariance[np.ix_(kept, kept)]))
    columns = ["alpha", "standardised_alpha", "average_r"]
    frame = pd.DataFrame(np.array(rows), columns=columns)
    frame.insert(0, "item_left_out", list(names))
    return frame
