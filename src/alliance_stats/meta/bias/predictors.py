"""Measures of the precision of effects, on which funnels are regressed.

√(1/n₁ + 1/n₂) is the standard error of a standardised mean difference without the part that
depends on the difference itself (Pustejovsky & Rodgers, 2019, Res. Synth. Methods 10, 57–71);
1/n for odds ratios: Peters et al. (2006, JAMA 295, 676–680).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np

from alliance_stats._base.checks import MAX_NAMES, one_of, row_places
from alliance_stats._base.errors import DataError
from alliance_stats.meta.studies import ARMS, SIZES, Studies
from alliance_stats.numeric.least_squares import column_rank

Predictor = Literal["sei", "vi", "ni", "ninv", "sqrtni", "sqrtninv", "arms"]
PREDICTORS: tuple[Predictor, ...] = get_args(Predictor)
#: Those that are 0 for an infinitely large study, so that the intercept is its effect.
VANISHING = ("sei", "vi", "ninv", "sqrtninv", "arms")

WORDS: dict[Predictor, str] = {
    "sei": "standard error",
    "vi": "sampling variance",
    "ni": "sample size",
    "ninv": "1/n",
    "sqrtni": "√n",
    "sqrtninv": "1/√n",
    "arms": "√(1/n₁ + 1/n₂)",
}

_OF_SIZE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "ni": lambda n: n,
    "ninv": lambda n: 1.0 / n,
    "sqrtni": np.sqrt,
    "sqrtninv": lambda n: 1.0 / np.sqrt(n),
}

#: Measures whose standard error holds the effect, and what is regressed on instead.
_INSTEAD: dict[str | None, Predictor] = {
    "SMD": "arms",
    "SMDC": "arms",
    "SMCC": "sqrtninv",
    "SMCR": "sqrtninv",
}


def choose_predictor(studies: Studies, asked: Predictor | None) -> Predictor:
    """The predictor asked for, or the one that suits the measure."""
    if asked is None:
        return _INSTEAD.get(studies.measure, "sei")
    one_of(asked, PREDICTORS, name="predictor")
    return asked


def predictor_column(studies: Studies, predictor: Predictor) -> np.ndarray:
    """The predictor of every effect, (k,)."""
    if predictor == "sei":
        return np.sqrt(studies.vi)
    if predictor == "vi":
        return studies.vi
    if predictor == "arms":
        sizes = _complete(studies, studies.arms, ARMS, predictor)
        return np.asarray(np.sqrt((1.0 / sizes).sum(axis=1)))
    return _OF_SIZE[predictor](_complete(studies, studies.ni, (SIZES,), predictor))


def with_predictor(studies: Studies, column: np.ndarray, name: str) -> np.ndarray:
    """The design matrix with the predictor as its last column."""
    x = np.column_stack([studies.x, column])
    if column_rank(x) < x.shape[1]:
        raise DataError(
            f"the {name} does not vary over the {studies.k} effects, or follows from the "
            "moderators, so that nothing can be regressed on it. Use another predictor."
        )
    if studies.k <= x.shape[1]:
        raise DataError(
            f"{studies.k} effects are too few for a regression with {x.shape[1]} coefficients. "
            "Give the data of more studies."
        )
    return x


def _complete(
    studies: Studies, sizes: np.ndarray | None, names: tuple[str, ...], predictor: str
) -> np.ndarray:
    """Sizes of all studies; raised where some are not known or not above 0."""
    columns = " and ".join(f"'{name}'" for name in names)
    wanted = f"predictor={predictor!r} needs sample sizes in {columns}"
    if sizes is None:
        raise DataError(f"{wanted}, which the data lack. Add them, or use predictor='sei'.")
    bad = ~(sizes.reshape(studies.k, -1) > 0).all(axis=1)
    if bad.any():
        rows = studies.rows[bad][:MAX_NAMES].tolist()
        raise DataError(
            f"{wanted}: missing or not above 0 at {row_places(rows)}. Fill them in, or use "
            "predictor='sei'."
        )
    return sizes
