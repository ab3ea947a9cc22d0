"""The same effects under other choices: of time, treatment length, residuals."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.effects import effects_table
from alliance_stats.models.prepare import LENGTH, PreparedSessions, time_term
from alliance_stats.models.specification import Specification, fit_specification


def sensitivity_rows(
    fit: MixedModelResult,
    prepared: PreparedSessions,
    chosen: Specification,
    ddf: Ddf = "satterthwaite",
) -> pd.DataFrame:
    """Effects as fitted, without time (or with it), and with treatment length.

    Treatment length enters as the number of sessions attended and its interaction with the
    model's time (linear time where that is a factor): the good-enough-level account, by which
    patients who improve faster leave earlier (Barkham et al., 2006). Where the
    numbers of sessions differ too little between patients that row is left out. A model with
    correlated residuals stands beside one with independent ones.
    """
    timed = chosen.time != "none"
    other = replace(chosen, time="none" if timed else "linear")
    fits: dict[str, MixedModelResult] = {
        "as fitted": fit,
        "without time" if timed else "with linear time": fit_specification(prepared, other),
    }
    if prepared.length_identified:
        base = chosen if timed else other
        time = prepared.time if base.time == "factor" else time_term(base.time, prepared)
        extra = [quote_name(LENGTH), f"{quote_name(LENGTH)}:{quote_name(str(time))}"]
        fits["with treatment length"] = fit_specification(prepared, base, extra=extra)
    if chosen.residual is not None:
        alike = replace(chosen, residual=None)
        fits["with independent residuals"] = fit_specification(prepared, alike)
    tables = []
    for model, fitted in fits.items():
        table = effects_table(fitted, prepared.effects, 0.95, ddf)
        table = table[table["effect"].isin([effect for effect, _ in prepared.effects])]
        table.insert(0, "model", model)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
