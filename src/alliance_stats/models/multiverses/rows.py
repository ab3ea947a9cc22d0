"""What is kept of one specification: its estimate and test, sizes, and how the fit went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.lmm.tables import test_table
from alliance_stats.models.multiverses.questions import Estimated

#: How a fit went: a singular fit stands, the others do not count.
STATES = ("ok", "singular", "not converged", "failed")
USABLE = STATES[:2]
UNITS = ("session", "patient", "therapist")


@dataclass(frozen=True, slots=True)
class Row:
    """The estimate of one specification.

    Attributes
    ----------
    estimate, se, df : float
        NaN where the fit failed.
    counts : tuple of int
        Sessions, patients and therapists in the model; 0 where the model has no such unit.
    status : str
        One of `STATES`.
    note : str
        Why the fit failed or what a reader must know of it.
    """

    estimate: float
    se: float
    df: float
    counts: tuple[int, ...]
    status: str
    note: str = ""


def row_of(found: Estimated) -> Row:
    """The row of a fitted specification, equal to that of the result's own ``tidy()``."""
    estimate, se, df = coefficient(found)
    state = "ok" if not found.fit.singular else "singular"
    state = state if found.fit.converged else "not converged"
    about = found.about
    if isinstance(found.fit, MixedModelResult):
        about = (*about, *found.fit.about_fit)
    counts = tuple(found.counts.get(unit, 0) for unit in UNITS)
    return Row(estimate, se, df, counts, state, " ".join(about))


def failed(error: Exception) -> Row:
    """The row of a specification that cannot be fitted."""
    nan = float("nan")
    return Row(nan, nan, nan, (0,) * len(UNITS), "failed", str(error))


def coefficient(found: Estimated) -> tuple[float, float, float]:
    """Estimate, standard error and degrees of freedom of the coefficient."""
    fit, place = found.fit, found.fit.names.index(found.term)
    if not isinstance(fit, MixedModelResult):
        solution = fit.solution
        se = np.sqrt(solution.covariance[place, place])
        return float(solution.beta[place]), float(se), float(solution.df)
    design = fit.criterion.design
    inner = design.transform[place]
    unscaled = inner @ fit.profile.unscaled @ inner
    estimate = inner @ fit.profile.beta * design.scale + design.least_squares[place]
    return (
        float(estimate),
        float(np.sqrt(fit.unit_variance * unscaled)),
        fit.satterthwaite.df(inner),
    )


def rows_table(rows: Sequence[Row], term: str, conf_level: float) -> pd.DataFrame:
    """Tests and intervals of all rows, then sizes, state and note."""
    estimate, se, df = (
        np.array([getattr(row, name) for row in rows]) for name in ("estimate", "se", "df")
    )
    table = test_table((term,) * len(rows), estimate, se, df, conf_level)
    for place, unit in enumerate(UNITS):
        table[f"n_{unit}s"] = [row.counts[place] for row in rows]
    table["status"] = [row.status for row in rows]
    table["note"] = [row.note for row in rows]
    return table
