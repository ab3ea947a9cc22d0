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
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.prediction.conditional import effect_roots, mean_arrays
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
    from alliance_stats.lmm.design.mixed_design import ModelDesign

Groups = Literal["new", "same"]


def simulate(
    self: FittedModel,
    data: pd.DataFrame,
    *,
    n: int = 1,
    rng: RandomSource,
    groups: Groups = "new",
) -> pd.DataFrame:
    """Draw responses from the fitted model for the rows of a frame.

    Parameters
    ----------
    data : DataFrame
        Predictors, groups, weights and offset, as in the fit.
    n : int
        Number of responses of every row.
    rng : int, SeedSequence or Generator
    groups : {"new", "same"}
        Draw new random effects for every group of `data` (labels say which rows belong
        together), or keep the fitted effects (BLUPs).

    Returns
    -------
    DataFrame
        Index of `data`; columns ``sim_1`` … ``sim_n``; the first columns of a longer
        simulation are those of a shorter one. Numbers go to rows and groups in their order:
        with the rows in another order they differ, their distribution does not. NaN where
        a value or label is missing.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient)", sessions)
    >>> fit.simulate(sessions.head(3), n=2, rng=1).shape
    (3, 2)
    """
    check_simulation(n, groups)
    generator = as_generator(rng)
    design = self.criterion.design
    rows = read_new_rows(design, data, random=True)
    codes = codes_of(design, data, groups)
    sd = residual_sd(design, data, self.sigma2)
    mean = self.beta.to_numpy() @ rows.x + rows.offset
    incomplete = rows.incomplete | np.isnan(sd)
    for code in codes:
        incomplete |= code < 0
    structure = design.residual
    if structure is not None:
        incomplete |= ~complete_structure(structure, data)
    mean[incomplete] = np.nan
    roots = effect_roots(self.criterion, self.profile)
    turn = colouring(structure, data, ~incomplete) if structure else None
    if groups == "same":
        means = mean_arrays(self.criterion, self.profile)
        for z, code, blups in zip(rows.z, codes, means, strict=True):
            mean += np.einsum("qn,qn->n", z, blups[:, code])
    drawn = {}
    for number in range(1, n + 1):
        noise = generator.standard_normal(len(mean))
        y = mean + sd * (noise if turn is None else turn(noise))
        if groups == "new":
            y += new_effects(roots, rows, codes, generator)
        drawn[f"sim_{number}"] = y
    warn_undrawn(design, data, rows, incomplete)
    return pd.DataFrame(drawn, index=data.index)


def check_simulation(n: object, groups: str) -> None:
    """Raise ArgumentError unless `n` and `groups` can be asked for."""
    one_of(groups, ("new", "same"), name="groups")
    if not isinstance(n, int | np.integer) or isinstance(n, bool) or n < 1:
        raise ArgumentError(f"n={n!r} is no number of simulations. Give a whole number above zero.")


def warn_undrawn(
    design: ModelDesign, data: pd.DataFrame, rows: NewRows, incomplete: np.ndarray
) -> None:
    """Warn of rows for which nothing was drawn."""
    if not incomplete.any():
        return
    names = [c for columns in group_columns(design) for c in columns]
    used = tuple(dict.fromkeys([*rows.used, *design.extra_columns, *names]))
    warnings.warn(
        f"Nothing drawn for {missing_counts(data, used, incomplete)}.",
        DataWarning,
        stacklevel=3,
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
