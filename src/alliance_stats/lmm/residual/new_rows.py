"""The residual structure on the rows of a frame: standard deviations, drawing, whitening."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from alliance_stats._base.checks import columns_present
from alliance_stats.formula.read import read_again
from alliance_stats.lmm.residual.fitted import FittedResidual

Turn = Callable[[np.ndarray], np.ndarray]


def row_ratios(fitted: FittedResidual, data: pd.DataFrame) -> np.ndarray:
    """Standard deviation (n,) of every row over that of the reference; NaN without a level."""
    if fitted.memory is None:
        return np.ones(len(data))
    columns_present(data, [fitted.memory.factor.column])
    codes = read_again(data, fitted.memory, missing="nan").codes
    return np.append(fitted.ratios, np.nan)[-1 if codes is None else codes]


def complete_structure(fitted: FittedResidual, data: pd.DataFrame) -> np.ndarray:
    """Whether a row (n,) has all that the structure needs."""
    columns = list(fitted.structure.columns)
    columns_present(data, columns)
    return np.asarray(data[columns].notna().all(axis=1))


def colouring(fitted: FittedResidual, data: pd.DataFrame, complete: np.ndarray) -> Turn:
    """What turns independent numbers (n,) into ones correlated as R; NaN in incomplete rows."""
    return _on_blocks(fitted, data, complete, colour=True)


def whitening(fitted: FittedResidual, data: pd.DataFrame, complete: np.ndarray) -> Turn:
    """What turns numbers (n,) correlated as R into independent ones; NaN in incomplete rows."""
    return _on_blocks(fitted, data, complete, colour=False)


def _on_blocks(
    fitted: FittedResidual, data: pd.DataFrame, complete: np.ndarray, *, colour: bool
) -> Turn:
    rows = np.flatnonzero(complete)
    blocks = fitted.blocks(data.iloc[rows])
    correlation = fitted.covariance(blocks).correlation
    places = rows[blocks.order]

    def turn(values: np.ndarray) -> np.ndarray:
        found = np.full(len(values), np.nan)
        ordered = values[places]
        found[places] = (
            correlation.colour(ordered) if colour else correlation.whiten(ordered[None])[0]
        )
        return found

    return turn
