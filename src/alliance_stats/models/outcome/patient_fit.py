"""A model of patients: a mixed model with therapists, ordinary least squares without."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.formula.columns import INTERCEPT
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.inference.contrasts import DDFS, Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.outcome.prepare import PreparedPatients
from alliance_stats.numeric.least_squares import LeastSquares, solve_least_squares, t_tests


@dataclass(frozen=True, eq=False)
class LinearFit:
    """An ordinary least-squares fit, with the part of a mixed model's interface that is used.

    Attributes
    ----------
    formula : str
        The model in R's syntax.
    names : tuple of str
        Names of the coefficients, the intercept first.
    solution : LeastSquares
    means : ndarray
        Means of the columns.
    """

    formula: str
    names: tuple[str, ...]
    solution: LeastSquares
    means: np.ndarray
    converged: bool = True
    singular: bool = False

    @property
    def messages(self) -> tuple[str, ...]:
        """No fit of full rank has anything to warn of."""
        return ()

    @property
    def beta(self) -> pd.Series:
        """Coefficients by name."""
        return pd.Series(self.solution.beta, index=list(self.names), name="estimate")

    @property
    def vcov(self) -> pd.DataFrame:
        """Covariance matrix of the coefficients."""
        return pd.DataFrame(
            self.solution.covariance, index=list(self.names), columns=list(self.names)
        )

    @property
    def loglik(self) -> float:
        """Log-likelihood, as R's ``logLik`` of an ``lm``."""
        return float(self.solution.loglik)

    def column_means(self) -> pd.Series:
        """Mean of every column over the patients."""
        return pd.Series(self.means, index=list(self.names), name="mean")

    def contrasts(
        self,
        contrasts: Mapping[str, Mapping[str, float]],
        *,
        conf_level: float = 0.95,
        ddf: Ddf = "satterthwaite",
    ) -> pd.DataFrame:
        """Linear combinations of coefficients; all but "normal" mean the residual df here."""
        probability(conf_level, name="conf_level")
        one_of(ddf, DDFS, name="ddf")
        weights = np.array([[c.get(name, 0.0) for name in self.names] for c in contrasts.values()])
        estimate = weights @ self.solution.beta
        se = np.sqrt(np.einsum("ra,ab,rb->r", weights, self.solution.covariance, weights))
        df = np.full(len(se), np.inf if ddf == "normal" else float(self.solution.df))
        found = t_tests(estimate, se, df, conf_level)
        table = pd.DataFrame(
            {"term": list(contrasts), "estimate": estimate, "se": se, "df": df} | found
        )
        return table[list(TIDY_COLUMNS)]

    def glance(self) -> pd.DataFrame:
        """One row about the whole model."""
        k, n = len(self.names) + 1, self.solution.n_obs
        return pd.DataFrame(
            {
                "n_obs": [n],
                "method": ["OLS"],
                "loglik": [self.loglik],
                "aic": [-2.0 * self.loglik + 2.0 * k],
                "bic": [-2.0 * self.loglik + k * np.log(n)],
                "sigma": [self.solution.sigma],
                "n_parameters": [k],
                "converged": [self.converged],
                "singular": [self.singular],
            }
        )


PatientFit = MixedModelResult | LinearFit


def fit_patients(prepared: PreparedPatients) -> PatientFit:
    """Regress the post-treatment score on early alliance, intake and early change."""
    therapist = prepared.roles.therapist
    return fit_rows(prepared.frame, prepared.post, prepared.predictors, therapist)


def fit_rows(
    frame: pd.DataFrame, response: str, predictors: Sequence[str], therapist: str | None
) -> PatientFit:
    """Regress one column on others, with a random intercept of therapists if there are any."""
    formula = f"{quote_name(response)} ~ {' + '.join(map(quote_name, predictors))}"
    if therapist is not None:
        return fit_quietly(f"{formula} + (1 | {quote_name(therapist)})", frame)
    values = frame[list(predictors)].to_numpy(dtype=float)
    x = np.column_stack([np.ones(len(values)), values])
    solution = solve_least_squares(x, frame[response].to_numpy(dtype=float))
    return LinearFit(formula, (INTERCEPT, *predictors), solution, x.mean(axis=0))
