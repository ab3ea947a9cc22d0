"""How much true effects differ, by unit: shares of variance, and what moderators explain.

I² of a unit is its variance over the sum of all and the typical sampling variance (k − p)/tr P,
with P = W − WX(X'WX)⁻¹X'W of the sampling errors alone, W = V⁻¹: Higgins & Thompson (2002, Stat.
Med. 21, 1539–1558), by level Cheung (2014, Psychol. Methods 19, 211–229), for correlated errors
Nakagawa & Santos (2012, Evol. Ecol. 26, 1253–1274) generalised by P. Of one of several outcomes
the typical variance is the same over its own rows, with k − p less their leverage.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats.meta.multilevel.fitted import FittedMultilevel


def heterogeneity(self: FittedMultilevel) -> pd.DataFrame:
    """Variance of true effects by unit, with its share of all variance.

    Returns
    -------
    DataFrame
        ``unit term n tau2 tau i2``; ``i2`` from 0 to 1. Last come ``sampling error`` (its typical
        variance) and, where no unit has several effects, ``total`` of the units.
    """
    table, several = self.tau2.copy(), any(not t.is_intercept for t in self.layout.terms)
    table["i2"] = _by_outcome(self) if several else _shares(self, table["tau2"].to_numpy())
    typical, k = self.typical_variance, self.studies.k
    if several:
        return table
    total = float(table["tau2"].sum())
    both = total + typical
    rows = [
        ("sampling error", "", k, typical, np.sqrt(typical), typical / both),
        ("total", "", k, total, np.sqrt(total), total / both),
    ]
    return pd.concat([table, pd.DataFrame(rows, columns=table.columns)], ignore_index=True)


def _shares(self: FittedMultilevel, tau2: np.ndarray) -> np.ndarray:
    return np.asarray(tau2 / (tau2.sum() + self.typical_variance))


def _by_outcome(self: FittedMultilevel) -> np.ndarray:
    """I² of every random effect among the rows that have it."""
    found = []
    for term, matrix in zip(self.layout.terms, self.matrices, strict=True):
        for level in range(term.structure.m):
            own = term.inner == level
            left = own.sum() - float(self.leverage[own].sum())
            typical = left / float(self.sampling_share[own].sum())
            found.append(matrix[level, level] / (_all_of(self, own) + typical))
    return np.array(found)


def _all_of(self: FittedMultilevel, rows: np.ndarray) -> float:
    """The variance of a true effect over all units, on average over some rows."""
    pairs = zip(self.layout.terms, self.matrices, strict=True)
    return sum(float(np.diag(matrix)[term.inner[rows]].mean()) for term, matrix in pairs)
