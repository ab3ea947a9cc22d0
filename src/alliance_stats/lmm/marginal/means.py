"""Marginal means of categorical predictors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats.lmm.given import fit_given
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.marginal.grid import (
    At,
    Point,
    Value,
    chosen_values,
    combinations,
    point_name,
    predictors_of,
)
from alliance_stats.lmm.result import MixedModelResult


def marginal_means(
    fit: MixedModelResult,
    predictors: str | Sequence[str],
    *,
    at: At | None = None,
    conf_level: float = 0.95,
    ddf: Ddf = "satterthwaite",
) -> pd.DataFrame:
    """Means that a model predicts for levels of categorical predictors.

    They average over the levels of every other categorical predictor with equal weights, and hold
    numeric predictors at their means over the rows fitted (weighted as the fit): the estimated
    marginal (least-squares) means of emmeans and lmerTest. Random effects and an offset are zero.

    Parameters
    ----------
    fit : MixedModelResult
    predictors : str or sequence of str
        Column of the data, or several for all combinations of their levels.
    at : mapping, optional
        Values to hold other predictors at, one or several each: ``{"session": [1, 10]}``.
    conf_level, ddf
        As in `MixedModelResult.tidy`.

    Returns
    -------
    DataFrame
        A row a mean, with the columns of `MixedModelResult.tidy`; the test is against zero.

    Raises
    ------
    ArgumentError
        If a column is no predictor, is numeric, or a level was not fitted; if the mean of a
        numeric predictor is not known because only functions of it are in the model.
    UnsupportedError
        If fixed effects were dropped.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> late = sessions.assign(phase=(sessions["session"] > 6).map({True: "late", False: "early"}))
    >>> fit = al.fit_lmm("phq9 ~ phase * wai_total + (1 | patient)", late)
    >>> list(al.lmm.marginal_means(fit, "phase")["term"])
    ['phase[early]', 'phase[late]']
    """
    fit_given(fit, name="fit")
    known = predictors_of(fit.criterion.design)
    wanted = [predictors] if isinstance(predictors, str) else list(predictors)
    shown: dict[str, Sequence[Value]] = {}
    for column in wanted:
        known.check(column)
        if not known.levels(column):
            raise ArgumentError(
                f"'{column}' is numeric and has no levels. Name categorical predictors, and give "
                f"values of '{column}' by at={{{column!r}: …}}."
            )
        shown[column] = known.levels(column)
    given = chosen_values(known, at)
    named = {c: v for c, v in given.items() if len(v) > 1 and c not in shown}
    shown = {**{c: given.get(c, v) for c, v in shown.items()}, **named}
    held: dict[str, Sequence[Value]] = {c: v for c, v in given.items() if c not in shown}
    for column in known.memory.columns:
        if column not in shown and column not in held:
            held[column] = known.levels(column) or [known.mean(column)]
    rows: dict[str, dict[str, float]] = {}
    every = range(len(fit.names))
    for point in combinations(shown):
        around: list[Point] = [{**point, **rest} for rest in combinations(held)]
        weights = np.mean(known.rows(around, every), axis=0)
        rows[point_name(point, known)] = dict(zip(fit.names, weights.tolist(), strict=True))
    return fit.contrasts(rows, conf_level=conf_level, ddf=ddf)
