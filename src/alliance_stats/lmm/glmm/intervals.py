"""Confidence intervals of every parameter of a generalised linear mixed model."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.errors import FitWarning
from alliance_stats.lmm.glmm.fitted import FittedGlmm
from alliance_stats.lmm.glmm.minimum import Objective
from alliance_stats.lmm.glmm.slices import GlmmBlockSlice, GlmmFixedSlice
from alliance_stats.lmm.glmm.tables import tidy
from alliance_stats.lmm.inference.block_shapes import (
    BlockShape,
    CorrelationShape,
    DeviationShape,
    block_basis,
)
from alliance_stats.lmm.inference.confint import interval_table, wald_ends
from alliance_stats.lmm.inference.parameters import Parameter, Wanted, chosen, parameters_of
from alliance_stats.lmm.inference.profile_ends import Ends, about_ends, quantile
from alliance_stats.lmm.inference.profile_likelihood import BetterFit, ProfilePath, find_end

Method = Literal["profile", "wald"]


def confint(
    self: FittedGlmm,
    *,
    method: Method = "profile",
    conf_level: float = 0.95,
    parameters: Sequence[Wanted] | None = None,
) -> pd.DataFrame:
    """Confidence intervals of fixed effects, standard deviations and correlations.

    A profile-likelihood interval holds every value that the data do not reject by a
    likelihood-ratio test. It is asymmetric where the likelihood is, and serves variances too.

    Parameters
    ----------
    method : {"profile", "wald"}
        *wald* is estimate ± normal quantile × standard error, for fixed effects only: the other
        rows are missing.
    conf_level : float
    parameters : sequence, optional
        What to give intervals for, all by default. A string is a fixed effect or a grouping factor
        (all its parameters); a tuple is one parameter: ``("patient", "(Intercept)")`` or, for a
        correlation, ``("patient", "(Intercept)", "x")``.

    Returns
    -------
    DataFrame
        Columns ``group term with_term estimate ci_low ci_high``, on the link's scale; the group is
        empty for fixed effects. A row without `with_term` is a standard deviation, one with it a
        correlation. Exponentiate the ends of fixed effects for odds, rate or hazard ratios.

    Raises
    ------
    ArgumentError
        If a parameter is not in the model.

    Warns
    -----
    FitWarning
        If a standard deviation may be zero, a correlation have any value, or an end does not exist.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame.dropna(subset=["phq9"])
    >>> sessions = sessions.assign(severe=sessions["phq9"] >= 15)
    >>> fit = al.fit_glmm("severe ~ session + (1 | patient)", sessions)
    >>> fit.confint(parameters=["session"])["term"].tolist()
    ['session']
    """
    one_of(method, ("profile", "wald"), name="method")
    probability(conf_level, name="conf_level")
    rows = chosen(parameters_of(self.criterion.design, self.beta, self.covariances), parameters)
    if method == "wald":
        ends, messages = wald_ends(tidy(self, conf_level=conf_level), rows)
    else:
        ends, messages = _profile_ends(self, rows, quantile(conf_level))
    for message in messages:
        warnings.warn(message, FitWarning, stacklevel=2)
    return interval_table(rows, ends)


def _profile_ends(
    fit: FittedGlmm, parameters: Sequence[Parameter], z: float
) -> tuple[list[Ends], list[str]]:
    """The ends of every interval, and what a reader must know about them."""
    profiles = _Profiles(fit)
    found: dict[Parameter, Ends] = {}
    higher = False
    for parameter in parameters:
        try:
            found[parameter] = profiles.ends(parameter, z)
        except FloatingPointError:
            found[parameter] = float("nan"), float("nan")
        except BetterFit:
            found[parameter], higher = (float("nan"), float("nan")), True
    messages = about_ends(found)
    if higher:
        messages.append(
            "A profile came upon a log-likelihood above that of the fit: the likelihood has more "
            "than one peak, and these intervals are missing. Use fewer random effects."
        )
    return [found[parameter] for parameter in parameters], messages


@dataclass(frozen=True, eq=False)
class _Profiles:
    """The paths of the parameters of a fit."""

    fit: FittedGlmm

    @cached_property
    def _objective(self) -> Objective:
        return Objective(self.fit.criterion, self.fit.minimum.duals)

    @cached_property
    def _transforms(self) -> list[np.ndarray]:
        return [b.transform for level in self.fit.criterion.design.levels for b in level.blocks]

    def ends(self, parameter: Parameter, z: float) -> Ends:
        """The ends of one interval, in the units of the columns."""
        if parameter.kind == "fixed":
            row = self.fit.criterion.design.transform[parameter.places[0]]
            length = float(np.linalg.norm(row))
            part = GlmmFixedSlice(self._objective, self.fit.evaluation, row / length)
            low, high = self._between(ProfilePath(part, self.fit.minimum.deviance), z)
            return low * length, high * length
        if parameter.kind == "correlation":
            if any(self._rise_at_zero(parameter.block, k) <= z**2 for k in parameter.places):
                return -1.0, 1.0
            path, _ = self._of_block(parameter.block, parameter.places)
            low, high = self._between(path, z)
            return float(np.sin(low)), float(np.sin(high))
        path, unit = self._of_block(parameter.block, parameter.places)
        low, high = self._between(path, z)
        return low * unit, high * unit

    def _between(self, path: ProfilePath, z: float) -> Ends:
        return find_end(path, -1, z), find_end(path, 1, z)

    def _of_block(self, block: int, places: tuple[int, ...]) -> tuple[ProfilePath, float]:
        """The path of a standard deviation or correlation, and the unit of the former."""
        rows = self._transforms[block][list(places)]
        lengths = np.linalg.norm(rows, axis=1)
        basis = block_basis(rows / lengths[:, None])
        shape: BlockShape = DeviationShape(basis) if len(places) == 1 else CorrelationShape(basis)
        part = GlmmBlockSlice(self._objective, self.fit.evaluation, block, shape)
        return ProfilePath(part, self.fit.minimum.deviance), float(lengths[0])

    def _rise_at_zero(self, block: int, place: int) -> float:
        """How much higher the deviance is with a standard deviation of zero."""
        path, _ = self._of_block(block, (place,))
        if path.slice.start <= 0:
            return 0.0
        return path.best(0.0, path.slice.free)[1].deviance - path.minimum
