"""Differences of slopes under other choices about time and treatment length."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from alliance_stats.formula.names import quote_name
from alliance_stats.lmm.inference.contrasts import Ddf
from alliance_stats.lmm.result import MixedModelResult
from alliance_stats.models.moderation.contrasts import differences_table, equivalence_table
from alliance_stats.models.moderation.prepare import PreparedModeration
from alliance_stats.models.moderation.specification import ModerationSpecification, fit_moderated
from alliance_stats.models.prepare import LENGTH, time_term


def sensitivity_rows(
    fit: MixedModelResult,
    prepared: PreparedModeration,
    chosen: ModerationSpecification,
    ddf: Ddf = "satterthwaite",
) -> pd.DataFrame:
    """As fitted; without time (or with it); with one trend for all; with treatment length.

    Treatment length enters as in `fit_within_between`: sessions attended and their product with
    time.
    """
    timed = chosen.base.time != "none"
    other = replace(
        chosen,
        base=replace(chosen.base, time="none" if timed else "linear"),
        time_by_moderator=not timed and prepared.moderator.kind != "session",
    )
    models = {"without time" if timed else "with linear time": other}
    if chosen.time_by_moderator:
        models["with one trend for all"] = replace(chosen, time_by_moderator=False)
    fits = {"as fitted": fit} | {
        name: fit_moderated(prepared, choice) for name, choice in models.items()
    }
    length = prepared.sessions
    if length.length_identified:
        base = chosen if timed else other
        clock = length.time if base.base.time == "factor" else time_term(base.base.time, length)
        extra = [quote_name(LENGTH), f"{quote_name(LENGTH)}:{quote_name(str(clock))}"]
        fits["with treatment length"] = fit_moderated(prepared, base, extra=extra)
    tables = []
    for name, fitted in fits.items():
        differences = differences_table(fitted, prepared, 0.95, ddf)
        table = equivalence_table(differences, chosen.smallest, chosen.alpha)
        table.insert(0, "model", name)
        tables.append(table)
    return pd.concat(tables, ignore_index=True)
