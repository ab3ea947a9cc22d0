"""Slopes of a moderation model and their differences, as contrasts of its coefficients."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np
import pandas as pd

from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.marginal.grid import predictors_of
from alliance_stats.lmm.marginal.slopes import slope_weights
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.effects import UNITS
from alliance_stats.models.equivalence import student_quantile, two_one_sided, verdict_of
from alliance_stats.models.moderation.prepare import Moderated, PreparedModeration

#: Ends the name of an effect whose rows are differences of slopes.
DIFFERENCE = "_difference"
#: Stands between the two levels of a difference, first minus second.
VERSUS = " vs "

Weights = dict[str, float]


def slopes_of(fit: MixedModelResult, moderated: Moderated) -> dict[str, Weights]:
    """The slope at every point, by the point's label."""
    known = predictors_of(fit.criterion.design)
    points = [{moderated.by: point.value} for point in moderated.points]
    weights = slope_weights(fit, known, moderated.column, points)
    return dict(zip([p.label for p in moderated.points], weights, strict=True))


def pairs_of(moderated: Moderated, *, every: bool) -> list[tuple[int, int]]:
    """Positions of the points compared, lower first: all pairs, or the first with the last."""
    n = len(moderated.points)
    return list(combinations(range(n), 2)) if every else [(0, n - 1)]


def differences_of(
    fit: MixedModelResult, moderated: Moderated, *, every: bool
) -> dict[str, Weights]:
    """Differences of slopes, later point minus earlier one, by their labels."""
    slopes = list(slopes_of(fit, moderated).items())
    found = {}
    for i, j in pairs_of(moderated, every=every):
        (low, first), (high, second) = slopes[i], slopes[j]
        found[f"{high}{VERSUS}{low}"] = {name: second[name] - first[name] for name in second}
    return found


def is_categorical(prepared: PreparedModeration) -> bool:
    """Whether all pairs of points are compared."""
    return prepared.moderator.kind == "categorical"


def slopes_table(
    fit: MixedModelResult, prepared: PreparedModeration, conf_level: float, ddf: Ddf
) -> pd.DataFrame:
    """Every effect at every level; an effect that is not moderated has one row without a group."""
    by_column = {m.column: m for m in prepared.moderated}
    rows: list[tuple[str, str, str]] = []
    weights: dict[str, Weights] = {}
    for effect, column in prepared.effects:
        moderated = by_column.get(column)
        slopes = {"": {column: 1.0}} if moderated is None else slopes_of(fit, moderated)
        for label, row in slopes.items():
            rows.append((effect, UNITS[effect], label))
            weights[f"{column} | {label}" if label else column] = row
    return _with_leading(fit.contrasts(weights, conf_level=conf_level, ddf=ddf), rows)


def differences_table(
    fit: MixedModelResult, prepared: PreparedModeration, conf_level: float, ddf: Ddf
) -> pd.DataFrame:
    """Differences of slopes in the columns of every tidy table."""
    rows: list[tuple[str, str, str]] = []
    weights: dict[str, Weights] = {}
    for moderated in prepared.moderated:
        every = is_categorical(prepared)
        for label, row in differences_of(fit, moderated, every=every).items():
            rows.append((moderated.effect + DIFFERENCE, UNITS[moderated.effect], label))
            weights[f"{moderated.column} | {label}"] = row
    return _with_leading(fit.contrasts(weights, conf_level=conf_level, ddf=ddf), rows)


def _with_leading(table: pd.DataFrame, rows: list[tuple[str, str, str]]) -> pd.DataFrame:
    for place, name in enumerate(("effect", "unit", "group")):
        table.insert(place, name, [row[place] for row in rows])
    return table[["effect", "unit", "group", *TIDY_COLUMNS]]


def equivalence_table(
    differences: pd.DataFrame, smallest: Mapping[str, float], alpha: float
) -> pd.DataFrame:
    """Differences with the interval at 1 − 2α, the p value of equivalence and a verdict."""
    effects = differences["effect"].str.removesuffix(DIFFERENCE)
    estimate, se, df = (differences[name].to_numpy(float) for name in ("estimate", "se", "df"))
    bound = effects.map(dict(smallest)).to_numpy(float)
    half = student_quantile(1.0 - alpha, df) * se
    p = two_one_sided(estimate, se, df, bound)
    p_difference = differences["p_value"].to_numpy(float)
    return pd.DataFrame(
        {
            "effect": effects.to_numpy(),
            "unit": differences["unit"].to_numpy(),
            "comparison": differences["group"].to_numpy(),
            "estimate": estimate,
            "se": se,
            "df": df,
            "p_difference": p_difference,
            "tost_low": estimate - half,
            "tost_high": estimate + half,
            "smallest_effect": bound,
            "p_equivalence": p,
            "verdict": [verdict_of(d, e, alpha) for d, e in zip(p_difference, p, strict=True)],
        }
    )


def claims_table(
    fit: MixedModelResult, prepared: PreparedModeration, pairs: pd.DataFrame, alpha: float, ddf: Ddf
) -> pd.DataFrame:
    """One row an effect: the test of the interaction, and equivalence of all differences.

    All differences are equivalent if each is: the p value is the largest (intersection–union).
    """
    hypotheses = {}
    for moderated in prepared.moderated:
        slopes = list(slopes_of(fit, moderated).values())
        last = slopes[1:] if is_categorical(prepared) else slopes[-1:]
        hypotheses[moderated.effect] = [
            {name: row[name] - slopes[0][name] for name in row} for row in last
        ]
    tests = fit.joint_tests(hypotheses, ddf=ddf)
    rows = []
    for effect, test in zip(hypotheses, tests.to_dict("records"), strict=True):
        own = pairs[pairs["effect"] == effect]
        p = float(own["p_equivalence"].max(skipna=False))
        rows.append(
            {
                "effect": effect,
                "unit": UNITS[effect],
                "n_differences": len(own),
                "f": test["statistic"],
                "df_numerator": test["df_numerator"],
                "df_denominator": test["df_denominator"],
                "p_interaction": test["p_value"],
                "largest": _largest(own),
                "smallest_effect": float(own["smallest_effect"].iloc[0]),
                "p_equivalence": p,
                "verdict": verdict_of(float(test["p_value"]), p, alpha),
            }
        )
    return pd.DataFrame(rows)


def _largest(own: pd.DataFrame) -> float:
    """The difference furthest from zero."""
    estimate = own["estimate"].to_numpy(float)
    if np.isnan(estimate).all():
        return float("nan")
    return float(estimate[np.nanargmax(np.abs(estimate))])
