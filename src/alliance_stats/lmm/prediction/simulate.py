"""Responses drawn from a fitted model for the rows of a frame."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import one_of
from alliance_stats._base.errors import ArgumentError, DataError, DataWarning
from alliance_stats._base.random import RandomSource, as_generator
from alliance_stats.lmm.prediction.conditional import level_transform, mean_arrays
from alliance_stats.lmm.prediction.new_rows import (
    NewRows,
    group_columns,
    known_groups,
    missing_counts,
    number_groups,
    read_new_rows,
    residual_sd,
)

if TYPE_CHECKING:
    from alliance_stats.lmm.design.mixed_design import ModelDesign
    from alliance_stats.lmm.result import MixedModelResult

Groups = Literal["new", "same"]


def simulate_rows(
    fit: MixedModelResult, data: pd.DataFrame, *, n: int, rng: RandomSource, groups: Groups
) -> pd.DataFrame:
    """The frame of `MixedModelResult.simulate`, which documents the arguments."""
    check_simulation(n, groups)
    generator = as_generator(rng)
    design = fit.criterion.design
    rows = read_new_rows(design, data, random=True)
    codes = codes_of(design, data, groups)
    sd = residual_sd(design, data, fit.sigma2)
    mean = fit.beta.to_numpy() @ rows.x + rows.offset
    incomplete = rows.incomplete | np.isnan(sd) | np.any([c < 0 for c in codes], axis=0)
    mean[incomplete] = np.nan
    roots = _effect_roots(fit)
    if groups == "same":
        for z, code, blups in zip(
            rows.z, codes, mean_arrays(fit.criterion, fit.profile), strict=True
        ):
            mean += np.einsum("qn,qn->n", z, blups[:, code])
    drawn = {}
    for number in range(1, n + 1):
        y = mean + sd * generator.standard_normal(len(mean))
        if groups == "new":
            y += new_effects(roots, rows, codes, generator)
        drawn[f"sim_{number}"] = y
    warn_undrawn(design, data, rows, incomplete, design.weights)
    return pd.DataFrame(drawn, index=data.index)


def check_simulation(n: object, groups: str) -> None:
    """Raise ArgumentError unless `n` and `groups` can be asked for."""
    one_of(groups, ("new", "same"), name="groups")
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 1:
        raise ArgumentError(f"n={n!r} is no number of simulations. Give a whole number above zero.")


def warn_undrawn(
    design: ModelDesign,
    data: pd.DataFrame,
    rows: NewRows,
    incomplete: np.ndarray,
    column: str | None,
) -> None:
    """Warn of rows for which nothing was drawn; `column` is one more that was read."""
    if not incomplete.any():
        return
    names = [c for columns in group_columns(design) for c in columns]
    used = tuple(dict.fromkeys([*rows.used, *filter(None, [column]), *names]))
    warnings.warn(
        f"Nothing drawn for {missing_counts(data, used, incomplete)}.",
        DataWarning,
        stacklevel=4,
    )


def codes_of(design: ModelDesign, data: pd.DataFrame, groups: Groups) -> list[np.ndarray]:
    """Group (n,) of every row and factor: by first appearance, or among the fitted ones."""
    if groups == "same":
        return _same_groups(design, data)
    return [number_groups(data, columns)[0] for columns in group_columns(design)]


def _same_groups(design: ModelDesign, data: pd.DataFrame) -> list[np.ndarray]:
    """Positions (n,) of the rows' groups among the fitted ones. Raises DataError for new ones."""
    found = []
    for level, columns in zip(design.levels, group_columns(design), strict=True):
        position = known_groups(level, data, columns)
        new = int(np.count_nonzero((position < 0) & data[list(columns)].notna().all(axis=1)))
        if new:
            raise DataError(
                f"{new:,} of {len(data):,} rows are of groups of '{level.name}' that were not in "
                "the fit, so there is no effect of theirs to keep. Give groups='new' to draw "
                "effects for all groups, or leave these rows out."
            )
        found.append(position)
    return found


def _effect_roots(fit: MixedModelResult) -> list[np.ndarray]:
    """Square roots of the covariances of the random effects of every factor."""
    design = fit.criterion.design
    unit = np.sqrt(fit.sigma2 / design.mean_weight)
    factors = fit.criterion.by_level(fit.profile.factors)
    return [
        unit * level_transform(level) @ factor
        for level, factor in zip(design.levels, factors, strict=True)
    ]


def new_effects(
    roots: Sequence[np.ndarray],
    rows: NewRows,
    codes: list[np.ndarray],
    generator: np.random.Generator,
) -> np.ndarray:
    """Σ_l Z_l b_l (n,) with every b_l drawn anew from N(0, CC'), C its root."""
    total = np.zeros(len(rows.offset))
    for root, z, code in zip(roots, rows.z, codes, strict=True):
        effects = root @ generator.standard_normal((len(root), int(code.max()) + 1))
        if effects.shape[1]:
            total += np.einsum("qn,qn->n", z, effects[:, code])
    return total
