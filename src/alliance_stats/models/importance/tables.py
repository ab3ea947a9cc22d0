"""Tables of an analysis of importance, from the R² of all subsets and of the draws."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.models.effects import UNITS
from alliance_stats.models.importance.dominance import (
    complete_dominance,
    conditional_dominance,
    conditional_weights,
    general_dominance,
    general_weights,
    subset_members,
)
from alliance_stats.models.importance.intervals import expanded_interval, expanded_p
from alliance_stats.models.importance.prepare import PreparedImportance
from alliance_stats.models.importance.subsets import Explained

#: What stands between the two predictors of a difference.
MINUS = " - "
KINDS = {
    "complete": complete_dominance,
    "conditional": conditional_dominance,
    "general": general_dominance,
}


def weights_table(
    explained: Explained, prepared: PreparedImportance, conf_level: float
) -> pd.DataFrame:
    """General dominance weights and their differences, level by level."""
    parts = []
    for level, r2 in explained.r2.items():
        names = ranked(prepared, level)
        weights = general_weights(r2)
        drawn = general_weights(explained.kept[level]) if explained.draws is not None else None
        pairs = list(combinations(range(len(names)), 2))
        turn = np.array([_difference(len(names), i, j) for i, j in pairs]).reshape(-1, len(names))
        rows = np.concatenate([np.eye(len(names)), turn])
        part = _with_draws(
            rows @ weights,
            None if drawn is None else drawn @ rows.T,
            conf_level,
            explained.effective,
        )
        part.insert(0, "term", [*names, *(names[i] + MINUS + names[j] for i, j in pairs)])
        part.loc[: len(names) - 1, "p_value"] = np.nan  # a weight is no test against zero
        part["share"] = [*_shares(weights), *[np.nan] * len(pairs)]
        part.insert(0, "effect", level)
        part.insert(1, "unit", UNITS[level])
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    return table[["effect", "unit", *TIDY_COLUMNS, "share"]]


def ranked(prepared: PreparedImportance, level: str) -> list[str]:
    """Names of what is ranked at a level."""
    return [one.name for one in prepared.levels[level]]


def _difference(k: int, i: int, j: int) -> np.ndarray:
    row = np.zeros(k)
    row[i], row[j] = 1.0, -1.0
    return row


def _shares(weights: np.ndarray) -> np.ndarray:
    """Shares of the weights in their sum; NaN where nothing is explained."""
    whole = weights.sum()
    return weights / whole if whole > 0 else np.full(len(weights), np.nan)


def _with_draws(
    estimates: np.ndarray, draws: np.ndarray | None, conf_level: float, effective: float
) -> pd.DataFrame:
    """Estimates with standard error, interval and p of the draws (n, q)."""
    table = pd.DataFrame({"estimate": estimates})
    table["se"] = table["p_value"] = table["ci_low"] = table["ci_high"] = np.nan
    table["statistic"] = table["df"] = np.nan
    if draws is None or len(draws) < 2:
        return table
    table["se"] = draws.std(axis=0, ddof=1)
    table["ci_low"], table["ci_high"] = expanded_interval(draws, conf_level, effective)
    table["p_value"] = expanded_p(draws, effective)
    return table


def predictors_table(
    explained: Explained, prepared: PreparedImportance, conf_level: float
) -> pd.DataFrame:
    """R² of every predictor alone and in addition to all others, with the draws' intervals."""
    parts = []
    for level, r2 in explained.r2.items():
        names = ranked(prepared, level)
        k = len(names)
        gains = conditional_weights(r2)
        drawn = conditional_weights(explained.kept[level]) if explained.draws is not None else None
        part = pd.DataFrame({"effect": level, "unit": UNITS[level], "term": names})
        part["share"] = _shares(gains.mean(axis=1))
        for name, size in (("alone", 0), ("added", k - 1)):
            own = None if drawn is None else drawn[:, :, size]
            found = _with_draws(gains[:, size], own, conf_level, explained.effective)
            part[name] = found["estimate"]
            part[f"{name}_low"], part[f"{name}_high"] = found["ci_low"], found["ci_high"]
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def conditional_table(explained: Explained, prepared: PreparedImportance) -> pd.DataFrame:
    """Mean gain in R² by how many others are in the model, and over all of these numbers."""
    parts = []
    for level, r2 in explained.r2.items():
        gains = conditional_weights(r2)
        part = pd.DataFrame({"effect": level, "term": ranked(prepared, level)})
        for size in range(len(gains)):
            part[f"others_{size}"] = gains[:, size]
        part["weight"] = gains.mean(axis=1)
        parts.append(part)
    table = pd.concat(parts, ignore_index=True)
    return table[[*(name for name in table.columns if name != "weight"), "weight"]]


def dominance_table(explained: Explained, prepared: PreparedImportance) -> pd.DataFrame:
    """Who dominates whom: D of every pair, and how often the draws agree.

    After Azen and Budescu (2003): ``mean`` and ``se`` of D over the draws, the shares of draws in
    which the first dominates the second, the second the first, or neither, and
    ``reproducibility``, the share in which D is that of the data.
    """
    parts = []
    for level, r2 in explained.r2.items():
        names = ranked(prepared, level)
        pairs = list(combinations(range(len(names)), 2))
        for kind, function in KINDS.items():
            d = function(r2)
            drawn = function(explained.kept[level]) if explained.draws is not None else None
            for i, j in pairs:
                row = {"effect": level, "kind": kind, "first": names[i], "second": names[j]}
                own = None if drawn is None else drawn[:, i, j]
                parts.append({**row, "d": d[i, j], **_agreement(d[i, j], own)})
    return pd.DataFrame(parts)


def _agreement(d: float, drawn: np.ndarray | None) -> dict[str, float]:
    """How the draws of D compare with the data's."""
    names = ("mean", "se", "first_wins", "second_wins", "neither", "reproducibility")
    if drawn is None or len(drawn) < 2:
        return dict.fromkeys(names, np.nan)
    values = (
        drawn.mean(), drawn.std(ddof=1), (drawn == 1.0).mean(), (drawn == 0.0).mean(),
        (drawn == 0.5).mean(), (drawn == d).mean(),
    )  # fmt: skip
    return dict(zip(names, map(float, values), strict=True))


def subsets_table(explained: Explained, prepared: PreparedImportance) -> pd.DataFrame:
    """R² of every subset: of the level, and less that of time alone."""
    parts = []
    for level, r2 in explained.r2.items():
        names = np.array(ranked(prepared, level), dtype=object)
        members = subset_members(len(names))
        part = pd.DataFrame(
            {
                "effect": level,
                "n_predictors": members.sum(axis=1),
                "predictors": [", ".join(names[chosen]) for chosen in members],
                "r2": r2,
                "gain": r2 - r2[0],
            }
        )
        parts.append(part.sort_values("n_predictors", kind="stable"))
    return pd.concat(parts, ignore_index=True)
