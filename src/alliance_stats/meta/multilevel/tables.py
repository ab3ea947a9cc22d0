"""Tables of a multilevel meta-analysis: coefficients with tests, and the model in one row."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy.special import chdtrc, fdtrc

from alliance_stats._base.checks import one_of, probability
from alliance_stats._base.errors import UnsupportedError
from alliance_stats.meta.multilevel.fitted import FittedMultilevel
from alliance_stats.meta.robust import (
    RobustTests,
    checked_sandwich,
    joint_table,
    term_hypotheses,
    test_table,
)
from alliance_stats.numeric.sandwich import Kind

Test = Literal["CR2", "CR1S", "CR1", "CR0", "t", "z"]
TESTS: tuple[Test, ...] = get_args(Test)

TEST_WORDS = {"t": "t tests with k − p degrees of freedom", "z": "z tests"}


def test_words(test: Test) -> str:
    """How coefficients are tested, in words."""
    return TEST_WORDS.get(test, f"{test} cluster-robust t tests (Satterthwaite)")


def robust_kind(test: Test) -> Kind | None:
    """The kind of sandwich that a test uses; None for those that believe the model."""
    kinds: tuple[Kind, ...] = get_args(Kind)
    return next((kind for kind in kinds if kind == test), None)


def default_test(self: FittedMultilevel) -> Test:
    """CR2, or t where no unit's groups are independent."""
    return "t" if self.cluster is None else "CR2"


def tidy(
    self: FittedMultilevel, *, conf_level: float = 0.95, test: Test | None = None
) -> pd.DataFrame:
    """Coefficients with tests and intervals, on the scale of analysis.

    Parameters
    ----------
    conf_level : float
    test : {"CR2", "CR1S", "CR1", "CR0", "t", "z"}, optional
        ``"CR2"``, the default: errors robust by `cluster`, Satterthwaite's degrees of freedom.
        ``"t"`` (k − p degrees of freedom) and ``"z"`` believe the model's covariance. Where no
        unit is independent, ``"t"`` is the default.

    Returns
    -------
    DataFrame
        Columns ``term estimate se statistic df p_value ci_low ci_high``; `df` is inf for z.
    """
    probability(conf_level, name="conf_level")
    se, df = errors(self, np.eye(self.studies.p), test)
    return test_table(self.term_names, self.beta, se, df, conf_level)


def errors(
    self: FittedMultilevel, weights: np.ndarray, test: Test | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Standard errors and degrees of freedom of combinations (r, p) of coefficients."""
    test = default_test(self) if test is None else test
    one_of(test, TESTS, name="test")
    if (kind := robust_kind(test)) is not None:
        return robust(self, kind).errors(weights)
    df = float("inf") if test == "z" else float(self.df_residual)
    se = np.sqrt(np.einsum("ra,ab,rb->r", weights, self.covariance, weights))
    return se, np.full(len(weights), df)


def robust(self: FittedMultilevel, kind: Kind = "CR2") -> RobustTests:
    """The fit with cluster-robust tests by its own cluster, computed once."""
    if self.cluster is None:
        raise UnsupportedError(
            "the random effects join all studies (crossed units), so no clusters are independent "
            "and robust errors do not exist. Use test='t'."
        )
    if kind not in self.sandwiches:
        self.sandwiches[kind] = checked_sandwich(self.rows(self.clusters), self.cluster, kind)
    return RobustTests(self, self.cluster, kind, self.sandwiches[kind], self.transform)


def moderator_test(self: FittedMultilevel, *, test: Test | None = None) -> pd.DataFrame:
    """Tests of every moderator and of all together.

    Parameters
    ----------
    test : optional
        As in `tidy`: approximate Hotelling's T² for the robust ones, F with k − p degrees of
        freedom for ``"t"``, χ² over its degrees of freedom for ``"z"``.

    Returns
    -------
    DataFrame
        ``term statistic df_numerator df_denominator p_value``; no row without moderators.
    """
    test = default_test(self) if test is None else test
    one_of(test, TESTS, name="test")
    if (kind := robust_kind(test)) is not None:
        return robust(self, kind).moderator_test()
    rows = {}
    for name, weights in term_hypotheses(self.studies).items():
        q, difference = len(weights), weights @ self.beta
        spread = weights @ self.covariance @ weights.T
        f = float(difference @ np.linalg.solve(spread, difference)) / q
        df = float("inf") if test == "z" else float(self.df_residual)
        p = chdtrc(q, q * f) if test == "z" else fdtrc(q, df, f)
        rows[name] = f, q, df, float(p)
    return joint_table(rows)


def glance(self: FittedMultilevel) -> pd.DataFrame:
    """One row about the whole model.

    ``q`` with ``q_df`` and ``q_p`` tests (residual) heterogeneity; ``i2`` is the share of all
    variance beyond sampling error (see `heterogeneity`); the criteria count every free parameter.
    """
    from_rows = self.studies.k if self.method == "ML" else self.df_residual
    m, deviance = self.n_parameters, -2.0 * self.loglik
    enough = max(from_rows, m + 2)
    total = total_variance(self)
    return pd.DataFrame(
        {
            "k": [self.studies.k],
            "n_studies": [self.studies.n_studies],
            "n_dropped": [self.studies.n_dropped],
            "method": [self.method],
            "test": [default_test(self)],
            "rho": [np.nan if self.rho is None else self.rho],
            "tau2": [total],
            "i2": [total / (total + self.typical_variance)],
            "q": [self.q],
            "q_df": [self.df_residual],
            "q_p": [self.q_p],
            "loglik": [self.loglik],
            "aic": [deviance + 2.0 * m],
            "aicc": [deviance + 2.0 * m * enough / (enough - m - 1)],
            "bic": [deviance + m * float(np.log(from_rows))],
            "n_parameters": [m],
            "singular": [is_singular(self)],
            "converged": [self.converged],
        }
    )


def total_variance(self: FittedMultilevel) -> float:
    """The variance of a true effect over all units, of an average effect size of the data."""
    found = 0.0
    for term, matrix in zip(self.layout.terms, self.matrices, strict=True):
        found += float(np.diag(matrix)[term.inner].mean())
    return found


def is_singular(self: FittedMultilevel) -> bool:
    """Whether a variance is zero, or effects of a unit are perfectly correlated."""
    sizes = [np.linalg.eigvalsh(matrix) for matrix in self.matrices]
    return any(values[0] <= 1e-7 * max(values[-1], self.typical_variance) for values in sizes)
