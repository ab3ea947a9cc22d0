"""Profile-likelihood intervals of variances and correlations of true effects.

A value belongs to the interval if the deviance, the other parameters chosen best for it, is at
most the χ²₁ quantile above its minimum (Venzon & Moolgavkar, 1988, J. R. Stat. Soc. C 37, 87–94).
Its square root, signed, is nearly linear in a standard deviation: few evaluations find an end.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq
from scipy.special import ndtri

from alliance_stats._base.checks import probability
from alliance_stats.meta.multilevel.estimate import Parameters, search
from alliance_stats.meta.multilevel.fitted import FittedMultilevel
from alliance_stats.meta.multilevel.held import Held, Ordered, hold_correlation, hold_sd
from alliance_stats.meta.multilevel.structures import Structure

#: An end is found to this share of its distance from the estimate.
PRECISE = 1e-7
#: Doublings of the distance before an end counts as infinite.
MOST = 40
#: Correlations are profiled to this distance from ±1.
EDGE = 1e-6


@dataclass(frozen=True)
class Quantity:
    """A standard deviation (one level) or a correlation (two) of a term."""

    term: int
    levels: tuple[int, ...]

    def held(self, structure: Structure, value: float) -> Held:
        """The term with the quantity at a value."""
        if len(self.levels) == 1:
            return hold_sd(structure, self.levels[0], value)
        first, second = self.levels
        return hold_correlation(structure, first, second, value)


@dataclass(frozen=True, eq=False)
class Profile:
    """The deviance of a fit along one quantity."""

    fit: FittedMultilevel
    quantity: Quantity

    def best(self, value: float) -> float:
        """The smallest deviance with the quantity at a value."""
        layout, at = self.fit.layout, self.quantity.term
        structures: list[Structure | Held] = [term.structure for term in layout.terms]
        held = self.quantity.held(layout.terms[at].structure, value)
        structures[at] = held
        return best_deviance(self.fit, structures, at, held)


def best_deviance(
    fit: FittedMultilevel, structures: list[Structure | Held], at: int, held: Held
) -> float:
    """The smallest deviance with one term held."""
    start = fit.layout.parameters.of_terms(fit.estimate.theta)
    start = [np.where(np.abs(part) < 1e-4, 1e-4, part) for part in start]
    theta = start[at]
    if isinstance(held.free, Ordered):
        theta = held.free.start(fit.matrices[at])
    if held.n_theta:
        start[at] = held.start(theta) if len(theta) == len(held.b) else np.ones(held.n_theta)
    else:
        start[at] = np.zeros(0)
    parameters = Parameters(tuple(structures))
    if not sum(map(len, start)):
        return fit.point.problem.at(parameters.natural(np.zeros(0))).deviance
    return search(fit.point.problem, parameters, np.concatenate(start), 1e-11).value


def confint(self: FittedMultilevel, *, conf_level: float = 0.95) -> pd.DataFrame:
    """Profile-likelihood intervals of every variance and correlation of true effects.

    Returns
    -------
    DataFrame
        ``unit quantity term estimate ci_low ci_high``; `quantity` is ``tau2``, ``tau`` or
        ``correlation``. An end is 0 or ±1 where the data do not exclude that, and inf where they
        set no bound.
    """
    probability(conf_level, name="conf_level")
    z = float(ndtri((1.0 + conf_level) / 2.0))
    rows = []
    for place, (term, matrix) in enumerate(zip(self.layout.terms, self.matrices, strict=True)):
        sds = np.sqrt(np.diag(matrix))
        one = term.structure.kind in ("ID", "CS")
        for level in range(1 if one else term.structure.m):
            name = "" if one else term.levels[level]
            low, high = sd_ends(self, Quantity(place, (level,)), float(sds[level]), z)
            rows.append((term.label, "tau2", name, sds[level] ** 2, low**2, high**2))
            rows.append((term.label, "tau", name, sds[level], low, high))
        rows += _correlation_rows(self, place, z)
    columns = ["unit", "quantity", "term", "estimate", "ci_low", "ci_high"]
    return pd.DataFrame(rows, columns=columns)


def _correlation_rows(
    self: FittedMultilevel, place: int, z: float
) -> list[tuple[str, str, str, float, float, float]]:
    term = self.layout.terms[place]
    kind, found = term.structure.kind, self.correlations
    if kind not in ("UN", "CS", "HCS"):
        return []
    own = found[found["unit"] == term.label]
    pairs = [(r, s) for r in range(term.structure.m) for s in range(r)]
    rows = []
    for (r, s), value in zip(pairs, own["correlation"].tolist(), strict=True):
        low, high = correlation_ends(self, Quantity(place, (r, s)), value, z)
        name = f"{term.levels[r]}, {term.levels[s]}" if kind == "UN" else ""
        rows.append((term.label, "correlation", name, value, low, high))
        if kind != "UN":
            break
    return rows


def sd_ends(
    fit: FittedMultilevel, quantity: Quantity, estimate: float, z: float
) -> tuple[float, float]:
    """Both ends of the interval of a standard deviation."""
    profile = Profile(fit, quantity)
    rise = _rise(profile, fit.point.deviance, z)
    low = 0.0
    if estimate > 0 and rise(0.0) > 0:
        low = _root(rise, 0.0, estimate)
    step = max(estimate, 0.3 * float(np.sqrt(fit.typical_variance)))
    inside, outside = estimate, estimate + step
    for _ in range(MOST):
        if rise(outside) > 0:
            return low, _root(rise, inside, outside)
        step *= 2.0
        inside, outside = outside, outside + step
    return low, float("inf")


def correlation_ends(
    fit: FittedMultilevel, quantity: Quantity, estimate: float, z: float
) -> tuple[float, float]:
    """Both ends of the interval of a correlation."""
    structure = fit.layout.terms[quantity.term].structure
    floor = -1.0 if structure.kind == "UN" else -1.0 / max(structure.m - 1, 1)
    if not np.isfinite(estimate):
        return floor, 1.0
    rise = _rise(Profile(fit, quantity), fit.point.deviance, z)
    ends = []
    for edge in (floor, 1.0):
        near = edge + EDGE * (1 if edge < 0 else -1)
        inside = float(np.clip(estimate, floor + EDGE, 1.0 - EDGE))
        closed = abs(near - inside) < EDGE or not rise(near) > 0
        ends.append(edge if closed else _root(rise, inside, near))
    return ends[0], ends[1]


def _rise(profile: Profile, minimum: float, z: float) -> Callable[[float], float]:
    """√(rise of the deviance) − z as a function of the value."""

    def of(value: float) -> float:
        return float(np.sqrt(max(profile.best(value) - minimum, 0.0))) - z

    return of


def _root(rise: Callable[[float], float], first: float, second: float) -> float:
    return float(brentq(rise, first, second, xtol=PRECISE * abs(second - first), rtol=1e-12))
