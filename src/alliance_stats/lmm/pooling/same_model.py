"""Checks that fits can be pooled: two or more of the same model, by the same method."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from alliance_stats._base.checks import counted, name_list, one_of
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.lmm.design.mixed_design import MixedDesign
from alliance_stats.lmm.result import MixedModelResult

#: Complete-data degrees of freedom by name.
COMPLETE = ("satterthwaite", "infinite")


def fits_given(fits: object) -> tuple[MixedModelResult, ...]:
    """The fits as a tuple. Raises ArgumentError unless there are two or more mixed models."""
    if isinstance(fits, MixedModelResult):
        raise ArgumentError(
            "pool was given one fit. Give a list with one fit for every imputed data set: "
            "pool([fit_lmm(formula, frame) for frame in imputed])."
        )
    if not isinstance(fits, Iterable) or isinstance(fits, str | dict):
        raise ArgumentError(
            f"pool was given a {type(fits).__name__}. Give a list with one fit for every imputed "
            "data set."
        )
    found = tuple(fits)
    for position, fit in enumerate(found, start=1):
        if not isinstance(fit, MixedModelResult):
            raise ArgumentError(_no_fit(fit, position))
    if len(found) < 2:
        raise ArgumentError(
            f"{counted(len(found), 'fit')} to pool. Give two or more, one for every imputed data "
            "set; what differs between them tells how much information is missing."
        )
    return found


def _no_fit(item: object, position: int) -> str:
    inner = isinstance(getattr(item, "fit", None), MixedModelResult)
    advice = (
        "Give the mixed models behind the results: pool([r.fit for r in results])."
        if inner
        else "Give results of fit_lmm."
    )
    return f"item {position} is a {type(item).__name__}, not a fitted mixed model. {advice}"


def check_same_model(fits: tuple[MixedModelResult, ...]) -> None:
    """Raise unless all fits are of one model: effects, weights, residual structure, method."""
    first = fits[0]
    for number, fit in enumerate(fits[1:], start=2):
        mine, theirs = first.criterion.design, fit.criterion.design
        pairs = {
            "formula": (first.formula, fit.formula),
            "method": (_method(first), _method(fit)),
            "weights": (mine.weights, theirs.weights),
            "offset": (mine.offset, theirs.offset),
            "residual structure": (_structure(mine), _structure(theirs)),
        }
        for what, (one, other) in pairs.items():
            if one != other:
                raise ArgumentError(
                    f"fits 1 and {number} differ in their {what} ({one or 'none'}; "
                    f"{other or 'none'}). Pooling is for one model fitted to several imputed data "
                    "sets; compare models with compare_models, or with compare of pooled results."
                )
        _check_names(first.names, fit.names, number)
        _check_classes(mine, theirs, number)


def _check_names(mine: tuple[str, ...], theirs: tuple[str, ...], number: int) -> None:
    if mine == theirs:
        return
    extra = [name_list(n for n in a if n not in b) or "none" for a, b in _both_ways(mine, theirs)]
    raise DataError(
        f"fits 1 and {number} have different fixed effects (only in fit 1: {extra[0]}; only in "
        f"fit {number}: {extra[1]}): a level does not occur in one of the data sets, or a column "
        "was left out there. Impute the factor with all its levels, or simplify the model."
    )


def _structure(design: MixedDesign) -> str:
    return str(design.residual.structure) if design.residual else ""


def _check_classes(mine: MixedDesign, theirs: MixedDesign, number: int) -> None:
    """The residuals have variances of the same classes."""
    found = [design.residual.levels if design.residual else () for design in (mine, theirs)]
    if found[0] != found[1]:
        lists = [name_list(levels) for levels in found]
        raise DataError(
            f"fits 1 and {number} have residual variances of different classes ({lists[0]}; "
            f"{lists[1]}): a level does not occur in one of the data sets, or has another order. "
            "Impute the column with all its levels."
        )


def _both_ways(
    one: tuple[str, ...], other: tuple[str, ...]
) -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    return (one, other), (other, one)


def _method(fit: MixedModelResult) -> str:
    return "REML" if fit.reml else "ML"


def check_complete(value: Any) -> None:
    """Raise ArgumentError unless `value` says the complete-data degrees of freedom."""
    if isinstance(value, str):
        one_of(value, COMPLETE, name="df_complete")
        return
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if number and value > 0:
        return
    raise ArgumentError(
        f"df_complete={value!r} is no number of degrees of freedom. Give a number above zero, "
        "'satterthwaite' or 'infinite'."
    )
