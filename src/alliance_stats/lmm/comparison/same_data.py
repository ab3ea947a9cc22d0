"""Checks that fits can be compared: the same rows, response and weights, and the same method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from alliance_stats._base.checks import counted
from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.lmm.design.mixed_design import MixedDesign, ModelDesign
from alliance_stats.lmm.fitted import FittedModel

#: Relative difference of sums of squares that is more than rounding.
DIFFERENT = 1e-8


def check_same_data(fits: Sequence[FittedModel]) -> None:
    """Raise DataError unless all fits are of the same rows, response, weights and offset."""
    first = fits[0].criterion.design
    for number, fit in enumerate(fits[1:], start=2):
        design = fit.criterion.design
        names = ("weights", "offset")
        check_columns(
            first, design, {n: (getattr(first, n), getattr(design, n)) for n in names}, number
        )
        check_rows(first, design, number)
        _check_values(first, design, number)


def check_same_method(fits: Sequence[FittedModel]) -> None:
    """Raise ArgumentError for REML beside ML, or REML fits of different fixed effects."""
    methods = {fit.reml for fit in fits}
    calls = "; ".join(ml_call(fit) for fit in fits)
    if len(methods) > 1:
        n = sum(fit.reml for fit in fits)
        raise ArgumentError(
            f"{n} of {counted(len(fits), 'fit')} {'is' if n == 1 else 'are'} by REML, the others "
            f"by maximum likelihood; their likelihoods are not of the same data. Fit all by ML: "
            f"{calls}."
        )
    if not fits[0].reml:
        return
    for number, fit in enumerate(fits[1:], start=2):
        if set(fit.names) == set(fits[0].names):
            continue
        mine, theirs = set(fits[0].names), set(fit.names)
        raise ArgumentError(
            f"models 1 and {number} have different fixed effects ({_listed(mine - theirs)} only in "
            f"model 1, {_listed(theirs - mine)} only in model {number}) and are fitted by REML, "
            f"whose likelihood depends on them. Fit all by maximum likelihood: {calls}."
        )


def _listed(names: set[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names)) or "none"


def ml_call(fit: FittedModel, *, data: str = "data") -> str:
    """The call that fits the same model by maximum likelihood to a frame of that name."""
    design = fit.criterion.design
    return f"al.fit_lmm({fit.formula!r}, {data}, reml=False{design.arguments})"


def check_columns(
    one: ModelDesign,
    other: ModelDesign,
    named: Mapping[str, tuple[str | None, str | None]],
    number: int,
) -> None:
    """Raise DataError unless response and other `named` columns are the same in both."""
    pairs = {"response": (one.formula.response, other.formula.response), **named}
    for what, (first, second) in pairs.items():
        if first != second:
            raise DataError(
                f"models 1 and {number} differ in their {what} ({_named(first)}; "
                f"{_named(second)}), so their likelihoods cannot be compared. "
                f"Fit them with the same {what}."
            )


def _named(column: str | None) -> str:
    return f"'{column}'" if column else "none"


def check_rows(one: ModelDesign, other: ModelDesign, number: int) -> None:
    """Raise DataError unless both are of the same rows."""
    if np.array_equal(one.rows, other.rows):
        return
    lost = [
        ", ".join(f"{column} missing: {n:,}" for column, n in design.missing.items()) or "none"
        for design in (one, other)
    ]
    extra = [len(np.setdiff1d(a, b)) for a, b in ((one.rows, other.rows), (other.rows, one.rows))]
    raise DataError(
        f"models 1 and {number} are of different rows: {one.n_obs:,} (dropped: {lost[0]}) and "
        f"{other.n_obs:,} (dropped: {lost[1]}); {extra[0]:,} only in model 1, {extra[1]:,} only in "
        f"model {number}. Drop rows with a missing value in any column of either before both fits."
    )


def _check_values(one: MixedDesign, other: MixedDesign, number: int) -> None:
    """The response and shared columns have the same sums of squares in both."""
    if _differ(response_square(one), response_square(other)):
        raise other_response(one, number)
    first, second = _column_squares(one), _column_squares(other)
    for name in first.keys() & second.keys():
        if _differ(first[name], second[name]):
            raise DataError(
                f"fixed effect '{name}' has other values in model 1 than in model {number}. "
                "Fit both to the same data."
            )


def other_response(one: ModelDesign, number: int) -> DataError:
    """The error about a response of the same name with other values."""
    return DataError(
        f"models 1 and {number} are of different responses: column "
        f"'{one.formula.response}' (with weights and offset) has other values in each. "
        "Fit both to the same data."
    )


def _differ(one: float, other: float) -> bool:
    return abs(one - other) > DIFFERENT * max(abs(one), abs(other))


def response_square(design: MixedDesign) -> float:
    """Sum of squares of the response in its own units, less the offset, with its weights."""
    total = design.plain.total
    weights = np.zeros(len(total))
    weights[design.x] = np.linalg.solve(design.transform, design.least_squares)
    weights[design.y] = design.scale
    return float(weights @ total @ weights) * design.mean_weight


def _column_squares(design: MixedDesign) -> dict[str, float]:
    """Sums of squares of the fixed columns in their own units."""
    inverse = np.linalg.inv(design.transform)
    inner = inverse.T @ design.plain.total[design.x[:, None], design.x] @ inverse
    return dict(zip(design.names, np.diag(inner).tolist(), strict=True))
