"""SemResult: a fitted structural equation model as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from alliance_stats._base.views import ResultView
from alliance_stats.numeric.optimise import Optimum
from alliance_stats.sem.density import Expansion
from alliance_stats.sem.fit_indices import Statistic
from alliance_stats.sem.information import observed_information
from alliance_stats.sem.layout import Layout, filled
from alliance_stats.sem.likelihood import Likelihood
from alliance_stats.sem.measures import Measures, count_moments, measures
from alliance_stats.sem.moments import Implied
from alliance_stats.sem.problems import about_fit
from alliance_stats.sem.r_code import r_code
from alliance_stats.sem.robust import Bread, Rows
from alliance_stats.sem.saturated import Saturated
from alliance_stats.sem.spec import ModelSpec, Parameter, term
from alliance_stats.sem.tables import glance_table, tidy_table
from alliance_stats.sem.views import html_of, text_of, view_of

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Settings:
    """The arguments of a fit."""

    missing: str
    estimator: str
    information: str
    groups: str | None
    cluster: str | None


@dataclass(frozen=True, eq=False, repr=False)
class SemResult:
    """A structural equation model fitted by maximum likelihood.

    Made by `fit_sem`. Nothing is rounded; nothing here changes after fitting.

    Attributes
    ----------
    spec : ModelSpec
        The model, as fitted.
    likelihood : Likelihood
        The criterion; it holds sufficient statistics.
    optimum : Optimum
        Where the search ended, with the log of all evaluations.
    saturated : Saturated
        Moments without restriction.
    settings : Settings
    group_sizes : mapping of str to int
    n_clusters, n_patterns, n_dropped : int
        Clusters, patterns of missing values, rows left out.
    about_data : tuple of str
        Dropped rows, in plain words.
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
    saturated_bread: Bread | None = None
    rows: Rows | None = None
    about_data: tuple[str, ...] = ()

    @cached_property
    def about_fit(self) -> tuple[str, ...]:
        """Improper, unidentified or failed fits, in plain words."""
        return tuple(about_fit(self))

    @property
    def messages(self) -> tuple[str, ...]:
        """Every warning of the fit."""
        return (*self.about_data, *self.about_fit)

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
        return self.likelihood.blocks.n_rows

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
    def _at(self) -> tuple[Implied, Expansion]:
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
            return observed_information(self.likelihood.blocks, self.layout, at, expansion)
        return self.likelihood.expected(at, expansion)

    @cached_property
    def covariance(self) -> Floats:
        """Covariance of the free parameters; NaN if the model is not identified."""
        try:
            if self.bread is not None:
                return self.bread.covariance
            return np.asarray(np.linalg.inv(self.information), dtype=np.float64)
        except np.linalg.LinAlgError:
            return np.full((self.layout.n_free, self.layout.n_free), np.nan)

    @cached_property
    def loglik(self) -> float:
        """Log-likelihood at the estimates."""
        blocks = self.likelihood.blocks
        return -self._at[1].value - 0.5 * blocks.log_constant

    @cached_property
    def statistic(self) -> Statistic:
        """Likelihood ratio against the saturated model."""
        value = 2.0 * (self._at[1].value - self.saturated.value)
        df = count_moments(self) - self.layout.n_free
        scaling = 1.0
        if self.bread is not None and self.saturated_bread is not None and df:
            scaling = (self.saturated_bread.trace - self.bread.trace) / df
        return Statistic(max(value, 0.0), df, scaling)

    @cached_property
    def measures(self) -> Measures:
        """Test statistics of the model and of its baseline."""
        return measures(self)

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

    def tidy(self, *, conf_level: float = 0.95, standardised: bool = False) -> pd.DataFrame:
        """One row a parameter, fixed ones too.

        Parameters
        ----------
        conf_level : float
        standardised : bool
            Give the completely standardised solution (lavaan's ``std.all``), with standard errors
            by the delta method.

        Returns
        -------
        DataFrame
            Columns ``term estimate se statistic df p_value ci_low ci_high matrix op label``, led
            by ``unit`` (the level) and ``group`` where there are several. Fixed parameters have
            no standard error.
        """
        return tidy_table(self, conf_level=conf_level, standardised=standardised)

    def glance(self) -> pd.DataFrame:
        """One row: the test of the model, its fit indices, information criteria, counts.

        With ``estimator="mlr"`` names that end in ``_scaled`` rest on scaled statistics, and
        ``_robust`` are population indices (complete rows only).
        """
        return glance_table(self)

    def to_r(self, *, data: str = "data.csv") -> str:
        """R code that fits the same model with lavaan and prints the same digits.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the frame of the fit, written with
            ``frame.to_csv(path, index=False)``.

        Raises
        ------
        UnsupportedError
            If a name is none that lavaan's syntax can hold.
        """
        return r_code(self.spec, self.settings, data)

    def view(self) -> ResultView:
        """Return what the report room may see of this fit."""
        return view_of(self)

    def __repr__(self) -> str:
        return text_of(self)

    def _repr_html_(self) -> str:
        return html_of(self)
