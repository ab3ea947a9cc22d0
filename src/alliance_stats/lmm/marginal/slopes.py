"""Simple slopes: the slope of one predictor at values of those that moderate it."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats.lmm.given import fit_given
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.marginal.grid import (
    At,
    Point,
    Predictors,
    Value,
    chosen_values,
    combinations,
    point_name,
    predictors_of,
)
from alliance_stats.lmm.result import MixedModelResult


def simple_slopes(
    fit: MixedModelResult,
    *,
    slope: str,
    at: At | None = None,
    conf_level: float = 0.95,
    ddf: Ddf = "satterthwaite",
) -> pd.DataFrame:
    """Slopes of a numeric predictor at values of its moderators.

    Parameters
    ----------
    fit : MixedModelResult
    slope : str
        Numeric column; the model must be linear in it.
    at : mapping, optional
        Values of the moderators, the predictors that interact with `slope`: one or several each,
        in all combinations, ``{"wai_between": [-1, 0, 1]}``. Needed for numeric ones; of
        categorical ones all levels are taken if none are named.
    conf_level, ddf
        As in `MixedModelResult.tidy`.

    Returns
    -------
    DataFrame
        A row a slope, with the columns of `MixedModelResult.tidy`.

    Raises
    ------
    ArgumentError
        If a column is no predictor or no moderator, or a numeric moderator has no value.
    UnsupportedError
        If `slope` enters by a curve (``poly``, ``log`` …), or fixed effects were dropped.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> fit = al.fit_lmm("phq9 ~ session * wai_total + (1 | patient)", sessions)
    >>> slopes = al.lmm.simple_slopes(fit, slope="wai_total", at={"session": [1, 10]})
    >>> list(slopes["term"])
    ['wai_total at session=1', 'wai_total at session=10']
    """
    fit_given(fit, name="fit")
    known = predictors_of(fit.criterion.design)
    linear_in(known, slope)
    moderators = moderators_of(known, slope)
    given = chosen_values(known, at)
    strange = next((c for c in given if c not in moderators), None)
    if strange is not None:
        raise ArgumentError(
            f"'{strange}' does not interact with '{slope}': the slope does not depend on it. "
            "Leave it out of at."
        )
    values: dict[str, Sequence[Value]] = {}
    for column in moderators:
        values[column] = given.get(column) or known.levels(column)
        if not values[column]:
            raise ArgumentError(
                f"'{slope}' interacts with the numeric predictor '{column}'. Give values of it: "
                f"at={{{column!r}: […]}}, such as its mean and one SD on both sides."
            )
    points = combinations(values)
    names = [f"{slope} at {point_name(point, known)}" if point else slope for point in points]
    weights = slope_weights(fit, known, slope, points)
    return fit.contrasts(dict(zip(names, weights, strict=True)), conf_level=conf_level, ddf=ddf)


def slope_weights(
    fit: MixedModelResult, known: Predictors, slope: str, points: Sequence[Point]
) -> list[dict[str, float]]:
    """Contrasts that are the slope at these points."""
    columns = known.columns_with(slope)
    upper = known.rows([{**point, slope: 1.0} for point in points], columns)
    lower = known.rows([{**point, slope: 0.0} for point in points], columns)
    return [dict(zip(fit.names, row, strict=True)) for row in (upper - lower).tolist()]


def linear_in(known: Predictors, column: str) -> None:
    """Raise unless the model is linear in a predictor."""
    known.check(column)
    if known.levels(column):
        raise ArgumentError(
            f"'{column}' is categorical and has no slope. Use marginal_means for its levels."
        )
    curved = [
        m.factor
        for m in known.memory.factors
        if m.factor.column == column and m.factor.transform not in (None, "scale")
    ]
    both = {m.factor.transform for m in known.memory.factors if m.factor.column == column}
    if curved or len(both) > 1:
        raise UnsupportedError(
            f"the model is not linear in '{column}' ({', '.join(map(str, curved)) or 'twice'}), "
            "so it has no single slope. Compare predictions at chosen values, or enter it as it is."
        )


def moderators_of(known: Predictors, slope: str) -> list[str]:
    """Predictors that a slope depends on, in the order of the model."""
    parts = [*([()] if known.memory.intercept else []), *known.memory.parts]
    factors = known.memory.factors
    met = {factors[f].factor.column for j in known.columns_with(slope) for f, _ in parts[j]}
    return [column for column in known.memory.columns if column in met and column != slope]
