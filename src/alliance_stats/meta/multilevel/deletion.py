"""The same model with groups of rows left out, from arrays: what influence is computed from."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from alliance_stats.meta.multilevel.fit_layout import fit_layout
from alliance_stats.meta.multilevel.fitted import FittedMultilevel
from alliance_stats.meta.multilevel.layout import Layout, lay_out


@dataclass(frozen=True, eq=False)
class Deletions:
    """Fits without one group each.

    Attributes
    ----------
    beta : array (G, p)
        NaN where the rows left do not tell the coefficients.
    se : array (G, p)
        If the model is right.
    natural : array (G, k)
        Natural parameters of the random effects: the variances, for intercepts.
    loglik : array (G,)
    converged : array (G,) of bool
    """

    beta: np.ndarray
    se: np.ndarray
    natural: np.ndarray
    loglik: np.ndarray
    converged: np.ndarray


def without_groups(self: FittedMultilevel, groups: np.ndarray) -> Deletions:
    """Fit again without each group, every variance estimated anew from the whole fit's.

    Parameters
    ----------
    groups : array (k,) of int
        Codes 0 … G − 1 of the rows of `studies`: studies, samples, single effects.
    """
    n, p, k = int(groups.max()) + 1, self.studies.p, len(self.estimate.natural)
    found = Deletions(
        np.full((n, p), np.nan),
        np.full((n, p), np.nan),
        np.full((n, k), np.nan),
        np.full(n, np.nan),
        np.zeros(n, dtype=bool),
    )
    own = groups[self.layout.order]
    start = np.where(np.abs(self.estimate.theta) < 1e-4, 1e-3, self.estimate.theta)
    for group in range(n):
        part = rows_of(self.layout, own != group)
        if len(part.y) <= p or np.linalg.matrix_rank(part.x) < p:
            continue
        fit = fit_layout(part, self.method == "REML", start)
        moved = np.linalg.inv(part.columns[1])
        found.beta[group] = moved @ fit.point.beta
        found.se[group] = np.sqrt(np.einsum("ij,jk,ik->i", moved, fit.point.bread, moved))
        found.natural[group] = fit.natural
        found.loglik[group] = fit.point.problem.log_likelihood(fit.point.deviance)
        found.converged[group] = fit.converged
    return found


def rows_of(layout: Layout, keep: np.ndarray) -> Layout:
    """Some rows of a layout; groups without rows keep their numbers."""
    at = np.cumsum(keep) - 1
    sampling = replace(layout.sampling, codes=layout.sampling.codes[keep])
    if sampling.blocks is not None:
        blocks = {}
        for code, (rows, block) in sampling.blocks.items():
            inside = keep[rows]
            if inside.any():
                blocks[code] = at[rows[inside]], block[np.ix_(inside, inside)]
        sampling = replace(sampling, blocks=blocks)
    terms = [replace(t, codes=t.codes[keep], inner=t.inner[keep]) for t in layout.terms]
    return lay_out(layout.y[keep], layout.vi[keep], layout.x[keep], terms, sampling)
