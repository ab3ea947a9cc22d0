"""Differences of conditional means between two rows of a group, with their errors.

With x, z the columns of the later row minus those of the earlier one, the difference is
x'β̂ + z'û and its error has the variance of x'(β̂ − β) + z'(û − u) (Henderson, 1975, Biometrics
31(2)), with the variances of the model taken as known.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from alliance_stats.lmm.fitted import FittedModel
from alliance_stats.lmm.prediction.conditional import mean_arrays
from alliance_stats.lmm.prediction.new_rows import read_new_rows
from alliance_stats.lmm.prediction.predict import (
    error_variance_of,
    predictor_of,
    target_of,
)


def predicted_differences(
    fit: FittedModel, later: pd.DataFrame, earlier: pd.DataFrame
) -> tuple[np.ndarray, np.ndarray]:
    """Differences (n,) of conditional means, and their standard errors (n,).

    Parameters
    ----------
    fit : FittedModel
    later, earlier : DataFrame (n rows)
        Rows of the same groups in the same order, all of them fitted.

    Examples
    --------
    >>> import alliance_stats as al
    >>> sessions = al.load_example("sessions").frame
    >>> fit = al.fit_lmm("phq9 ~ session + (session | patient)", sessions)
    >>> rows = sessions.head(1)
    >>> change, se = predicted_differences(fit, rows.assign(session=8), rows.assign(session=1))
    >>> change.shape, bool(se[0] > 0)
    ((1,), True)
    """
    design = fit.criterion.design
    first, last = (
        target_of(design, data, read_new_rows(design, data, random=True), "raise")
        for data in (earlier, later)
    )
    rows = replace(
        last.rows, x=last.rows.x - first.rows.x, offset=last.rows.offset - first.rows.offset
    )
    z = [b - a for a, b in zip(first.z, last.z, strict=True)]
    target = replace(last, rows=rows, z=z)
    means = mean_arrays(fit.criterion, fit.profile)
    change = predictor_of(target, fit.beta.to_numpy(), means)
    return change, np.sqrt(error_variance_of(fit, target))
