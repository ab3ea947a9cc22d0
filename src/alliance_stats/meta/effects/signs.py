"""Signs of effects: turned so that a positive one means a better outcome."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from alliance_stats._base.checks import columns_present, did_you_mean, name_list, some_row_places
from alliance_stats._base.errors import ArgumentError, DataError

#: Which end of an outcome's scale is the better one, and what that does to the sign.
BETTER = {"higher": 1.0, "lower": -1.0}
#: The column of outcomes that a mapping of directions speaks of.
OUTCOME = "outcome"


def outcome_signs(frame: pd.DataFrame, direction: str | Mapping[str, str] | None) -> np.ndarray:
    """1 where higher scores are better, −1 where lower ones are; one number a row.

    Parameters
    ----------
    direction : str or mapping, optional
        ``"higher"`` or ``"lower"`` for all rows; a column of these words; or a mapping of the
        cells of column ``outcome`` to them. None leaves every sign.
    """
    if direction is None:
        return np.ones(len(frame))
    if isinstance(direction, Mapping):
        return _signs(_mapped(frame, direction), OUTCOME)
    if not isinstance(direction, str):
        raise ArgumentError(
            f"direction={direction!r} is no direction. Give 'lower' or 'higher', a column of these "
            "words, or a dict of outcomes."
        )
    if direction in BETTER and direction not in frame.columns:
        return np.full(len(frame), BETTER[direction])
    columns_present(frame, [direction])
    return _signs(frame[direction], direction)


def _mapped(frame: pd.DataFrame, direction: Mapping[str, str]) -> pd.Series:
    """The direction of each row's outcome."""
    columns_present(frame, [OUTCOME])
    unknown = [word for word in direction.values() if word not in BETTER]
    if unknown:
        raise ArgumentError(
            f"direction: {name_list(map(repr, unknown))} is neither 'higher' nor 'lower'."
        )
    named = frame[OUTCOME].map(lambda cell: str(cell).strip(), na_action="ignore")
    missing = sorted(set(named.dropna()) - {str(key) for key in direction})
    if missing:
        hint = did_you_mean(missing[0], direction)
        raise ArgumentError(
            f"direction says nothing of {name_list(map(repr, missing))} (column '{OUTCOME}').{hint}"
            " Say of each outcome whether 'higher' or 'lower' scores are better."
        )
    return named.map({str(key): word for key, word in direction.items()})


def _signs(words: pd.Series, column: str) -> np.ndarray:
    """Signs of a column of ``higher`` and ``lower``; any other cell is refused."""
    plain = words.map(lambda cell: str(cell).strip().lower(), na_action="ignore")
    signs = plain.map(BETTER).to_numpy(dtype=float, na_value=np.nan)
    bad = np.flatnonzero(np.isnan(signs))
    if len(bad):
        raise DataError(
            f"column '{column}' does not say 'higher' or 'lower' at {some_row_places(bad)}: "
            "the sign of these effects would have no meaning. "
            "Say which scores of the outcome are better."
        )
    return signs
