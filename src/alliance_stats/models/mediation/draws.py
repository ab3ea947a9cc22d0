"""The draws behind the intervals of a mediation model, and the seed that makes them again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

Interval = Literal["monte-carlo", "bootstrap"]


@dataclass(frozen=True, eq=False)
class Draws:
    """Draws of a, b, direct and cov of every level.

    Attributes
    ----------
    interval : {"monte-carlo", "bootstrap"}
    n : int
    seed : int or SeedSequence
    values : mapping of str to ndarray (n, 4)
        By level; NaN where a refit failed or an effect is undefined.
    unit : str
        What was resampled; empty for Monte Carlo draws.
    messages : tuple of str
        What a reader must know of the draws.
    """

    interval: Interval
    n: int
    seed: int | np.random.SeedSequence
    values: Mapping[str, np.ndarray]
    unit: str = ""
    messages: tuple[str, ...] = ()
