"""A generalised linear model without random effects, with the questions of a `GlmmResult`.

Iteratively reweighted least squares (McCullagh & Nelder, 1989, section 2.5), ended by Newton steps
with observed weights. Standard errors come from the expected information X'WX, as in R's ``glm``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import pandas as pd

from alliance_stats._base.checks import one_of, probability
from alliance_stats.formula.memory import ColumnMemory
from alliance_stats.formula.parse import MixedFormula, parse_formula
from alliance_stats.lmm.design.mixed_design import Level
from alliance_stats.lmm.design.rows import complete_rows
from alliance_stats.lmm.design.scaling import redundant_columns, standardise
from alliance_stats.lmm.design.unique import unique_columns
from alliance_stats.lmm.glmm.families import family_of
from alliance_stats.lmm.glmm.responses import Response, check_labels, read_response
from alliance_stats.lmm.glmm.start import fixed_only
from alliance_stats.lmm.glmm.tables import exponentiated
from alliance_stats.lmm.inference.contrasts import weights_of
from alliance_stats.lmm.tables import test_table

#: Newton steps after the search for β, each of which doubles the correct digits.
POLISHING = 3


@dataclass(frozen=True, eq=False)
class FixedDesign:
    """Rows of a model without random effects.

    Attributes
    ----------
    formula : MixedFormula
        Without random terms.
    names, redundant : tuple of str
        Names of the coefficients; fixed effects left out because earlier ones determine them.
    fixed : ndarray (p, n)
        Standardised columns.
    response : Response
    transform : ndarray (p, p)
        Turns coefficients of the standardised columns into those of the original ones.
    memories : tuple of ColumnMemory
        One: what gives the same columns for other rows.
    rows : ndarray (n,)
        Positions in the frame of the rows used.
    missing : dict of str to int
        Rows dropped for a missing value, by the column that was missing first.
    """

    formula: MixedFormula
    names: tuple[str, ...]
    redundant: tuple[str, ...]
    fixed: np.ndarray
    response: Response
    transform: np.ndarray
    memories: tuple[ColumnMemory, ...]
    rows: np.ndarray
    missing: dict[str, int]

    #: What designs with random effects or residuals have besides.
    levels: ClassVar[tuple[Level, ...]] = ()
    extra_columns: ClassVar[tuple[str, ...]] = ()
    offset: ClassVar[None] = None
    residual: ClassVar[None] = None
    n_residual: ClassVar[int] = 0

    @property
    def n_obs(self) -> int:
        """Rows used."""
        return len(self.rows)

    @property
    def n_dropped(self) -> int:
        """Rows dropped for missing values."""
        return sum(self.missing.values())


def fit_fixed(formula: str, data: pd.DataFrame, *, family: str, link: str | None) -> FixedGlm:
    """Fit a formula without random effects; errors are those of `fit_glmm`."""
    design = _design(formula, data, family, link)
    beta = fixed_only(design)
    for _ in range(POLISHING):
        parts = design.response.parts(design.response.offset + beta @ design.fixed)
        curvature = (design.fixed * parts.observed) @ design.fixed.T
        beta = beta + np.linalg.solve(curvature, design.fixed @ parts.score)
    return FixedGlm(str(design.formula), design, beta)


def _design(formula: str, data: pd.DataFrame, family: str, link: str | None) -> FixedDesign:
    parsed, kind = parse_formula(formula), family_of(family, link)
    check_labels(data, parsed.response, kind)
    used, positions, missing = complete_rows(parsed, data, {})
    response = read_response(used, parsed.response, kind, None, None)
    columns = unique_columns(parsed, [], used)
    unique = np.array(columns.arrays, dtype=float).reshape(columns.p, len(used))
    scaling = standardise(unique, columns, None)
    gone = redundant_columns(unique, unique @ unique.T, columns.names)
    kept = [j for j, name in enumerate(columns.names) if name not in gone]
    return FixedDesign(
        formula=parsed,
        names=tuple(columns.names[j] for j in kept),
        redundant=tuple(gone),
        fixed=unique[kept],
        response=response,
        transform=scaling.transform(list(range(columns.p)))[np.ix_(kept, kept)],
        memories=columns.memories,
        rows=positions,
        missing=missing,
    )


@dataclass(frozen=True, eq=False)
class FixedGlm:
    """A fit without random effects: coefficients, their covariance, the log-likelihood.

    Attributes
    ----------
    formula : str
    design : FixedDesign
    standard_beta : ndarray (p,)
        Coefficients of the standardised columns.
    """

    formula: str
    design: FixedDesign
    standard_beta: np.ndarray
    converged: bool = True
    singular: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the coefficients."""
        return self.design.names

    @property
    def messages(self) -> tuple[str, ...]:
        """A fit of full rank that has a maximum has nothing to warn of."""
        return ()

    @property
    def n_obs(self) -> int:
        """Rows used."""
        return self.design.n_obs

    @property
    def beta(self) -> pd.Series:
        """Coefficients on the link's scale, in the units of the columns."""
        values = self.design.transform @ self.standard_beta
        return pd.Series(values, index=list(self.names), name="estimate")

    @cached_property
    def _eta(self) -> np.ndarray:
        return np.asarray(self.design.response.offset + self.standard_beta @ self.design.fixed)

    @property
    def loglik(self) -> float:
        """Log-likelihood, constants included."""
        response = self.design.response
        return float(response.parts(self._eta).loglik.sum() + response.constant)

    @cached_property
    def standard_vcov(self) -> np.ndarray:
        """Covariance (p, p) of the coefficients of standardised columns."""
        weights = self.design.response.parts(self._eta).expected
        return np.linalg.inv((self.design.fixed * weights) @ self.design.fixed.T)

    @property
    def vcov(self) -> pd.DataFrame:
        """Covariance matrix of the coefficients: the inverse expected information."""
        values = self.design.transform @ self.standard_vcov @ self.design.transform.T
        return pd.DataFrame(values, index=list(self.names), columns=list(self.names))

    def contrasts(
        self,
        contrasts: Mapping[str, Mapping[str, float]],
        *,
        conf_level: float = 0.95,
        exponentiate: bool = False,
    ) -> pd.DataFrame:
        """Linear combinations of coefficients, as `GlmmResult.contrasts`."""
        probability(conf_level, name="conf_level")
        one_of(exponentiate, (True, False), name="exponentiate")
        weights = weights_of(self.names, list(contrasts.values()))
        inner = weights @ self.design.transform
        variance = np.einsum("ra,ab,rb->r", inner, self.standard_vcov, inner)
        df = np.full(len(inner), np.inf)
        estimate = weights @ self.beta.to_numpy()
        table = test_table(tuple(contrasts), estimate, np.sqrt(variance), df, conf_level)
        return exponentiated(table) if exponentiate else table

    def glance(self) -> pd.DataFrame:
        """One row about the whole model, as `GlmmResult.glance`."""
        k, family = len(self.names), self.design.response.family
        return pd.DataFrame(
            {
                "n_obs": [self.n_obs],
                "n_dropped": [self.design.n_dropped],
                "family": [family.name],
                "link": [family.link],
                "loglik": [self.loglik],
                "aic": [-2.0 * self.loglik + 2.0 * k],
                "bic": [-2.0 * self.loglik + k * np.log(self.n_obs)],
                "n_parameters": [k],
                "converged": [self.converged],
                "singular": [self.singular],
            }
        )
