"""The nearest model with fewer random effects that is not singular, from the same cross-products.

A random effect is left out by fixing its row of Λ at zero: the products stay as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from alliance_stats.formula.terms import MixedFormula, RandomTerm
from alliance_stats.lmm.criterion import Criterion
from alliance_stats.lmm.design.mixed_design import Block, MixedDesign
from alliance_stats.lmm.design.unique import random_terms
from alliance_stats.lmm.factors import unpack
from alliance_stats.lmm.minimum import SINGULAR, Minimum, minimise


@dataclass(frozen=True, eq=False)
class Simpler:
    """A model with fewer random effects.

    Attributes
    ----------
    formula : str
    n_fewer : int
        Variance parameters saved.
    rise : float
        Rise of the deviance.
    """

    formula: str
    n_fewer: int
    rise: float


Part = tuple[RandomTerm, Block]
Parts = list[list[Part]]


def simpler_model(criterion: Criterion, minimum: Minimum) -> Simpler | None:
    """The model that the data support, found by leaving out one random effect at a time.

    At every step the first singular term loses the effects that do not vary, or else either one
    effect or its correlations, whichever has the lower AIC. None where the fit is not singular,
    no formula can say what to leave out (one level of a category, the
    intercept at the means), or nothing random is left.
    """
    if not minimum.singular:
        return None
    design, parts, now = criterion.design, _parts(criterion.design), minimum
    while now.singular:
        candidates = _candidates(parts, now)
        fits = [(trial, _fit(criterion, trial)) for trial in candidates if any(trial)]
        if not fits:
            return None
        parts, now = min(fits, key=lambda pair: pair[1].deviance + 2.0 * len(pair[1].theta))
    terms = tuple(term for level in parts for term, _ in level)
    formula = MixedFormula(design.formula.response, design.formula.fixed, _joined(terms))
    fewer = len(minimum.theta) - len(now.theta)
    return Simpler(str(formula), fewer, now.deviance - minimum.deviance)


def _parts(design: MixedDesign) -> Parts:
    """The terms of every factor with their blocks."""
    terms = random_terms(design.formula)
    by_level = []
    for level in design.levels:
        group = frozenset(level.name.split(":"))
        own = [term for term in terms if frozenset(term.group) == group]
        by_level.append(list(zip(own, level.blocks, strict=True)))
    return by_level


def _fit(criterion: Criterion, parts: Parts) -> Minimum:
    """Fit the model with these terms only."""
    design = criterion.design
    levels = tuple(
        replace(level, blocks=tuple(block for _, block in own))
        for level, own in zip(design.levels, parts, strict=True)
    )
    return minimise(Criterion(replace(design, levels=levels), criterion.reml))


def _candidates(parts: Parts, minimum: Minimum) -> list[Parts]:
    """The models that differ in the first singular term."""
    sizes = [len(block.names) for level in parts for _, block in level]
    factors = iter(unpack(minimum.theta, sizes))
    for at, level in enumerate(parts):
        for k, part in enumerate(level):
            factor = next(factors)
            if np.linalg.svd(factor, compute_uv=False)[-1] >= SINGULAR:
                continue
            ways = _ways(part, np.linalg.norm(factor, axis=1))
            return [
                [*parts[:at], [*level[:k], *way, *level[k + 1 :]], *parts[at + 1 :]] for way in ways
            ]
    return []


def _ways(part: Part, size: np.ndarray) -> list[list[Part]]:
    """What a singular term may become: without what does not vary, or one effect, or || .

    Where slopes are of centred columns, leaving out the intercept or its correlations would be
    another model in the columns of the data: such ways are not open.
    """
    term, block = part
    n = len(block.names)
    if n != term.intercept + len(term.terms):
        return []  # a category has several columns, and a formula keeps or drops them all
    centred = bool(np.any(block.transform != np.diag(np.diag(block.transform))))
    zero = np.flatnonzero(size < SINGULAR)
    if len(zero):
        ways = [_pieces(part, np.setdiff1d(np.arange(n), zero), together=True)]
    else:
        slopes = np.arange(n)[int(centred) :]
        least = slopes[int(np.argmin(size[slopes]))]
        ways = [
            _pieces(part, np.setdiff1d(np.arange(n), [least]), together=True),
            _pieces(part, np.arange(n), together=False),
        ]
    return [way for way in ways if not (centred and way and not _keeps_intercept(way))]


def _keeps_intercept(way: list[Part]) -> bool:
    """Whether one term is left, with its intercept."""
    return len(way) == 1 and way[0][0].intercept


def _pieces(part: Part, kept: np.ndarray, *, together: bool) -> list[Part]:
    """The effects that are kept, as one term where their columns are neighbours."""
    runs = np.split(kept, np.flatnonzero(np.diff(kept) > 1) + 1) if len(kept) else []
    if not together:
        runs = [np.array([k]) for k in kept]
    return [_piece(part, int(run[0]), int(run[-1]) + 1) for run in runs]


def _piece(part: Part, first: int, last: int) -> Part:
    term, block = part
    intercept = term.intercept and first == 0
    slopes = term.terms[max(first - term.intercept, 0) : last - term.intercept]
    start = block.columns.start
    inner = np.ix_(range(first, last), range(first, last))
    return (
        RandomTerm(intercept, slopes, term.group),
        Block(block.names[first:last], slice(start + first, start + last), block.transform[inner]),
    )


def _joined(terms: tuple[RandomTerm, ...]) -> tuple[RandomTerm, ...]:
    """Terms of one factor with one effect each, the intercept first, written with ||."""
    found: list[RandomTerm] = []
    for term in terms:
        last = found[-1] if found else None
        alone = not term.intercept and len(term.terms) == 1
        if (
            last is not None
            and alone
            and last.group == term.group
            and last.intercept
            and (not last.terms or not last.correlated)
        ):
            found[-1] = RandomTerm(True, (*last.terms, *term.terms), term.group, correlated=False)
        else:
            found.append(term)
    return tuple(found)
