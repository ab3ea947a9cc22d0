"""GlmmResult: a fitted generalised linear mixed model as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.lmm.design.blocks import join_blocks
from alliance_stats.lmm.factors import n_theta, unpack
from alliance_stats.lmm.glmm.criterion import GlmmCriterion, GlmmEvaluation
from alliance_stats.lmm.glmm.dispersion import dispersion
from alliance_stats.lmm.glmm.hessian import covariance_of
from alliance_stats.lmm.glmm.intervals import confint
from alliance_stats.lmm.glmm.minimum import GlmmMinimum
from alliance_stats.lmm.glmm.prediction import predict, residuals, simulate
from alliance_stats.lmm.glmm.tables import contrast_table, glance_table, joint_tests
from alliance_stats.lmm.glmm.views import html_of, r_code, text_of, view_of
from alliance_stats.lmm.prediction.conditional import effect_frames, level_transform, sd_arrays
from alliance_stats.lmm.tables import covariance_frames, levels_table, var_corr_table


@dataclass(frozen=True, eq=False, repr=False)
class GlmmResult:
    """A generalised linear mixed model fitted by maximum (approximate) likelihood.

    Made by `fit_glmm`. Nothing is rounded; nothing here changes after fitting.

    Attributes
    ----------
    formula : str
        The model in lme4's syntax.
    criterion : GlmmCriterion
        The design and the deviance; it holds the columns that the model uses.
    minimum : GlmmMinimum
        Where the minimisation ended, with the log of all evaluations.
    about_data, about_fit : tuple of str
        Dropped rows and columns; singular or failed fits, overdispersion, in plain words.
    """

    formula: str
    criterion: GlmmCriterion
    minimum: GlmmMinimum
    about_data: tuple[str, ...] = ()
    about_fit: tuple[str, ...] = ()

    @property
    def messages(self) -> tuple[str, ...]:
        """Every warning of the fit."""
        return (*self.about_data, *self.criterion.design.crossings, *self.about_fit)

    @cached_property
    def evaluation(self) -> GlmmEvaluation:
        """The deviance and the modes at the optimum, in standardised columns."""
        factors = unpack(self.minimum.theta, self.criterion.sizes)
        return self.criterion.evaluate(factors, self.minimum.beta, self.minimum.duals)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fixed effects."""
        return self.criterion.design.names

    @property
    def family(self) -> str:
        """``binomial`` or ``poisson``."""
        return self.criterion.design.response.family.name

    @property
    def link(self) -> str:
        """``logit``, ``cloglog``, ``probit`` or ``log``."""
        return self.criterion.design.response.family.link

    @property
    def n_agq(self) -> int:
        """Points of the quadrature; 1 is Laplace."""
        return self.criterion.n_points

    @property
    def n_obs(self) -> int:
        """Rows used."""
        return self.criterion.design.n_obs

    @property
    def converged(self) -> bool:
        """Whether the optimiser reached its tolerance."""
        return self.minimum.converged

    @property
    def singular(self) -> bool:
        """Whether a random-effect variance is zero or a correlation ±1."""
        return self.minimum.singular

    @property
    def loglik(self) -> float:
        """Log-likelihood: the whole of it, constants included."""
        return -0.5 * self.minimum.deviance

    @property
    def n_parameters(self) -> int:
        """Fixed effects and variance parameters."""
        return len(self.names) + n_theta(self.criterion.sizes)

    @cached_property
    def beta(self) -> pd.Series:
        """Fixed effects, on the link's scale and in the units of the columns."""
        values = self.criterion.design.transform @ self.minimum.beta
        return pd.Series(values, index=list(self.names), name="estimate")

    @cached_property
    def standard_vcov(self) -> np.ndarray:
        """Covariance (p, p) of the coefficients of standardised columns."""
        p = len(self.names)
        whole = covariance_of(self.criterion, self.minimum, self.evaluation)
        return whole[len(whole) - p :, len(whole) - p :]

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """Covariance matrix of the fixed effects: their part of the inverse Hessian.

        The Hessian is that of the whole deviance over variances and fixed effects, as in glmer.
        NaN where it is not positive definite.
        """
        transform = self.criterion.design.transform
        values = transform @ self.standard_vcov @ transform.T
        return pd.DataFrame(values, index=list(self.names), columns=list(self.names))

    @cached_property
    def covariances(self) -> dict[str, pd.DataFrame]:
        """Covariance matrix of the random effects of every grouping factor."""
        return covariance_frames(self.criterion.design.levels, self.effect_roots)

    @cached_property
    def effect_roots(self) -> list[np.ndarray]:
        """Roots C (q_l, q_l) of the covariances CC' of the random effects, in units of columns."""
        levels = self.criterion.design.levels
        joined = join_blocks(levels, self.evaluation.factors)
        return [level_transform(level) @ f for level, f in zip(levels, joined, strict=True)]

    @cached_property
    def effect_arrays(self) -> list[np.ndarray]:
        """Conditional modes (q_l, G_l) of every factor, in the units of the columns."""
        levels = self.criterion.design.levels
        modes = self.evaluation.modes.effects
        return [level_transform(level) @ b for level, b in zip(levels, modes, strict=True)]

    def tidy(self, *, conf_level: float = 0.95, exponentiate: bool = False) -> pd.DataFrame:
        """One row a fixed effect, with its z test and interval.

        Parameters
        ----------
        conf_level : float
        exponentiate : bool
            Give odds ratios (logit), rate ratios (log) or hazard ratios (cloglog): estimate and
            interval are exponentiated; ``se`` is that of the ratio by the delta method, for
            description only, and the test stays that of the coefficient.

        Returns
        -------
        DataFrame
            Columns ``term estimate se statistic df p_value ci_low ci_high``; ``df`` is inf.
        """
        rows = {name: {name: 1.0} for name in self.names}
        return self.contrasts(rows, conf_level=conf_level, exponentiate=exponentiate)

    def contrasts(
        self,
        contrasts: Mapping[str, Mapping[str, float]],
        *,
        conf_level: float = 0.95,
        exponentiate: bool = False,
    ) -> pd.DataFrame:
        """Linear combinations of fixed effects, with the columns of `tidy`.

        Parameters
        ----------
        contrasts : mapping
            Name of a contrast to its weights by fixed effect, such as
            ``{"contextual": {"wai_between": 1, "wai_within": -1}}``.
        conf_level, exponentiate
            As in `tidy`.

        Raises
        ------
        ArgumentError
            If a fixed effect is not in the model.
        """
        return contrast_table(self, contrasts, conf_level, exponentiate)

    joint_tests = joint_tests
    confint = confint

    def glance(self) -> pd.DataFrame:
        """One row about the whole model.

        ``bic`` counts rows, as lme4 does; ``bic_groups`` counts the groups of the factor with
        most groups.
        """
        return glance_table(self)

    def var_corr(self) -> pd.DataFrame:
        """Variances and correlations of the random effects, on the link's scale.

        Returns
        -------
        DataFrame
            Columns ``group term with_term variance sd correlation``. Rows with a ``with_term``
            hold the covariance of the two effects in ``variance``, and their correlation.
        """
        return var_corr_table(self.criterion.design.levels, self.covariances)

    def ranef(self) -> dict[str, pd.DataFrame]:
        """Conditional modes of the random effects, a frame a grouping factor.

        Rows are groups, labelled; columns are random effects in the units of the columns.
        """
        return effect_frames(self.criterion.design.levels, self.effect_arrays)

    def ranef_sd(self) -> dict[str, pd.DataFrame]:
        """Approximate conditional standard deviations of the random effects, as `ranef`.

        From the curvature at the modes, given β and the variances: glmer's ``condVar = TRUE``.
        """
        levels = self.criterion.design.levels
        return effect_frames(levels, sd_arrays(levels, self.evaluation.expected, 1.0))

    predict = predict
    simulate = simulate
    residuals = residuals
    dispersion = dispersion

    def to_r(self, *, data: str = "data.csv") -> str:
        """R code that fits the same model with lme4's glmer.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the frame of the fit, written with
            ``frame.to_csv(path, index=False)``.

        Raises
        ------
        FormulaError, UnsupportedError
            If a name or label is none that R can hold.
        """
        return r_code(self, data)

    def levels(self) -> pd.DataFrame:
        """Number of rows and of groups: columns ``unit`` and ``n``."""
        return levels_table(self.criterion.design)

    def view(self) -> ResultView:
        """Return what the report room may see of this fit."""
        return view_of(self)

    def __repr__(self) -> str:
        return text_of(self)

    def _repr_html_(self) -> str:
        return html_of(self)
