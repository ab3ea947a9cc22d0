"""FittedSem: what was fitted of a structural equation model, and its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from alliance_stats.numeric.optimise import Optimum
from alliance_stats.sem.evidence import Expanded
from alliance_stats.sem.fit_indices import Statistic
from alliance_stats.sem.layout import Layout, filled
from alliance_stats.sem.likelihood import Likelihood
from alliance_stats.sem.measures import Measures, count_moments, measures
from alliance_stats.sem.moments import Implied
from alliance_stats.sem.robust import Bread, Compared
from alliance_stats.sem.saturated import Saturated
from alliance_stats.sem.search import flat_directions
from alliance_stats.sem.settings import Settings
from alliance_stats.sem.spec import ModelSpec, Parameter, term

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class FittedSem:
    """The half of a `SemResult` that questions about a fit are asked of.

    Attributes
    ----------
    spec, likelihood, optimum, saturated, settings, group_sizes, n_clusters, n_patterns, n_dropped
        As in `SemResult`, which adds the questions.
    bread, compared
        What robust standard errors and scaled statistics rest on; None for ``"ml"``.
    about_data
        As in `SemResult`.
    """

    spec: ModelSpec
    likelihood: Likelihood
    optimum: Optimum
    saturated: Saturated
    settings: Settings
    group_sizes: Mapping[str, int]
    n_clusters: int
    n_patterns: int
    n_dropped: int
    bread: Bread | None = None
    compared: Compared | None = None
    about_data: tuple[str, ...] = ()

    @property
    def layout(self) -> Layout:
        """Positions of the free entries."""
        return self.likelihood.layout

    @property
    def theta(self) -> Floats:
        """Free parameters."""
        return self.optimum.x

    @property
    def n_obs(self) -> int:
        """Rows used."""
        return self.likelihood.evidence.n_rows

    @property
    def converged(self) -> bool:
        """Whether the search reached its tolerance."""
        return self.optimum.converged

    @cached_property
    def free_terms(self) -> tuple[str, ...]:
        """The first entry of each free parameter, in words."""
        names = [""] * self.layout.n_free
        for number, entry in zip(self.layout.free, self.layout.entries, strict=True):
            names[number] = names[number] or term(self.spec, entry)
        return tuple(names)

    @cached_property
    def _at(self) -> tuple[Implied, Expanded]:
        """Implied moments and the likelihood at the estimates."""
        return self.likelihood.at(self.theta)

    @property
    def implied(self) -> Implied:
        """Implied moments at the estimates."""
        return self._at[0]

    @cached_property
    def information(self) -> Floats:
        """Information of the free parameters, of the kind that the settings name."""
        at, expansion = self._at
        if self.bread is not None:
            return self.bread.information
        if self.settings.information == "observed":
            return self.likelihood.observed(at, expansion)
        return self.likelihood.expected(at, expansion)

    @cached_property
    def covariance(self) -> Floats:
        """Covariance of the free parameters; NaN if the model is not identified."""
        if len(self.flat):
            return np.full((self.layout.n_free, self.layout.n_free), np.nan)
        if self.bread is not None:
            return self.bread.covariance
        return np.asarray(np.linalg.inv(self.information), dtype=np.float64)

    @cached_property
    def flat(self) -> Floats:
        """Combinations of free parameters (few, n_free) that the data say nothing about."""
        return flat_directions(self.information)

    @cached_property
    def loglik(self) -> float:
        """Log-likelihood at the estimates."""
        return -self._at[1].value - 0.5 * self.likelihood.evidence.log_constant

    @cached_property
    def statistic(self) -> Statistic:
        """Likelihood ratio against the saturated model."""
        value = 2.0 * (self._at[1].value - self.saturated.value)
        df = count_moments(self.spec) - self.layout.n_free
        scaling = 1.0
        if self.bread is not None and self.compared is not None and df:
            scaling = (self.compared.saturated.trace - self.bread.trace) / df
        return Statistic(max(value, 0.0), df, scaling)

    @cached_property
    def measures(self) -> Measures:
        """Test statistics of the model and of its baseline."""
        return measures(self.spec, self.likelihood, self.saturated, self.statistic, self.compared)

    def entries(self) -> list[tuple[Parameter, float]]:
        """Every parameter of the specification with its value, fixed ones too."""
        matrices = filled(self.layout, self.theta)
        variables = {name: i for i, name in enumerate(self.spec.variables)}
        parts = {part: i for i, part in enumerate(self.spec.parts)}
        found = []
        for p in self.spec.parameters:
            part, row = parts[p.group, p.level], variables[p.row]
            if p.matrix == "means":
                found.append((p, float(matrices[2][part, row])))
            else:
                matrix = matrices[0] if p.matrix == "paths" else matrices[1]
                found.append((p, float(matrix[part, row, variables[p.column]])))
        return found
