"""Responses drawn from a fitted model for the rows of a frame."""

from __future__ import annotations

import warnings
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
from alliance_stats.lmm.residual.new_rows import colouring, complete_structure

if TYPE_CHECKING:
    from alliance_stats.lmm.result import MixedModelResult

Groups = Literal["new", "same"]


def simulate_rows(
    fit: MixedModelResult, data: pd.DataFrame, *, n: int, rng: RandomSource, groups: Groups
) -> pd.DataFrame:
    """The frame of `MixedModelResult.simulate`, which documents the arguments."""
    one_of(groups, ("new", "same"), name="groups")
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 1:
        raise ArgumentError(f"n={n!r} is no number of simulations. Give a whole number above zero.")
    generator = as_generator(rng)
    design = fit.criterion.design
    rows = read_new_rows(design, data, random=True)
    codes = _new_groups(fit, data) if groups == "new" else _same_groups(fit, data)
    sd = residual_sd(design, data, fit.sigma2)
    mean = fit.beta.to_numpy() @ rows.x + rows.offset
    incomplete = rows.incomplete | np.isnan(sd)
    for code in codes:
        incomplete |= code < 0
    structure = design.residual
    if structure is not None:
        incomplete |= ~complete_structure(structure, data)
    mean[incomplete] = np.nan
    turn = colouring(structure, data, ~incomplete) if structure else None
    if groups == "same":
        for z, code, blups in zip(
            rows.z, codes, mean_arrays(fit.criterion, fit.profile), strict=True
        ):
            mean += np.einsum("qn,qn->n", z, blups[:, code])
    drawn = {}
    for number in range(1, n + 1):
        noise = generator.standard_normal(len(mean))
        y = mean + sd * (noise if turn is None else turn(noise))
        if groups == "new":
            y += _new_effects(fit, rows, codes, generator)
        drawn[f"sim_{number}"] = y
    if incomplete.any():
        names = [c for columns in group_columns(design) for c in columns]
        names += structure.structure.columns if structure else ()
        used = tuple(dict.fromkeys([*rows.used, *filter(None, [design.weights]), *names]))
        warnings.warn(
            f"Nothing drawn for {missing_counts(data, used, incomplete)}.",
            DataWarning,
            stacklevel=3,
        )
    return pd.DataFrame(drawn, index=data.index)


def _new_groups(fit: MixedModelResult, data: pd.DataFrame) -> list[np.ndarray]:
    return [number_groups(data, columns)[0] for columns in group_columns(fit.criterion.design)]


def _same_groups(fit: MixedModelResult, data: pd.DataFrame) -> list[np.ndarray]:
    """Positions (n,) of the rows' groups among the fitted ones. Raises DataError for new ones."""
    found = []
    design = fit.criterion.design
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


def _new_effects(
    fit: MixedModelResult, rows: NewRows, codes: list[np.ndarray], generator: np.random.Generator
) -> np.ndarray:
    """Σ_l Z_l b_l (n,) with every b_l drawn anew from N(0, σ²Σ_l)."""
    criterion = fit.criterion
    design = criterion.design
    unit = np.sqrt(fit.sigma2 / design.mean_weight)
    total = np.zeros(len(rows.offset))
    factors = criterion.by_level(fit.profile.factors)
    for level, factor, z, code in zip(design.levels, factors, rows.z, codes, strict=True):
        root = unit * level_transform(level) @ factor
        effects = root @ generator.standard_normal((len(root), int(code.max()) + 1))
        if effects.shape[1]:
            total += np.einsum("qn,qn->n", z, effects[:, code])
    return total
