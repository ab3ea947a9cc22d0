"""Tables of a generalised linear mixed model: z tests, χ² tests, the whole model in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from alliance_stats._base.checks import one_of, probability
from alliance_stats.lmm.glmm.fitted import FittedGlmm
from alliance_stats.lmm.inference.contrasts import independent_squares, weights_of
from alliance_stats.lmm.tables import test_table, var_corr_table


def tidy(self: FittedGlmm, *, conf_level: float = 0.95, exponentiate: bool = False) -> pd.DataFrame:
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
    return contrasts(self, rows, conf_level=conf_level, exponentiate=exponentiate)


def contrasts(
    self: FittedGlmm,
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
    probability(conf_level, name="conf_level")
    one_of(exponentiate, (True, False), name="exponentiate")
    weights = weights_of(self.names, list(contrasts.values()))
    estimate = weights @ self.beta.to_numpy()
    inner = weights @ self.criterion.design.transform  # digits do not depend on units there
    variance = np.einsum("ra,ab,rb->r", inner, self.standard_vcov, inner)
    df = np.full(len(estimate), np.inf)
    table = test_table(tuple(contrasts), estimate, np.sqrt(variance), df, conf_level)
    return exponentiated(table) if exponentiate else table


def exponentiated(table: pd.DataFrame) -> pd.DataFrame:
    """Coefficients and their intervals as ratios; standard errors by the delta method."""
    ratio = np.exp(table["estimate"])
    ends = {end: np.exp(table[end]) for end in ("ci_low", "ci_high")}
    return table.assign(estimate=ratio, se=table["se"] * ratio, **ends)


def joint_tests(
    self: FittedGlmm, hypotheses: Mapping[str, Sequence[Mapping[str, float]]]
) -> pd.DataFrame:
    """Wald χ² tests that several linear combinations of fixed effects are zero at once.

    Parameters
    ----------
    hypotheses : mapping
        Name of a test to its contrasts: ``{"arm": [{"arm[b]": 1}, {"arm[c]": 1}]}``.
        Combinations of the others count once.

    Returns
    -------
    DataFrame
        Columns ``term statistic df p_value``; the statistic is χ².

    Raises
    ------
    ArgumentError
        If a fixed effect is not in the model.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame.dropna(subset=["phq9"])
    >>> sessions = sessions.assign(severe=sessions["phq9"] >= 15)
    >>> fit = al.fit_glmm("severe ~ session + wai_total + (1 | patient)", sessions)
    >>> fit.joint_tests({"both": [{"session": 1}, {"wai_total": 1}]})["df"].item()
    2
    """
    rows = [_joint_test(self, weights_of(self.names, each)) for each in hypotheses.values()]
    table = pd.DataFrame(rows, columns=["statistic", "df", "p_value"])
    table.insert(0, "term", list(hypotheses))
    return table


def _joint_test(fit: FittedGlmm, weights: np.ndarray) -> tuple[float, int, float]:
    inner = weights @ fit.criterion.design.transform
    covariance = inner @ fit.standard_vcov @ inner.T
    if not np.isfinite(covariance).all():
        return float("nan"), len(weights), float("nan")
    squares, _ = independent_squares(weights @ fit.beta.to_numpy(), covariance)
    statistic = float(squares.sum())
    return statistic, len(squares), float(chdtrc(len(squares), statistic))


def glance(self: FittedGlmm) -> pd.DataFrame:
    """One row about the whole model.

    ``bic`` counts rows, as lme4 does; ``bic_groups`` counts the groups of the factor with
    most groups.
    """
    design, k = self.criterion.design, self.n_parameters
    return pd.DataFrame(
        {
            "n_obs": [self.n_obs],
            "n_dropped": [design.n_dropped],
            "family": [self.family],
            "link": [self.link],
            "n_agq": [self.n_agq],
            "loglik": [self.loglik],
            "aic": [-2.0 * self.loglik + 2.0 * k],
            "bic": [-2.0 * self.loglik + k * np.log(self.n_obs)],
            "bic_groups": [-2.0 * self.loglik + k * np.log(len(design.levels[0].labels))],
            "n_parameters": [k],
            "converged": [self.converged],
            "singular": [self.singular],
        }
    )


def var_corr(self: FittedGlmm) -> pd.DataFrame:
    """Variances and correlations of the random effects, on the link's scale.

    Returns
    -------
    DataFrame
        Columns ``group term with_term variance sd correlation``. Rows with a ``with_term``
        hold the covariance of the two effects in ``variance``, and their correlation.
    """
    return var_corr_table(self.criterion.design.levels, self.covariances)
