"""MixedModelResult: a fitted mixed model as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from alliance_stats._base.views import ResultView
from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.diagnosis.diagnose import diagnose
from alliance_stats.lmm.explained.r_squared import r2
from alliance_stats.lmm.explained.shares import variance_shares
from alliance_stats.lmm.inference.anova import anova
from alliance_stats.lmm.inference.confint import confint
from alliance_stats.lmm.inference.contrasts import Ddf, contrast_table, joint_tests
from alliance_stats.lmm.inference.kenward_roger import KenwardRoger, kenward_roger
from alliance_stats.lmm.inference.profile_frame import profile_frame
from alliance_stats.lmm.inference.satterthwaite import Satterthwaite, satterthwaite
from alliance_stats.lmm.influence.influence import influence
from alliance_stats.lmm.minimum import Minimum
from alliance_stats.lmm.prediction.conditional import effect_roots, mean_frames, sd_frames
from alliance_stats.lmm.prediction.predict import Interval, Kind, NewGroups, predict_rows
from alliance_stats.lmm.prediction.residuals import residuals
from alliance_stats.lmm.prediction.simulate import simulate
from alliance_stats.lmm.r_code import r_code
from alliance_stats.lmm.resampling.bootstrap import bootstrap
from alliance_stats.lmm.residual.fitted import FittedResidual
from alliance_stats.lmm.tables import (
    column_means,
    covariance_frames,
    glance_table,
    levels_table,
    residual_rows,
    var_corr_table,
)
from alliance_stats.lmm.views import html_of, text_of, view_of


@dataclass(frozen=True, eq=False, repr=False)
class MixedModelResult:
    """A linear mixed model fitted by REML or ML.

    Made by `fit_lmm`. Nothing is rounded; nothing here changes after fitting.

    Attributes
    ----------
    formula : str
        The model in lme4's syntax.
    criterion : Criterion
        The design and the criterion; it holds Gram matrices, not the data.
    minimum : Minimum
        Where the minimisation ended, with the log of all evaluations.
    about_data, about_fit : tuple of str
        Dropped rows and columns; singular or failed fits, in plain words.
    """

    formula: str
    criterion: Criterion
    minimum: Minimum
    about_data: tuple[str, ...] = ()
    about_fit: tuple[str, ...] = ()

    bootstrap = bootstrap

    @property
    def messages(self) -> tuple[str, ...]:
        """Every warning of the fit."""
        return (*self.about_data, *self.criterion.design.crossings, *self.about_fit)

    @cached_property
    def profile(self) -> Profile:
        """The criterion at the optimum, in standardised columns."""
        return self.criterion.profile(self.minimum.theta)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fixed effects."""
        return self.criterion.design.names

    @property
    def reml(self) -> bool:
        """Whether the fit is by REML."""
        return self.criterion.reml

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

    @cached_property
    def unit_variance(self) -> float:
        """Residual variance of a row with the mean weight."""
        return self.profile.sigma2 * self.criterion.design.scale**2

    @cached_property
    def sigma2(self) -> float:
        """Residual variance; that of a row of weight 1, and of the reference level."""
        return self.unit_variance * self.criterion.design.mean_weight

    @property
    def sigma(self) -> float:
        """Residual standard deviation."""
        return float(np.sqrt(self.sigma2))

    @cached_property
    def beta(self) -> pd.Series:
        """Fixed effects, in the units of the columns."""
        design = self.criterion.design
        values = design.transform @ self.profile.beta * design.scale + design.least_squares
        return pd.Series(values, index=list(self.names), name="estimate")

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """Covariance matrix of the fixed effects."""
        transform = self.criterion.design.transform
        values = self.unit_variance * transform @ self.profile.unscaled @ transform.T
        return pd.DataFrame(values, index=list(self.names), columns=list(self.names))

    @cached_property
    def covariances(self) -> dict[str, pd.DataFrame]:
        """Covariance matrix of the random effects of every grouping factor."""
        roots = effect_roots(self.criterion, self.profile)
        return covariance_frames(self.criterion.design.levels, roots)

    @cached_property
    def loglik(self) -> float:
        """Log-likelihood, or restricted log-likelihood for REML."""
        design = self.criterion.design
        deviance = self.minimum.deviance + 2.0 * self.criterion.degrees * np.log(design.scale)
        deviance -= design.log_weights
        if self.reml:
            deviance += 2.0 * design.log_scales
        return -0.5 * float(deviance)

    @property
    def residual(self) -> FittedResidual | None:
        """The residual structure with its parameters; None where residuals are independent."""
        return self.criterion.design.residual

    @property
    def n_parameters(self) -> int:
        """Fixed effects, variance parameters, those of the residuals and their variance."""
        return len(self.names) + self.criterion.n_theta + self.criterion.design.n_residual + 1

    def tidy(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """One row a fixed effect, with its test and interval.

        Parameters
        ----------
        conf_level : float
        ddf : {"satterthwaite", "kenward-roger", "normal"}
            Degrees of freedom of the t tests. Kenward-Roger also corrects the standard errors,
            which matters with few groups; it needs REML. ``"normal"`` gives z tests.

        Returns
        -------
        DataFrame
            Columns ``term estimate se statistic df p_value ci_low ci_high``.
        """
        rows = {name: {name: 1.0} for name in self.names}
        return self.contrasts(rows, conf_level=conf_level, ddf=ddf)

    def contrasts(
        self,
        contrasts: Mapping[str, Mapping[str, float]],
        *,
        conf_level: float = 0.95,
        ddf: Ddf = "satterthwaite",
    ) -> pd.DataFrame:
        """Linear combinations of fixed effects, with the columns of `tidy`.

        Parameters
        ----------
        contrasts : mapping
            Name of a contrast to its weights by fixed effect, such as
            ``{"contextual": {"wai_between": 1, "wai_within": -1}}``.
        conf_level, ddf
            As in `tidy`.

        Raises
        ------
        ArgumentError
            If a fixed effect is not in the model.
        """
        return contrast_table(self, contrasts, conf_level, ddf)

    anova = anova
    joint_tests = joint_tests
    confint = confint
    profile_frame = profile_frame

    @cached_property
    def satterthwaite(self) -> Satterthwaite:
        """Degrees of freedom after Satterthwaite, of standardised contrasts."""
        return satterthwaite(self.criterion, self.minimum.theta)

    @cached_property
    def kenward_roger(self) -> KenwardRoger:
        """Adjusted covariance and degrees of freedom after Kenward and Roger; REML fits only."""
        return kenward_roger(self.criterion, self.profile)

    def glance(self) -> pd.DataFrame:
        """One row about the whole model.

        ``bic`` counts rows, as lme4 does; ``bic_groups`` counts the groups of the factor with
        most groups.
        """
        return glance_table(self)

    def var_corr(self) -> pd.DataFrame:
        """Variances and correlations of the random effects, and the residual variance.

        Returns
        -------
        DataFrame
            Columns ``group term with_term variance sd correlation``. Rows with a ``with_term``
            hold the covariance of the two effects in ``variance``, and their correlation.
        """
        levels = self.criterion.design.levels
        return var_corr_table(levels, self.covariances, residual_rows([self]))

    def ranef(self) -> dict[str, pd.DataFrame]:
        """Conditional means of the random effects (BLUPs), a frame a grouping factor.

        Rows are groups, labelled; columns are random effects in the units of the columns.
        """
        return mean_frames(self.criterion, self.profile)

    def ranef_sd(self) -> dict[str, pd.DataFrame]:
        """Conditional standard deviations of the random effects, in the shape of `ranef`.

        The spread of each effect given the data, β and the variances: lme4's ``condVar = TRUE``.

        Examples
        --------
        >>> import alliance_stats as al
        >>> sessions = al.load_example("sessions").frame
        >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient)", sessions)
        >>> fit.ranef_sd()["patient"].shape == fit.ranef()["patient"].shape
        True
        """
        return sd_frames(self.criterion, self.profile, self.unit_variance)

    def predict(
        self,
        data: pd.DataFrame,
        *,
        kind: Kind = "conditional",
        new_groups: NewGroups = "raise",
        interval: Interval | None = None,
        conf_level: float = 0.95,
    ) -> pd.DataFrame:
        """Predict the response for the rows of a frame.

        Parameters
        ----------
        data : DataFrame
            The columns of the predictors (and offset); for ``"conditional"`` also those of the
            groups; for prediction intervals those of random slopes and weights.
        kind : {"conditional", "marginal"}
            The mean of a row's own groups, ``Xβ + Zb``, or the mean over all groups, ``Xβ``.
        new_groups : {"raise", "population"}
            What to do about rows of groups that were not fitted: refuse them, or use zero for
            the effects of those groups only (a new patient of a known therapist).
        interval : {"confidence", "prediction"}, optional
            *confidence* is for the mean that is predicted: it holds the uncertainty of β and,
            jointly, of the fitted effects used. *prediction* is for one new observation: it adds
            the variance of the effects not used and the residual variance of the row. Variances
            are taken as known, and correlated residuals of other rows are not used. Quantiles are
            Satterthwaite's t for confidence intervals of rows that use no fitted effect, and
            normal elsewhere.
        conf_level : float

        Returns
        -------
        DataFrame
            Index of `data`; columns ``prediction``, ``ci_low ci_high`` or ``pi_low pi_high``,
            and ``blups``: the factors whose fitted effects were used.

        Raises
        ------
        DataError
            If a column is absent or of another type than in the fit, a level of a predictor or
            (with ``"raise"``) a group was not fitted.

        Warns
        -----
        DataWarning
            About rows with missing values, whose prediction is NaN, and of new groups.

        Examples
        --------
        >>> import alliance_stats as al
        >>> sessions = al.load_example("sessions").frame
        >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient) + (1 | therapist)", sessions)
        >>> row = sessions.head(1).assign(patient="new")
        >>> fit.predict(row, new_groups="population")["blups"].item()
        'therapist'
        """
        return predict_rows(
            self,
            data,
            kind=kind,
            new_groups=new_groups,
            interval=interval,
            conf_level=conf_level,
            degrees=lambda x: self.satterthwaite.dfs(x),
        )

    def to_r(self, *, data: str = "data.csv") -> str:
        """R code, of lme4 or (with a residual structure) nlme, that prints the same digits.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: the frame of the fit, written with
            ``frame.to_csv(path, index=False)``.

        Raises
        ------
        FormulaError, UnsupportedError
            If a name or label is none that R can hold.

        Examples
        --------
        >>> import alliance_stats as al
        >>> sessions = al.load_example("sessions").frame
        >>> fit = al.fit_lmm("phq9 ~ session + (1 | patient)", sessions)
        >>> print(fit.to_r(data="sessions.csv").splitlines()[1])
        library(lmerTest)
        """
        return r_code(self.criterion.design, reml=self.reml, data=data)

    r2 = r2
    variance_shares = variance_shares
    simulate = simulate
    influence = influence
    residuals = residuals
    diagnose = diagnose

    def column_means(self) -> pd.Series:
        """Mean of every fixed column over the rows used; needs an intercept in the model."""
        return column_means(self.criterion.design)

    def levels(self) -> pd.DataFrame:
        """Number of rows and of groups: columns ``unit`` and ``n``."""
        return levels_table(self.criterion.design)

    def view(self, *, ddf: Ddf = "satterthwaite") -> ResultView:
        """Return what the report room may see of this fit; `ddf` as in `tidy`."""
        return view_of(self, ddf)

    def __repr__(self) -> str:
        return text_of(self)

    def _repr_html_(self) -> str:
        return html_of(self)
