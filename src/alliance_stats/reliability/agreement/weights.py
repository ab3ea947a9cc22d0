"""Weights of agreement between categories by their places in the order.

Cohen (1968, Psychological Bulletin 70(4)); Gwet (2014, Handbook of inter-rater reliability, ch. 3).
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from alliance_stats._base.checks import name_list, one_of

Floats = NDArray[np.float64]
Weights = Literal["linear", "quadratic"] | None


def agreement_weights(q: int, weights: Weights) -> Floats:
    """Weights (q, q): 1 on the diagonal, 0 for the categories farthest apart.

    Examples
    --------
    >>> agreement_weights(3, "quadratic").tolist()
    [[1.0, 0.75, 0.0], [0.75, 1.0, 0.75], [0.0, 0.75, 1.0]]
    """
    one_of(weights, (None, "linear", "quadratic"), name="weights")
    if weights is None or q < 2:
        return np.eye(q)
    apart = np.abs(np.subtract.outer(np.arange(q), np.arange(q))) / (q - 1.0)
    return np.asarray(1.0 - apart ** (1 if weights == "linear" else 2))


def about_gaps(labels: tuple[Hashable, ...], weights: Weights) -> list[str]:
    """Says where whole numbers leave out some: places, not numbers, make the weights."""
    numbers = [x for x in labels if isinstance(x, int | float | np.number)]
    if weights is None or len(numbers) < len(labels) or not labels:
        return []
    if any(float(x) != int(x) for x in numbers):
        return []
    whole = range(int(min(numbers)), int(max(numbers)) + 1)
    unused = [x for x in whole if x not in set(map(int, numbers))]
    if not unused:
        return []
    return [
        f"Nobody used {name_list(unused)}. Weights count places among the categories used; name "
        "all in categories= if the scale has these."
    ]
