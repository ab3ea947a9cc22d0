"""REML of three factors: objects, and two facets of which one is mostly complete."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from alliance_stats.reliability.generalizability.complete_facet import (
    NESTED_WITH_ITEMS,
    crossed_estimates,
)
from alliance_stats.reliability.generalizability.components import (
    Components,
    satterthwaite_intervals,
)
from alliance_stats.reliability.generalizability.design import Design
from alliance_stats.reliability.generalizability.partial_facet import partial_estimates
from alliance_stats.reliability.generalizability.read import combined

#: Above this share of missing cells no facet counts as mostly complete.
MOST_EMPTY = 0.5
#: So many columns of sessions (times items, where some are missing) can be held.
MOST_COLUMNS = 1_000


@dataclass(frozen=True, eq=False)
class Table:
    """Scores by session and item.

    Attributes
    ----------
    patient : ndarray (n,)
        Code of every session's patient.
    session : ndarray (n,) or None
        Code of every session; None where sessions are nested in patients.
    ratings : ndarray (n, m)
        NaN where one is missing.
    """

    patient: np.ndarray
    session: np.ndarray | None
    ratings: np.ndarray

    @property
    def n_empty(self) -> int:
        """Missing ratings."""
        return int(np.isnan(self.ratings).sum())

    @property
    def fits(self) -> bool:
        """Whether sessions, times items where some are missing, are few enough."""
        if self.session is None:
            return True
        return (int(self.session.max()) + 1) * (self.ratings.shape[1] if self.n_empty else 1) <= (
            MOST_COLUMNS
        )

    def estimate(self, design: Design, order: np.ndarray, level: float) -> tuple[Components, bool]:
        """Components in the order of the design's effects, and whether the search converged.

        `order` holds their positions among p, s, i, ps, pi, si, e.
        """
        estimates = partial_estimates if self.n_empty else crossed_estimates
        found = estimates(self.patient, self.session, self.ratings)
        variance, covariance = found.variance[order], found.covariance[np.ix_(order, order)]
        low, high = satterthwaite_intervals(variance, covariance, level)
        estimated = Components(
            design.effects, variance, covariance, low, high, intervals="satterthwaite"
        )
        return estimated, found.converged


def three_factor_components(
    design: Design, codes: Mapping[str, np.ndarray], values: np.ndarray, *, level: float
) -> tuple[Components, bool] | None:
    """Components of patients × sessions × items, or (sessions:patients) × items; else None."""
    if len(design.factors) != 3 or len(design.objects) != 1:
        return None
    (patient,) = design.objects
    tables: list[tuple[Table, np.ndarray]] = []
    for session, item in (design.facets, design.facets[::-1]):
        nested = design.parents[session] == {patient}
        if design.parents[item] or (design.parents[session] and not nested):
            continue
        table = _table(codes, values, (patient, session, item), nested)
        if table is not None and table.fits:
            tables.append((table, _order(design, patient, session, item)))
    if not tables:
        return None
    table, order = min(tables, key=lambda pair: pair[0].n_empty)
    return table.estimate(design, order, level)


def _table(
    codes: Mapping[str, np.ndarray],
    values: np.ndarray,
    names: tuple[str, str, str],
    nested: bool,
) -> Table | None:
    """Scores by session and item, or None where too many are missing."""
    patient, session, item = names
    cell = combined(codes, [patient, session])
    shape = int(cell.max()) + 1, int(codes[item].max()) + 1
    if len(values) < (1.0 - MOST_EMPTY) * shape[0] * shape[1]:
        return None
    ratings = np.full(shape, np.nan)
    ratings[cell, codes[item]] = values
    rows = np.unique(cell, return_index=True)[1]
    return Table(codes[patient][rows], None if nested else codes[session][rows], ratings)


def _order(design: Design, patient: str, session: str, item: str) -> np.ndarray:
    """Positions of the design's effects among p, s, i, ps, pi, si, e."""
    names = [
        {patient}, {session}, {item}, {patient, session}, {patient, item}, {session, item},
        {patient, session, item},
    ]  # fmt: skip
    return np.array([names.index(set(effect)) for effect in design.effects])


def session_order(*, nested: bool) -> np.ndarray:
    """The same for a design of patients, sessions and items, in this order."""
    return NESTED_WITH_ITEMS if nested else np.arange(7)
