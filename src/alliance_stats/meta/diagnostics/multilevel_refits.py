"""Refits of a multilevel meta-analysis to subsets of its effect sizes, every variance anew.

Intervals are those of the model's own default: robust by its cluster. What compares refits with the
whole takes the model's covariance, as in Viechtbauer & Cheung (2010, Res. Synth. Methods 1).
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from alliance_stats.meta.diagnostics.refits import Refits
from alliance_stats.meta.diagnostics.subsets import Subsets
from alliance_stats.meta.multilevel.deletion import rows_of
from alliance_stats.meta.multilevel.fit_layout import fit_layout
from alliance_stats.meta.multilevel.fitted import FittedMultilevel
from alliance_stats.meta.multilevel.tables import errors, total_variance
from alliance_stats.meta.studies import Studies

#: Free parameters below this begin a little above zero, where the slope is not flat.
FLAT, RAISED = 1e-4, 1e-3


@dataclass(frozen=True, eq=False)
class MultilevelRefits(Refits):
    """Refits, and what a multilevel model adds to them.

    Attributes
    ----------
    errors : array (n, p)
        Standard errors of the coefficients with the model's own default of tests.
    components : array (n, c)
        Variances in the order of `FittedMultilevel.tau2`.
    """

    errors: np.ndarray
    components: np.ndarray

    @property
    def se(self) -> np.ndarray:
        """Standard errors, (n, p)."""
        return self.errors


def refit_multilevel(result: FittedMultilevel, subsets: Subsets) -> MultilevelRefits:
    """Fit the model of `result` to every subset of its effect sizes."""
    found = _nothing(result, subsets)
    for place in range(subsets.n):
        keep = subsets.keep(np.array([place]))[0].astype(bool)
        found.k[place] = keep.sum()
        again = fitted_to(result, keep)
        if again is not None:
            _fill(found, place, result, again)
            found.spread[place] = _spread(result, again, keep)
    return found


def fitted_to(result: FittedMultilevel, keep: np.ndarray) -> FittedMultilevel | None:
    """The model fitted to some rows; None where they do not tell its coefficients or clusters."""
    own = keep[result.layout.order]
    rows = result.layout.order[own]
    clusters = np.unique(result.clusters[rows], return_inverse=True)[1]
    few = result.cluster is not None and clusters.max(initial=0) < 1
    p = result.studies.p
    if few or len(rows) <= p or np.linalg.matrix_rank(result.studies.x[rows]) < p:
        return None
    part = rows_of(result.layout, own)
    theta = result.estimate.theta
    start = np.where(np.abs(theta) < FLAT, RAISED, theta)
    return FittedMultilevel(
        _rows_of_studies(result.studies, rows),
        part,
        fit_layout(part, result.method == "REML", start),
        result.method,
        result.said,
        result.cluster,
        clusters,
    )


def _rows_of_studies(studies: Studies, rows: np.ndarray) -> Studies:
    return replace(
        studies,
        yi=studies.yi[rows],
        vi=studies.vi[rows],
        moderators=replace(studies.moderators, x=studies.x[rows]),
        frame=studies.frame.iloc[rows].reset_index(drop=True),
        study=studies.study[rows],
        rows=studies.rows[rows],
        ni=None if studies.ni is None else studies.ni[rows],
    )


def _nothing(result: FittedMultilevel, subsets: Subsets) -> MultilevelRefits:
    n, p = subsets.n, result.studies.p
    shapes = {
        "beta": (p,),
        "covariance": (p, p),
        "of_all": (p, p),
        "errors": (p,),
        "components": (len(result.tau2),),
    }
    return MultilevelRefits(
        **{
            each.name: np.full((n, *shapes.get(each.name, ())), np.nan)
            for each in fields(MultilevelRefits)
        }
    )


def _spread(result: FittedMultilevel, again: FittedMultilevel, keep: np.ndarray) -> float:
    """Model variance, at the variances of a subset, of the first effect size it lacks."""
    if keep.all():
        return float("nan")
    at = np.flatnonzero(result.layout.order == np.argmin(keep))[:, None]
    return float(replace(result, estimate=again.estimate).covariance_of(at)[0, 0, 0])


def _fill(
    found: MultilevelRefits, place: int, result: FittedMultilevel, again: FittedMultilevel
) -> None:
    """Put one refit in its place."""
    se, df = errors(again, np.eye(result.studies.p))
    there = result.point.problem.at(again.estimate.natural)
    total = total_variance(again)
    values = {
        "beta": again.beta,
        "covariance": again.covariance,
        "of_all": result.transform @ there.bread @ result.transform.T,
        "s2": 1.0,
        "tau2": total,
        "i2": total / (total + again.typical_variance),
        "q": again.q,
        "df": df[0],
        "converged": float(again.converged),
        "errors": se,
        "components": again.tau2["tau2"],
    }
    for name, value in values.items():
        getattr(found, name)[place] = value
