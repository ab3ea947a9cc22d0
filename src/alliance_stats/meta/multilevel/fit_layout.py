"""From rows laid out to the estimate, and the same with studies left out."""

from __future__ import annotations

import numpy as np

from alliance_stats.meta.multilevel.criterion import Problem
from alliance_stats.meta.multilevel.estimate import Estimate, Parameters, estimate
from alliance_stats.meta.multilevel.layout import Layout
from alliance_stats.meta.multilevel.structures import Structure

#: Searches of HCS that begin with one effect nearly absent and the others alike: steps of its
#: log standard deviation and of the correlation's parameter.
ABSENT, ALIKE = -4.0, 2.5
#: Least standard deviation, and most correlation, of a start taken from an UN matrix.
LEAST_SD, MOST_CORRELATED = 0.1, 0.9


def starting_point(layout: Layout) -> np.ndarray:
    """Free parameters of equal variances that share what sampling errors leave of the spread."""
    q = layout.columns[0]
    left = layout.y - q @ (q.T @ layout.y)
    n, p = layout.x.shape
    typical = typical_size(layout)
    total = max(float(left @ left) / (n - p) - typical, 0.1 * typical)
    share = total / len(layout.terms)
    return np.concatenate([term.structure.start(share) for term in layout.terms])


def typical_size(layout: Layout) -> float:
    """The harmonic mean of the sampling variances: the unit in which a variance is small."""
    return float(1.0 / np.mean(1.0 / layout.vi))


def fit_layout(layout: Layout, reml: bool, start: np.ndarray | None = None) -> Estimate:
    """The estimate of rows laid out, from given free parameters or from `starting_point`.

    With logarithms as parameters (HCS) a variance near zero is a plateau that no slope leaves, and
    a peak of its own, since the correlation is then that of the others: the best of several
    starts counts.
    """
    first = starting_point(layout) if start is None else start
    starts, problem, unit = [first], layout.problem(reml), typical_size(layout)
    if start is None and any(term.structure.kind == "HCS" for term in layout.terms):
        starts += [_from_un(layout, problem, unit), *_one_absent(layout, first)]
    found = [estimate(problem, layout.parameters, each, unit=unit) for each in starts]
    return min(found, key=lambda each: each.point.deviance)


def _from_un(layout: Layout, problem: Problem, unit: float) -> np.ndarray:
    """Free parameters with HCS near the UN matrices that fit best."""
    free = [
        Structure("UN", term.structure.m) if term.structure.kind == "HCS" else term.structure
        for term in layout.terms
    ]
    parameters = Parameters(tuple(free))
    begin = np.concatenate([s.start(unit) for s in free])
    theta = estimate(problem, parameters, begin, unit=unit).theta
    parts = zip(layout.terms, free, parameters.of_terms(theta), strict=True)
    return np.concatenate(
        [
            part if term.structure.kind != "HCS" else _hcs_near(s.matrix(s.natural(part)), unit)
            for term, s, part in parts
        ]
    )


def _hcs_near(matrix: np.ndarray, unit: float) -> np.ndarray:
    """Free parameters of HCS: the SDs of a matrix and the mean of its correlations."""
    m = len(matrix)
    sds = np.sqrt(np.maximum(np.diag(matrix), LEAST_SD**2 * unit))
    rows, columns = np.tril_indices(m, -1)
    rho = float(np.mean((matrix / np.outer(sds, sds))[rows, columns])) if m > 1 else 0.0
    rho = min(max(rho, -MOST_CORRELATED / max(m - 1, 1)), MOST_CORRELATED)
    return np.append(np.log(sds), np.log((1.0 + (m - 1.0) * rho) / (1.0 - rho)))


def _one_absent(layout: Layout, theta: np.ndarray) -> list[np.ndarray]:
    """Free parameters with one effect of an HCS term nearly absent, for each of them."""
    found, place = [], 0
    for term, part in zip(layout.terms, layout.parameters.of_terms(theta), strict=True):
        if term.structure.kind == "HCS":
            for level in range(term.structure.m):
                moved = theta.copy()
                moved[place + level] += ABSENT
                moved[place + term.structure.m] = ALIKE
                found.append(moved)
        place += len(part)
    return found
