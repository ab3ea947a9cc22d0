"""PooledResult: a mixed model fitted to several imputed data sets, as one value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pandas as pd

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.errors import ArgumentError
from alliance_stats._base.views import ResultView
from alliance_stats.lmm.inference.anova import type3_hypotheses
from alliance_stats.lmm.inference.contrasts import joint_columns, joint_test, weights_of
from alliance_stats.lmm.pooling.comparison import compare
from alliance_stats.lmm.pooling.joint import JointTest, d1, d2, independent, wald_statistics
from alliance_stats.lmm.pooling.messages import pooling_messages
from alliance_stats.lmm.pooling.r_code import pooled_r_code
from alliance_stats.lmm.pooling.rubin import Pooled, barnard_rubin, missing_information, rubin
from alliance_stats.lmm.pooling.views import html_of, text_of, view_of
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.lmm.tables import residual_rows, test_table, var_corr_table

Complete = Literal["satterthwaite", "infinite"] | float
Method = Literal["D1", "D2"]


@dataclass(frozen=True, eq=False, repr=False)
class PooledResult:
    """A mixed model pooled over imputed data sets. Made by `pool`.

    Attributes
    ----------
    fits : tuple of MixedModelResult
        One an imputed data set, in the order given.
    df_complete : "satterthwaite", "infinite" or float
        Degrees of freedom that tests would have without missing values.
    """

    fits: tuple[MixedModelResult, ...]
    df_complete: Complete = "satterthwaite"

    @property
    def n_imputations(self) -> int:
        """Number of data sets, m."""
        return len(self.fits)

    @property
    def formula(self) -> str:
        """The model in lme4's syntax."""
        return self.fits[0].formula

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the fixed effects."""
        return self.fits[0].names

    @property
    def reml(self) -> bool:
        """Whether the fits are by REML."""
        return self.fits[0].reml

    @cached_property
    def pooled(self) -> Pooled:
        """Fixed effects after Rubin's rules, as arrays."""
        return rubin(*self._estimates(np.eye(len(self.names))))

    @cached_property
    def beta(self) -> pd.Series:
        """Pooled fixed effects: their means."""
        return pd.Series(self.pooled.estimate, index=list(self.names), name="estimate")

    @cached_property
    def vcov(self) -> pd.DataFrame:
        """Total covariance matrix of the fixed effects: within and between imputations."""
        names = list(self.names)
        return pd.DataFrame(self.pooled.total, index=names, columns=names)

    @cached_property
    def covariances(self) -> dict[str, pd.DataFrame]:
        """Covariance matrices of the random effects of every grouping factor: their means."""
        return {
            level.name: sum(
                (fit.covariances[level.name] for fit in self.fits[1:]),
                start=self.fits[0].covariances[level.name],
            )
            / self.n_imputations
            for level in self.fits[0].criterion.design.levels
        }

    @cached_property
    def sigma2(self) -> float:
        """Residual variance, with classes of it that of the reference: its mean."""
        return float(np.mean([fit.sigma2 for fit in self.fits]))

    @cached_property
    def messages(self) -> tuple[str, ...]:
        """What a reader must know of the fits and the imputations."""
        return pooling_messages(self.fits, self.names, self.pooled)

    def tidy(self, *, conf_level: float = 0.95) -> pd.DataFrame:
        """One row a fixed effect: pooled estimate, test and interval.

        Returns
        -------
        DataFrame
            Columns ``term estimate se statistic df p_value ci_low ci_high riv fmi``. ``df`` after
            Barnard and Rubin (1999); ``riv`` is the relative increase in variance due to missing
            values, ``fmi`` the fraction of missing information.
        """
        rows = {name: {name: 1.0} for name in self.names}
        return self.contrasts(rows, conf_level=conf_level)

    def contrasts(
        self, contrasts: Mapping[str, Mapping[str, float]], *, conf_level: float = 0.95
    ) -> pd.DataFrame:
        """Linear combinations of fixed effects, with the columns of `tidy`.

        Parameters
        ----------
        contrasts : mapping
            Name of a contrast to its weights by fixed effect, as in `MixedModelResult.contrasts`.
        conf_level : float

        Raises
        ------
        ArgumentError
            If a fixed effect is not in the model.
        """
        probability(conf_level, name="conf_level")
        weights = weights_of(self.names, list(contrasts.values()))
        pooled = rubin(*self._estimates(weights))
        complete = np.array([self._complete_df(row[None]) for row in weights])
        df = barnard_rubin(pooled.riv, pooled.m, complete)
        se = np.sqrt(np.diag(pooled.total))
        table = test_table(tuple(contrasts), pooled.estimate, se, df, conf_level)
        return table.assign(riv=pooled.riv, fmi=missing_information(pooled.riv, df))

    def joint_tests(
        self,
        hypotheses: Mapping[str, Sequence[Mapping[str, float]]],
        *,
        method: Method = "D1",
    ) -> pd.DataFrame:
        """F tests that several linear combinations of fixed effects are zero at once.

        Parameters
        ----------
        hypotheses : mapping
            Name of a test to its contrasts, as in `MixedModelResult.joint_tests`:
            ``{"both": [{"x": 1}, {"z": 1}]}``. Combinations of the others count once.
        method : {"D1", "D2"}
            D1 pools estimates and covariances (Li, Raghunathan & Rubin, 1991), with Reiter's
            (2007) degrees of freedom where the complete-data ones are finite; a single
            combination has the test of `contrasts`. D2 uses the data sets' Wald statistics only
            and is rough: prefer D1.

        Returns
        -------
        DataFrame
            Columns ``term statistic df_numerator df_denominator p_value riv``. The statistic of
            D2 can be negative; p is 1 then.

        Raises
        ------
        ArgumentError
            If a fixed effect is not in the model, or a hypothesis is empty.

        Examples
        --------
        >>> import alliance_stats as al
        >>> imputed = [al.simulate_sessions(n_patients=30, rng=k).frame for k in (1, 2)]
        >>> frames = [frame.fillna(frame.mean(numeric_only=True)) for frame in imputed]
        >>> formula = "phq9 ~ session + wai_total + (1 | patient)"
        >>> pooled = al.pool([al.fit_lmm(formula, frame) for frame in frames])
        >>> both = pooled.joint_tests({"both": [{"session": 1}, {"wai_total": 1}]})
        >>> both["df_numerator"].item()
        2
        """
        weights = {key: weights_of(self.names, rows) for key, rows in hypotheses.items()}
        for key, matrix in weights.items():
            if not matrix.any():
                raise ArgumentError(
                    f"hypothesis '{key}' has no contrast with a weight other than zero. "
                    'Give some, such as [{"x": 1}, {"z": 1}].'
                )
        return self._joint_table(weights, method)

    def anova(self, *, method: Method = "D1") -> pd.DataFrame:
        """F tests of every term of the fixed part (type III, see `MixedModelResult.anova`).

        Parameters
        ----------
        method : {"D1", "D2"}
            As in `joint_tests`.

        Returns
        -------
        DataFrame
            Columns ``term statistic df_numerator df_denominator p_value riv``, a row a term.

        Raises
        ------
        UnsupportedError
            If fixed effects were left out.
        """
        return self._joint_table(type3_hypotheses(self.fits[0].criterion.design), method)

    compare = compare

    def _joint_table(self, hypotheses: Mapping[str, np.ndarray], method: Method) -> pd.DataFrame:
        one_of(method, ("D1", "D2"), name="method")
        tests = [self._joint(weights, method) for weights in hypotheses.values()]
        rows = [(t.statistic, t.df_numerator, t.df_denominator, t.p_value) for t in tests]
        return joint_columns(list(hypotheses), rows).assign(riv=[t.riv for t in tests])

    def _joint(self, weights: np.ndarray, method: Method) -> JointTest:
        estimates, covariances = independent(*self._estimates(weights))
        if method == "D1":
            return d1(estimates, covariances, self._complete_df(weights))
        return d2(wald_statistics(estimates, covariances), estimates.shape[1])

    def _estimates(self, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Contrasts (m, k) and their covariances (m, k, k) in every data set."""
        estimates = np.array([weights @ fit.beta.to_numpy() for fit in self.fits])
        covariances = np.array([weights @ fit.vcov.to_numpy() @ weights.T for fit in self.fits])
        return estimates, covariances

    def _complete_df(self, weights: np.ndarray) -> float:
        """Degrees of freedom of one or several contrasts without missing values."""
        if isinstance(self.df_complete, str):
            if self.df_complete == "infinite":
                return float("inf")
            return float(np.mean([_satterthwaite(fit, weights) for fit in self.fits]))
        return float(self.df_complete)

    def var_corr(self) -> pd.DataFrame:
        """Means of variances and covariances over imputations, in the shape of a fit's.

        No test or interval is made for them: their estimates are far from normal, and Rubin's
        rules do not hold.

        Returns
        -------
        DataFrame
            Columns ``group term with_term variance sd correlation``; ``sd`` and ``correlation``
            are those of the mean covariance matrix, the ρ of an autoregression is a mean.
        """
        levels = self.fits[0].criterion.design.levels
        return var_corr_table(levels, self.covariances, residual_rows(self.fits))

    def glance(self) -> pd.DataFrame:
        """One row about the whole; ``n_obs`` and ``n_dropped`` of the fit with fewest rows.

        Likelihoods of different data sets cannot be averaged to an AIC: see `compare`.
        """
        least = min(self.fits, key=lambda fit: fit.n_obs)
        table = self.tidy()
        return pd.DataFrame(
            {
                "n_imputations": [self.n_imputations],
                "n_obs": [least.n_obs],
                "n_dropped": [least.criterion.design.n_dropped],
                "method": ["REML" if self.reml else "ML"],
                "sigma": [float(np.sqrt(self.sigma2))],
                "largest_riv": [float(table["riv"].max())],
                "largest_fmi": [float(table["fmi"].max())],
                "n_parameters": [least.n_parameters],
                "converged": [all(fit.converged for fit in self.fits)],
                "n_singular": [sum(fit.singular for fit in self.fits)],
            }
        )

    def levels(self) -> pd.DataFrame:
        """Number of rows and of groups, of the fit with fewest rows: columns ``unit`` and ``n``."""
        return min(self.fits, key=lambda fit: fit.n_obs).levels()

    def to_r(self, *, data: str = "imputed.csv", imputation: str = "imputation") -> str:
        """R code that fits with lme4 and pools with mitml, and prints the same digits.

        Parameters
        ----------
        data : str
            The CSV file that R shall read: all data sets one below the other, as
            ``pd.concat(dict(enumerate(imputed)), names=["imputation"]).reset_index("imputation")``
            writes them.
        imputation : str
            Its column with the number of the data set.

        Raises
        ------
        FormulaError, UnsupportedError
            If a name or label is none that R can hold; UnsupportedError also with a residual
            structure.

        Examples
        --------
        >>> import alliance_stats as al
        >>> imputed = [al.simulate_sessions(n_patients=30, rng=k).frame for k in (1, 2)]
        >>> frames = [frame.fillna(frame.mean(numeric_only=True)) for frame in imputed]
        >>> fits = [al.fit_lmm("phq9 ~ session + (1 | patient)", frame) for frame in frames]
        >>> print(al.pool(fits).to_r().splitlines()[0])
        library(mitml)
        """
        return pooled_r_code(self, data=data, imputation=imputation)

    def view(self) -> ResultView:
        """Return what the report room may see of this result."""
        return view_of(self)

    def __repr__(self) -> str:
        return text_of(self)

    def _repr_html_(self) -> str:
        return html_of(self)


def _satterthwaite(fit: MixedModelResult, weights: np.ndarray) -> float:
    """Degrees of freedom of one contrast (1, p), or the denominator's of several (k, p)."""
    if len(weights) > 1:
        return joint_test(fit, weights, "satterthwaite")[2]
    return float(fit.satterthwaite.df(weights[0] @ fit.criterion.design.transform))
