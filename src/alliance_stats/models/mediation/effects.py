"""Tidy rows: indirect, direct and total effects and the paths a and b, level by level."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.effects import UNITS
from alliance_stats.models.mediation.estimates import EFFECTS, LevelEstimates, effects_of
from alliance_stats.models.mediation.monte_carlo import percentile_interval, percentile_p
from alliance_stats.models.mediation.prepare import PreparedMediation
from alliance_stats.models.mediation.specification import (
    PATHS,
    MediationFits,
    joint_name,
    stacked_units,
)

#: Rows of a level in print order.
ROWS = ("total", "indirect", "direct", "a", "b", "covariance")


def effect_name(level: str, row: str) -> str:
    """``within_indirect``, ``patient_between_a``."""
    return f"{level}_{row}"


def mediation_table(
    fits: MediationFits,
    prepared: PreparedMediation,
    levels: Sequence[LevelEstimates],
    draws: Mapping[str, np.ndarray],
    conf_level: float,
    ddf: Ddf,
) -> pd.DataFrame:
    """Rows of every level: effects with intervals from draws, paths with tests of their models."""
    tables = []
    for estimates in levels:
        level = estimates.level
        rows = drawn_rows(estimates, draws[level], prepared, conf_level)
        rows |= _path_rows(fits, prepared, level, conf_level, ddf)
        if estimates.vcov[3, 3] == 0 and estimates.values[3] == 0:
            rows.pop("covariance")
        table = pd.DataFrame([rows[name] for name in ROWS if name in rows])
        table.insert(0, "effect", [effect_name(level, name) for name in ROWS if name in rows])
        table.insert(1, "unit", UNITS[level])
        tables.append(table)
    return pd.concat(tables, ignore_index=True)[["effect", "unit", *TIDY_COLUMNS]]


def drawn_rows(
    estimates: LevelEstimates, draws: np.ndarray, prepared: PreparedMediation, conf_level: float
) -> dict[str, dict[str, object]]:
    """Indirect and total effect and the covariance of the paths, with percentiles of draws.

    Of bootstrap draws the standard error is theirs as well.
    """
    chain = prepared.chain
    terms = {
        "indirect": f"{chain.predictor} -> {chain.mediator} -> {chain.outcome}",
        "total": f"{chain.predictor} -> {chain.outcome}",
        "covariance": "cov(a, b)",
    }
    values = np.append(estimates.effects(), estimates.values[3])
    errors = np.append(estimates.errors(), np.sqrt(estimates.vcov[3, 3]))
    drawn = np.column_stack([effects_of(draws), draws[:, 3]])
    found = {}
    for k, name in enumerate((*EFFECTS, "covariance")):
        low, high = percentile_interval(drawn[:, k], conf_level)
        found[name] = {
            "term": terms[name],
            "estimate": values[k],
            "se": errors[k],
            "statistic": np.nan,
            "df": np.nan,
            "p_value": np.nan if name == "covariance" else percentile_p(drawn[:, k]),
            "ci_low": low,
            "ci_high": high,
        }
    return found


def _path_rows(
    fits: MediationFits, prepared: PreparedMediation, level: str, conf_level: float, ddf: Ddf
) -> dict[str, dict[str, object]]:
    """Paths a, b and direct with the tests of the model that holds them."""
    found = {}
    size = stacked_units(prepared)
    columns = dict(zip(PATHS, prepared.path_columns(level), strict=True))
    for path, side in PATHS.items():
        response = prepared.chain.response(side)
        label = f"{response} ~ {columns[path]}"
        if level == "within" and fits.joint is not None:
            fit, name = fits.joint, joint_name(response, columns[path])
            unit = size[side]
        else:
            fit, name, unit = fits.of(side), columns[path], 1.0
        found[path] = _tested(fit, {name: unit}, label, conf_level, ddf)
    return found


def _tested(
    fit: MixedModelResult, weights: dict[str, float], label: str, conf_level: float, ddf: Ddf
) -> dict[str, object]:
    """One coefficient in its unit with its test; NaN where it could not be estimated."""
    if not weights.keys() <= set(fit.names):
        return dict.fromkeys(TIDY_COLUMNS, np.nan) | {"term": label}
    table = fit.contrasts({label: weights}, conf_level=conf_level, ddf=ddf)
    return {str(key): value for key, value in table.iloc[0].to_dict().items()}


def proportions(
    levels: Sequence[LevelEstimates], draws: Mapping[str, np.ndarray], conf_level: float
) -> pd.DataFrame:
    """Share of the total effect that is indirect; NaN, with the reason, where it has no meaning."""
    return pd.DataFrame([_share(own, draws[own.level], conf_level) for own in levels])


def _share(estimates: LevelEstimates, draws: np.ndarray, conf_level: float) -> dict[str, object]:
    indirect, total = map(float, estimates.effects())
    drawn = effects_of(draws)
    reason = _no_share(indirect, total, *percentile_interval(drawn[:, 1], conf_level))
    found = dict.fromkeys(("estimate", "ci_low", "ci_high"), np.nan)
    if not reason:
        with np.errstate(divide="ignore", invalid="ignore"):
            low, high = percentile_interval(drawn[:, 0] / drawn[:, 1], conf_level)
        found = {"estimate": indirect / total, "ci_low": low, "ci_high": high}
    level = estimates.level
    return {"effect": level, "unit": UNITS[level], **found, "reason": reason}


def _no_share(indirect: float, total: float, low: float, high: float) -> str:
    """Why there is no proportion; empty where there is one."""
    if not np.isfinite([indirect, total, low, high]).all():
        return "an effect could not be estimated"
    if low <= 0 <= high:
        return "the total effect is not clearly different from zero"
    if indirect * total <= 0:
        return "indirect and total effect have opposite signs"
    return ""
