"""R code of a model of patients, from the rows of the model on."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from alliance_stats._base.errors import ArgumentError
from alliance_stats.formula.r_names import r_name, r_text
from alliance_stats.lmm.r_code.lme4 import CONTROL, PRINTED, lmer_call
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.outcome.patient_fit import PatientFit


def patients_r_code(
    fit: PatientFit, frame: pd.DataFrame, response: str, predictors: Sequence[str], data: str
) -> str:
    """Lines that read the patients of `frame` and fit by lme4, or without therapists by lm."""
    if not isinstance(data, str) or not data:
        raise ArgumentError(f"data={data!r} is no file name. Give one such as 'patients.csv'.")
    read = f'd <- read.csv({r_text(data)}, check.names = FALSE, encoding = "UTF-8")'
    if isinstance(fit, MixedModelResult):
        call = lmer_call(fit.criterion.design, reml=fit.reml)
        lines = ["library(lme4)", "library(lmerTest)", "", read, "", CONTROL]
        lines += [f"m <- {call[0]}", *call[1:]]
        shown = PRINTED
    else:
        fixed = " + ".join(map(r_name, predictors))
        lines = [read, f"m <- lm({r_name(response)} ~ {fixed}, data = d)"]
        shown = "print(summary(m), digits = 8)\nprint(logLik(m), digits = 12)"
    return "\n".join([*lines, f"stopifnot(nobs(m) == {len(frame)})", shown]) + "\n"
