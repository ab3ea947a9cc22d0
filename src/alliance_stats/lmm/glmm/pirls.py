"""The modes of the random effects at given variances and fixed effects.

With b = ΛΛ'r the effects, ℓ(η) the log-likelihood at η = Xβ + Zb + offset, the modes minimise

    −2ℓ(η) + u'u,   u = Λ'r,   u'u = b'r,

by Newton steps (penalised iteratively reweighted least squares; Bates et al., 2015, and Bates,
lme4 vignette "Computational methods for mixed models", section 7). A step solves the linear mixed
model with weights W = −∂²ℓ/∂η² and working response ỹ = Zb + s/W, s = ∂ℓ/∂η: b ← ΣZ'V⁻¹ỹ and
r ← Z'V⁻¹ỹ = Z'(Wỹ − WZb). At the modes r = Z's. Keeping r beside b gives u'u without a root of Σ,
which may be singular. All log-likelihoods here are concave, so W ≥ 0 and the mode is one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alliance_stats.lmm.algebra.derivatives import Elimination
from alliance_stats.lmm.glmm.cells import Cells
from alliance_stats.lmm.glmm.families import RowParts
from alliance_stats.lmm.glmm.responses import Response

#: A step whose predicted decrease is below it is the last: the next would be its square.
CLOSE = 1e-8
MAX_STEPS = 100
MAX_HALVINGS = 30
Effects = Sequence[np.ndarray]


@dataclass(frozen=True, eq=False)
class Modes:
    """The modes, and the weighted linear mixed model there.

    Attributes
    ----------
    effects, duals : list of ndarray (q_l, G_l)
        b and r of every factor.
    eta : ndarray (n,)
        Linear predictor.
    parts : RowParts
    penalised : float
        ``−2ℓ + u'u``, without the constant of ℓ.
    grams : ndarray (k, k, C)
        Gram matrices of the random columns with the observed weights.
    eliminated : Elimination
        The model with the observed weights.
    converged : bool
    """

    effects: list[np.ndarray]
    duals: list[np.ndarray]
    eta: np.ndarray
    parts: RowParts
    penalised: float
    grams: np.ndarray
    eliminated: Elimination
    converged: bool


def find_modes(
    cells: Cells,
    response: Response,
    factors: Effects,
    fixed: np.ndarray,
    start: Effects | None = None,
) -> Modes:
    """Find the modes, anew from zero where the search from `start` fails.

    Parameters
    ----------
    factors : sequence of ndarray (q_l, q_l)
        Λ of every factor.
    fixed : ndarray (n,)
        Xβ + offset.
    start : sequence of ndarray (q_l, G_l), optional
        r to start from, such as that of the modes nearby.
    """
    with np.errstate(all="ignore"):  # far trial points overflow, and are refused
        if start is not None:
            try:
                found = _search(cells, response, factors, fixed, start)
                if found.converged:
                    return found
            except np.linalg.LinAlgError:
                pass
        return _search(cells, response, factors, fixed, cells.zeros())


def _search(
    cells: Cells, response: Response, factors: Effects, fixed: np.ndarray, duals: Effects
) -> Modes:
    """Newton steps from the effects that belong to `duals`."""
    covariances = [factor @ factor.T for factor in factors]
    effects = [s @ r for s, r in zip(covariances, duals, strict=True)]
    point = _at(cells, response, fixed, effects, duals)
    last = False
    for _ in range(MAX_STEPS):
        eliminated, grams, moved, moved_duals, decrement = _step(cells, factors, point)
        if last or not np.isfinite(decrement):
            break
        last = decrement < CLOSE
        found = _lower(cells, response, fixed, point, moved, moved_duals)
        if found is None:
            last = decrement < 1e-6
            break
        point = found
    return Modes(
        point.effects,
        point.duals,
        point.eta,
        point.parts,
        point.penalised,
        grams,
        eliminated,
        last,
    )


@dataclass(frozen=True, eq=False)
class _Point:
    effects: list[np.ndarray]
    duals: list[np.ndarray]
    spread: np.ndarray
    eta: np.ndarray
    parts: RowParts
    penalised: float


def _at(
    cells: Cells, response: Response, fixed: np.ndarray, effects: Effects, duals: Effects
) -> _Point:
    spread = cells.spread(effects)
    eta = fixed + spread
    parts = response.parts(eta)
    penalised = -2.0 * float(parts.loglik.sum()) + _inner(effects, duals)
    return _Point(list(effects), list(duals), spread, eta, parts, penalised)


def _inner(left: Effects, right: Effects) -> float:
    return float(sum(np.vdot(a, b) for a, b in zip(left, right, strict=True)))


def _step(
    cells: Cells, factors: Effects, point: _Point
) -> tuple[Elimination, np.ndarray, list[np.ndarray], list[np.ndarray], float]:
    """The elimination at a point, b and r of the Newton step from there, its decrement."""
    weights, score = point.parts.observed, point.parts.score
    grams = cells.squares(weights)
    scores = cells.cell_sums(score)
    old = cells.by_cell(point.effects)
    along = np.einsum("abc,bc->ac", grams, old) + scores
    eliminated = cells.eliminate(grams, along[:, None], factors)
    effects = [np.ascontiguousarray(shrunk[:, -1]) for shrunk in eliminated.shrunk]
    rest = along - np.einsum("abc,bc->ac", grams, cells.by_cell(effects))
    duals = cells.by_group(rest)
    decrement = 0.0
    for new, b, s, r in zip(
        effects, point.effects, cells.by_group(scores), point.duals, strict=True
    ):
        decrement += float(np.vdot(new - b, s - r))
    return eliminated, grams, effects, duals, decrement


def _lower(
    cells: Cells,
    response: Response,
    fixed: np.ndarray,
    point: _Point,
    effects: Effects,
    duals: Effects,
) -> _Point | None:
    """The end of a step, halved until the penalised deviance does not rise; None if it does."""
    slack = 1e-12 * (abs(point.penalised) + 1.0)
    length = 1.0
    for _ in range(MAX_HALVINGS):
        if length < 1.0:
            b = [o + length * (n - o) for o, n in zip(point.effects, effects, strict=True)]
            r = [o + length * (n - o) for o, n in zip(point.duals, duals, strict=True)]
        else:
            b, r = list(effects), list(duals)
        found = _at(cells, response, fixed, b, r)
        if found.penalised <= point.penalised + slack:
            return found
        length /= 2.0
    return None
