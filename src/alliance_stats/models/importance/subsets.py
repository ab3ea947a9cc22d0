"""The subsets of both levels as choices among the columns of one design."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from alliance_stats._base.checks import name_list
from alliance_stats._base.errors import DataError
from alliance_stats._base.random import RandomSource
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.resampling.clusters import clusters_of
from alliance_stats.lmm.subsets.fit import Subsets, fit_subsets, refit_subsets
from alliance_stats.lmm.subsets.sums import group_sums
from alliance_stats.models.importance.dominance import subset_members
from alliance_stats.models.importance.prepare import PreparedImportance


@dataclass(frozen=True, eq=False)
class Explained:
    """R² of every subset, by level.

    Attributes
    ----------
    r2 : dict of str to ndarray (2^k,)
        Within patients and between them; without a level where nothing is ranked.
    draws : dict of str to ndarray (n, 2^k), or None
        Of therapists (patients) drawn again; NaN where a draw could not be fitted.
    cluster : str
        What was drawn.
    n_clusters : int
    effective : float
        Number of clusters of equal size that are worth as much.
    """

    r2: dict[str, np.ndarray]
    draws: dict[str, np.ndarray] | None
    cluster: str
    n_clusters: int
    effective: float

    @property
    def n_boot(self) -> int:
        """Draws asked for."""
        return 0 if self.draws is None else len(next(iter(self.draws.values())))

    @property
    def n_failed(self) -> int:
        """Draws without an end in any subset."""
        if self.draws is None:
            return 0
        missing = [np.isnan(values).any(axis=1) for values in self.draws.values()]
        return int(np.any(missing, axis=0).sum())

    @property
    def kept(self) -> dict[str, np.ndarray]:
        """The draws in which every subset was fitted."""
        if self.draws is None:
            return {}
        missing = [np.isnan(values).any(axis=1) for values in self.draws.values()]
        return {level: values[~np.any(missing, axis=0)] for level, values in self.draws.items()}


def explain(
    fit: FittedModel, prepared: PreparedImportance, *, n_boot: int, rng: RandomSource | None
) -> Explained:
    """Fit the subsets of both levels, to the data and to every draw."""
    subsets, at = _subsets(fit, prepared)
    groups, clusters = group_sums(fit.criterion), clusters_of(fit.criterion)
    found = fit_subsets(groups, subsets)
    r2 = {level: getattr(found, level)[rows] for level, rows in at.items()}
    if not all(np.isfinite(values).all() for values in r2.values()):
        raise DataError(
            "the model of some predictors has no end: the outcome or the predictors leave no "
            "variation within or between patients. Use fewer predictors."
        )
    draws = None
    if n_boot and rng is not None:
        drawn = refit_subsets(groups, subsets, found, clusters, n=n_boot, rng=rng)
        by_level = dict(zip(("within", "between"), drawn, strict=True))
        draws = {level: by_level[level][:, rows] for level, rows in at.items()}
    return Explained(r2, draws, clusters.name, clusters.n, clusters.effective)


def _subsets(
    fit: FittedModel, prepared: PreparedImportance
) -> tuple[Subsets, dict[str, np.ndarray]]:
    """All subsets within, then all between; and where those of each level stand.

    The columns of the other level and time are in every one.
    """
    names = list(fit.criterion.design.names)
    _check_columns(names, prepared)
    ranked: list[np.ndarray] = []
    masks: list[np.ndarray] = []
    at: dict[str, np.ndarray] = {}
    for level, found in prepared.levels.items():
        if not found:
            continue
        blocks = [np.array([names.index(column) for column in one.columns]) for one in found]
        own = np.ones((2 ** len(blocks), len(names)), dtype=bool)
        for block, chosen in zip(blocks, subset_members(len(blocks)).T, strict=True):
            own[:, block] = chosen[:, None]
        first = sum(map(len, masks))
        at[level] = np.arange(first, first + len(own))
        masks.append(own)
        ranked += blocks
    always = np.setdiff1d(np.arange(len(names)), np.concatenate(ranked))
    return Subsets(np.concatenate(masks), len(masks[0]) - 1, always, ranked), at


def _check_columns(names: list[str], prepared: PreparedImportance) -> None:
    """Raise where the engine left a predictor out because others determine it."""
    gone = [
        column
        for found in prepared.levels.values()
        for one in found
        for column in one.columns
        if column not in names
    ]
    if gone:
        raise DataError(
            f"predictors are collinear: the columns before it determine {name_list(gone)}, so "
            "that what it explains cannot be told from what they do. Leave one of them out."
        )
