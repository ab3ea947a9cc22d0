"""R code of one specification, from its rows on."""

from __future__ import annotations

from typing import Any

import pandas as pd

from alliance_stats.formula.r_names import r_text
from alliance_stats.lmm.r_code.reading import MISSING
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.lagged.result import LaggedResult
from alliance_stats.models.outcome.patient_fit import PatientFit


def rows_and_fit(result: Any) -> tuple[pd.DataFrame, PatientFit]:
    """The rows and the fit behind the coefficient of one specification."""
    if isinstance(result, LaggedResult):
        equation = result.prepared.equations[0]
        return result.prepared.rows(equation), result.fits[equation.side]
    return result.prepared.frame, result.fit


def specification_r_code(result: Any, data: str) -> str:
    """The text of `MultiverseResult.to_r`, which documents the arguments."""
    fit = rows_and_fit(result)[1]
    if isinstance(fit, MixedModelResult):
        return fit.to_r(data=data)
    lines = [
        f'd <- read.csv({r_text(data)}, check.names = FALSE, encoding = "UTF-8",',
        f"  na.strings = c({', '.join(map(r_text, MISSING))}))",
        f"m <- lm({fit.formula}, data = d)",
        f"stopifnot(nobs(m) == {fit.solution.n_obs})",
        "print(summary(m)$coefficients, digits = 8)",
    ]
    return "\n".join(lines) + "\n"
