"""al.meta.influence: what every effect size does to a meta-analysis.

Viechtbauer & Cheung (2010, Res. Synth. Methods 1, 112–125). All but the hat values compare the fit
with that to all other effect sizes, τ² estimated anew.
"""

from __future__ import annotations

import numpy as np

from alliance_stats.meta.diagnostics.checked import checked
from alliance_stats.meta.diagnostics.influence_result import MetaInfluence
from alliance_stats.meta.diagnostics.labels import names_of
from alliance_stats.meta.diagnostics.refits import Refits, refit
from alliance_stats.meta.diagnostics.rules import beyond, influential, limits_of
from alliance_stats.meta.diagnostics.subsets import Subsets
from alliance_stats.meta.diagnostics.words import influence_messages
from alliance_stats.meta.univariate.fitted import FittedMeta


def influence(result: FittedMeta) -> MetaInfluence:
    """What changes in a meta-analysis when each effect size is left out.

    Use it after `fit_meta`, to see whether the result hangs on one study, and which effects lie far
    from the others. It marks what to look at; it says nothing about whether data are right.

    Parameters
    ----------
    result : MetaResult

    Returns
    -------
    MetaInfluence

    Raises
    ------
    UnsupportedError
        If `result` is no result of `fit_meta`.

    References
    ----------
    Viechtbauer, W., & Cheung, M. W.-L. (2010). Outlier and influence diagnostics for meta-analysis.
    Research Synthesis Methods, 1(2), 112–125.

    Examples
    --------
    >>> import pandas as pd
    >>> import alliance_stats as al
    >>> frame = pd.DataFrame({
    ...     "study": ["Abel 2001", "Bond 2003", "Cole 2005", "Dorn 2010", "Ekman 2012"],
    ...     "yi": [0.20, 0.25, 0.18, 0.92, 0.31],
    ...     "vi": [0.010, 0.020, 0.012, 0.015, 0.020]})
    >>> found = al.meta.influence(al.fit_meta(frame, measure="ZCOR"))
    >>> found.tidy().loc[3, ["study", "rstudent", "flagged"]].tolist()
    ['Dorn 2010', 5.178..., True]
    """
    checked(result, "influence")
    subsets = Subsets(np.arange(result.studies.k))
    with np.errstate(divide="ignore", invalid="ignore"):
        refits = refit(result, subsets)
        measures = _measures(result, refits)
        dfbetas = (result.beta - refits.beta) / np.sqrt(_diagonals(refits.of_all))
    table = names_of(result.studies.study, "effect").drop(columns="label").assign(**measures)
    limits = limits_of(result.studies.k, result.studies.p)
    marks = beyond(table, dfbetas, limits)
    table = table.assign(flagged=influential(marks))
    messages = influence_messages(result, refits, marks)
    return MetaInfluence(result, refits, table, dfbetas, limits, messages)


def _measures(result: FittedMeta, refits: Refits) -> dict[str, np.ndarray]:
    """Every measure but DFBETAS, (k,) each."""
    studies, x = result.studies, result.studies.x
    hat = hat_values(result)
    residual = studies.yi - result.fitted
    without = (x * refits.beta).sum(axis=1)
    spread = refits.s2 * (studies.vi + refits.tau2)
    of_mean = np.einsum("kp,kpq,kq->k", x, refits.covariance, x)
    change = result.beta - refits.beta
    inverse, s2 = result.fits.at.covariance[0], result.fits.s2[0]
    cooks = (change * np.linalg.solve(inverse, change.T).T).sum(axis=1) / s2
    size = _log_sizes(refits.covariance) - _log_sizes(inverse) - studies.p * np.log(s2)
    return {
        "residual": residual,
        "rstandard": residual / np.sqrt((studies.vi + result.tau2) * (1.0 - hat)),
        "rstudent": (studies.yi - without) / np.sqrt(spread + of_mean),
        "dffits": (result.fitted - without) / np.sqrt(hat * spread),
        "cooks_distance": cooks,
        "cov_ratio": np.exp(size),
        "tau2_without": refits.tau2,
        "q_without": refits.q,
        "hat": hat,
        "weight": result.weights / result.weights.sum(),
    }


def hat_values(result: FittedMeta) -> np.ndarray:
    """Diagonal of X(X'WX)⁻¹X'W, (k,)."""
    x, inverse = result.studies.x, result.fits.at.covariance[0]
    return np.asarray(np.einsum("kp,pq,kq->k", x, inverse, x) * result.weights)


def _log_sizes(matrices: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.slogdet(matrices)[1])


def _diagonals(matrices: np.ndarray) -> np.ndarray:
    return np.diagonal(matrices, axis1=1, axis2=2)
