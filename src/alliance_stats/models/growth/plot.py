"""What the figure of growth models draws: patients' ratings and the mean course of every shape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alliance_stats.data.units import float_values, units_seen
from alliance_stats.formula.columns import INTERCEPT
from alliance_stats.models.growth.prepare import PreparedGrowth
from alliance_stats.models.growth.shapes import Course

LINE_POINTS = 81


def growth_frame(prepared: PreparedGrowth, courses: Sequence[Course]) -> pd.DataFrame:
    """Individual lines and fitted mean courses, in units of the variable.

    The mean course of the reported shape (layer ``chosen``, with a pointwise 95% band) is that of
    its model by REML; the others (layer ``shape``) are by ML. All are at random effects of zero.

    Returns
    -------
    DataFrame
        Columns ``panel layer shape x y y_low y_high group``; ``panel`` is alliance or outcome,
        ``group`` numbers patients in the order of appearance and is −1 for means.
    """
    parts = []
    for course in courses:
        parts.append(_lines(prepared, course))
        parts += [_mean(prepared, course, shape) for shape in course.fits]
    return pd.concat(parts, ignore_index=True)


def _lines(prepared: PreparedGrowth, course: Course) -> pd.DataFrame:
    """Observed ratings by patient, in order of time."""
    frame = prepared.frame
    patient, _ = units_seen(frame, prepared.roles.patient)
    x, y = float_values(frame, prepared.time), float_values(frame, course.column)
    order = np.lexsort((x, patient))
    order = order[~np.isnan(y[order])]
    nan = np.full(len(order), np.nan)
    return pd.DataFrame(
        {
            "panel": course.role, "layer": "lines", "shape": "", "x": x[order], "y": y[order],
            "y_low": nan, "y_high": nan, "group": patient[order],
        }
    )  # fmt: skip


def _mean(prepared: PreparedGrowth, course: Course, shape: str) -> pd.DataFrame:
    """The mean course of one shape over the range of times."""
    chosen = shape == course.shape
    fit = course.fit if chosen else course.fits[shape]
    x = np.linspace(0.0, float(prepared.frame[prepared.time].max()), LINE_POINTS)
    values = {
        "linear": (x,),
        "log": (np.log1p(x),),
        "quadratic": (x, x**2),
        "piecewise": (x, np.maximum(x - prepared.break_at, 0.0)),
    }[shape]
    names = prepared.shapes[shape]
    weights = {
        str(i): {INTERCEPT: 1.0} | {n: float(v[i]) for n, v in zip(names, values, strict=True)}
        for i in range(len(x))
    }
    table = fit.contrasts(weights)
    nan = np.full(len(x), np.nan)
    return pd.DataFrame(
        {
            "panel": course.role,
            "layer": "chosen" if chosen else "shape",
            "shape": shape,
            "x": x,
            "y": table["estimate"].to_numpy(),
            "y_low": table["ci_low"].to_numpy() if chosen else nan,
            "y_high": table["ci_high"].to_numpy() if chosen else nan,
            "group": -1,
        }
    )
