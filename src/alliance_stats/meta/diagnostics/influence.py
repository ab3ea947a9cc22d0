"""al.meta.influence: what every study, or every effect size, does to a meta-analysis.

Viechtbauer & Cheung (2010, Res. Synth. Methods 1, 112–125). All but hat values and weights compare
the fit with that to all other effects, variances between studies estimated anew.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from alliance_stats._base.checks import one_of
from alliance_stats.meta.diagnostics.answers import Answer, checked, refits_of, weights_of
from alliance_stats.meta.diagnostics.influence_result import MetaInfluence
from alliance_stats.meta.diagnostics.labels import By, codes_by, names_of
from alliance_stats.meta.diagnostics.refits import Refits
from alliance_stats.meta.diagnostics.rules import beyond, influential, limits_of
from alliance_stats.meta.diagnostics.subsets import Subsets
from alliance_stats.meta.diagnostics.words import influence_messages
from alliance_stats.meta.univariate.result import MetaResult


def influence(result: Answer, *, by: By | None = None) -> MetaInfluence:
    """What changes in a meta-analysis when each study, or each effect size, is left out.

    Use it to see whether a result hangs on one study, and which effects lie far from the others. It
    marks what to look at; it says nothing about whether data are right.

    Parameters
    ----------
    result : MetaResult or MultilevelMetaResult
    by : {"effect", "study"}, optional
        What is left out: by default each effect size of `fit_meta`, and each study of
        `fit_meta_multilevel`. Residuals and DFFITS are those of single effects.

    Returns
    -------
    MetaInfluence

    Raises
    ------
    UnsupportedError
        If `result` is no result of a meta-analysis.

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
    >>> found = al.meta.influence(al.fit_meta(frame, measure="ZCOR", test="z"))
    >>> found.tidy()[["study", "rstudent", "flagged"]].round(2).to_numpy().tolist()[3]
    ['Dorn 2010', 5.13, True]
    """
    checked(result, "influence")
    if by is None:
        by = "effect" if isinstance(result, MetaResult) else "study"
    one_of(by, ("effect", "study"), name="by")
    codes, names = codes_by(result, by), names_of(result, by)
    refits = refits_of(result, Subsets(codes))
    with np.errstate(divide="ignore", invalid="ignore"):
        measures = _of_deletion(result, refits)
        if by == "effect":
            measures = {**_of_effects(result, refits), **measures}
        spread = np.diagonal(refits.of_all, axis1=1, axis2=2)
        dfbetas = (result.beta - refits.beta) / np.sqrt(spread)
    measures["weight"] = np.bincount(codes, weights=weights_of(result))
    limits = limits_of(len(names), result.studies.p)
    marks = beyond(measures, dfbetas, limits)
    named = {"study": names["study"], "effect": names["effect"], "k": np.bincount(codes)}
    table = pd.DataFrame({**named, **measures, "flagged": influential(marks)})
    labels = names["label"].to_numpy(dtype=object)
    return MetaInfluence(
        result,
        by,
        refits,
        names,
        table,
        dfbetas,
        limits,
        influence_messages(result, refits, labels, marks, by),
    )


def _of_deletion(result: Answer, refits: Refits) -> dict[str, np.ndarray]:
    """Measures of anything left out, (n,) each."""
    change = result.beta - refits.beta
    if isinstance(result, MetaResult):
        inverse, s2 = result.fits.at.covariance[0], float(result.fits.s2[0])
    else:
        inverse, s2 = result.covariance, 1.0
    size = _log_sizes(refits.covariance) - _log_sizes(inverse) - result.studies.p * np.log(s2)
    return {
        "cooks_distance": (change * np.linalg.solve(inverse, change.T).T).sum(axis=1) / s2,
        "cov_ratio": np.exp(size),
        "tau2_without": refits.tau2,
        "q_without": refits.q,
    }


def _log_sizes(matrices: np.ndarray) -> np.ndarray:
    return np.asarray(np.linalg.slogdet(matrices)[1])


def _of_effects(result: Answer, refits: Refits) -> dict[str, np.ndarray]:
    """Measures of single effect sizes, (k,) each."""
    x, yi = result.studies.x, result.studies.yi
    without = (x * refits.beta).sum(axis=1)
    spread = refits.s2 * refits.spread
    of_mean = np.einsum("kp,kpq,kq->k", x, refits.covariance, x)
    residual = yi - result.fitted
    found = {"residual": residual, "rstudent": (yi - without) / np.sqrt(spread + of_mean)}
    if isinstance(result, MetaResult):
        hat = hat_values(result)
        marginal = result.studies.vi + result.tau2
        found["rstandard"] = residual / np.sqrt(marginal * (1.0 - hat))
        found["dffits"] = (result.fitted - without) / np.sqrt(hat * spread)
        found["hat"] = hat
    else:
        found["rstandard"] = result.residuals()["statistic"].to_numpy()
    return found


def hat_values(result: MetaResult) -> np.ndarray:
    """Diagonal of X(X'WX)⁻¹X'W, (k,)."""
    x, inverse = result.studies.x, result.fits.at.covariance[0]
    return np.asarray(np.einsum("kp,pq,kq->k", x, inverse, x) * result.weights)
