"""What other correlations of the sampling errors would have given: the model fitted again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from alliance_stats.meta.multilevel.fit_layout import fit_layout
from alliance_stats.meta.multilevel.fitted import FittedMultilevel
from alliance_stats.meta.multilevel.layout import lay_out
from alliance_stats.meta.multilevel.sampling import RHO_GRID, Sampling
from alliance_stats.meta.multilevel.tables import tidy


def rho_table(self: FittedMultilevel, *, conf_level: float = 0.95) -> pd.DataFrame:
    """Coefficients and variances at ρ = 0, .2, .4, .6, .8, tested like those of the fit.

    Returns
    -------
    DataFrame
        ``rho term estimate se df p_value ci_low ci_high`` and a column ``tau2 (unit)`` for every
        variance. No row where no correlation was to be chosen.
    """
    found = [_row(self, rho, conf_level) for rho in RHO_GRID] if self.rho is not None else []
    if not found:
        return pd.DataFrame(columns=["rho", "term", "estimate", "se", "df", "p_value"])
    return pd.concat(found, ignore_index=True)


def _row(self: FittedMultilevel, rho: float, conf_level: float) -> pd.DataFrame:
    other = self if rho == self.rho else at_rho(self, rho)
    table = tidy(other, conf_level=conf_level).drop(columns="statistic")
    table.insert(0, "rho", rho)
    for _, unit, term, variance in other.tau2[["unit", "term", "tau2"]].itertuples():
        table[f"tau2 ({unit}{': ' + term if term else ''})"] = variance
    return table


def at_rho(self: FittedMultilevel, rho: float) -> FittedMultilevel:
    """The same model at another correlation of the sampling errors."""
    layout, studies = self.layout, self.studies
    back = np.argsort(layout.order)
    terms = [replace(t, codes=t.codes[back], inner=t.inner[back]) for t in layout.terms]
    sampling = Sampling(layout.sampling.codes[back], rho, None)
    other = lay_out(studies.yi, studies.vi, studies.x, terms, sampling)
    found = fit_layout(other, self.method == "REML")
    return replace(self, layout=other, estimate=found)
