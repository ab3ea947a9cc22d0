"""The same indirect and total effects under other choices: of time, length, equations apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from alliance_stats._base.errors import DataError
from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.models.effects import UNITS
from alliance_stats.models.mediation.draws import Draws
from alliance_stats.models.mediation.effects import drawn_rows, effect_name
from alliance_stats.models.mediation.estimates import LevelEstimates, level_estimates
from alliance_stats.models.mediation.monte_carlo import monte_carlo_draws
from alliance_stats.models.mediation.prepare import PreparedMediation
from alliance_stats.models.mediation.specification import (
    MediationFits,
    MediationSpecification,
    Product,
    fit_mediation_models,
    too_few_rows,
)
from alliance_stats.models.prepare import length_terms

ROWS = ("total", "indirect")
#: Monte Carlo draws behind the rows where the result has bootstrap draws.
_DRAWS = 5000


def sensitivity_rows(
    fits: MediationFits,
    prepared: PreparedMediation,
    chosen: MediationSpecification,
    levels: tuple[LevelEstimates, ...],
    draws: Draws,
) -> pd.DataFrame:
    """Total and indirect effects of every level in other models, with Monte Carlo intervals.

    A row that the data do not allow is left out. With both equations as one model, *as two
    models* is ab of each by itself, without the covariance of the paths.
    """
    found = {"as fitted": levels}
    timed = chosen.time != "none"
    other = replace(chosen, time="none" if timed else "linear")
    models: dict[str, tuple[MediationSpecification, tuple[Product, ...]]] = {
        "without time" if timed else "with linear time": (other, ())
    }
    if timed and (length := length_terms(prepared, chosen.time)):
        models["with treatment length"] = (chosen, tuple(length))
    for model, (specification, extra) in models.items():
        again = _refitted(prepared, specification, extra)
        if again is not None:
            found[model] = again
    if fits.joint is not None:
        apart = MediationFits(fits.mediator, fits.outcome, None)
        found["as two models"] = level_estimates(apart, prepared, chosen)[:1]
    tables = []
    for model, estimates in found.items():
        values = draws.values
        if model != "as fitted" or draws.interval == "bootstrap":
            n = draws.n if draws.interval == "monte-carlo" else _DRAWS
            values = monte_carlo_draws(estimates, n, draws.seed)
        tables.append(_rows(model, estimates, values, prepared))
    return pd.concat(tables, ignore_index=True)


def _rows(
    model: str,
    levels: Sequence[LevelEstimates],
    values: Mapping[str, np.ndarray],
    prepared: PreparedMediation,
) -> pd.DataFrame:
    rows: list[dict[str, object]] = []
    for estimates in levels:
        level = estimates.level
        drawn = drawn_rows(estimates, values[level], prepared, 0.95)
        rows += [
            {"model": model, "effect": effect_name(level, row), "unit": UNITS[level], **drawn[row]}
            for row in ROWS
        ]
    return pd.DataFrame(rows)[["model", "effect", "unit", *TIDY_COLUMNS]]


def _refitted(
    prepared: PreparedMediation, chosen: MediationSpecification, extra: tuple[Product, ...]
) -> tuple[LevelEstimates, ...] | None:
    """The estimates of another model; None where it cannot be fitted."""
    if too_few_rows(prepared, chosen) is not None:
        return None
    try:
        fits = fit_mediation_models(prepared, chosen, extra=extra)
    except DataError:
        return None
    return level_estimates(fits, prepared, chosen)
