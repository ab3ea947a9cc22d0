"""Tidy rows of growth models: courses, early alliance and later rate, length of treatment."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from alliance_stats._base.views import TIDY_COLUMNS
from alliance_stats.formula.columns import INTERCEPT
from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.fit import fit_quietly
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.models.growth.early import EarlyRate
from alliance_stats.models.growth.prepare import PreparedGrowth
from alliance_stats.models.growth.shapes import Course, growth_formula
from alliance_stats.models.prepare import LENGTH

if TYPE_CHECKING:
    from alliance_stats.lmm.result import MixedModelResult

#: The unit whose members an effect compares.
RATE_UNITS = {
    "early_rate": "patient",
    "patient_between_rate": "patient",
    "therapist_between_rate": "therapist",
}


def course_rows(course: Course, names: Sequence[str], conf_level: float, ddf: Ddf) -> pd.DataFrame:
    """The fixed part of a course: where it starts, its trend, and its bend if it has one."""
    effects = dict(zip((INTERCEPT, *names), ("start", "trend", "bend"), strict=False))
    table = course.fit.tidy(conf_level=conf_level, ddf=ddf)
    table = table[table["term"].isin(effects)].reset_index(drop=True)
    return _led(table, [f"{course.role}_{effects[t]}" for t in table["term"]], "", course.column)


def early_rows(early: EarlyRate, column: str, conf_level: float, ddf: Ddf) -> pd.DataFrame:
    """Products of time with early alliance, then the rest of the model's fixed part."""
    table = early.fit.tidy(conf_level=conf_level, ddf=ddf)
    effects = {term: effect for effect, term in early.interactions}
    table = _led(table, [effects.get(t, "") for t in table["term"]], "", column)
    table["unit"] = [RATE_UNITS.get(effect, "") for effect in table["effect"]]
    order = np.argsort(table["effect"].eq("").to_numpy(), kind="stable")
    return table.iloc[order].reset_index(drop=True)


def _led(table: pd.DataFrame, effects: list[str], unit: str, group: str) -> pd.DataFrame:
    table = table.assign(effect=effects, unit=unit, group=group)
    return table[["effect", "unit", "group", *TIDY_COLUMNS]]


def factor_rows(courses: Sequence[Course]) -> pd.DataFrame:
    """Variances and correlations of the growth factors of both courses."""
    tables = []
    for course in courses:
        table = course.fit.var_corr()
        table.insert(0, "variable", course.column)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def sensitivity_rows(
    prepared: PreparedGrowth, courses: Sequence[Course], early: EarlyRate | None, ddf: Ddf
) -> pd.DataFrame:
    """Trends and rates as fitted and with treatment length; rates given the early outcome.

    Treatment length enters as the number of sessions attended and its product with time: the
    good-enough-level account, by which patients who improve faster leave earlier (Barkham et
    al., 2006).
    """
    varies = np.ptp(prepared.frame[LENGTH].to_numpy(dtype=float)) > 0
    tables = []
    for course in courses:
        fits = {"as fitted": course.fit}
        if varies:
            fits["with treatment length"] = _with_length(prepared, course)
        trend = prepared.shapes[course.shape][0]
        tables += [
            _one(m, fit, {f"{course.role}_trend": trend}, course.column, ddf)
            for m, fit in fits.items()
        ]
    if early is not None:
        wanted = dict(early.interactions)
        tables.append(_one("as fitted", early.fit, wanted, prepared.roles.outcome, ddf))
        tables += [
            _one(m, fit, wanted, prepared.roles.outcome, ddf) for m, fit in early.adjusted.items()
        ]
    return pd.concat(tables, ignore_index=True)


def _with_length(prepared: PreparedGrowth, course: Course) -> MixedModelResult:
    length = quote_name(LENGTH)
    times = [quote_name(name) for name in prepared.shapes[course.shape]]
    extra = [length, *(f"{length}:{time}" for time in times)]
    formula = growth_formula(prepared, course.column, course.shape, extra=extra)
    return fit_quietly(formula, prepared.frame)


def _one(
    model: str, fit: MixedModelResult, wanted: dict[str, str], column: str, ddf: Ddf
) -> pd.DataFrame:
    """Rows of the wanted effects of one fit."""
    table = fit.contrasts({term: {term: 1.0} for term in wanted.values()}, ddf=ddf)
    units = [RATE_UNITS.get(effect, "") for effect in wanted]
    led = table.assign(model=model, effect=list(wanted), unit=units, group=column)
    return led[["model", "effect", "unit", "group", *TIDY_COLUMNS]]
