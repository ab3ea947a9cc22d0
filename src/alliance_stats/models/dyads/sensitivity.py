"""The same actor and partner effects under other choices about trends, gaps and random effects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from alliance_stats._base.errors import ArgumentError, DataError
from alliance_stats.data.sessions import SessionData
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.models.dyads.effects import dyad_table
from alliance_stats.models.dyads.prepare import PreparedDyads, prepare_dyads
from alliance_stats.models.dyads.specification import (
    SLOPES,
    DyadSpecification,
    fit_dyad_model,
    too_few_rows,
)
from alliance_stats.models.prepare import LENGTH

#: Another model: its name, its rows, its choices, further parts.
_Case = tuple[str, PreparedDyads, DyadSpecification, list[str]]


def sensitivity_rows(
    prepared: PreparedDyads,
    chosen: DyadSpecification,
    data: SessionData,
    ddf: Ddf = "satterthwaite",
) -> pd.DataFrame:
    """Effects as fitted and under other choices; a row that the data do not allow is left out."""
    found = []
    for model, rows, choices, extra in _cases(prepared, chosen, data):
        if too_few_rows(rows, choices):
            continue
        try:
            fit = fit_dyad_model(rows, choices, extra=extra)
        except DataError:
            continue
        table = dyad_table(fit, rows, 0.95, ddf)
        table = table[table["effect"] != ""]
        table.insert(0, "model", model)
        found.append(table)
    return pd.concat(found, ignore_index=True)


def _cases(
    prepared: PreparedDyads, chosen: DyadSpecification, data: SessionData
) -> Iterator[_Case]:
    yield "as fitted", prepared, chosen, []
    if chosen.time != "none":
        without = replace(chosen, time="none")
        again = _prepared_again(prepared, without, data)
        if again is not None:
            yield "without time", again, without, []
    if chosen.time == "linear":
        own = replace(chosen, time="patient")
        yield "with a time slope of each patient", prepared, own, []
    if chosen.time != "none" and prepared.wide[LENGTH].nunique() > 2:
        yield "with treatment length", prepared, chosen, ["length", "length_time"]
    if not chosen.slopes:
        differ = replace(chosen, slopes={"patient": SLOPES})
        yield "with effects that differ between patients", prepared, differ, []
    if prepared.lag.step == 1:
        again = _other_gap(prepared, chosen, data)
        if again is not None:
            strict = prepared.lag.gap == "strict"
            words = "session before, however long ago" if strict else "session t − 1 only"
            yield f"with the {words}", again, chosen, []


def _prepared_again(
    prepared: PreparedDyads, chosen: DyadSpecification, data: SessionData
) -> PreparedDyads | None:
    """The same sessions with time in another way; None where that is not possible."""
    try:
        return prepare_dyads(
            data, prepared.roles, prepared.pair, prepared.lag, time=chosen.time,
            time_column=chosen.time_column, therapist_change=prepared.therapist_change,
        )  # fmt: skip
    except (DataError, ArgumentError):
        return None


def _other_gap(
    prepared: PreparedDyads, chosen: DyadSpecification, data: SessionData
) -> PreparedDyads | None:
    other = replace(prepared.lag, gap="previous" if prepared.lag.gap == "strict" else "strict")
    return _prepared_again(replace(prepared, lag=other), chosen, data)
