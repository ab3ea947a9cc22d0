"""REML of large designs in which every cell of two factors holds all conditions of a third."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from alliance_stats.reliability.generalizability.complete_facet import (
    MOST_LABELS,
    crossed_estimates,
)
from alliance_stats.reliability.generalizability.components import (
    Components,
    satterthwaite_intervals,
)
from alliance_stats.reliability.generalizability.design import Design
from alliance_stats.reliability.generalizability.read import combined


def complete_facet_components(
    design: Design, codes: Mapping[str, np.ndarray], values: np.ndarray, *, level: float
) -> tuple[Components, bool] | None:
    """Components of patients × sessions × items, or (sessions:patients) × items; else None.

    Returns
    -------
    Components
    bool
        Whether the search converged.
    """
    if len(design.factors) != 3 or len(design.objects) != 1:
        return None
    (patient,) = design.objects
    for session, item in (design.facets, design.facets[::-1]):
        nested = design.parents[session]
        if design.parents[item] or nested not in (frozenset(), frozenset([patient])):
            continue
        table = _table(combined(codes, [patient, session]), codes[item], values)
        if table is None or (not nested and codes[session].max() >= MOST_LABELS):
            continue
        rows, ratings = table
        visits = None if nested else codes[session][rows]
        found = crossed_estimates(codes[patient][rows], visits, ratings)
        order = _order(design, patient, session, item)
        variance, covariance = found.variance[order], found.covariance[np.ix_(order, order)]
        low, high = satterthwaite_intervals(variance, covariance, level)
        estimated = Components(
            design.effects, variance, covariance, low, high, intervals="satterthwaite"
        )
        return estimated, found.converged
    return None


def _table(
    cell: np.ndarray, item: np.ndarray, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray] | None:
    """The first row of each cell, and scores (cells, items), or None where one is missing."""
    n_cells, m = int(cell.max()) + 1, int(item.max()) + 1
    if n_cells * m != len(values):
        return None
    ratings = np.empty((n_cells, m))
    ratings[cell, item] = values
    return np.unique(cell, return_index=True)[1], ratings


def _order(design: Design, patient: str, session: str, item: str) -> np.ndarray:
    """Positions of the design's effects among p, s, i, ps, pi, si, e."""
    names = [
        {patient}, {session}, {item}, {patient, session}, {patient, item}, {session, item},
        {patient, session, item},
    ]  # fmt: skip
    return np.array([names.index(set(effect)) for effect in design.effects])
