"""Minimising over the variances and the parameters ψ of the residuals together.

Both move in one search. Where it ends, the variances are examined at that ψ as they are without a
structure (`lmm/minimum.py`: vanished directions, saddles); if they move, the search goes on from
there. The likelihood of an autoregression beside random effects can have two maxima, because a slow
autoregression looks like a random intercept: the search starts from a low and a high correlation
of neighbouring rows, and the better end is kept.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from alliance_stats.lmm.factors import canonical, pack, roots, unpack, unpack_roots
from alliance_stats.lmm.minimum import SECOND_START, WORTHWHILE, Minimum, minimise
from alliance_stats.lmm.residual.correlation import HIGH, LOW, starting_psi
from alliance_stats.lmm.residual.problem import ResidualProblem, Whitened
from alliance_stats.numeric.optimise import minimise_smooth

MAX_ROUNDS = 10


@dataclass(frozen=True, eq=False)
class JointMinimum:
    """The end of a joint search.

    Attributes
    ----------
    model : Whitened
        The model at ψ.
    minimum : Minimum
        Of the variances at ψ; its deviance leaves log|C| out, its log holds it.
    """

    model: Whitened
    minimum: Minimum

    @property
    def psi(self) -> np.ndarray:
        """ψ at the end."""
        return self.model.covariance.psi

    @property
    def deviance(self) -> float:
        """−2 log-likelihood of the standardised columns."""
        return self.minimum.deviance + self.model.covariance.logdet


def minimise_jointly(problem: ResidualProblem) -> JointMinimum:
    """Minimise the deviance of a model with structured residuals."""
    rows = problem.rows
    timed = rows.structure.kind in ("ar1", "continuous_ar1")
    starts = [_start(problem, share) for share in ((LOW, HIGH) if timed else (LOW,))]
    best = _descend(problem, problem.whitened(starts[0]).criterion.start, starts[0])
    for psi in starts[1:]:
        theta = problem.whitened(psi).criterion.start
        best = _better(best, _descend(problem, theta, psi))
    if best.minimum.singular:
        sizes = best.model.criterion.sizes
        again = pack([SECOND_START * np.eye(q) for q in sizes])
        best = _better(best, _descend(problem, again, starts[0]))
    return best


def _better(first: JointMinimum, second: JointMinimum) -> JointMinimum:
    """The lower of two ends, or of equal ones one that converged, with the evaluations of both."""
    sooner = first.minimum.converged or not second.minimum.converged
    margin = WORTHWHILE if sooner else -WORTHWHILE
    best = second if second.deviance < first.deviance - margin else first
    log = (*first.minimum.log, *second.minimum.log)
    return JointMinimum(best.model, replace(best.minimum, log=log))


def _start(problem: ResidualProblem, share: float) -> np.ndarray:
    """ψ from the spread of the residuals in every class and a correlation of neighbours."""
    rows = problem.rows
    residual, classes = rows.unique[-1], rows.blocks.classes
    n_classes = int(classes.max(initial=0)) + 1
    square = np.bincount(classes, residual**2, n_classes) / np.bincount(classes, None, n_classes)
    spread = 0.5 * np.log(np.maximum(square, np.finfo(float).tiny))
    ratios = np.clip(spread[1:] - spread[0], -2.0, 2.0)
    correlation = starting_psi(rows.blocks, rows.structure.kind, share, n_classes)
    return np.concatenate([ratios, correlation])


def _descend(problem: ResidualProblem, theta: np.ndarray, psi: np.ndarray) -> JointMinimum:
    """One search from (θ, ψ), gone on with while the variances move by themselves."""
    n_theta = len(theta)
    log: list[float] = []
    restarts = 0
    sizes = problem.sizes
    for _ in range(MAX_ROUNDS):
        point = np.append(roots(unpack(theta, sizes)), psi)
        found = minimise_smooth(problem.expand, point)
        log.extend(found.log)
        psi = problem.clipped(found.x[n_theta:])
        model = problem.whitened(psi)
        ends = unpack_roots(found.x[:n_theta], sizes)
        theta = pack([canonical(root @ root.T, tolerance=0.0) for root in ends])
        minimum = minimise(model.criterion, start=theta)
        theta, restarts = minimum.theta, restarts + minimum.restarts
        if not minimum.restarts:
            break
    minimum = replace(
        minimum,
        converged=minimum.converged and found.converged,
        restarts=restarts,
        log=tuple(log),
        message=minimum.message if found.converged else found.message,
    )
    return JointMinimum(model, minimum)
