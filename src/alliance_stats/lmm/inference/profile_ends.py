"""Ends of profile-likelihood intervals of the parameters of a fit, in the units of the columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TypeVar

import numpy as np
from scipy.special import ndtri

from alliance_stats._base.checks import agree
from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.factors import canonical, pack
from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.inference.block_slices import (
    CorrelationSlice,
    DeviationSlice,
    block_basis,
)
from alliance_stats.lmm.inference.parameters import Parameter
from alliance_stats.lmm.inference.profile_likelihood import BetterFit, ProfilePath, find_end
from alliance_stats.lmm.inference.slices import FixedSlice, ResidualSlice, Slice
from alliance_stats.lmm.minimum import Minimum, minimise

T = TypeVar("T")
Ends = tuple[float, float]
MAX_REFITS = 3


@dataclass(frozen=True, eq=False)
class Profiled:
    """A parameter to profile: its path, and the way from the target to the units of the columns."""

    path: ProfilePath
    units: Callable[[float], float]


@dataclass(frozen=True, eq=False)
class Profiles:
    """The paths of all parameters of a model at the minimum of one criterion.

    Attributes
    ----------
    criterion : Criterion
    minimum : Minimum
    """

    criterion: Criterion
    minimum: Minimum

    @cached_property
    def fitted(self) -> Profile:
        """The model at the minimum."""
        return self.criterion.profile(self.minimum.theta)

    @cached_property
    def _transforms(self) -> list[np.ndarray]:
        return [b.transform for level in self.criterion.design.levels for b in level.blocks]

    def of(self, parameter: Parameter) -> Profiled:
        """The path of one parameter."""
        ways = {
            "fixed": self._fixed,
            "sd": self._sd,
            "correlation": self._correlation,
            "residual": self._residual,
        }
        return ways[parameter.kind](parameter)

    def _path(self, part: Slice) -> ProfilePath:
        return ProfilePath(part, self.minimum.deviance)

    def _fixed(self, parameter: Parameter) -> Profiled:
        design, place = self.criterion.design, parameter.places[0]
        row = design.transform[place]
        length, shift = float(np.linalg.norm(row)), float(design.least_squares[place])
        part = FixedSlice(self.criterion, self.fitted, row / length)
        return Profiled(self._path(part), lambda x: x * length * design.scale + shift)

    def _residual(self, parameter: Parameter) -> Profiled:
        design = self.criterion.design
        unit = design.scale * np.sqrt(design.mean_weight)
        part = ResidualSlice(self.criterion, self.fitted)
        return Profiled(self._path(part), lambda x: float(np.exp(x) * unit))

    def _sd(self, parameter: Parameter) -> Profiled:
        row = self._transforms[parameter.block][list(parameter.places)]
        length = float(np.linalg.norm(row))
        basis = block_basis(row / length)
        part = DeviationSlice(self.criterion, self.fitted, parameter.block, basis)
        unit = length * self.criterion.design.scale
        return Profiled(self._path(part), lambda x: x * unit)

    def _correlation(self, parameter: Parameter) -> Profiled:
        rows = self._transforms[parameter.block][list(parameter.places)]
        basis = block_basis(rows / np.linalg.norm(rows, axis=1)[:, None])
        part = CorrelationSlice(self.criterion, self.fitted, parameter.block, basis)
        return Profiled(self._path(part), lambda x: float(np.sin(x)))

    def ends(self, parameter: Parameter, z: float) -> Ends:
        """The ends of one interval, in the units of the columns."""
        if parameter.kind == "correlation" and self._any_correlation(parameter, z):
            return -1.0, 1.0
        profiled = self.of(parameter)
        low, high = (find_end(profiled.path, side, z) for side in (-1, 1))
        return profiled.units(low), profiled.units(high)

    def curve(self, parameter: Parameter, z: float, n: int) -> tuple[np.ndarray, np.ndarray]:
        """n values (odd) of a parameter between the ends, and the signed root ζ at each."""
        profiled = self.of(parameter)
        path, start = profiled.path, profiled.path.slice.start
        highest = np.inf
        if parameter.kind == "correlation":
            highest = min(self._rise_at_zero(parameter.block, k) for k in parameter.places)
        values, zeta = [start], [0.0]
        for side in (-1, 1):
            free = path.slice.free
            for value in np.linspace(start, find_end(path, side, z), n // 2 + 1)[1:]:
                free, point = path.best(float(value), free)
                rise = min(point.deviance - path.minimum, highest)
                values.append(float(value))
                zeta.append(side * float(np.sqrt(max(rise, 0.0))))
        order = np.argsort(values)
        return np.array([profiled.units(values[k]) for k in order]), np.array(zeta)[order]

    def _any_correlation(self, parameter: Parameter, z: float) -> bool:
        """Whether an SD of the pair may be zero, so that no correlation is worse than that."""
        return any(self._rise_at_zero(parameter.block, k) <= z**2 for k in parameter.places)

    def _rise_at_zero(self, block: int, place: int) -> float:
        """How much higher the deviance is with an SD of zero."""
        key = block, place
        if key not in self._at_zero:
            path = self.of(Parameter("", "", "", "sd", 0.0, block, (place,))).path
            there = path.best(0.0, path.slice.free)[1].deviance if path.slice.start > 0 else None
            self._at_zero[key] = 0.0 if there is None else there - self.minimum.deviance
        return self._at_zero[key]

    @cached_property
    def _at_zero(self) -> dict[tuple[int, int], float]:
        """`_rise_at_zero` by block and place."""
        return {}


def profile_ends(
    fit: FittedModel, parameters: Sequence[Parameter], conf_level: float, *, reml: bool = False
) -> tuple[list[Ends], list[str]]:
    """The ends of every interval, and what a reader must know about them.

    Fixed effects are profiled by maximum likelihood always; the others by REML if `reml`.
    """
    z = quantile(conf_level)
    found: dict[Parameter, Ends] = {}
    messages: list[str] = []
    for by_reml in (False, True):
        mine = [p for p in parameters if by_reml == (reml and p.kind != "fixed")]
        if mine:
            ends = from_the_best(fit, by_reml, messages, partial(_all_ends, mine, z))
            found |= ends or dict.fromkeys(mine, (np.nan, np.nan))
    messages += about_ends(found)
    return [found[parameter] for parameter in parameters], messages


def _all_ends(
    parameters: Sequence[Parameter], z: float, profiles: Profiles
) -> dict[Parameter, Ends]:
    found = {}
    for parameter in parameters:
        try:
            found[parameter] = profiles.ends(parameter, z)
        except FloatingPointError:  # undefined beside the fit: said by `about_ends`
            found[parameter] = float("nan"), float("nan")
    return found


def quantile(conf_level: float) -> float:
    """The normal quantile z of an interval."""
    return float(ndtri((1.0 + conf_level) / 2.0))


def from_the_best(
    fit: FittedModel, reml: bool, messages: list[str], work: Callable[[Profiles], T]
) -> T | None:
    """What `work` makes of the profiles, begun anew whenever they come upon a better fit.

    None, with a message, where that does not end.
    """
    criterion = Criterion(fit.criterion.design, reml)
    minimum = fit.minimum if reml == fit.reml else minimise(criterion)
    for _ in range(MAX_REFITS):
        try:
            return work(Profiles(criterion, minimum))
        except BetterFit as better:
            factors = better.point.factors
            start = pack([canonical(f @ f.T, tolerance=0.0) for f in factors])
            before, minimum = minimum.deviance, minimise(criterion, start=start)
            gain = (before - minimum.deviance) / 2.0
            messages.append(
                f"The profiles came upon a log-likelihood {gain:.2g} above that of the fit: the "
                "likelihood has more than one peak. The intervals belong to the higher one. Look "
                "at the estimates beside them, and use fewer random effects if they do not agree."
            )
    messages.append("No interval was found: the likelihood has too many peaks.")
    return None


def about_ends(found: dict[Parameter, Ends]) -> list[str]:
    """Ends that are limits of the parameter and not of the data."""
    messages = []
    zero = [p.label for p, (low, _) in found.items() if p.kind == "sd" and low == 0.0]
    if zero:
        messages.append(
            f"{_listed(zero)} may be zero: the lower "
            f"{agree(len(zero), 'end is', 'ends are')} the smallest possible value."
        )
    whole = [p.label for p, ends in found.items() if p.kind == "correlation" and ends == (-1, 1)]
    if whole:
        messages.append(
            f"{_listed(whole)} can have any value from -1 to 1: the data do not bound "
            f"{agree(len(whole), 'it', 'them')}."
        )
    undefined = [p.label for p, ends in found.items() if np.isnan(ends).any()]
    if undefined:
        messages.append(
            f"No interval of {', '.join(undefined)} was found: the likelihood is not defined "
            "beside the fit. Are there enough rows for so many random effects?"
        )
    endless = [p.label for p, ends in found.items() if np.isinf(ends).any()]
    if endless:
        messages.append(
            f"{_listed(endless)} {agree(len(endless), 'has', 'have')} no end on one side: however "
            "far the value, the data do not speak against it. Are there enough groups?"
        )
    return messages


def _listed(labels: list[str]) -> str:
    """``The SD of x at 'patient' and the correlation of …``."""
    text = ", ".join(labels[:-1]) + (" and " if len(labels) > 1 else "") + labels[-1]
    return text[0].upper() + text[1:]
