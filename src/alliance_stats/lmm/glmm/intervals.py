"""Confidence intervals of the fixed effects of a generalised linear mixed model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pandas as pd

from alliance_stats._base.checks import one_of
from alliance_stats._base.errors import UnsupportedError

if TYPE_CHECKING:
    from alliance_stats.lmm.glmm.result import GlmmResult

Method = Literal["wald", "profile"]


def confint(self: GlmmResult, *, method: Method = "wald", conf_level: float = 0.95) -> pd.DataFrame:
    """Confidence intervals of the fixed effects.

    Parameters
    ----------
    method : {"wald"}
        Estimate ± normal quantile × standard error, on the link's scale.
    conf_level : float

    Returns
    -------
    DataFrame
        Columns ``term estimate ci_low ci_high``.

    Raises
    ------
    UnsupportedError
        For profile intervals, which are not there yet.
    """
    one_of(method, ("wald", "profile"), name="method")
    if method == "profile":
        raise UnsupportedError(
            "profile intervals are not available for generalised linear mixed models. "
            "Give method='wald'; to_r() writes R code for which confint(m) profiles."
        )
    return self.tidy(conf_level=conf_level)[["term", "estimate", "ci_low", "ci_high"]]
