"""Checks that generalised linear mixed models can be compared: rows, response, family, method."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alliance_stats._base.errors import ArgumentError
from alliance_stats.lmm.comparison.same_data import check_columns, check_rows, other_response
from alliance_stats.lmm.glmm.design import GlmmDesign
from alliance_stats.lmm.glmm.fitted import FittedGlmm


def check_same_glmm(fits: Sequence[FittedGlmm]) -> None:
    """Raise unless all fits are of the same rows, response, family, link and approximation.

    Raises
    ------
    DataError
        For other rows, responses, trials or offsets.
    ArgumentError
        For another family, link or number of quadrature points.
    """
    first = fits[0]
    for number, fit in enumerate(fits[1:], start=2):
        for what in ("family", "link", "n_agq"):
            one, other = getattr(first, what), getattr(fit, what)
            if one != other:
                raise ArgumentError(
                    f"models 1 and {number} differ in {what} ({one!r}; {other!r}), so their "
                    f"likelihoods cannot be compared. Fit both with the same {what}."
                )
        _check_design(first.criterion.design, fit.criterion.design, number)


def _check_design(one: GlmmDesign, other: GlmmDesign, number: int) -> None:
    named = {"trials": (one.trials, other.trials), "offset": (one.offset, other.offset)}
    check_columns(one, other, named, number)
    check_rows(one, other, number)
    if not np.array_equal(_values(one), _values(other)):
        raise other_response(one, number)


def _values(design: GlmmDesign) -> np.ndarray:
    """Response, trials and offset (3, n) in the order of the frame."""
    response, found = design.response, np.empty((3, design.n_obs))
    found[:, design.order] = response.y, response.trials, response.offset
    return found
