"""Bias and tracking of every therapist or patient, as the model predicts them.

Of a therapist (patient): β̂ + û, with the error variance of both together (Henderson, 1975,
Biometrics 31(2)) given the estimated variances; the bias is that at the mean of the truth.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.special import ndtri

from alliance_stats.lmm.prediction.conditional import mean_arrays
from alliance_stats.lmm.prediction.new_rows import read_new_rows
from alliance_stats.lmm.prediction.predict import (
    Target,
    error_variance_of,
    predictor_of,
    target_of,
)
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.congruence.prepare import PreparedRatings

COLUMNS = ("unit", "member", "n", "estimate", "se", "ci_low", "ci_high", "observed")


def people_frame(
    fit: MixedModelResult, prepared: PreparedRatings, unit: str, conf_level: float
) -> pd.DataFrame:
    """One row a quantity and member of the unit: see `CongruenceResult.people`."""
    columns = prepared.sessions.groups[unit]
    frame = prepared.frame
    groups = frame.groupby(list(columns), sort=False, observed=True)
    first = frame.loc[~groups.ngroup().duplicated().to_numpy()].reset_index(drop=True)
    within = dict(prepared.sessions.effects)["within"]
    numbers = [c for c in first.columns if c in _fixed_columns(prepared)]
    zero = first.assign(**dict.fromkeys(numbers, 0.0))
    kept = _kept_levels(prepared, unit)
    at_mean = _target(fit, zero, kept)
    above = _target(fit, zero.assign(**{within: 1.0}), kept)
    slope = replace(
        above,
        rows=replace(above.rows, x=above.rows.x - at_mean.rows.x, offset=0.0 * above.rows.offset),
        z=[b - a for a, b in zip(at_mean.z, above.z, strict=True)],
    )
    shown = {"unit": unit, "member": first[list(columns)].agg(_label, axis=1)}
    shown["n"] = groups.size().to_numpy()
    observed = {
        "bias": _mean_gaps(prepared, groups.ngroup()),
        "tracking": np.full(len(first), np.nan),
    }
    tables = []
    for quantity, target in (("bias", at_mean), ("tracking", slope)):
        estimate, se = _predicted(fit, target)
        half = float(ndtri((1.0 + conf_level) / 2.0)) * se
        table = pd.DataFrame(shown).assign(
            estimate=estimate, se=se, ci_low=estimate - half, ci_high=estimate + half,
            observed=observed[quantity],
        )  # fmt: skip
        table.insert(0, "quantity", quantity)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _fixed_columns(prepared: PreparedRatings) -> set[str]:
    """Columns of the model's fixed part; zero is the mean of each."""
    columns = {column for _, column in prepared.sessions.effects}
    columns |= {column for one in prepared.moderators for column in one.columns}
    return columns | ({prepared.time} if prepared.time else set())


def _label(row: pd.Series) -> str:
    return ":".join(map(str, row))


def _kept_levels(prepared: PreparedRatings, unit: str) -> set[str]:
    """Factors whose effects count: those of the unit, and of what it is nested in."""
    units = list(prepared.sessions.groups)
    return {":".join(prepared.sessions.groups[u]) for u in units[units.index(unit) :]}


def _target(fit: MixedModelResult, rows: pd.DataFrame, kept: set[str]) -> Target:
    """The rows with the effects of some factors only."""
    design = fit.criterion.design
    target = target_of(design, rows, read_new_rows(design, rows, random=True), "raise")
    z = [
        columns if level.name in kept else 0.0 * columns
        for level, columns in zip(design.levels, target.z, strict=True)
    ]
    return replace(target, z=z)


def _predicted(fit: MixedModelResult, target: Target) -> tuple[np.ndarray, np.ndarray]:
    means = mean_arrays(fit.criterion, fit.profile)
    estimate = predictor_of(target, fit.beta.to_numpy(), means)
    return estimate, np.sqrt(error_variance_of(fit, target))


def _mean_gaps(prepared: PreparedRatings, codes: pd.Series) -> np.ndarray:
    """Mean of judgement less truth of every group, in the order of first appearance."""
    gap = prepared.frame[prepared.judgement] - prepared.frame[prepared.truth]
    return gap.groupby(codes.to_numpy(), sort=True).mean().to_numpy(dtype=float)


def plot_frame(people: pd.DataFrame, tidy: pd.DataFrame, *, tracking: bool) -> pd.DataFrame:
    """What the figure draws: a panel a quantity, members in the order of their bias."""
    rows = dict(zip(tidy["effect"], tidy.to_dict("records"), strict=False))
    bias = people.loc[people["quantity"] == "bias"]
    order = np.lexsort((bias["observed"].to_numpy(), bias["estimate"].to_numpy()))
    place = np.empty(len(order), dtype=int)
    place[order] = np.arange(1, len(order) + 1)
    parts = []
    for quantity, effect in (("bias", "bias"), ("tracking", "within"))[: 1 + tracking]:
        own = people.loc[people["quantity"] == quantity]
        mean = rows[effect]
        parts.append(
            pd.DataFrame(
                {
                    "panel": quantity,
                    "unit": own["unit"].to_numpy(),
                    "y": place,
                    "x": own["estimate"].to_numpy(),
                    "ci_low": own["ci_low"].to_numpy(),
                    "ci_high": own["ci_high"].to_numpy(),
                    "observed": own["observed"].to_numpy(),
                    "n": own["n"].to_numpy(),
                    "average": mean["estimate"],
                    "average_low": mean["ci_low"],
                    "average_high": mean["ci_high"],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
