"""MixedModelResult: a fitted mixed model as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from alliance_stats._base.checks import counted, did_you_mean, name_list, one_of, probability
from alliance_stats._base.errors import ArgumentError, UnsupportedError
from alliance_stats._base.printing import escape_html, format_number, frame_html, frame_text
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.criterion import Criterion, Profile
from alliance_stats.lmm.derivatives import conditional_means
from alliance_stats.lmm.inference import Satterthwaite, satterthwaite
from alliance_stats.lmm.minimum import Minimum

Ddf = Literal["satterthwaite", "normal"]


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
    def _unit_variance(self) -> float:
        """Residual variance of a row with the mean weight."""
        return self.profile.sigma2 * self.criterion.design.scale**2

    @cached_property
    def sigma2(self) -> float:
        """Residual variance; with weights, that of a row of weight 1."""
        return self._unit_variance * self.criterion.design.mean_weight

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
        values = self._unit_variance * transform @ self.profile.unscaled @ transform.T
        return pd.DataFrame(values, index=list(self.names), columns=list(self.names))

    @cached_property
    def covariances(self) -> dict[str, pd.DataFrame]:
        """Covariance matrix of the random effects of every grouping factor."""
        found = {}
        factors = iter(self.profile.factors)
        for level in self.criterion.design.levels:
            effects = list(level.effects)
            values = np.zeros((len(effects), len(effects)))
            for block in level.blocks:
                half = block.transform @ next(factors)
                values[block.columns, block.columns] = self._unit_variance * half @ half.T
            found[level.name] = pd.DataFrame(values, index=effects, columns=effects)
        return found

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
    def n_parameters(self) -> int:
        """Fixed effects, variance parameters and the residual variance."""
        return len(self.names) + self.criterion.n_theta + 1

    def tidy(self, *, conf_level: float = 0.95, ddf: Ddf = "satterthwaite") -> pd.DataFrame:
        """One row a fixed effect, with its test and interval.

        Parameters
        ----------
        conf_level : float
        ddf : {"satterthwaite", "normal"}
            Degrees of freedom of the t tests; ``"normal"`` gives z tests.

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
        probability(conf_level, name="conf_level")
        one_of(ddf, ("satterthwaite", "normal"), name="ddf")
        weights = np.array([self._weights(c) for c in contrasts.values()]).reshape(
            -1, len(self.names)
        )
        estimate = weights @ self.beta.to_numpy()
        # in standardised columns, where no digits are lost to the scales of the predictors
        inner = weights @ self.criterion.design.transform
        variance = self._unit_variance * np.einsum(
            "ra,ab,rb->r", inner, self.profile.unscaled, inner
        )
        se = np.sqrt(variance)
        if ddf == "normal":
            df = np.full(len(se), np.inf)
        else:
            df = np.array([self._satterthwaite.df(row) for row in inner])
        return _test_table(tuple(contrasts), estimate, se, df, conf_level)

    def _weights(self, contrast: Mapping[str, float]) -> np.ndarray:
        """Weights (p,) of one contrast."""
        for name in contrast:
            if name not in self.names:
                raise ArgumentError(
                    f"fixed effect '{name}' is not in the model."
                    f"{did_you_mean(name, self.names)} In the model: {name_list(self.names)}."
                )
        return np.array([float(contrast.get(name, 0.0)) for name in self.names])

    @cached_property
    def _satterthwaite(self) -> Satterthwaite:
        return satterthwaite(self.criterion, self.minimum.theta)

    def glance(self) -> pd.DataFrame:
        """One row about the whole model.

        ``bic`` counts rows, as lme4 does; ``bic_groups`` counts the groups of the factor with
        most groups.
        """
        design, k = self.criterion.design, self.n_parameters
        return pd.DataFrame(
            {
                "n_obs": [self.n_obs],
                "n_dropped": [design.n_dropped],
                "method": ["REML" if self.reml else "ML"],
                "loglik": [self.loglik],
                "aic": [-2.0 * self.loglik + 2.0 * k],
                "bic": [-2.0 * self.loglik + k * np.log(self.n_obs)],
                "bic_groups": [-2.0 * self.loglik + k * np.log(len(design.levels[0].labels))],
                "sigma": [self.sigma],
                "n_parameters": [k],
                "converged": [self.converged],
                "singular": [self.singular],
            }
        )

    def var_corr(self) -> pd.DataFrame:
        """Variances and correlations of the random effects, and the residual variance.

        Returns
        -------
        DataFrame
            Columns ``group term with_term variance sd correlation``. Rows with a ``with_term``
            hold the covariance of the two effects in ``variance``, and their correlation.
        """
        rows: list[tuple[str, str, str, float, float, float]] = []
        nan = float("nan")
        for level in self.criterion.design.levels:
            table = self.covariances[level.name]
            values, effects = table.to_numpy(), list(table.columns)
            sd = np.sqrt(np.diag(values))
            for i, effect in enumerate(effects):
                rows.append((level.name, effect, "", values[i, i], sd[i], nan))
            for block in level.blocks:
                for i, j in pairs_within(block.columns):
                    both = sd[i] * sd[j]
                    r = values[i, j] / both if both > 0 else nan
                    rows.append((level.name, effects[j], effects[i], values[i, j], nan, r))
        rows.append(("Residual", "", "", self.sigma2, self.sigma, nan))
        columns = ["group", "term", "with_term", "variance", "sd", "correlation"]
        return pd.DataFrame(rows, columns=columns)

    def ranef(self) -> dict[str, pd.DataFrame]:
        """Conditional means of the random effects (BLUPs), a frame a grouping factor.

        Rows are groups, labelled; columns are random effects in the units of the columns.
        """
        design, profile = self.criterion.design, self.profile
        factors = self.criterion.by_level(profile.factors)
        weights = self.criterion.residual_weights(profile)
        means = conditional_means(profile.eliminated, factors, weights)
        frames = {}
        for level, mean in zip(design.levels, means, strict=True):
            values = np.empty(mean.shape)
            for block in level.blocks:
                values[block.columns] = block.transform @ mean[block.columns] * design.scale
            index = pd.Index(level.labels, name=level.name, tupleize_cols=False)
            frames[level.name] = pd.DataFrame(values.T, index=index, columns=list(level.effects))
        return frames

    def column_means(self) -> pd.Series:
        """Mean of every fixed column over the rows used; needs an intercept in the model."""
        design = self.criterion.design
        if "(Intercept)" not in self.names:
            raise UnsupportedError(
                "column means need an intercept among the fixed effects. "
                "Take the means from the data, or fit the model with an intercept."
            )
        first = design.x[self.names.index("(Intercept)")]
        inner = design.products.total[first, design.x] / self.n_obs
        means = np.linalg.solve(design.transform.T, inner)
        return pd.Series(means, index=list(self.names), name="mean")

    def levels(self) -> pd.DataFrame:
        """Number of rows and of groups: columns ``unit`` and ``n``."""
        found = [("row", self.n_obs)]
        found += [(level.name, len(level.labels)) for level in self.criterion.design.levels]
        return pd.DataFrame(found, columns=["unit", "n"])

    def view(self) -> ResultView:
        """Return what the report room may see of this fit."""
        return ResultView(
            kind="lmm",
            title=f"Mixed model of {self.criterion.design.formula.response}",
            terms=self.tidy(),
            fit=self.glance(),
            plot=None,
            levels=self.levels(),
            messages=self.messages,
            refit=f"al.fit_lmm({self.formula!r}, data, reml={self.reml})",
            labels={
                "formula": self.formula,
                "outcome": self.criterion.design.formula.response,
                "ddf": "Satterthwaite",
            },
            tables={"Random effects": self.var_corr()},
        )

    def __repr__(self) -> str:
        groups = ", ".join(
            counted(len(level.labels), level.name) for level in self.criterion.design.levels
        )
        parts = [
            f"Linear mixed model ({'REML' if self.reml else 'ML'}): {self.formula}",
            f"{counted(self.n_obs, 'row')}; {groups}; log-likelihood {format_number(self.loglik)}",
            frame_text(self.tidy()),
            "Random effects",
            frame_text(self.var_corr()),
            *self.messages,
        ]
        return "\n\n".join(parts)

    def _repr_html_(self) -> str:
        messages = "".join(f"<p>{escape_html(m)}</p>" for m in self.messages)
        return (
            f"<p>{escape_html(self.formula)}</p>{frame_html(self.tidy())}"
            f"{frame_html(self.var_corr(), caption='Random effects')}{messages}"
        )


def pairs_within(columns: slice) -> list[tuple[int, int]]:
    """Positions (i, j) with j < i of a block's random effects."""
    return [(i, j) for i in range(columns.start, columns.stop) for j in range(columns.start, i)]


def _test_table(
    terms: tuple[str, ...], estimate: np.ndarray, se: np.ndarray, df: np.ndarray, level: float
) -> pd.DataFrame:
    """Tests and intervals of estimates with t (or, for infinite df, normal) reference."""
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = estimate / se
    finite = np.where(np.isinf(df), 1.0, df)
    tail = np.where(np.isinf(df), ndtr(-np.abs(statistic)), stdtr(finite, -np.abs(statistic)))
    upper = (1.0 + level) / 2.0
    quantile = np.where(np.isinf(df), ndtri(upper), stdtrit(finite, upper))
    return pd.DataFrame(
        {
            "term": list(terms),
            "estimate": estimate,
            "se": se,
            "statistic": statistic,
            "df": df,
            "p_value": 2.0 * tail,
            "ci_low": estimate - quantile * se,
            "ci_high": estimate + quantile * se,
        }
    )
