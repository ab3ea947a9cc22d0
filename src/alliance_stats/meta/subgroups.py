"""Subgroups of a forest plot: the levels of a single categorical moderator and their means."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from alliance_stats.meta.studies import Studies

Predict = Callable[[pd.DataFrame], pd.DataFrame]


def subgroup_column(studies: Studies) -> str | None:
    """The column of the only moderator, if that is a category."""
    terms = studies.moderators.fixed.terms
    if len(terms) != 1 or len(terms[0].factors) != 1:
        return None
    factor = terms[0].factors[0]
    numeric = pd.api.types.is_numeric_dtype(studies.frame[factor.column])
    truth = pd.api.types.is_bool_dtype(studies.frame[factor.column])
    return factor.column if factor.transform == "C" or truth or not numeric else None


def subgroup_labels(studies: Studies) -> np.ndarray:
    """The level of every effect as text; empty without subgroups, (k,)."""
    column = subgroup_column(studies)
    if column is None:
        return np.full(studies.k, "", dtype=object)
    return np.array([str(value) for value in studies.frame[column]], dtype=object)


def subgroup_rows(
    studies: Studies, predict: Predict, *, prediction: bool = True
) -> list[pd.DataFrame]:
    """Forest rows ``subgroup`` and ``prediction`` of every level, in the order of the data.

    `predict` gives ``estimate se ci_low ci_high pi_low pi_high`` at values of the moderator;
    without `prediction` there is no prediction interval, as of equal effects.
    """
    column = subgroup_column(studies)
    if column is None:
        return []
    levels = studies.frame[[column]].drop_duplicates().reset_index(drop=True)
    found = predict(levels)
    names = {"study": "", "effect": "", "group": [str(value) for value in levels[column]]}
    means = found[["estimate", "ci_low", "ci_high", "se"]].assign(
        row="subgroup", n=_sizes(studies, levels[column]), **names
    )
    if not prediction:
        return [means]
    new = found[["estimate", "pi_low", "pi_high"]].assign(row="prediction", **names)
    return [means, new.rename(columns={"pi_low": "ci_low", "pi_high": "ci_high"})]


def _sizes(studies: Studies, levels: pd.Series) -> list[float]:
    """Sample sizes of the levels together; NaN where some are unknown."""
    if studies.ni is None:
        return [np.nan] * len(levels)
    own = studies.frame[levels.name].astype(str).to_numpy()
    return [float(studies.ni[own == str(level)].sum()) for level in levels]
