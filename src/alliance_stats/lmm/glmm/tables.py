"""Tables of a generalised linear mixed model: z tests, χ² tests, the whole model in a row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from alliance_stats._base.checks import one_of, probability
from alliance_stats.lmm.inference.contrasts import independent_squares, weights_of
from alliance_stats.lmm.tables import test_table

if TYPE_CHECKING:
    from alliance_stats.lmm.glmm.result import GlmmResult


def contrast_table(
    fit: GlmmResult,
    contrasts: Mapping[str, Mapping[str, float]],
    conf_level: float,
    exponentiate: bool,
) -> pd.DataFrame:
    """The table of `GlmmResult.contrasts`, which documents the arguments."""
    probability(conf_level, name="conf_level")
    one_of(exponentiate, (True, False), name="exponentiate")
    weights = weights_of(fit.names, list(contrasts.values()))
    estimate = weights @ fit.beta.to_numpy()
    inner = weights @ fit.criterion.design.transform  # digits do not depend on units there
    variance = np.einsum("ra,ab,rb->r", inner, fit.standard_vcov, inner)
    df = np.full(len(estimate), np.inf)
    table = test_table(tuple(contrasts), estimate, np.sqrt(variance), df, conf_level)
    if exponentiate:
        ratio = np.exp(table["estimate"])
        table["se"] *= ratio
        table["estimate"] = ratio
        for end in ("ci_low", "ci_high"):
            table[end] = np.exp(table[end])
    return table


def joint_tests(
    self: GlmmResult, hypotheses: Mapping[str, Sequence[Mapping[str, float]]]
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


def _joint_test(fit: GlmmResult, weights: np.ndarray) -> tuple[float, int, float]:
    inner = weights @ fit.criterion.design.transform
    covariance = inner @ fit.standard_vcov @ inner.T
    if not np.isfinite(covariance).all():
        return float("nan"), len(weights), float("nan")
    squares, _ = independent_squares(weights @ fit.beta.to_numpy(), covariance)
    statistic = float(squares.sum())
    return statistic, len(squares), float(chdtrc(len(squares), statistic))


def glance_table(fit: GlmmResult) -> pd.DataFrame:
    """One row about the whole model."""
    design, k = fit.criterion.design, fit.n_parameters
    return pd.DataFrame(
        {
            "n_obs": [fit.n_obs],
            "n_dropped": [design.n_dropped],
            "family": [fit.family],
            "link": [fit.link],
            "n_agq": [fit.n_agq],
            "loglik": [fit.loglik],
            "aic": [-2.0 * fit.loglik + 2.0 * k],
            "bic": [-2.0 * fit.loglik + k * np.log(fit.n_obs)],
            "bic_groups": [-2.0 * fit.loglik + k * np.log(len(design.levels[0].labels))],
            "n_parameters": [k],
            "converged": [fit.converged],
            "singular": [fit.singular],
        }
    )
